/* Errors: a code and a sentence for a person.
 * Takes printf-style text; gives a dsc_error that holds the first failure (later ones leave it alone).
 * Invariant: message is always terminated and holds no control characters that came out of a file.
 * Start with dsc_error_clear; every function that can fail returns DSC_OK (0) or the code, and accepts a null error. */
#ifndef DESCENT_ERROR_H
#define DESCENT_ERROR_H

#include "descent_base.h"
#include <stdarg.h>
#include <stdio.h>

enum {
  DSC_OK = 0,
  DSC_ERROR_IO = 1, /* the operating system refused: open, read, write, rename */
  DSC_ERROR_FORMAT = 2, /* the bytes are not what the format asks for */
  DSC_ERROR_MEMORY = 3, /* an allocation failed */
  DSC_ERROR_USAGE = 4, /* the caller asked for something impossible */
  DSC_ERROR_UNSUPPORTED = 5, /* valid bytes that this reader does not handle */
  DSC_ERROR_LIMIT = 6 /* larger than a stated limit */
};

typedef struct {
  int code;
  char message[1024];
} dsc_error;

/* A piece of a file made fit for a message: quoted, escaped, cut. */
typedef struct {
  char text[96];
} dsc_shown;

typedef struct {
  char text[208];
} dsc_shown_path;

DSC_FN void dsc_error_clear(dsc_error *error) {
  error->code = DSC_OK;
  error->message[0] = 0;
}

/* The text of an error; empty when there is none. Lives as long as the error does. */
DSC_FN const char *dsc_error_message(const dsc_error *error) { return error->message; }

/* Length 1...4 of the UTF-8 sequence at p (strict: no overlong forms, no surrogates), 0 if there is none. */
DSC_FN int dsc_utf8_length(const uint8_t *p, int64_t left) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (left < 1)
    return 0;
  if (p[0] < 0x80)
    return 1;
  const int n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || left < n)
    return 0;
  uint32_t scalar = p[0] & (0x7Fu >> n);
  for (int i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80)
      return 0;
    scalar = scalar << 6 | (p[i] & 0x3Fu);
  }
  return scalar < least[n] || scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF) ? 0 : n;
}

/* "text" in quotes; control characters and broken UTF-8 as \xNN; cut with ... when long. */
DSC_FN dsc_shown dsc_show(const void *bytes, int64_t size) {
  static const char hex[17] = "0123456789abcdef";
  const uint8_t *p = (const uint8_t *)bytes;
  dsc_shown shown;
  int used = 0;
  int64_t i = 0;
  shown.text[used++] = '"';
  while (i < size && used < 84) {
    const int n = dsc_utf8_length(p + i, size - i);
    if (n == 0 || p[i] < 0x20 || p[i] == 0x7F) {
      shown.text[used++] = '\\';
      shown.text[used++] = 'x';
      shown.text[used++] = hex[p[i] >> 4];
      shown.text[used++] = hex[p[i] & 15];
      i++;
    } else {
      memcpy(shown.text + used, p + i, (size_t)n);
      used += n;
      i += n;
    }
  }
  shown.text[used++] = '"';
  memcpy(shown.text + used, i < size ? "..." : "\0\0\0", 4);
  return shown;
}

DSC_FN dsc_shown dsc_show_text(const char *text) { return dsc_show(text, (int64_t)strlen(text)); }

/* A path for a message: its last 200 bytes, control characters as '?'. */
DSC_FN dsc_shown_path dsc_show_path(const char *path) {
  dsc_shown_path shown;
  const size_t length = strlen(path);
  size_t from = length > 200 ? length - 200 : 0;
  size_t used = 0;
  if (from > 0) {
    memcpy(shown.text, "...", 3);
    used = 3;
    while (from < length && ((unsigned char)path[from] & 0xC0) == 0x80)
      from++;
  }
  for (; from < length; from++)
    shown.text[used++] = (unsigned char)path[from] < 0x20 || path[from] == 0x7F ? '?' : path[from];
  shown.text[used] = 0;
  return shown;
}

DSC_FN int dsc_fail_list(dsc_error *error, int code, const char *file, const char *format, va_list list) {
  if (error == NULL)
    return code;
  if (error->code != DSC_OK)
    return error->code;
  int used = 0;
  const int room = (int)sizeof error->message;
  error->code = code;
  error->message[0] = 0;
  if (file != NULL)
    used = snprintf(error->message, (size_t)room, "%s: ", dsc_show_path(file).text);
  if (used >= 0 && used < room)
    vsnprintf(error->message + used, (size_t)(room - used), format, list);
  return code;
}

/* Records a failure, unless there is one already. Returns the code that stands. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
DSC_FN int
dsc_fail(dsc_error *error, int code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  code = dsc_fail_list(error, code, NULL, format, list);
  va_end(list);
  return code;
}

/* The same, with the file's name in front: "data.csv: line 3 ...". */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
DSC_FN int
dsc_fail_in(dsc_error *error, int code, const char *file, const char *format, ...) {
  va_list list;
  va_start(list, format);
  code = dsc_fail_list(error, code, file, format, list);
  va_end(list);
  return code;
}

#endif
