/* The pieces of JSON (RFC 8259) that a safetensors header is made of: strings and whole numbers.
 * Takes text in memory of the caller's own; decodes strings in place.
 * Invariant: strict (UTF-8, no control characters, no zero bytes, no leading zeros), no recursion, no allocation.
 * Messages count bytes from the start of the file, where 8 bytes stand before the text. */
#ifndef DESCENT_JSON_H
#define DESCENT_JSON_H

#include "descent_error.h"
#include <inttypes.h>

typedef struct {
  const char *file;
  char *text;
  int64_t at, size;
  dsc_error *error;
} dsc_json_cursor;

/* The error that something else was expected here. */
DSC_FN int dsc_json_expected(const dsc_json_cursor *c, const char *what) {
  const int64_t left = c->size - c->at;
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "header, byte %" PRId64 ": expected %s, found %s", 8 + c->at,
      what, left > 0 ? dsc_show(c->text + c->at, left < 16 ? left : 16).text : "its end");
}

DSC_FN char dsc_json_peek(dsc_json_cursor *c) {
  while (c->at < c->size &&
      (c->text[c->at] == ' ' || c->text[c->at] == '\n' || c->text[c->at] == '\t' || c->text[c->at] == '\r'))
    c->at++;
  return (char)(c->at < c->size ? c->text[c->at] : 0);
}

DSC_FN int dsc_json_accept(dsc_json_cursor *c, char character) {
  const int found = dsc_json_peek(c) == character;
  c->at += found;
  return found;
}

DSC_FN int dsc_json_take(dsc_json_cursor *c, char character, const char *what) {
  return dsc_json_accept(c, character) ? DSC_OK : dsc_json_expected(c, what);
}

/* Four hexadecimal digits at the cursor, -1 if there are none. */
DSC_FN int32_t dsc_json_hex(dsc_json_cursor *c) {
  int32_t value = 0;
  if (c->size - c->at < 4)
    return -1;
  for (int i = 0; i < 4; i++) {
    const char d = c->text[c->at + i], lower = (char)(d | 0x20);
    const int digit = d >= '0' && d <= '9' ? d - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  c->at += 4;
  return value;
}

/* The escape after a backslash, as UTF-8 at `to`: its length, 0 if it is none. */
DSC_FN int dsc_json_escape(dsc_json_cursor *c, char *to) {
  static const char from[9] = "\"\\/bfnrt", made[9] = "\"\\/\b\f\n\r\t";
  const char kind = (char)(c->at < c->size ? c->text[c->at] : 0);
  const char *plain = kind != 0 ? strchr(from, kind) : NULL;
  if (plain != NULL) {
    *to = made[plain - from];
    c->at++;
    return 1;
  }
  if (kind != 'u')
    return 0;
  c->at++;
  int32_t scalar = dsc_json_hex(c);
  if (scalar >= 0xD800 && scalar < 0xDC00 && c->size - c->at >= 2 && c->text[c->at] == '\\' &&
      c->text[c->at + 1] == 'u') {
    c->at += 2;
    const int32_t low = dsc_json_hex(c);
    scalar = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00) : -1;
  }
  if (scalar <= 0 || (scalar >= 0xD800 && scalar < 0xE000)) /* names are C strings: no zero */
    return 0;
  if (scalar < 0x80) {
    to[0] = (char)scalar;
    return 1;
  }
  const int n = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
  for (int i = n - 1; i > 0; i--, scalar >>= 6)
    to[i] = (char)(0x80 | (scalar & 0x3F));
  to[0] = (char)((0xF00 >> n & 0xFF) | scalar);
  return n;
}

/* Takes a string and decodes it in place, where it is never longer; ends it with a zero byte. */
DSC_FN int dsc_json_string(dsc_json_cursor *c, const char **string, const char *what) {
  *string = "";
  if (!dsc_json_accept(c, '"'))
    return dsc_json_expected(c, what);
  const int64_t from = c->at;
  int64_t to = from;
  while (c->at < c->size && c->text[c->at] != '"') {
    const int64_t before = c->at;
    const uint8_t first = (uint8_t)c->text[c->at];
    if (first == '\\') {
      char made[4];
      c->at++;
      const int n = dsc_json_escape(c, made);
      c->at = n > 0 ? c->at : before;
      if (n == 0)
        return dsc_json_expected(c, "an escape of JSON other than \\u0000");
      memcpy(c->text + to, made, (size_t)n);
      to += n;
    } else {
      const int n = first < 0x20 ? 0 : dsc_utf8_length((const uint8_t *)c->text + c->at, c->size - c->at);
      if (n == 0)
        return dsc_json_expected(c, "a character of a string in UTF-8");
      memmove(c->text + to, c->text + c->at, (size_t)n);
      to += n;
      c->at += n;
    }
  }
  if (c->at == c->size)
    return dsc_json_expected(c, "the closing quote of a string");
  c->at++;
  c->text[to] = 0;
  *string = c->text + from;
  return DSC_OK;
}

/* Takes an integer 0...2^63-1. */
DSC_FN int dsc_json_integer(dsc_json_cursor *c, int64_t *value) {
  const char first = dsc_json_peek(c);
  const int64_t from = c->at;
  *value = 0;
  if (first < '0' || first > '9')
    return dsc_json_expected(c, "a whole number of 0 or more");
  for (; c->at < c->size && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++) {
    const int digit = c->text[c->at] - '0';
    if (*value > (INT64_MAX - digit) / 10) {
      c->at = from;
      return dsc_json_expected(c, "a whole number below 2^63");
    }
    *value = *value * 10 + digit;
  }
  if (first == '0' && c->at - from > 1) {
    c->at = from;
    return dsc_json_expected(c, "a whole number without leading zeros");
  }
  return DSC_OK;
}

/* Takes [integer, ...] of at most `most` integers. */
DSC_FN int dsc_json_integers(dsc_json_cursor *c, int64_t *values, int most, int32_t *count) {
  *count = 0;
  int code = dsc_json_take(c, '[', "'['");
  if (code != DSC_OK || dsc_json_accept(c, ']'))
    return code;
  do {
    if (*count == most)
      return dsc_fail_in(
          c->error, DSC_ERROR_UNSUPPORTED, c->file, "header, byte %" PRId64 ": more than %d numbers", 8 + c->at, most);
    code = dsc_json_integer(c, &values[*count]);
    if (code != DSC_OK)
      return code;
    ++*count;
  } while (dsc_json_accept(c, ','));
  return dsc_json_take(c, ']', "',' or ']'");
}

#endif
