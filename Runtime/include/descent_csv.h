/* Tables of numbers in CSV (RFC 4180): features as a dense matrix, one column set apart as the target.
 * Takes bytes, plain or gzipped, in any encoding that keeps ASCII; a byte order mark is skipped, lines end in LF, CRLF
 * or CR, fields may be quoted, blank lines may stand at the end only. Gives f32 or f64. Numbers are those of
 * descent_number.h, blanks around them let pass; one beyond the range of its type is an error, one below it becomes 0
 * or subnormal. Columns may be skipped, texts become numbers (descent_csv_labels.h), missing values NaN, or their rows
 * be left out. Invariant: the text is never whole in memory, so that a file is refused at its first bad record,
 * whatever follows; an error names file, line and column.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_CSV_H
#define DESCENT_CSV_H

#include "descent_csv_rows.h"

/* The labels of a category, in the order of their numbers. */
typedef struct {
  char **texts;
  int64_t count;
} dsc_csv_labels;

typedef struct {
  dsc_array features; /* [rows, columns] */
  dsc_array target; /* [rows]; empty (null data) without a target */
  int64_t rows, columns;
  char **names; /* names[columns] of the features; null without a header */
  char *target_name; /* null without a header or a target */
  int64_t dropped; /* rows that were left out, as a value was missing */
  dsc_csv_labels *labels; /* labels[label_count]: of the options' categories, in their order */
  int64_t label_count;
  int64_t target_labels; /* which of them are the target's, -1: none */
} dsc_csv;

DSC_FN dsc_csv_options dsc_csv_defaults(void) {
  dsc_csv_options options;
  memset(&options, 0, sizeof options);
  options.header = DSC_CSV_HEADER_DETECT;
  options.separator = ',';
  options.decimal = '.';
  return options;
}

DSC_FN void dsc_csv_free(dsc_csv *csv) {
  for (int64_t i = 0; csv->names != NULL && i < csv->columns; i++)
    free(csv->names[i]);
  free(csv->names);
  free(csv->target_name);
  for (int64_t i = 0; csv->labels != NULL && i < csv->label_count; i++) {
    for (int64_t k = 0; k < csv->labels[i].count; k++)
      free(csv->labels[i].texts[k]);
    free(csv->labels[i].texts);
  }
  free(csv->labels);
  dsc_array_free(&csv->features);
  dsc_array_free(&csv->target);
  memset(csv, 0, sizeof *csv);
}

/* Moves the rows out of the blocks into arrays of their number. */
DSC_FN int dsc_csv_gather(dsc_csv_reading *r, dsc_csv *out) {
  const dsc_csv_cursor *c = &r->cursor;
  const dsc_csv_options *options = r->options;
  const int64_t matrix[2] = {r->rows, r->columns.features}, row = dsc_csv_row_bytes(r),
                size = dsc_dtype_size(options->target_dtype);
  const int has_target = r->columns.target >= 0;
  int64_t done = 0;
  int code = dsc_array_allocate(&out->features, options->dtype, 2, matrix, c->file, c->error);
  if (code == DSC_OK && has_target)
    code = dsc_array_allocate(&out->target, options->target_dtype, 1, &r->rows, c->file, c->error);
  while (code == DSC_OK && r->first != NULL) {
    dsc_csv_block *block = r->first;
    memcpy((uint8_t *)out->features.data + done * row, dsc_csv_features(r, block, 0), (size_t)(block->rows * row));
    if (has_target)
      memcpy((uint8_t *)out->target.data + done * size, dsc_csv_target(r, block, 0), (size_t)(block->rows * size));
    done += block->rows;
    r->first = block->next;
    free(block);
  }
  return code;
}

