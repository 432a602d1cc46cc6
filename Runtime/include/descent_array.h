/* A dense row-major array as readers give it.
 * Takes an element type and a shape; gives memory aligned to 64 bytes, or an error.
 * Invariant: count is the product of shape[0..<rank], bytes = count * size of an element, both without overflow.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include (posix_memalign). */
#ifndef DESCENT_ARRAY_H
#define DESCENT_ARRAY_H

#include "descent_error.h"
#include "descent_limits.h"
#include <inttypes.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h> /* which tells of large pages where _DEFAULT_SOURCE is defined */
#endif

/* Element types: the same numbers everywhere in Descent. */
enum { DSC_F32 = 0, DSC_F64 = 1, DSC_I32 = 2, DSC_I64 = 3, DSC_U8 = 4, DSC_BOOL = 5 };

enum { DSC_MAX_RANK = 8 };

typedef struct {
  int32_t dtype;
  int32_t rank;
  int64_t shape[8];
  void *data;
  int64_t count, bytes;
  int32_t stored; /* the type that a file held, where it was converted (descent_stored.h); else dtype */
} dsc_array;

/* Bytes of one element; 0 for a number that is no element type. */
DSC_FN int64_t dsc_dtype_size(int32_t dtype) {
  static const int8_t sizes[6] = {4, 8, 4, 8, 1, 1};
  return dtype >= 0 && dtype < 6 ? sizes[dtype] : 0;
}

DSC_FN const char *dsc_dtype_name(int32_t dtype) {
  static const char names[7][5] = {"f32", "f64", "i32", "i64", "u8", "bool", "?"};
  return names[dtype >= 0 && dtype < 6 ? dtype : 6];
}

/* A type for a message: f32[60000,784]. */
DSC_FN dsc_shown dsc_show_type(int32_t dtype, int32_t rank, const int64_t *shape) {
  dsc_shown shown;
  const int room = (int)sizeof shown.text;
  int used = snprintf(shown.text, sizeof shown.text, "%s[", dsc_dtype_name(dtype));
  for (int i = 0; i < rank && used < room; i++)
    used += snprintf(shown.text + used, (size_t)(room - used), "%s%" PRId64, i > 0 ? "," : "", shape[i]);
  if (used < room)
    snprintf(shown.text + used, (size_t)(room - used), "]");
  return shown;
}

DSC_FN int dsc_host_is_little(void) {
  const uint16_t one = 1;
  uint8_t first;
  memcpy(&first, &one, 1);
  return first == 1;
}

/* Reverses the bytes of each of `count` elements of `width` bytes, in place. */
DSC_FN void dsc_swap_bytes(void *data, int64_t count, int64_t width) {
  uint8_t *p = (uint8_t *)data;
  if (width < 2)
    return;
  for (int64_t i = 0; i < count; i++, p += width)
    for (int64_t lo = 0, hi = width - 1; lo < hi; lo++, hi--) {
      const uint8_t t = p[lo];
      p[lo] = p[hi];
      p[hi] = t;
    }
}

/* From so many bytes on memory begins at a large page, and the system is asked for such: with small ones a processor spends
 * some hundredths of a product's time on finding the pages of a matrix. */
#define DSC_LARGE_PAGE ((int64_t)1 << 21)

/* Memory aligned to 64 bytes at least, to be given back with free; never null for size 0. Null when there is none, also where
 * the system would promise more than it has and end the process later. */
DSC_FN void *dsc_allocate(int64_t bytes) {
  void *memory = NULL;
  if (bytes < 0 || (uint64_t)bytes > (uint64_t)(SIZE_MAX / 2) || (bytes >= 1 << 24 && bytes > dsc_memory_bound("")))
    return NULL;
  const int is_large = bytes >= 2 * DSC_LARGE_PAGE;
  if (posix_memalign(&memory, is_large ? (size_t)DSC_LARGE_PAGE : 64, bytes > 0 ? (size_t)bytes : 1) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (is_large) /* A wish: nothing depends on whether it is granted. */
    (void)madvise(memory, (size_t)bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

/* Whether so much memory can be had now. */
DSC_FN int dsc_has_room(int64_t bytes) {
  void *memory = dsc_allocate(bytes);
  const int has = memory != NULL;
  free(memory);
  return has;
}

/* Fills in everything but the data (null). Fails on an unknown type, a rank outside 0...8, a negative size, overflow.
 * `file` is named in the error; it may be null. */
DSC_FN int dsc_array_describe(
    dsc_array *array, int32_t dtype, int32_t rank, const int64_t *shape, const char *file, dsc_error *error) {
  const int64_t size = dsc_dtype_size(dtype);
  int64_t count = 1;
  int empty = 0;
  memset(array, 0, sizeof *array);
  if (size == 0)
    return dsc_fail_in(error, DSC_ERROR_USAGE, file, "%d is no number of an element type", (int)dtype);
  if (rank < 0 || rank > DSC_MAX_RANK)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "the rank is %d; expected 0...%d", (int)rank, (int)DSC_MAX_RANK);
  for (int32_t i = 0; i < rank; i++) {
    if (shape[i] < 0)
      return dsc_fail_in(
          error, DSC_ERROR_FORMAT, file, "the size %" PRId64 " of axis %d is negative", shape[i], (int)i);
    array->shape[i] = shape[i];
    empty |= shape[i] == 0;
  }
  for (int32_t i = 0; i < rank && !empty; i++) {
    if (count > INT64_MAX / size / shape[i])
      return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "the sizes of the axes multiply to more than %" PRId64 " bytes",
          (int64_t)INT64_MAX);
    count *= shape[i];
  }
  array->dtype = array->stored = dtype;
  array->rank = rank;
  array->count = empty ? 0 : count;
  array->bytes = array->count * size;
  return DSC_OK;
}

/* Describes and allocates; the elements are not set. */
DSC_FN int dsc_array_allocate(
    dsc_array *array, int32_t dtype, int32_t rank, const int64_t *shape, const char *file, dsc_error *error) {
  const int code = dsc_array_describe(array, dtype, rank, shape, file, error);
  if (code != DSC_OK)
    return code;
  array->data = dsc_allocate(array->bytes);
  if (array->data == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, file, "no memory for an array of %" PRId64 " bytes", array->bytes);
  return DSC_OK;
}

/* Gives the memory back and leaves an empty array; harmless on one that is already empty (all zero). */
DSC_FN void dsc_array_free(dsc_array *array) {
  free(array->data);
  memset(array, 0, sizeof *array);
}

#endif
