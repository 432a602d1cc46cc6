/* The functions under test as loops over arrays, which the compiler vectorises as it does emitted C.
 * DSC_EACH(F) expands F(name) for each function of one argument. */
#ifndef DESCENT_TEST_FUNCTIONS_H
#define DESCENT_TEST_FUNCTIONS_H

#include "descent_math.h"
#include "descent_math_circular.h"
#include "descent_math_powers.h"
#include "descent_math_special.h"

#define DSC_COMMON(F) F(exp) F(log) F(log1p) F(expm1) F(tanh) F(sigmoid) F(erf) F(sin) F(cos) F(rsqrt) F(softplus)
#define DSC_CIRCULAR(F) F(tan) F(asin) F(acos) F(atan) F(sinh) F(cosh) F(asinh) F(acosh) F(atanh)
#define DSC_POWERS(F) F(exp2) F(log2) F(log10) F(cbrt)
#define DSC_SPECIAL(F) F(gaussian) F(normal_cdf) F(normal_quantile) F(erfc) F(erfinv) F(lgamma) F(digamma)
#define DSC_EACH(F) DSC_COMMON(F) DSC_CIRCULAR(F) DSC_POWERS(F) DSC_SPECIAL(F)

#define DSC_LOOP(NAME)                                                                                   \
  DSC_NOINLINE void loop_##NAME##_f32(const float *DSC_RESTRICT x, float *DSC_RESTRICT y, int64_t n) {   \
    for (int64_t i = 0; i < n; i++)                                                                      \
      y[i] = dsc_##NAME##_f32(x[i]);                                                                     \
  }                                                                                                      \
  DSC_NOINLINE void loop_##NAME##_f64(const double *DSC_RESTRICT x, double *DSC_RESTRICT y, int64_t n) { \
    for (int64_t i = 0; i < n; i++)                                                                      \
      y[i] = dsc_##NAME##_f64(x[i]);                                                                     \
  }
DSC_EACH(DSC_LOOP)
DSC_LOOP(abs)
DSC_LOOP(sign)
DSC_LOOP(floor)
DSC_LOOP(round)

#define DSC_LOOP2(NAME)                                                                                \
  DSC_NOINLINE void loop_##NAME##_f32(                                                                 \
      const float *DSC_RESTRICT x, const float *DSC_RESTRICT z, float *DSC_RESTRICT y, int64_t n) {    \
    for (int64_t i = 0; i < n; i++)                                                                    \
      y[i] = dsc_##NAME##_f32(x[i], z[i]);                                                             \
  }                                                                                                    \
  DSC_NOINLINE void loop_##NAME##_f64(                                                                 \
      const double *DSC_RESTRICT x, const double *DSC_RESTRICT z, double *DSC_RESTRICT y, int64_t n) { \
    for (int64_t i = 0; i < n; i++)                                                                    \
      y[i] = dsc_##NAME##_f64(x[i], z[i]);                                                             \
  }
DSC_LOOP2(pow)
DSC_LOOP2(atan2)
DSC_LOOP2(hypot)
DSC_LOOP2(max)
DSC_LOOP2(min)

typedef void (*loop_f32)(const float *, float *, int64_t);
typedef void (*loop_f64)(const double *, double *, int64_t);

/* One step of splitmix64: arguments for tests that must not depend on what they test. */
DSC_INLINE uint64_t mixed(uint64_t i) {
  uint64_t z = (i + 1u) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

#endif