/* Gives the labels their final numbers, in the arrays too. */
DSC_FN int dsc_csv_number_labels(dsc_csv_reading *r, dsc_csv *out) {
  const dsc_csv_cursor *c = &r->cursor;
  for (int64_t column = 0; column < r->columns.count; column++) {
    const int32_t role = r->columns.roles[column];
    const int is_target = column == r->columns.target;
    if (role >= 0) {
      dsc_array *array = is_target ? &out->target : &out->features;
      const int64_t step = is_target ? 1 : out->columns, first = is_target ? 0 : r->columns.places[column];
      int32_t *numbers = dsc_labels_sort(&r->tables[role]);
      if (numbers == NULL)
        return dsc_fail_in(
            c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " labels", r->tables[role].count);
      for (int64_t i = first; i < array->count; i += step) {
        const double old = dsc_csv_get(array->data, array->dtype, i);
        if (!isnan(old))
          dsc_csv_put(array->data, array->dtype, i, numbers[(int64_t)old]);
      }
      free(numbers);
      out->target_labels = is_target ? role : out->target_labels;
    }
  }
  return DSC_OK;
}

/* Hands the names and the labels over. */
DSC_FN int dsc_csv_name(dsc_csv_reading *r, dsc_csv *out) {
  const int64_t count = r->options->category_count;
  out->labels = (dsc_csv_labels *)calloc((size_t)count + 1, sizeof(dsc_csv_labels));
  out->names = r->columns.names != NULL ? (char **)calloc((size_t)out->columns, sizeof(char *)) : NULL;
  if (out->labels == NULL || (out->names == NULL && r->columns.names != NULL))
    return dsc_fail_in(
        r->cursor.error, DSC_ERROR_MEMORY, r->cursor.file, "no memory for %" PRId64 " names", out->columns + count);
  out->label_count = count;
  for (int64_t i = 0; i < count; i++) {
    out->labels[i].texts = r->tables[i].texts;
    out->labels[i].count = r->tables[i].count;
    r->tables[i].texts = NULL;
    r->tables[i].count = 0;
  }
  for (int64_t column = 0; r->columns.names != NULL && column < r->columns.count; column++) {
    char **to = column == r->columns.target ? &out->target_name : &out->names[r->columns.places[column]];
    if (r->columns.roles[column] == DSC_CSV_SKIPPED)
      continue;
    *to = r->columns.names[column];
    r->columns.names[column] = NULL;
  }
  return DSC_OK;
}

/* The labels that are known beforehand, as tables. */
DSC_FN int dsc_csv_known_labels(dsc_csv_reading *r) {
  const dsc_csv_options *options = r->options;
  const dsc_csv_cursor *c = &r->cursor;
  r->tables = (dsc_labels_table *)calloc((size_t)options->category_count + 1, sizeof(dsc_labels_table));
  if (r->tables == NULL)
    return dsc_fail_in(
        c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " categories", options->category_count);
  for (int64_t i = 0; i < options->category_count; i++) {
    const dsc_csv_category *category = &options->categories[i];
    for (int64_t k = 0; category->labels != NULL && k < category->count; k++) {
      const char *text = category->labels[k];
      const int64_t size = (int64_t)strlen(text);
      const int32_t number = dsc_labels_number(&r->tables[i], text, size);
      if (number < 0)
        return dsc_labels_fail(number, text, size, "a known label", c->file, c->error);
      if (number != k)
        return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "the label %s is given twice, as number %d and %" PRId64,
            dsc_show(text, size).text, (int)number, k);
    }
    r->tables[i].known = category->labels != NULL;
  }
  return DSC_OK;
}

DSC_FN int dsc_csv_check_options(const dsc_csv_options *options, const char *file, dsc_error *error) {
  if (options->dtype != DSC_F32 && options->dtype != DSC_F64)
    return dsc_fail_in(
        error, DSC_ERROR_USAGE, file, "CSV features are read as f32 or f64, not as %s", dsc_dtype_name(options->dtype));
  if (options->target != DSC_CSV_TARGET_NONE && options->target_dtype != DSC_F32 && options->target_dtype != DSC_F64 &&
      options->target_dtype != DSC_I32)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file, "a CSV target is read as f32, f64 or i32, not as %s",
        dsc_dtype_name(options->target_dtype));
  if (options->separator != ',' && options->separator != ';' && options->separator != '|' && options->separator != '\t')
    return dsc_fail_in(error, DSC_ERROR_USAGE, file,
        "character %d cannot separate columns; expected ',', ';', '|' or a tab", (int)options->separator);
  if ((options->decimal != '.' && options->decimal != ',') || options->decimal == options->separator)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file,
        "character %d cannot be the decimal mark; expected '.' or ',', other than the separator",
        (int)options->decimal);
  if (options->chosen_count > 0 && options->skipped_count > 0)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file,
        "the features are chosen, so that all other columns are skipped; expected no list of skipped ones beside it");
  return DSC_OK;
}

