/* Element types that files hold and arrays do not, read by conversion, and the values of a file as they are stored.
 * Takes packed values of f16, bf16, i8, i16, u16, u32, u64 or of an array's own types, in either byte order; gives the
 * elements of an array of a type that holds each of them exactly. A u64 beyond i64 is an error.
 * f16 is IEEE 754 binary16, bf16 the upper half of a binary32.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_STORED_H
#define DESCENT_STORED_H

#include "descent_files.h"

/* Stored types: those of arrays under their own numbers, then these. */
enum {
  DSC_STORED_F16 = 6,
  DSC_STORED_BF16 = 7,
  DSC_STORED_I8 = 8,
  DSC_STORED_I16 = 9,
  DSC_STORED_U16 = 10,
  DSC_STORED_U32 = 11,
  DSC_STORED_U64 = 12,
  DSC_STORED_TYPES = 13
};

typedef struct {
  char name[5];
  int8_t width, dtype; /* bytes of a stored value; the type of the array that it is read into */
} dsc_stored_type;

DSC_FN dsc_stored_type dsc_stored_info(int32_t stored) {
  static const dsc_stored_type types[DSC_STORED_TYPES] = {{"f32", 4, DSC_F32}, {"f64", 8, DSC_F64}, {"i32", 4, DSC_I32},
      {"i64", 8, DSC_I64}, {"u8", 1, DSC_U8}, {"bool", 1, DSC_BOOL}, {"f16", 2, DSC_F32}, {"bf16", 2, DSC_F32},
      {"i8", 1, DSC_I32}, {"i16", 2, DSC_I32}, {"u16", 2, DSC_I32}, {"u32", 4, DSC_I64}, {"u64", 8, DSC_I64}};
  return types[stored];
}

/* "f16 is read as f32" of an array that was converted, else an empty text. */
DSC_FN dsc_shown dsc_stored_note(const dsc_array *array) {
  dsc_shown shown;
  shown.text[0] = 0;
  if (array->stored != array->dtype)
    snprintf(shown.text, sizeof shown.text, "%s is read as %s", dsc_stored_info(array->stored).name,
        dsc_dtype_name(array->dtype));
  return shown;
}

/* The value of a binary16. */
DSC_FN float dsc_stored_half(uint32_t half) {
  const uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
  uint32_t bits = sign | (exponent == 31 ? 0x7F800000 : (exponent + 112) << 23) | fraction << 13;
  float value = (float)fraction / 16777216.0f; /* below 2^-14: fraction * 2^-24 */
  if (exponent == 0) {
    memcpy(&bits, &value, 4);
    bits |= sign;
  }
  memcpy(&value, &bits, 4);
  return value;
}

/* One value, given as bits, to an element at `to`: 1, or 0 if its type cannot hold it. */
DSC_FN int dsc_stored_element(int32_t stored, uint64_t bits, uint8_t *to) {
  const uint32_t wide = (uint32_t)bits << 16;
  const float half = stored == DSC_STORED_F16 ? dsc_stored_half((uint32_t)bits) : 0;
  int32_t small = (int32_t)(bits & 0xFFFF);
  if (stored == DSC_STORED_F16)
    memcpy(to, &half, 4);
  else if (stored == DSC_STORED_BF16)
    memcpy(to, &wide, 4);
  else if (stored == DSC_STORED_U32 || stored == DSC_STORED_U64)
    memcpy(to, &bits, 8);
  else {
    if (stored == DSC_STORED_I8 && small > 127)
      small -= 256;
    if (stored == DSC_STORED_I16 && small > 32767)
      small -= 65536;
    memcpy(to, &small, 4);
  }
  return stored != DSC_STORED_U64 || bits <= (uint64_t)INT64_MAX;
}

/* Turns `count` packed values, which stand at the end of an array's bytes, into its elements, from the first byte on;
 * `big`: in big-endian order. Gives the number of the first value that the array's type cannot hold, -1 where there is
 * none. */
DSC_FN int64_t dsc_stored_convert(void *data, int64_t count, int32_t stored, int big) {
  const dsc_stored_type type = dsc_stored_info(stored);
  const int64_t size = dsc_dtype_size(type.dtype), width = type.width;
  if (stored < DSC_STORED_F16) {
    if (big == dsc_host_is_little())
      dsc_swap_bytes(data, count, size);
    return -1;
  }
  /* Reading runs ahead of writing. */
  uint8_t *to = (uint8_t *)data;
  const uint8_t *from = to + count * (size - width);
  for (int64_t i = 0; i < count; i++, from += width, to += size) {
    uint64_t bits = 0;
    for (int64_t k = 0; k < width; k++)
      bits = bits << 8 | from[big ? k : width - 1 - k];
    if (!dsc_stored_element(stored, bits, to))
      return i;
  }
  return -1;
}

/* The error of a value that its array cannot hold, which stands at byte `at`. */
DSC_FN int dsc_stored_beyond(int64_t at, const char *file, dsc_error *error) {
  return dsc_fail_in(
      error, DSC_ERROR_UNSUPPORTED, file, "byte %" PRId64 ": a u64 of 2^63 or more, which i64 cannot hold", at);
}

/* Fails where a truth value is neither 0 nor 1; `start` is the place of the first in the file. */
DSC_FN int dsc_stored_check_truths(const dsc_array *array, int64_t start, const char *file, dsc_error *error) {
  const uint8_t *data = (const uint8_t *)array->data;
  for (int64_t i = 0; array->dtype == DSC_BOOL && i < array->count; i++)
    if (data[i] > 1)
      return dsc_fail_in(
          error, DSC_ERROR_FORMAT, file, "byte %" PRId64 ": a truth value of %d; expected 0 or 1", start + i, data[i]);
  return DSC_OK;
}

/* Reads the values of an array that is described, which are the rest of the source, and converts them. */
DSC_FN int dsc_stored_read(
    dsc_source *source, int32_t stored, int big, const char *what, dsc_array *out, dsc_error *error) {
  const int64_t width = dsc_stored_info(stored).width, size = out->count * width, start = source->offset;
  int code = dsc_source_promise(source, size, what, error);
  if (code != DSC_OK)
    return code;
  out->stored = stored;
  out->data = dsc_allocate(out->bytes);
  if (out->data == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, source->path, "no memory for %" PRId64 " bytes", out->bytes);
  code = dsc_source_exactly(source, (uint8_t *)out->data + (out->bytes - size), size, what, error);
  if (code == DSC_OK)
    code = dsc_source_finish(source, error);
  if (code != DSC_OK)
    return code;
  const int64_t bad = dsc_stored_convert(out->data, out->count, stored, big);
  return bad >= 0 ? dsc_stored_beyond(start + bad * width, source->path, error)
                  : dsc_stored_check_truths(out, start, source->path, error);
}

#endif
