/* Conversions that C leaves undefined for some operands, defined for all.
 * Takes a number; gives a number. Floats become integers by truncation toward zero, clamped to the range, NaN is 0.
 * Invariant: selects, no branches, so that loops over them vectorise. */
#ifndef DESCENT_CONVERT_H
#define DESCENT_CONVERT_H

#include "descent_base.h"

/* The operand where it lies within the bounds (themselves exact as floats), else 0: NaN lies nowhere. */
DSC_INLINE int32_t dsc_convert_f32_i32(float x) {
  const float inside = ((x > -2147483648.0f) & (x < 2147483648.0f)) ? x : 0.0f;
  const int32_t y = (int32_t)inside;
  return x >= 2147483648.0f ? INT32_MAX : (x <= -2147483648.0f ? INT32_MIN : y);
}

DSC_INLINE int32_t dsc_convert_f64_i32(double x) {
  const double inside = ((x > -2147483648.0) & (x < 2147483648.0)) ? x : 0.0;
  const int32_t y = (int32_t)inside;
  return x >= 2147483647.0 ? INT32_MAX : (x <= -2147483648.0 ? INT32_MIN : y);
}

DSC_INLINE int64_t dsc_convert_f32_i64(float x) {
  const float inside = ((x > -9223372036854775808.0f) & (x < 9223372036854775808.0f)) ? x : 0.0f;
  const int64_t y = (int64_t)inside;
  return x >= 9223372036854775808.0f ? INT64_MAX : (x <= -9223372036854775808.0f ? INT64_MIN : y);
}

DSC_INLINE int64_t dsc_convert_f64_i64(double x) {
  const double inside = ((x > -9223372036854775808.0) & (x < 9223372036854775808.0)) ? x : 0.0;
  const int64_t y = (int64_t)inside;
  return x >= 9223372036854775808.0 ? INT64_MAX : (x <= -9223372036854775808.0 ? INT64_MIN : y);
}

DSC_INLINE uint8_t dsc_convert_f32_u8(float x) {
  const float inside = ((x > 0.0f) & (x < 255.0f)) ? x : 0.0f;
  return (uint8_t)(x >= 255.0f ? 255 : (int32_t)inside);
}

DSC_INLINE uint8_t dsc_convert_f64_u8(double x) {
  const double inside = ((x > 0.0) & (x < 255.0)) ? x : 0.0;
  return (uint8_t)(x >= 255.0 ? 255 : (int32_t)inside);
}

#endif
