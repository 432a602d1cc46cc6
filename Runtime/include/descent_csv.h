/* CSV (RFC 4180) of numbers: features as a dense matrix, one column set apart as the target.
 * Takes bytes, plain or gzipped, in any encoding that keeps ASCII; a byte order mark is skipped, lines end in LF or CRLF,
 * fields may be quoted, blank lines may stand at the end only. Gives f32 or f64. Numbers are those of descent_number.h,
 * blanks around them let pass; one beyond the range of its type is an error, one below it becomes 0 or subnormal.
 * Invariant: memory for values stays below 8 bytes per byte of input and one row; an error names file, line and column.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_CSV_H
#define DESCENT_CSV_H

#include "descent_files.h"
#include "descent_number.h"

enum { DSC_CSV_HEADER_NO = 0,
       DSC_CSV_HEADER_YES = 1,
       DSC_CSV_HEADER_DETECT = 2 }; /* all text: a header; all numbers: none; a mixture: an error */
enum { DSC_CSV_TARGET_NONE = 0,
       DSC_CSV_TARGET_NAME = 1,
       DSC_CSV_TARGET_INDEX = 2 };

typedef struct {
  int32_t header;          /* DSC_CSV_HEADER_... */
  int32_t separator;       /* ',' by default, or ';', '|', tab */
  int32_t dtype;           /* of the features: DSC_F32 or DSC_F64 */
  int32_t target;          /* DSC_CSV_TARGET_... */
  const char *target_name; /* for TARGET_NAME; needs a header */
  int64_t target_index;    /* for TARGET_INDEX; negative from the end */
  int32_t target_dtype;    /* DSC_F32, DSC_F64, or DSC_I32 for whole numbers */
  int64_t limit;           /* bytes of the file after decompression, as in dsc_source_all; 0: its default */
} dsc_csv_options;

typedef struct {
  dsc_array features; /* [rows, columns] */
  dsc_array target;   /* [rows]; empty (null data) without a target */
  int64_t rows, columns;
  char **names;      /* names[columns] of the features; null without a header */
  char *target_name; /* null without a header or a target */
} dsc_csv;

/* Where the reader is. */
typedef struct {
  const char *file;
  const char *p, *end;
  int64_t line;
  char separator;
  char *scratch; /* for quoted fields; as large as the input once it is needed */
  const dsc_csv *names;
  int64_t target; /* the target's column, -1: none */
  dsc_error *error;
} dsc_csv_cursor;

DSC_FN dsc_csv_options dsc_csv_defaults(void) {
  dsc_csv_options options;
  memset(&options, 0, sizeof options);
  options.header = DSC_CSV_HEADER_DETECT;
  options.separator = ',';
  return options;
}

DSC_FN void dsc_csv_free(dsc_csv *csv) {
  for (int64_t i = 0; csv->names != NULL && i < csv->columns; i++)
    free(csv->names[i]);
  free(csv->names);
  free(csv->target_name);
  dsc_array_free(&csv->features);
  dsc_array_free(&csv->target);
  memset(csv, 0, sizeof *csv);
}

/* Bytes of the line ending at p: 1, 2, or 0 if there is none. */
DSC_INLINE int dsc_csv_newline(const char *p, const char *end) {
  if (p < end && *p == '\n')
    return 1;
  return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

DSC_FN int dsc_csv_record_ends(const dsc_csv_cursor *c) {
  return c->p == c->end || dsc_csv_newline(c->p, c->end) > 0;
}

/* The field at the cursor, unquoted, without the separator after it. */
DSC_FN int dsc_csv_field(dsc_csv_cursor *c, int64_t column, const char **text, int64_t *size) {
  const int64_t line = c->line;
  *text = "";
  *size = 0;
  if (c->p == c->end || *c->p != '"') {
    const char *from = c->p;
    while (!dsc_csv_record_ends(c) && *c->p != c->separator && *c->p != '"')
      c->p++;
    if (c->p < c->end && *c->p == '"')
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 ": a quote inside an unquoted field; expected the whole field in quotes", line, column + 1);
    *text = from;
    *size = c->p - from;
    return DSC_OK;
  }
  if (c->scratch == NULL)
    c->scratch = (char *)malloc((size_t)(c->end - c->p));
  if (c->scratch == NULL)
    return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " bytes", (int64_t)(c->end - c->p));
  int64_t used = 0;
  for (c->p++;; c->p++) {
    if (c->p == c->end)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 ": the quote that opens here is never closed", line, column + 1);
    if (*c->p == '"' && (++c->p == c->end || *c->p != '"'))
      break;
    c->line += *c->p == '\n';
    c->scratch[used++] = *c->p;
  }
  if (!dsc_csv_record_ends(c) && *c->p != c->separator)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 ": text follows the closing quote; expected '%c' or the end of the line", c->line, column + 1, c->separator);
  *text = c->scratch;
  *size = used;
  return DSC_OK;
}

