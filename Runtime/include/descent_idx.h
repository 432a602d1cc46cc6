/* IDX, the format of MNIST (Y. LeCun, "The MNIST database", file formats section), plain or gzipped.
 * Takes 00 00, a type, a rank 1...8, big-endian sizes of 32 bits and big-endian values; gives a dsc_array:
 * u8 as u8, i8 and i16 converted to i32, i32, f32, f64.
 * Invariant: the header says how long the file is; a shorter or longer one is an error with the offset.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_IDX_H
#define DESCENT_IDX_H

#include "descent_stored.h"

DSC_FN int dsc_idx_read_source(dsc_source *source, dsc_array *out, dsc_error *error) {
  const char *file = source->path;
  uint8_t head[4] = {0}, sizes[32] = {0};
  int64_t shape[8];
  int32_t stored;
  int code = dsc_source_exactly(source, head, 4, "IDX magic", error);
  if (code != DSC_OK)
    return code;
  if (head[0] != 0 || head[1] != 0)
    return dsc_fail_in(
        error, DSC_ERROR_FORMAT, file, "is no IDX file: bytes 0 and 1 are %02x %02x; expected 00 00", head[0], head[1]);
  switch (head[2]) {
  case 0x08:
    stored = DSC_U8;
    break;
  case 0x09:
    stored = DSC_STORED_I8;
    break;
  case 0x0B:
    stored = DSC_STORED_I16;
    break;
  case 0x0C:
    stored = DSC_I32;
    break;
  case 0x0D:
    stored = DSC_F32;
    break;
  case 0x0E:
    stored = DSC_F64;
    break;
  default:
    return dsc_fail_in(
        error, DSC_ERROR_FORMAT, file, "unknown IDX type %02x at byte 2; expected 08, 09, 0b, 0c, 0d or 0e", head[2]);
  }
  const int32_t rank = head[3];
  if (rank < 1 || rank > DSC_MAX_RANK)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "rank %d at byte 3; expected 1...8", (int)rank);
  code = dsc_source_exactly(source, sizes, 4 * rank, "IDX sizes", error);
  if (code != DSC_OK)
    return code;
  for (int32_t i = 0; i < rank; i++)
    shape[i] = (int64_t)((uint32_t)sizes[4 * i] << 24 | (uint32_t)sizes[4 * i + 1] << 16 |
        (uint32_t)sizes[4 * i + 2] << 8 | (uint32_t)sizes[4 * i + 3]);
  dsc_error inner;
  dsc_error_clear(&inner);
  if (dsc_array_describe(out, dsc_stored_info(stored).dtype, rank, shape, NULL, &inner) != DSC_OK)
    return dsc_fail_in(error, inner.code, file, "the sizes at byte 4 are absurd: %s", inner.message);
  return dsc_stored_read(source, stored, 1, "IDX values", out, error);
}

/* Reads an IDX file, plain or gzipped. On failure `out` is empty; else give it back with dsc_array_free. */
DSC_FN int dsc_idx_read(const char *path, dsc_array *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_open(&source, path, error);
  if (code != DSC_OK)
    return code;
  code = dsc_idx_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_array_free(out);
  dsc_source_close(&source);
  return code;
}

/* The same from bytes in memory; `file` is the name for messages. */
DSC_FN int dsc_idx_parse(const void *bytes, int64_t size, const char *file, dsc_array *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_memory(&source, bytes, size, file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_idx_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_array_free(out);
  dsc_source_close(&source);
  return code;
}

#endif
