/* Ground rules of every emitted program: keywords, fused multiply-add, alignment.
 * Takes nothing; gives macros and tiny helpers that the other headers stand on.
 * Invariant: compiles without warnings as C11 and C++17 with clang and gcc, with and without OpenMP. */
#ifndef DESCENT_BASE_H
#define DESCENT_BASE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
#define DSC_RESTRICT __restrict
#else
#define DSC_RESTRICT restrict
#endif

/* DSC_FN: a function that a program may leave unused. DSC_INLINE: one whose speed depends on constant arguments.
 * DSC_NOINLINE: one that is compiled once, kernels among them: many kernels in their caller are one function for which
 * compilers take more than linear time. */
#if defined(__GNUC__)
#define DSC_FN static inline __attribute__((unused))
#define DSC_INLINE static inline __attribute__((unused, always_inline))
#define DSC_NOINLINE static __attribute__((unused, noinline))
#define DSC_ALIGNED(n) __attribute__((aligned(n)))
#else
#define DSC_FN static inline
#define DSC_INLINE static inline
#define DSC_NOINLINE static
#define DSC_ALIGNED(n)
#endif

/* The greater of two constants. */
#define DSC_GREATER(a, b) ((a) > (b) ? (a) : (b))

/* Arithmetic is IEEE 754's, or the results are others. gcc's options that give that up set __GCC_IEC_559 to 0; clang
 * has no such macro, but a pragma that keeps the order of sums. */
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0) || \
    (defined(__GCC_IEC_559) && __GCC_IEC_559 == 0)
#error "built with -ffast-math, -Ofast or a part of them: results would be wrong; leave it out"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2)
#error "built for a processor that computes in more digits than float and double have; add -msse2 -mfpmath=sse"
#endif
#if defined(__clang__) && __clang_major__ >= 13
#pragma clang fp reassociate(off)
#endif

/* Products and sums are never contracted behind the program's back: every fused multiply-add is written out. gcc knows
 * no such pragma and wants -ffp-contract=off. Without it (1 + 2^-12)^2 - (1 + 2^-11), 0 by two roundings, is 2^-24. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
DSC_FN int dsc_contracts(void) {
  const volatile float x = 1.000244140625f;
  const float y = x;
  return y * y - 1.00048828125f != 0.0f;
}

/* A target with a fused multiply-add gives the reference bits. Elsewhere the product is rounded before the sum (a
 * second class of bits) unless DSC_EXACT_FMA asks for the slow exact emulation of the C library. */
#if defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || \
    (defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)) || defined(DSC_EXACT_FMA)
#define DSC_FUSED 1
#else
#define DSC_FUSED 0
#if defined(__GNUC__) && !defined(DSC_QUIET)
#pragma GCC warning "no fused multiply-add: the last bits differ; try -march=native, or emulate it by -DDSC_EXACT_FMA"
#endif
#endif

DSC_INLINE float dsc_fma_f32(float a, float b, float c) {
#if DSC_FUSED
  return fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

DSC_INLINE double dsc_fma_f64(double a, double b, double c) {
#if DSC_FUSED
  return fma(a, b, c);
#else
  return a * b + c;
#endif
}

/* The bits of a number, and the number that has these bits. */
DSC_INLINE uint32_t dsc_bits_f32(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

DSC_INLINE uint64_t dsc_bits_f64(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

DSC_INLINE float dsc_from_bits_f32(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

DSC_INLINE double dsc_from_bits_f64(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

/* The larger and the smaller; NaN if either is. Of two zeros, the second. */
DSC_INLINE float dsc_max_f32(float a, float b) {
  const float m = a > b ? a : b;
  return a != a ? a : m;
}

DSC_INLINE double dsc_max_f64(double a, double b) {
  const double m = a > b ? a : b;
  return a != a ? a : m;
}

DSC_INLINE float dsc_min_f32(float a, float b) {
  const float m = a < b ? a : b;
  return a != a ? a : m;
}

DSC_INLINE double dsc_min_f64(double a, double b) {
  const double m = a < b ? a : b;
  return a != a ? a : m;
}

DSC_INLINE int32_t dsc_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }
DSC_INLINE int64_t dsc_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
DSC_INLINE uint8_t dsc_max_u8(uint8_t a, uint8_t b) { return a > b ? a : b; }
DSC_INLINE int32_t dsc_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
DSC_INLINE int64_t dsc_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
DSC_INLINE uint8_t dsc_min_u8(uint8_t a, uint8_t b) { return a < b ? a : b; }

#endif
