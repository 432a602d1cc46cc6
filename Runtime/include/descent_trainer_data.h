/* The rows that a standalone trainer learns from and is tested on.
 * Takes the description of a source; gives arrays of the types that the programs take, or an error that names the file. */
#ifndef DESCENT_TRAINER_DATA_H
#define DESCENT_TRAINER_DATA_H

#include "descent_idx.h"
#include "descent_npy.h"
#include "descent_trainer_options.h"

/* ---- the data ---- */

DSC_FN int dsc_trainer_fits(const dsc_array *array, const dsc_trainer_tensor *tensor) {
  return array->dtype == tensor->dtype && array->rank == tensor->rank && memcmp(array->shape, tensor->shape, (size_t)tensor->rank * sizeof(int64_t)) == 0;
}

DSC_FN int dsc_trainer_expect(const dsc_array *array, const dsc_trainer_tensor *tensor, const char *file, dsc_error *error) {
  if (dsc_trainer_fits(array, tensor))
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "%s are %s; this trainer was built for %s", tensor->name, dsc_show_type(array->dtype, array->rank, array->shape).text, dsc_show_type(tensor->dtype, tensor->rank, tensor->shape).text);
}

/* Replaces an array by the rows of these numbers. */
DSC_FN int dsc_trainer_take(dsc_array *array, const int32_t *rows, int64_t count, const char *file, dsc_error *error) {
  dsc_array taken;
  int64_t shape[8];
  memcpy(shape, array->shape, sizeof shape);
  const int64_t row_bytes = shape[0] > 0 ? array->bytes / shape[0] : 0;
  shape[0] = count;
  const int code = dsc_array_allocate(&taken, array->dtype, array->rank, shape, file, error);
  if (code != DSC_OK)
    return code;
  dsc_rows_gather(taken.data, array->data, rows, count, row_bytes);
  dsc_array_free(array);
  *array = taken;
  return DSC_OK;
}

/* Which rows the choices keep, in rows[0..<*count]; `order` is scratch of the same size. */
DSC_FN int dsc_trainer_choose(const dsc_trainer_rows *source, int32_t *rows, int32_t *order, int64_t *count, const char *file, dsc_error *error) {
  for (int64_t i = 0; i < *count; i++)
    rows[i] = (int32_t)i;
  for (int64_t i = 0; i < source->choice_count; i++) {
    const dsc_trainer_choice *choice = &source->choices[i];
    const int first = choice->part == DSC_TRAINER_FIRST;
    if (choice->count < 1 || choice->count > *count || (!first && choice->count == *count))
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file, first ? "the first %" PRId64 " of %" PRId64 " rows cannot be taken" : "%" PRId64 " of %" PRId64 " rows cannot be held out", choice->count, *count);
    *count = first ? choice->count : dsc_rows_split(rows, *count, choice->count, choice->part == DSC_TRAINER_HELD_OUT, choice->seed, order);
  }
  return DSC_OK;
}

DSC_FN int dsc_trainer_read_files(const dsc_trainer_rows *source, const char *inputs, const char *targets, dsc_array *x, dsc_array *y, dsc_error *error) {
  if (source->reader == DSC_TRAINER_CSV) {
    dsc_csv csv;
    const int code = dsc_csv_read(inputs, &source->csv, &csv, error);
    if (code != DSC_OK)
      return code;
    if (csv.dropped > 0)
      fprintf(stderr, "note: %s: %" PRId64 " of %" PRId64 " rows are left out, as a value is missing\n", dsc_show_path(inputs).text, csv.dropped, csv.dropped + csv.rows);
    *x = csv.features;
    *y = csv.target;
    memset(&csv.features, 0, sizeof csv.features);
    memset(&csv.target, 0, sizeof csv.target);
    dsc_csv_free(&csv);
    return DSC_OK;
  }
  const int idx = source->reader == DSC_TRAINER_IDX;
  int code = idx ? dsc_idx_read(inputs, x, error) : dsc_npy_read(inputs, x, error);
  if (code == DSC_OK)
    code = idx ? dsc_idx_read(targets, y, error) : dsc_npy_read(targets, y, error);
  if (code != DSC_OK)
    return code;
  if (x->stored != x->dtype)
    fprintf(stderr, "note: %s: %s\n", dsc_show_path(inputs).text, dsc_stored_note(x).text);
  if (y->stored != y->dtype)
    fprintf(stderr, "note: %s: %s\n", dsc_show_path(targets).text, dsc_stored_note(y).text);
  return DSC_OK;
}

