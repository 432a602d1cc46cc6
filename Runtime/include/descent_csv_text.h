/* The text of a table: a window that moves over the input, with lines and fields in it.
 * Takes a source, plain or gzipped; gives fields without their quotes (RFC 4180). A line ends in LF, CRLF or CR.
 * Invariant: the window holds a piece of DSC_CSV_PIECE bytes, or one record of at most DSC_CSV_RECORD_LIMIT. A record
 * that goes beyond it (DSC_CSV_MORE) is read again from its start, so nothing is kept of one before it is whole.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_CSV_TEXT_H
#define DESCENT_CSV_TEXT_H

#include "descent_files.h"
#include "descent_number.h"

#ifndef DSC_CSV_PIECE
#define DSC_CSV_PIECE (1 << 18)
#endif
#ifndef DSC_CSV_RECORD_LIMIT
#define DSC_CSV_RECORD_LIMIT (1 << 26)
#endif

/* No error: what is to be read goes beyond the window. */
#define DSC_CSV_MORE (-1)

typedef struct {
  dsc_source *source;
  const char *file;
  int64_t limit; /* bytes of text that may come, 0: as in dsc_source_check_growth */
  char *window, *filled;
  int64_t room;
  const char *p, *end; /* where the reader is, and how far it may go */
  const char *whole; /* the end of the last line that is whole in the window */
  int at_end; /* nothing comes after `end` */
  int64_t line;
  char separator, point;
  char *scratch; /* a field that was quoted */
  int64_t scratch_room;
  dsc_error *error;
} dsc_csv_cursor;

/* The bytes of the line ending at p: 2 for CRLF, 1, or 0 if there is none. */
DSC_INLINE int dsc_csv_newline(const char *p, const char *end) {
  if (p == end || (*p != '\n' && *p != '\r'))
    return 0;
  return *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 1;
}

DSC_FN int dsc_csv_record_ends(const dsc_csv_cursor *c) { return c->p == c->end || *c->p == '\n' || *c->p == '\r'; }

/* Goes over a line ending, if the input is not at its end. */
DSC_FN void dsc_csv_next_line(dsc_csv_cursor *c) {
  const int n = dsc_csv_newline(c->p, c->end);
  c->p += n;
  c->line += n > 0;
}

/* Moves the window on, so that it begins where the reader is and holds more than it did: a whole line, or all there is.
 * */
DSC_FN int dsc_csv_fill(dsc_csv_cursor *c) {
  int64_t kept = c->filled - c->p;
  if (kept > 0)
    memmove(c->window, c->p, (size_t)kept);
  do {
    if (kept == c->room) {
      const int64_t room = c->room == 0 ? DSC_CSV_PIECE : c->room * 2;
      if (room > DSC_CSV_RECORD_LIMIT)
        return dsc_fail_in(c->error, DSC_ERROR_LIMIT, c->file,
            "line %" PRId64 ": a record of more than %" PRId64 " bytes, the limit for one", c->line, c->room);
      char *larger = (char *)realloc(c->window, (size_t)room);
      if (larger == NULL)
        return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " bytes", room);
      c->window = larger;
      c->room = room;
    }
    const int64_t got = dsc_source_read(c->source, c->window + kept, c->room - kept, c->error);
    if (got < 0)
      return c->source->code;
    const int code = dsc_source_check_growth(c->source, c->limit, c->error);
    if (code != DSC_OK)
      return code;
    c->at_end = got < c->room - kept;
    kept += got;
    c->p = c->window;
    c->filled = c->window + kept;
    /* A line feed may follow a carriage return at the end: it waits for the next piece. */
    c->end = c->filled - (!c->at_end && c->filled[-1] == '\r');
    for (c->whole = c->end; !c->at_end && c->whole > c->p && c->whole[-1] != '\n' && c->whole[-1] != '\r';)
      c->whole--;
  } while (c->whole == c->p && !c->at_end);
  return DSC_OK;
}

/* Takes a quoted field, whose text goes to c->scratch. */
DSC_FN int dsc_csv_quoted(dsc_csv_cursor *c, int64_t column, int64_t *size) {
  const int64_t line = c->line;
  if (c->scratch_room < c->room) {
    free(c->scratch);
    c->scratch_room = c->room;
    if ((c->scratch = (char *)malloc((size_t)c->room)) == NULL) {
      c->scratch_room = 0;
      return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " bytes", c->room);
    }
  }
  for (c->p++;; c->p++) {
    if (c->p == c->end)
      return !c->at_end
          ? DSC_CSV_MORE
          : dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
                "line %" PRId64 ", column %" PRId64 ": the quote that opens here is never closed", line, column + 1);
    if (*c->p == '"' && (++c->p == c->end || *c->p != '"'))
      break;
    c->line += *c->p == '\n' || (*c->p == '\r' && (c->p + 1 == c->end || c->p[1] != '\n'));
    c->scratch[(*size)++] = *c->p;
  }
  if (!dsc_csv_record_ends(c) && *c->p != c->separator)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "line %" PRId64 ", column %" PRId64 ": text follows the closing quote; expected '%c' or the end of the line",
        c->line, column + 1, c->separator);
  return DSC_OK;
}

/* Takes the field at the cursor, without its quotes and the separator after it. The text lasts until the next field. */
DSC_FN int dsc_csv_field(dsc_csv_cursor *c, int64_t column, const char **text, int64_t *size) {
  *text = c->p;
  *size = 0;
  if (c->p < c->end && *c->p == '"') {
    const int code = dsc_csv_quoted(c, column, size);
    if (code != DSC_OK)
      return code;
    *text = c->scratch;
  } else {
    while (!dsc_csv_record_ends(c) && *c->p != c->separator && *c->p != '"')
      c->p++;
    if (c->p < c->end && *c->p == '"')
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
          "line %" PRId64 ", column %" PRId64 ": a quote inside an unquoted field; expected the whole field in quotes",
          c->line, column + 1);
    *size = c->p - *text;
  }
  return c->p == c->end && !c->at_end ? DSC_CSV_MORE : DSC_OK;
}

DSC_FN int dsc_csv_is_blank(char c) { return c == ' ' || c == '\t'; }

/* The number that the whole text is, blanks around it aside: 1, or 0 if it is none. */
DSC_FN int dsc_csv_number(const char *p, const char *end, char point, dsc_decimal *d) {
  while (p < end && dsc_csv_is_blank(*p))
    p++;
  p = dsc_decimal_scan(p, end, point, d);
  while (p != NULL && p < end && dsc_csv_is_blank(*p))
    p++;
  return p == end;
}

/* Whether a text says that a value is missing: nothing, blanks, a word that pandas takes for it, or the question mark
 * of many older files. */
DSC_FN int dsc_csv_is_missing(const char *p, int64_t size) {
  enum { WORDS = 19 };
  static const char words[WORDS][9] = {"?", "NA", "N/A", "n/a", "<NA>", "NULL", "null", "None", "NaN", "nan", "-NaN",
      "-nan", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"};
  while (size > 0 && dsc_csv_is_blank(*p)) {
    p++;
    size--;
  }
  while (size > 0 && dsc_csv_is_blank(p[size - 1]))
    size--;
  for (int i = 0; i < WORDS && size > 0 && size < 9; i++)
    if (strlen(words[i]) == (size_t)size && memcmp(words[i], p, (size_t)size) == 0)
      return 1;
  return size == 0;
}

#endif