/* The number that the whole text is, blanks around it aside: 1, or 0 if it is none. */
DSC_FN int dsc_csv_number(const char *p, const char *end, dsc_decimal *d) {
  while (p < end && (*p == ' ' || *p == '\t'))
    p++;
  p = dsc_decimal_scan(p, end, d);
  while (p != NULL && p < end && (*p == ' ' || *p == '\t'))
    p++;
  return p == end;
}

/* ' ("name")' of a column, or nothing without a header. */
DSC_FN dsc_shown dsc_csv_column_name(const dsc_csv_cursor *c, int64_t column) {
  dsc_shown shown;
  shown.text[0] = 0;
  const char *name = column == c->target ? c->names->target_name : c->names->names == NULL ? NULL
                                                                                           : c->names->names[column - (c->target >= 0 && column > c->target)];
  if (name != NULL)
    snprintf(shown.text, sizeof shown.text, " (%.90s)", dsc_show(name, (int64_t)strlen(name)).text);
  return shown;
}

/* The way that fits all: takes the field at the cursor apart and reads its number, or says what it is instead. */
DSC_FN int dsc_csv_value(dsc_csv_cursor *c, int64_t column, dsc_decimal *d) {
  const char *text;
  int64_t size;
  const int64_t line = c->line;
  const int code = dsc_csv_field(c, column, &text, &size);
  if (code != DSC_OK || dsc_csv_number(text, text + size, d))
    return code;
  if (size == 0)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 "%s: expected a number, found an empty field", line, column + 1, dsc_csv_column_name(c, column).text);
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 "%s: expected a number, found %s", line, column + 1, dsc_csv_column_name(c, column).text, dsc_show(text, size).text);
}

/* Stores a number as an element, checking its range. */
DSC_INLINE int dsc_csv_store(const dsc_csv_cursor *c, int64_t column, const dsc_decimal *d, int32_t dtype, void *to, int64_t index) {
  const double value = dsc_decimal_value(d, dtype == DSC_F32);
  const int finite = d->kind == DSC_NUMBER_FINITE;
  if (dtype == DSC_I32) {
    if (!(value >= -2147483648.0 && value <= 2147483647.0) || value != (double)(int32_t)value)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 "%s: expected a whole number of 32 bits, found %.17g", c->line, column + 1, dsc_csv_column_name(c, column).text, value);
    ((int32_t *)to)[index] = (int32_t)value;
    return DSC_OK;
  }
  if (finite && !(fabs(value) <= (dtype == DSC_F32 ? (double)3.402823466e38f : 1.7976931348623157e308)))
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 "%s: the number is beyond the range of %s", c->line, column + 1, dsc_csv_column_name(c, column).text, dsc_dtype_name(dtype));
  if (dtype == DSC_F32)
    ((float *)to)[index] = (float)value;
  else
    ((double *)to)[index] = value;
  return DSC_OK;
}

/* The rest of a record that has another number of fields than `columns`: the error that says how many. */
DSC_FN int dsc_csv_ragged(dsc_csv_cursor *c, int64_t found, int64_t columns) {
  const int64_t line = c->line;
  const char *text;
  int64_t size;
  while (c->p < c->end && *c->p == c->separator) {
    c->p++;
    const int code = dsc_csv_field(c, found++, &text, &size);
    if (code != DSC_OK)
      return code;
  }
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ": %" PRId64 " column%s; expected %" PRId64 " as in the first line", line, found, found == 1 ? "" : "s", columns);
}

/* Reads one record into row `row` of the arrays. */
DSC_FN int dsc_csv_record(dsc_csv_cursor *c, dsc_csv *out, int64_t row, int64_t columns) {
  const int64_t line = c->line;
  const char separator = c->separator;
  int64_t index = row * out->columns;
  for (int64_t column = 0; column < columns; column++) {
    dsc_decimal d;
    const char *p = c->p;
    while (p < c->end && *p == ' ')
      p++;
    p = dsc_decimal_scan(p, c->end, &d);
    if (p != NULL && (p == c->end || *p == separator || dsc_csv_newline(p, c->end) > 0))
      c->p = p;
    else {
      const int code = dsc_csv_value(c, column, &d);
      if (code != DSC_OK)
        return code;
    }
    const int code = column == c->target ? dsc_csv_store(c, column, &d, out->target.dtype, out->target.data, row)
                                         : dsc_csv_store(c, column, &d, out->features.dtype, out->features.data, index++);
    if (code != DSC_OK)
      return code;
    if (column + 1 == columns)
      break;
    if (c->p == c->end || *c->p != separator) {
      c->line = line;
      return dsc_csv_ragged(c, column + 1, columns);
    }
    c->p++;
  }
  if (!dsc_csv_record_ends(c))
    return dsc_csv_ragged(c, columns, columns);
  return DSC_OK;
}