DSC_FN int dsc_csv_read_all(dsc_csv_reading *r, dsc_csv *out) {
  dsc_csv_cursor *c = &r->cursor;
  int code = dsc_csv_fill(c);
  if (code != DSC_OK)
    return code;
  if (c->end - c->p >= 3 && memcmp(c->p, "\xEF\xBB\xBF", 3) == 0)
    c->p += 3;
  if (c->end - c->p >= 2 && (memcmp(c->p, "\xFF\xFE", 2) == 0 || memcmp(c->p, "\xFE\xFF", 2) == 0))
    return dsc_fail_in(c->error, DSC_ERROR_UNSUPPORTED, c->file,
        "line 1: begins as UTF-16 does; expected UTF-8 or another encoding that keeps ASCII");
  if (c->p == c->end && c->at_end)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: the file is empty; expected rows of numbers");
  if (dsc_csv_record_ends(c))
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "line 1: a blank line; expected %s",
        r->options->header == DSC_CSV_HEADER_YES ? "names of columns" : "rows of numbers");
  code = dsc_csv_known_labels(r);
  if (code == DSC_OK)
    code = dsc_csv_find_columns(c, r->options, &r->columns);
  if (code != DSC_OK)
    return code;
  r->rows_in_block = DSC_CSV_BLOCK_BYTES / (dsc_csv_row_bytes(r) + 8) + 1;
  code = dsc_csv_records(r);
  if (code == DSC_OK && r->rows == 0)
    code = dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "line %" PRId64 ": no rows of numbers%s; expected at least one", c->line,
        r->dropped > 0 ? " but such with missing values" : "");
  if (code != DSC_OK)
    return code;
  out->rows = r->rows;
  out->columns = r->columns.features;
  out->dropped = r->dropped;
  code = dsc_csv_gather(r, out);
  if (code == DSC_OK)
    code = dsc_csv_number_labels(r, out);
  return code == DSC_OK ? dsc_csv_name(r, out) : code;
}

/* Reads CSV from a source. On failure `out` is empty; else give it back with dsc_csv_free. */
DSC_FN int dsc_csv_read_source(dsc_source *source, const dsc_csv_options *options, dsc_csv *out, dsc_error *error) {
  dsc_csv_reading reading;
  memset(&reading, 0, sizeof reading);
  memset(out, 0, sizeof *out);
  out->target_labels = -1;
  reading.options = options;
  reading.cursor.source = source;
  reading.cursor.file = source->path;
  reading.cursor.limit = options->limit;
  reading.cursor.line = 1;
  reading.cursor.separator = (char)options->separator;
  reading.cursor.point = (char)options->decimal;
  reading.cursor.error = error;
  int code = dsc_csv_check_options(options, source->path, error);
  if (code == DSC_OK)
    code = dsc_csv_read_all(&reading, out);
  free(reading.cursor.window);
  free(reading.cursor.scratch);
  dsc_csv_columns_free(&reading.columns);
  for (int64_t i = 0; reading.tables != NULL && i < options->category_count; i++)
    dsc_labels_free(&reading.tables[i]);
  free(reading.tables);
  while (reading.first != NULL) {
    dsc_csv_block *next = reading.first->next;
    free(reading.first);
    reading.first = next;
  }
  if (code != DSC_OK)
    dsc_csv_free(out);
  return code;
}

/* Reads a CSV file, plain or gzipped. */
DSC_FN int dsc_csv_read(const char *path, const dsc_csv_options *options, dsc_csv *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_open(&source, path, error);
  if (code != DSC_OK)
    return code;
  code = dsc_csv_read_source(&source, options, out, error);
  dsc_source_close(&source);
  return code;
}

/* The same from bytes in memory; `file` is the name for messages. */
DSC_FN int dsc_csv_parse(
    const void *bytes, int64_t size, const char *file, const dsc_csv_options *options, dsc_csv *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_memory(&source, bytes, size, file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_csv_read_source(&source, options, out, error);
  dsc_source_close(&source);
  return code;
}

#endif
