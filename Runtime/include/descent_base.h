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

/* DSC_FN: a function that a program may leave unused. DSC_INLINE: one whose speed depends on constant arguments. */
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

/* Products and sums are never contracted behind the program's back: every fused multiply-add is written out. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* A target with a fused multiply-add gives the reference bits. Elsewhere the product is rounded before the sum (a second
 * class of bits) unless DSC_EXACT_FMA asks for the slow exact emulation of the C library. */
#if defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(DSC_EXACT_FMA)
#define DSC_FUSED 1
#else
#define DSC_FUSED 0
#if defined(__x86_64__) && defined(__GNUC__) && !defined(DSC_QUIET)
#warning "built for x86-64 without fma: results differ in the last bits; use -march=native or -DDSC_EXACT_FMA"
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

#endif