/* Goes over a line ending, if the input is not at its end. */
DSC_FN void dsc_csv_next_line(dsc_csv_cursor *c) {
  const int n = dsc_csv_newline(c->p, c->end);
  c->p += n;
  c->line += n > 0;
}

/* Counts the fields of the first record, and those of them that are numbers; stays before it. */
DSC_FN int dsc_csv_survey(dsc_csv_cursor c, int64_t *columns, int64_t *numbers, char **scratch) {
  *columns = *numbers = 0;
  for (;;) {
    const char *text;
    int64_t size;
    dsc_decimal d;
    const int code = dsc_csv_field(&c, *columns, &text, &size);
    *scratch = c.scratch;
    if (code != DSC_OK)
      return code;
    *columns += 1;
    *numbers += dsc_csv_number(text, text + size, &d);
    if (dsc_csv_record_ends(&c))
      return DSC_OK;
    c.p++;
  }
}

/* Reads the header: the names go to names[0..<columns]. */
DSC_FN int dsc_csv_header(dsc_csv_cursor *c, int64_t columns, char **names) {
  for (int64_t column = 0; column < columns; column++) {
    const char *text;
    int64_t size;
    const int code = dsc_csv_field(c, column, &text, &size);
    if (code != DSC_OK)
      return code;
    if (size > 0 && memchr(text, 0, (size_t)size) != NULL)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ", column %" PRId64 ": a zero byte in the name of a column", c->line, column + 1);
    if ((names[column] = (char *)malloc((size_t)size + 1)) == NULL)
      return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " bytes", size);
    if (size > 0)
      memcpy(names[column], text, (size_t)size);
    names[column][size] = 0;
    if (column + 1 < columns)
      c->p++;
  }
  dsc_csv_next_line(c);
  return DSC_OK;
}

/* Finds the target's column, -1 for none or on failure. */
DSC_FN int dsc_csv_find_target(const dsc_csv_cursor *c, const dsc_csv_options *options, int64_t columns, char **names, int64_t *target) {
  int64_t found = -1;
  *target = -1;
  if (options->target == DSC_CSV_TARGET_INDEX) {
    found = options->target_index < 0 ? options->target_index + columns : options->target_index;
    if (found < 0 || found >= columns)
      return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "target column %" PRId64 " does not exist: the file has %" PRId64 " columns", options->target_index, columns);
  } else if (options->target == DSC_CSV_TARGET_NAME) {
    const char *name = options->target_name != NULL ? options->target_name : "";
    const dsc_shown shown = dsc_show(name, (int64_t)strlen(name));
    if (names == NULL)
      return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "target column %s is given by name, but the file has no header", shown.text);
    for (int64_t i = 0; i < columns; i++)
      if (strcmp(names[i], name) == 0) {
        if (found >= 0)
          return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: columns %" PRId64 " and %" PRId64 " are both named %s, the target", found + 1, i + 1, shown.text);
        found = i;
      }
    if (found < 0)
      return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "no column is named %s; line 1 has %" PRId64 " columns, the last one %s", shown.text, columns, dsc_show(names[columns - 1], (int64_t)strlen(names[columns - 1])).text);
  }
  if (found >= 0 && columns == 1)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: the target is the only column; expected features beside it");
  *target = found;
  return DSC_OK;
}

/* Makes the arrays, large enough for every row that can come, and reads the records. */
DSC_FN int dsc_csv_records(dsc_csv_cursor *c, const dsc_csv_options *options, int64_t columns, dsc_csv *out) {
  int64_t lines = 1, row = 0;
  for (const char *p = c->p; p < c->end && (p = (const char *)memchr(p, '\n', (size_t)(c->end - p))) != NULL; p++)
    lines++;
  /* A good row takes two bytes for a column, a digit and what ends it; the last may lack its line ending. One more row
   * is there for a bad record to be found bad in. */
  const int64_t most = (c->end - c->p + 1) / (2 * columns) + 1;
  const int64_t rows = lines < most ? lines : most;
  const int64_t matrix[2] = {rows, out->columns};
  int code = dsc_array_allocate(&out->features, options->dtype, 2, matrix, c->file, c->error);
  if (code == DSC_OK && c->target >= 0)
    code = dsc_array_allocate(&out->target, options->target_dtype, 1, &rows, c->file, c->error);
  for (; code == DSC_OK && c->p < c->end; row++) {
    if (dsc_csv_record_ends(c)) {
      const int64_t line = c->line;
      while (c->p < c->end && dsc_csv_record_ends(c))
        dsc_csv_next_line(c);
      if (c->p < c->end)
        code = dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ": a blank line between records; expected %" PRId64 " columns", line, columns);
      break;
    }
    if (row == rows)
      return dsc_csv_ragged(c, 0, columns);
    code = dsc_csv_record(c, out, row, columns);
    dsc_csv_next_line(c);
  }
  if (code == DSC_OK && row == 0)
    code = dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line %" PRId64 ": no rows of numbers; expected at least one", c->line);
  const int64_t shape[2] = {row, out->columns};
  void *features = out->features.data, *target = out->target.data;
  if (code != DSC_OK)
    return code;
  out->rows = row;
  code = dsc_array_describe(&out->features, options->dtype, 2, shape, c->file, c->error);
  out->features.data = features;
  if (c->target >= 0)
    code = dsc_array_describe(&out->target, options->target_dtype, 1, &row, c->file, c->error);
  out->target.data = target;
  return code;
}

