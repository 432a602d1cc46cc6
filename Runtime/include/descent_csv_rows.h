/* The rows of a table: records read one after another as numbers.
 * Takes a cursor behind the header and the columns' roles; gives blocks of rows, as their number is not known before
 * the end. Invariant: memory for numbers stays below 8 bytes per byte of text, a block and a row, so no bad file costs
 * more than it is long; a row that is left out leaves no trace, and a label that only such rows have gets no number.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_CSV_ROWS_H
#define DESCENT_CSV_ROWS_H

#include "descent_csv_columns.h"

/* Rows as they are read, before their number is known: features, then targets. */
typedef struct dsc_csv_block {
  struct dsc_csv_block *next;
  int64_t rows; /* that are filled in */
} dsc_csv_block;

#ifndef DSC_CSV_BLOCK_BYTES
#define DSC_CSV_BLOCK_BYTES (1 << 20)
#endif

/* Everything that is needed to read records. */
typedef struct {
  dsc_csv_cursor cursor;
  const dsc_csv_options *options;
  dsc_csv_columns columns;
  dsc_labels_table *tables; /* tables[category_count] */
  dsc_csv_block *first, *last;
  int64_t rows_in_block, rows, dropped;
  /* Of the record at hand: whether a value is missing, and the first label that nobody knows. */
  int missing;
  int64_t unknown; /* its column, -1: none */
  dsc_shown unknown_label;
} dsc_csv_reading;

/* ---- values ---- */

/* An element of the array types that tables are read into. */
DSC_FN double dsc_csv_get(const void *data, int32_t dtype, int64_t index) {
  return dtype == DSC_I32 ? (double)((const int32_t *)data)[index]
      : dtype == DSC_F32  ? (double)((const float *)data)[index]
                          : ((const double *)data)[index];
}

DSC_INLINE void dsc_csv_put(void *data, int32_t dtype, int64_t index, double value) {
  if (dtype == DSC_F32)
    ((float *)data)[index] = (float)value;
  else if (dtype == DSC_F64)
    ((double *)data)[index] = value;
  else
    ((int32_t *)data)[index] = (int32_t)value;
}

/* The error that a text is no number, with what may help. */
DSC_FN int dsc_csv_no_number(const dsc_csv_reading *r, int64_t line, int64_t column, const char *text, int64_t size) {
  const dsc_csv_cursor *c = &r->cursor;
  const dsc_shown_path where = dsc_csv_where(&r->columns, line, column);
  const char *advice = "";
  if (dsc_csv_is_missing(text, size))
    advice = "; the option \"missing\" has it read as NaN, or its row left out";
  else if (memchr(text, ';', (size_t)size) != NULL && c->separator != ';')
    advice = "; is the separator \";\"?";
  else if (memchr(text, '\t', (size_t)size) != NULL && c->separator != '\t')
    advice = "; is the separator a tab?";
  else if (memchr(text, ',', (size_t)size) != NULL && c->separator != ',' && c->point == '.')
    advice = "; is the decimal mark \",\"?";
  else if (dsc_utf8_length((const uint8_t *)text, size) > 0 && !dsc_is_digit(*text))
    advice = "; a column of texts can be skipped, or be one of the categories";
  if (size == 0)
    return dsc_fail_in(
        c->error, DSC_ERROR_FORMAT, c->file, "%s: expected a number, found an empty field%s", where.text, advice);
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "%s: expected a number, found %s%s", where.text,
      dsc_show(text, size).text, advice);
}

