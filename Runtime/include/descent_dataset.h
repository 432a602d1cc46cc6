/* From arrays that a reader gave to a data set: which rows, in which order, and labels that are checked.
 * Takes arrays whose first axis is the rows; gives lists of row numbers, gathered rows and labels as i32.
 * Invariant: the same seed gives the same rows to every program, on every machine: the Swift library and an emitted
 * trainer both call these functions.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_DATASET_H
#define DESCENT_DATASET_H

#include "descent_array.h"
#include "descent_random.h"

/* Streams of random numbers: epoch e is shuffled with stream e; a split has a stream that no epoch reaches ("split").
 * */
#define DSC_SPLIT_STREAM UINT64_C(0x73706c6974)

/* ---- rows ---- */

/* The order of n rows in an epoch (0, 1, ...). */
DSC_FN void dsc_rows_epoch(int32_t *order, int64_t n, uint64_t seed, int64_t epoch) {
  dsc_shuffle(order, n, seed, (uint64_t)epoch);
}

/* How many of `count` rows a split by this fraction holds out: the nearest whole number, and the greater of two. */
DSC_FN int64_t dsc_rows_held(int64_t count, double fraction) {
  return fraction >= 0 && fraction <= 1 ? (int64_t)round(fraction * (double)count) : 0;
}

/* Keeps one part of rows[0..<n]: the `held` rows that a permutation puts first, or the others, in the permutation's
 * order. `order` is scratch for n numbers. Gives the number of rows kept; held is in 0...n. */
DSC_FN int64_t dsc_rows_split(int32_t *rows, int64_t n, int64_t held, int held_out, uint64_t seed, int32_t *order) {
  const int64_t from = held_out ? 0 : held, kept = held_out ? held : n - held;
  dsc_shuffle(order, n, seed, DSC_SPLIT_STREAM);
  for (int64_t i = 0; i < n; i++)
    order[i] = rows[order[i]];
  for (int64_t i = 0; i < kept; i++)
    rows[i] = order[from + i];
  return kept;
}

/* Copies rows of `bytes` bytes each: row i of `to` is row rows[i] of `from`. */
DSC_FN void dsc_rows_gather(void *to, const void *from, const int32_t *rows, int64_t n, int64_t bytes) {
  for (int64_t i = 0; i < n && bytes > 0; i++)
    memcpy((uint8_t *)to + i * bytes, (const uint8_t *)from + (int64_t)rows[i] * bytes, (size_t)bytes);
}

/* ---- labels ---- */

/* Element i as a whole number: 1, or 0 if it is none of 32 bits. */
DSC_FN int dsc_label_at(const dsc_array *array, int64_t i, int32_t *label, double *found) {
  switch (array->dtype) {
  case DSC_F32:
    *found = (double)((const float *)array->data)[i];
    break;
  case DSC_F64:
    *found = ((const double *)array->data)[i];
    break;
  case DSC_I32:
    *found = (double)((const int32_t *)array->data)[i];
    break;
  case DSC_I64:
    *found = (double)((const int64_t *)array->data)[i];
    break;
  default:
    *found = (double)((const uint8_t *)array->data)[i];
  }
  if (!(*found >= -2147483648.0 && *found <= 2147483647.0))
    return 0;
  *label = (int32_t)*found;
  return (double)*label == *found;
}

/* Makes i32 labels of the same shape out of an array of any type, and checks that each is in 0..<classes (0 classes: no
 * bound is known, whole numbers suffice). `file` is named in the error. On failure `out` is empty; else give it back
 * with dsc_array_free. */
DSC_FN int dsc_labels(const dsc_array *from, int64_t classes, const char *file, dsc_array *out, dsc_error *error) {
  const int64_t rows = from->rank > 0 && from->count > 0 ? from->shape[0] : 1;
  memset(out, 0, sizeof *out);
  int code = dsc_array_allocate(out, DSC_I32, from->rank, from->shape, file, error);
  for (int64_t i = 0; code == DSC_OK && i < from->count; i++) {
    int32_t label = 0;
    double found;
    const int whole = dsc_label_at(from, i, &label, &found);
    const int64_t row = i / (from->count / rows);
    if (!whole)
      code = dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "row %" PRId64 " (the first is 0): the label is %.9g; expected a whole number of 32 bits", row, found);
    else if (classes > 0 && (label < 0 || label >= classes))
      code = dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "row %" PRId64 " (the first is 0): the label is %d; expected 0...%" PRId64 ", as there are %" PRId64
          " classes",
          row, (int)label, classes - 1, classes);
    else
      ((int32_t *)out->data)[i] = label;
  }
  if (code != DSC_OK)
    dsc_array_free(out);
  return code;
}

#endif
