/* Arithmetic of integers that C leaves undefined for some operands, defined for all, and divisions of any numbers that
 * round down. Takes one or two numbers of a type; gives one of it. Results wrap. A quotient is rounded down and what it
 * leaves has the sign of the divisor, as in Python; an integer by zero gives 0 and leaves 0. A power that would be a
 * fraction is 0. Invariant: but for powers and fmod no branches, so that loops over them vectorise. */
#ifndef DESCENT_INTEGER_H
#define DESCENT_INTEGER_H

#include "descent_base.h"

/* Where a quotient is undefined the divisor is replaced by 1: a / 0 is then masked, and a / -1 is the wrapped -a. */

DSC_INLINE int32_t dsc_abs_i32(int32_t x) { return x < 0 ? (int32_t)(UINT32_C(0) - (uint32_t)x) : x; }

DSC_INLINE int32_t dsc_sign_i32(int32_t x) { return (x > 0) - (x < 0); }

DSC_INLINE int32_t dsc_floor_divide_i32(int32_t a, int32_t b) {
  const int32_t safe = ((b == 0) | (b == -1)) ? 1 : b;
  const int32_t part = a % safe;
  const int32_t whole = a / safe - (((part != 0) & ((part < 0) != (b < 0))) ? 1 : 0);
  const int32_t negated = (int32_t)(UINT32_C(0) - (uint32_t)a);
  return b == 0 ? 0 : (b == -1 ? negated : whole);
}

DSC_INLINE int32_t dsc_remainder_i32(int32_t a, int32_t b) {
  const int32_t safe = ((b == 0) | (b == -1)) ? 1 : b;
  const int32_t part = a % safe;
  return ((part != 0) & ((part < 0) != (b < 0))) ? part + b : part;
}

DSC_INLINE int32_t dsc_pow_i32(int32_t a, int32_t b) {
  const int32_t of_minus_one = (b & 1) != 0 ? -1 : 1;
  uint32_t result = 1, square = (uint32_t)a;
  for (int32_t rest = b; rest > 0; rest >>= 1) {
    result = (rest & 1) != 0 ? result * square : result;
    square *= square;
  }
  return b >= 0 ? (int32_t)result : (a == 1 ? 1 : (a == -1 ? of_minus_one : 0));
}

DSC_INLINE int64_t dsc_abs_i64(int64_t x) { return x < 0 ? (int64_t)(UINT64_C(0) - (uint64_t)x) : x; }

DSC_INLINE int64_t dsc_sign_i64(int64_t x) { return (x > 0) - (x < 0); }

DSC_INLINE int64_t dsc_floor_divide_i64(int64_t a, int64_t b) {
  const int64_t safe = ((b == 0) | (b == -1)) ? 1 : b;
  const int64_t part = a % safe;
  const int64_t whole = a / safe - (((part != 0) & ((part < 0) != (b < 0))) ? 1 : 0);
  const int64_t negated = (int64_t)(UINT64_C(0) - (uint64_t)a);
  return b == 0 ? 0 : (b == -1 ? negated : whole);
}

DSC_INLINE int64_t dsc_remainder_i64(int64_t a, int64_t b) {
  const int64_t safe = ((b == 0) | (b == -1)) ? 1 : b;
  const int64_t part = a % safe;
  return ((part != 0) & ((part < 0) != (b < 0))) ? part + b : part;
}

DSC_INLINE int64_t dsc_pow_i64(int64_t a, int64_t b) {
  const int64_t of_minus_one = (b & 1) != 0 ? -1 : 1;
  uint64_t result = 1, square = (uint64_t)a;
  for (int64_t rest = b; rest > 0; rest >>= 1) {
    result = (rest & 1) != 0 ? result * square : result;
    square *= square;
  }
  return b >= 0 ? (int64_t)result : (a == 1 ? 1 : (a == -1 ? of_minus_one : 0));
}

DSC_INLINE uint8_t dsc_floor_divide_u8(uint8_t a, uint8_t b) {
  const uint8_t safe = (uint8_t)(b == 0 ? 1 : b);
  return (uint8_t)(b == 0 ? 0 : a / safe);
}

DSC_INLINE uint8_t dsc_remainder_u8(uint8_t a, uint8_t b) {
  const uint8_t safe = (uint8_t)(b == 0 ? 1 : b);
  return (uint8_t)(a % safe);
}

DSC_INLINE uint8_t dsc_pow_u8(uint8_t a, uint8_t b) { return (uint8_t)dsc_pow_i32(a, b); }

/* What the remainder leaves is a multiple of the divisor, up to rounding: the quotient is the whole number nearest. */

DSC_INLINE float dsc_floor_divide_f32(float a, float b) {
  const float part = fmodf(a, b);
  const float quotient = (a - part) / b - (((part != 0.0f) & ((part < 0.0f) != (b < 0.0f))) ? 1.0f : 0.0f);
  const float whole = quotient == 0.0f ? copysignf(0.0f, a / b) : rintf(quotient);
  return b == 0.0f ? a / b : whole;
}

DSC_INLINE float dsc_remainder_f32(float a, float b) {
  const float part = fmodf(a, b);
  const float turned = (part < 0.0f) != (b < 0.0f) ? part + b : part;
  return part == 0.0f ? copysignf(0.0f, b) : turned;
}

DSC_INLINE double dsc_floor_divide_f64(double a, double b) {
  const double part = fmod(a, b);
  const double quotient = (a - part) / b - (((part != 0.0) & ((part < 0.0) != (b < 0.0))) ? 1.0 : 0.0);
  const double whole = quotient == 0.0 ? copysign(0.0, a / b) : rint(quotient);
  return b == 0.0 ? a / b : whole;
}

DSC_INLINE double dsc_remainder_f64(double a, double b) {
  const double part = fmod(a, b);
  const double turned = (part < 0.0) != (b < 0.0) ? part + b : part;
  return part == 0.0 ? copysign(0.0, b) : turned;
}

#endif