/* The way that fits all: takes the field at the cursor apart and reads its number, or says what it is instead. */
DSC_NOINLINE int dsc_csv_value(dsc_csv_reading *r, int64_t column, dsc_decimal *d) {
  dsc_csv_cursor *c = &r->cursor;
  const char *text;
  int64_t size;
  const int64_t line = c->line;
  const int code = dsc_csv_field(c, column, &text, &size);
  if (code != DSC_OK)
    return code;
  if (dsc_csv_number(text, text + size, c->point, d)) {
    /* A number that is none is a missing value, however it is written. */
    if (d->kind == DSC_NUMBER_NAN && r->options->missing == DSC_CSV_MISSING_REFUSED)
      return dsc_csv_no_number(r, line, column, text, size);
    return DSC_OK;
  }
  if (r->options->missing == DSC_CSV_MISSING_REFUSED || !dsc_csv_is_missing(text, size))
    return dsc_csv_no_number(r, line, column, text, size);
  d->kind = DSC_NUMBER_NAN;
  return DSC_OK;
}

/* The error that a number is none of its type, unless its row is left out. */
DSC_NOINLINE int dsc_csv_misfit(const dsc_csv_reading *r, int64_t column, const dsc_decimal *d, int32_t dtype) {
  const dsc_csv_cursor *c = &r->cursor;
  const int missing = d->kind == DSC_NUMBER_NAN ? r->options->missing : DSC_CSV_MISSING_REFUSED;
  const dsc_shown_path where = dsc_csv_where(&r->columns, c->line, column);
  if (missing == DSC_CSV_MISSING_DROPPED)
    return DSC_OK;
  if (missing == DSC_CSV_MISSING_NAN)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "%s: a missing value, which is no whole number; the option \"missing\" can leave its row out", where.text);
  if (dtype == DSC_I32)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "%s: expected a whole number of 32 bits, found %.17g",
        where.text, dsc_decimal_value(d, 0));
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "%s: the number is beyond the range of %s", where.text,
      dsc_dtype_name(dtype));
}

/* Stores a number as an element, checking its range. */
DSC_INLINE int dsc_csv_store(
    const dsc_csv_reading *r, int64_t column, const dsc_decimal *d, int32_t dtype, void *to, int64_t index) {
  const double value = dsc_decimal_value(d, dtype == DSC_F32);
  if (dtype == DSC_F32       ? !(fabs(value) <= (double)3.402823466e38f) && d->kind == DSC_NUMBER_FINITE
          : dtype == DSC_F64 ? isinf(value) && d->kind == DSC_NUMBER_FINITE
                             : !(value >= -2147483648.0 && value <= 2147483647.0 && value == (double)(int32_t)value))
    return dsc_csv_misfit(r, column, d, dtype);
  dsc_csv_put(to, dtype, index, value);
  return DSC_OK;
}

/* Takes a field of a category: the number of its label. */
DSC_NOINLINE int dsc_csv_label(dsc_csv_reading *r, int64_t column, dsc_decimal *d) {
  dsc_csv_cursor *c = &r->cursor;
  dsc_labels_table *table = &r->tables[r->columns.roles[column]];
  const char *text;
  int64_t size;
  int found = 0;
  const int64_t line = c->line;
  const int code = dsc_csv_field(c, column, &text, &size);
  if (code != DSC_OK)
    return code;
  const int absent = dsc_csv_is_missing(text, size) && (size == 0 || r->options->missing != DSC_CSV_MISSING_REFUSED);
  if (absent && table->known && memchr(text, 0, (size_t)size) == NULL)
    dsc_labels_place(table, text, size, &found);
  memset(d, 0, sizeof *d);
  d->complete = 1;
  if (absent && !found) {
    if (r->options->missing == DSC_CSV_MISSING_REFUSED)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "%s: expected a label, found an empty field",
          dsc_csv_where(&r->columns, line, column).text);
    d->kind = DSC_NUMBER_NAN;
    return DSC_OK;
  }
  const int32_t number = dsc_labels_number(table, text, size);
  if (number < DSC_LABEL_UNKNOWN)
    return dsc_labels_fail(number, text, size, dsc_csv_where(&r->columns, line, column).text, c->file, c->error);
  if (number == DSC_LABEL_UNKNOWN && r->unknown < 0) {
    r->unknown = column;
    r->unknown_label = dsc_show(text, size);
  }
  d->mantissa = number > 0 ? (uint64_t)number : 0;
  return DSC_OK;
}