/* Reads, makes labels, takes rows, checks types. On failure x and y are still to be given back. */
DSC_FN int dsc_trainer_read(const dsc_trainer_rows *source, const char *inputs, const char *targets, dsc_array *x, dsc_array *y, dsc_error *error) {
  int code = dsc_trainer_read_files(source, inputs, targets, x, y, error);
  if (code != DSC_OK)
    return code;
  if (x->rank < 1 || y->rank < 1 || x->shape[0] != y->shape[0] || x->shape[0] < 1 || x->shape[0] > (int64_t)1 << 31)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, targets, "inputs of type %s and targets of type %s are no rows that belong together", dsc_show_type(x->dtype, x->rank, x->shape).text, dsc_show_type(y->dtype, y->rank, y->shape).text);
  if (source->classes > 0) {
    dsc_array labels;
    code = dsc_labels(y, source->classes, targets, &labels, error);
    if (code != DSC_OK)
      return code;
    dsc_array_free(y);
    *y = labels;
  }
  if (source->choice_count > 0) {
    int64_t count = x->shape[0];
    int32_t *rows = (int32_t *)dsc_allocate(count * 8);
    if (rows == NULL)
      return dsc_fail_in(error, DSC_ERROR_MEMORY, inputs, "no memory to choose from %" PRId64 " rows", count);
    code = dsc_trainer_choose(source, rows, rows + count, &count, inputs, error);
    if (code == DSC_OK)
      code = dsc_trainer_take(x, rows, count, inputs, error);
    if (code == DSC_OK)
      code = dsc_trainer_take(y, rows, count, targets, error);
    free(rows);
  }
  if (code == DSC_OK)
    code = dsc_trainer_expect(x, &source->input, inputs, error);
  if (code == DSC_OK)
    code = dsc_trainer_expect(y, &source->target, targets, error);
  return code;
}

/* The file to read: the one that was asked for, else one of the usual name in `folder`, else the usual one. A path that is
 * made is kept in *owned. Null, with an error, where there is no memory. */
DSC_FN const char *dsc_trainer_path(const char *usual, const char *asked, const char *folder, char **owned, dsc_error *error) {
  if (asked != NULL || folder == NULL)
    return asked != NULL ? asked : usual;
  const char *slash = strrchr(usual, '/'), *base = slash != NULL ? slash + 1 : usual;
  const size_t size = strlen(folder) + strlen(base) + 2;
  *owned = (char *)malloc(size);
  if (*owned == NULL)
    dsc_fail(error, DSC_ERROR_MEMORY, "no memory for a path");
  else
    snprintf(*owned, size, "%s/%s", folder, base);
  return *owned;
}

/* Reads the data, or the validation rows where `validation` is 1. */
DSC_FN int dsc_trainer_load(const dsc_trainer *trainer, const dsc_trainer_options *o, int validation, dsc_array *x, dsc_array *y, dsc_error *error) {
  const dsc_trainer_rows *source = validation ? trainer->validation : trainer->data, *data = trainer->data;
  const int table = source->reader == DSC_TRAINER_CSV;
  const char *asked_x = table ? o->data : o->inputs, *asked_y = table ? NULL : o->targets;
  const char *folder = table || data->reader == DSC_TRAINER_CSV ? NULL : o->data;
  char *owned_x = NULL, *owned_y = NULL;
  if (validation) {
    /* Rows held out of the same file follow it to another place. */
    const char *same_x = source->reader == data->reader && strcmp(source->inputs, data->inputs) == 0 ? asked_x : NULL;
    const char *same_y = !table && source->reader == data->reader && strcmp(source->targets, data->targets) == 0 ? asked_y : NULL;
    asked_x = table ? o->validation_data : o->validation_inputs;
    asked_y = table ? NULL : o->validation_targets;
    asked_x = asked_x != NULL ? asked_x : same_x;
    asked_y = asked_y != NULL ? asked_y : same_y;
  }
  const char *inputs = dsc_trainer_path(source->inputs, asked_x, folder, &owned_x, error);
  const char *targets = table ? inputs : dsc_trainer_path(source->targets, asked_y, folder, &owned_y, error);
  int code = inputs == NULL || targets == NULL ? DSC_ERROR_MEMORY : DSC_OK;
  if (code == DSC_OK)
    code = dsc_trainer_read(source, inputs, targets, x, y, error);
  free(owned_x);
  free(owned_y);
  return code;
}

#endif