DSC_FN int dsc_csv_parse_cursor(dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv *out) {
  int64_t columns, numbers;
  if (c->end - c->p >= 3 && memcmp(c->p, "\xEF\xBB\xBF", 3) == 0)
    c->p += 3;
  if (c->p == c->end)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: the file is empty; expected rows of numbers");
  if (dsc_csv_record_ends(c))
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: a blank line; expected %s", options->header == DSC_CSV_HEADER_YES ? "names of columns" : "rows of numbers");
  int code = dsc_csv_survey(*c, &columns, &numbers, &c->scratch);
  if (code != DSC_OK)
    return code;
  int header = options->header == DSC_CSV_HEADER_YES;
  if (options->header == DSC_CSV_HEADER_DETECT) {
    header = numbers == 0;
    if (numbers != 0 && numbers != columns)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: %" PRId64 " of %" PRId64 " columns are numbers, so it is unclear whether this is a header: say which", numbers, columns);
  }
  char **names = NULL;
  int64_t target = -1;
  if (header) {
    names = (char **)calloc((size_t)columns, sizeof(char *));
    if (names == NULL)
      return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " names", columns);
    code = dsc_csv_header(c, columns, names);
  }
  if (code == DSC_OK)
    code = dsc_csv_find_target(c, options, columns, names, &target);
  /* `out` owns the names from here on, the target's apart. */
  out->names = names;
  out->columns = columns;
  if (target >= 0) {
    out->columns = columns - 1;
    if (names != NULL) {
      out->target_name = names[target];
      memmove(names + target, names + target + 1, (size_t)(columns - 1 - target) * sizeof(char *));
    }
  }
  c->target = target;
  return code == DSC_OK ? dsc_csv_records(c, options, columns, out) : code;
}

/* Reads CSV from bytes in memory (not compressed); `file` is the name for messages. On failure `out` is empty; else give
 * it back with dsc_csv_free. */
DSC_FN int dsc_csv_parse(const void *bytes, int64_t size, const char *file, const dsc_csv_options *options, dsc_csv *out, dsc_error *error) {
  dsc_csv_cursor cursor;
  memset(out, 0, sizeof *out);
  if (options->dtype != DSC_F32 && options->dtype != DSC_F64)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file, "CSV features are read as f32 or f64, not as %s", dsc_dtype_name(options->dtype));
  if (options->target != DSC_CSV_TARGET_NONE && options->target_dtype != DSC_F32 && options->target_dtype != DSC_F64 && options->target_dtype != DSC_I32)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file, "a CSV target is read as f32, f64 or i32, not as %s", dsc_dtype_name(options->target_dtype));
  if (options->separator != ',' && options->separator != ';' && options->separator != '|' && options->separator != '\t')
    return dsc_fail_in(error, DSC_ERROR_USAGE, file, "character %d cannot separate columns; expected ',', ';', '|' or a tab", (int)options->separator);
  memset(&cursor, 0, sizeof cursor);
  cursor.file = file;
  cursor.p = (const char *)bytes;
  cursor.end = cursor.p + size;
  cursor.line = 1;
  cursor.separator = (char)options->separator;
  cursor.names = out;
  cursor.target = -1;
  cursor.error = error;
  const int code = size > 0 ? dsc_csv_parse_cursor(&cursor, options, out) : dsc_fail_in(error, DSC_ERROR_FORMAT, file, "line 1: the file is empty; expected rows of numbers");
  free(cursor.scratch);
  if (code != DSC_OK)
    dsc_csv_free(out);
  return code;
}

/* Reads a CSV file, plain or gzipped. */
DSC_FN int dsc_csv_read(const char *path, const dsc_csv_options *options, dsc_csv *out, dsc_error *error) {
  dsc_bytes bytes;
  memset(out, 0, sizeof *out);
  int code = dsc_read_file(path, options->limit, &bytes, error);
  if (code != DSC_OK)
    return code;
  code = dsc_csv_parse(bytes.data, bytes.size, path, options, out, error);
  dsc_bytes_free(&bytes);
  return code;
}

#endif