/* ---- records ---- */

/* The rest of a record that has another number of fields than the first: the error that says how many. */
DSC_NOINLINE int dsc_csv_ragged(dsc_csv_reading *r, int64_t line, int64_t found) {
  dsc_csv_cursor *c = &r->cursor;
  const char *text;
  int64_t size;
  while (c->p < c->end && *c->p == c->separator) {
    c->p++;
    const int code = dsc_csv_field(c, found++, &text, &size);
    if (code != DSC_OK)
      return code;
  }
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
      "line %" PRId64 ": %" PRId64 " column%s; expected %" PRId64 " as in the first line", line, found,
      found == 1 ? "" : "s", r->columns.count);
}

/* Reads the field at the cursor as the value of a column: a number, a label, or nothing of a column that is skipped. */
DSC_INLINE int dsc_csv_read_field(dsc_csv_reading *r, int64_t column, int32_t role, dsc_decimal *d) {
  dsc_csv_cursor *c = &r->cursor;
  if (role == DSC_CSV_NUMBER) {
    const char *p = c->p;
    while (p < c->end && *p == ' ')
      p++;
    p = dsc_decimal_scan(p, c->end, c->point, d);
    if (p == NULL || d->kind == DSC_NUMBER_NAN ||
        (p < c->end ? *p != c->separator && *p != '\n' && *p != '\r' : !c->at_end))
      return dsc_csv_value(r, column, d);
    c->p = p;
    return DSC_OK;
  }
  const char *text;
  int64_t size;
  return role == DSC_CSV_SKIPPED ? dsc_csv_field(c, column, &text, &size) : dsc_csv_label(r, column, d);
}

/* Whether the record at hand is to be left out. */
DSC_FN int dsc_csv_leaves_out(const dsc_csv_reading *r) {
  return r->missing && r->options->missing == DSC_CSV_MISSING_DROPPED;
}

/* Reads one record as the row of these features and this target. */
DSC_FN int dsc_csv_record(dsc_csv_reading *r, void *features, void *target) {
  dsc_csv_cursor *c = &r->cursor;
  const dsc_csv_columns *columns = &r->columns;
  const dsc_csv_options *options = r->options;
  const int64_t line = c->line;
  r->missing = 0;
  r->unknown = -1;
  for (int64_t column = 0; column < columns->count; column++) {
    dsc_decimal d;
    const int32_t role = columns->roles[column];
    int code = dsc_csv_read_field(r, column, role, &d);
    if (code == DSC_OK && role != DSC_CSV_SKIPPED) {
      const int is_target = column == columns->target;
      r->missing |= d.kind == DSC_NUMBER_NAN;
      code = dsc_csv_store(r, column, &d, is_target ? options->target_dtype : options->dtype,
          is_target ? target : features, is_target ? 0 : columns->places[column]);
    }
    if (code != DSC_OK)
      return code;
    if (column + 1 == columns->count)
      break;
    if (c->p == c->end || *c->p != c->separator)
      return dsc_csv_ragged(r, line, column + 1);
    c->p++;
  }
  if (!dsc_csv_record_ends(c))
    return dsc_csv_ragged(r, line, columns->count);
  if (r->unknown < 0 || dsc_csv_leaves_out(r))
    return DSC_OK;
  const dsc_labels_table *table = &r->tables[columns->roles[r->unknown]];
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
      "%s: the label %s is none of the %" PRId64 " that are known: %s", dsc_csv_where(columns, line, r->unknown).text,
      r->unknown_label.text, table->count, dsc_labels_show(table).text);
}

/* ---- rows ---- */

DSC_FN int64_t dsc_csv_row_bytes(const dsc_csv_reading *r) {
  return r->columns.features * dsc_dtype_size(r->options->dtype);
}

/* The features of row `row` of a block, and its target. */
DSC_FN void *dsc_csv_features(const dsc_csv_reading *r, dsc_csv_block *block, int64_t row) {
  return (uint8_t *)(block + 1) + row * dsc_csv_row_bytes(r);
}

DSC_FN void *dsc_csv_target(const dsc_csv_reading *r, dsc_csv_block *block, int64_t row) {
  const int64_t features = (r->rows_in_block * dsc_csv_row_bytes(r) + 7) / 8 * 8;
  return (uint8_t *)(block + 1) + features + row * dsc_dtype_size(r->options->target_dtype);
}

/* Makes sure that the last block has room for a row. */
DSC_FN int dsc_csv_room(dsc_csv_reading *r) {
  if (r->last != NULL && r->last->rows < r->rows_in_block)
    return DSC_OK;
  const int64_t bytes = (int64_t)sizeof(dsc_csv_block) + r->rows_in_block * (dsc_csv_row_bytes(r) + 8) + 8;
  dsc_csv_block *block = (dsc_csv_block *)dsc_allocate(bytes);
  if (block == NULL)
    return dsc_fail_in(r->cursor.error, DSC_ERROR_MEMORY, r->cursor.file,
        "line %" PRId64 ": no memory for %" PRId64 " more bytes of numbers", r->cursor.line, bytes);
  block->next = NULL;
  block->rows = 0;
  if (r->last != NULL)
    r->last->next = block;
  else
    r->first = block;
  r->last = block;
  return DSC_OK;
}

/* Keeps the row that was read, unless it is to be left out. */
DSC_FN void dsc_csv_keep(dsc_csv_reading *r, const void *features, const void *target) {
  const int64_t categories = r->options->category_count;
  if (dsc_csv_leaves_out(r)) {
    r->dropped++;
    return;
  }
  r->last->rows++;
  r->rows++;
  for (int64_t column = 0; categories > 0 && column < r->columns.count; column++) {
    const int32_t role = r->columns.roles[column];
    const int is_target = column == r->columns.target;
    if (role >= 0) {
      const double number = dsc_csv_get(is_target ? target : features,
          is_target ? r->options->target_dtype : r->options->dtype, is_target ? 0 : r->columns.places[column]);
      if (!isnan(number))
        r->tables[role].used[(int64_t)number] = 1;
    }
  }
}

/* Reads the records to the end of the input. */
DSC_FN int dsc_csv_records(dsc_csv_reading *r) {
  dsc_csv_cursor *c = &r->cursor;
  int64_t blank = 0; /* the line of a blank one: records may not follow it */
  for (;;) {
    int code = c->p == c->whole && !c->at_end ? dsc_csv_fill(c) : DSC_OK;
    if (code != DSC_OK)
      return code;
    if (c->p == c->end)
      return DSC_OK;
    if (dsc_csv_record_ends(c)) {
      blank = blank == 0 ? c->line : blank;
      dsc_csv_next_line(c);
      continue;
    }
    if (blank > 0)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
          "line %" PRId64 ": a blank line between records; expected %" PRId64 " columns", blank, r->columns.count);
    code = dsc_csv_room(r);
    if (code != DSC_OK)
      return code;
    void *features = dsc_csv_features(r, r->last, r->last->rows), *target = dsc_csv_target(r, r->last, r->last->rows);
    const char *from = c->p;
    const int64_t line = c->line;
    code = dsc_csv_record(r, features, target);
    if (code == DSC_OK) {
      dsc_csv_keep(r, features, target);
      dsc_csv_next_line(c);
      continue;
    }
    if (code != DSC_CSV_MORE)
      return code;
    c->p = from;
    c->line = line;
    code = dsc_csv_fill(c);
    if (code != DSC_OK)
      return code;
  }
}

#endif
