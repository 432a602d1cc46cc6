/* Powers of fixed bases and their inverses, cube roots and lengths: what descent_math.h is for the commonest
 * functions; see there for the contract. Those in floats are those in doubles, rounded once more: 0.51 ULP. Errors
 * quoted are those of `ulp quick`, of half a million arguments. */
#ifndef DESCENT_MATH_POWERS_H
#define DESCENT_MATH_POWERS_H

#include "descent_math_f64.h"

/* 2^x = 2^k e^(r ln2), where x - k = r is exact. Where the clamps act the result is 0 or infinite. 0.85 ULP. */
DSC_INLINE double dsc_exp2_f64(double x) {
  x = x < -1080.0 ? -1080.0 : x;
  x = x > 1030.0 ? 1030.0 : x;
  const double t = x + 6755399441055744.0;
  const double f = x - (t - 6755399441055744.0);
  const double r = f * 0.69314718055994531;
  const double rest = dsc_fma_f64(f, 2.3190468138462996e-17, dsc_product_error_f64(f, 0.69314718055994531, r));
  return dsc_scale_f64(1.0 + (r + dsc_fma_f64(dsc_exp_tail_f64(r), r * r, rest)), dsc_bits_f64(t));
}

/* ln(x) times head + tail, from the logarithm as a sum of two doubles: so logarithms of powers of two to base 2 are
 * exact. 0.51 ULP. */
DSC_INLINE double dsc_log_scaled_f64(double x, double head, double tail) {
  double low;
  const double l = dsc_log_pair_f64(x, &low);
  const double p = l * head;
  const double y = p + dsc_fma_f64(low, head, dsc_fma_f64(l, tail, dsc_product_error_f64(l, head, p)));
  const double limit = x == 0.0 ? -(double)INFINITY : (double)NAN;
  const double positive = x < (double)INFINITY ? y : x;
  return x > 0.0 ? positive : limit;
}

DSC_INLINE double dsc_log2_f64(double x) { return dsc_log_scaled_f64(x, 1.4426950408889634, 2.0355273740931033e-17); }
DSC_INLINE double dsc_log10_f64(double x) { return dsc_log_scaled_f64(x, 0.43429448190325182, 1.0983196502167651e-17); }

/* |x| = 2^(3 q) w with 1 <= w < 8. A polynomial of w's mantissa and the cube root of its power of two give 13 bits, a
 * step of Halley's method three times as many, and one of Newton's, whose residue w - y^3 is taken in two parts, the
 * rest. 0.51 ULP. */
DSC_INLINE double dsc_cbrt_f64(double x) {
  const double a = fabs(x);
  const int tiny = a < 2.2250738585072014e-308;
  const uint64_t v = dsc_bits_f64(tiny ? a * 18014398509481984.0 : a);
  const double n =
      dsc_from_bits_f64((v >> 52) | 0x4330000000000000u) - (tiny ? 4503599627371573.0 : 4503599627371519.0);
  const double q = floor((n + 0.5) * 0.33333333333333331), digit = n - 3.0 * q;
  const double m = dsc_from_bits_f64((v & 0xfffffffffffffu) | 0x3ff0000000000000u);
  const double w = m * (digit == 0.0 ? 1.0 : (digit == 1.0 ? 2.0 : 4.0));
  const double root = digit == 0.0 ? 1.0 : (digit == 1.0 ? 1.2599210498948732 : 1.5874010519681994);
  double y = dsc_fma_f64(0.023104932077638644, m, -0.1629695104261106);
  y = dsc_fma_f64(y, m, 0.58711403022334618);
  y = dsc_fma_f64(y, m, 0.55282355303622188) * root;
  const double cube = y * y * y;
  y = y * (cube + 2.0 * w) / (2.0 * cube + w);
  const double s = y * y, c = s * y;
  const double c_low = dsc_fma_f64(dsc_product_error_f64(y, y, s), y, dsc_product_error_f64(s, y, c));
  y = y + ((w - c) - c_low) / (3.0 * s);
  const double result = y * dsc_exp2_int_f64(dsc_bits_f64(q + 6755399441055744.0));
  const int regular = (a > 0.0) & (a < (double)INFINITY);
  return regular ? dsc_flip_sign_f64(result, dsc_bits_f64(x)) : x;
}

/* The square root of x^2 + y^2, both squares and the root in two parts, of numbers times a power of two where squares
 * would overflow or vanish. An infinity hides NaN, as in C99. 0.75 ULP. */
DSC_INLINE double dsc_hypot_f64(double x, double y) {
  const double ax = fabs(x), ay = fabs(y);
  const double top = ax > ay ? ax : ay;
  const double large = top > 0x1p500 ? 0x1p-600 : 1.0, up = top < 0x1p-400 ? 0x1p600 : large;
  const double large_back = top > 0x1p500 ? 0x1p600 : 1.0, back = top < 0x1p-400 ? 0x1p-600 : large_back;
  const double a = ax * up, b = ay * up;
  const double s = a * a, t = b * b;
  double lost;
  const double sum = dsc_two_sum_f64(s, t, &lost);
  const double h = sqrt(sum), square = h * h;
  const double low = lost + (dsc_product_error_f64(a, a, s) + dsc_product_error_f64(b, b, t));
  const double residue = ((sum - square) - dsc_product_error_f64(h, h, square)) + low;
  const double result = (h + residue / (2.0 * h)) * back;
  const double plain = top > 0.0 ? result : ax + ay;
  return ((ax == (double)INFINITY) | (ay == (double)INFINITY)) ? (double)INFINITY : plain;
}

DSC_INLINE float dsc_exp2_f32(float x) { return (float)dsc_exp2_f64((double)x); }
DSC_INLINE float dsc_log2_f32(float x) { return (float)dsc_log2_f64((double)x); }
DSC_INLINE float dsc_log10_f32(float x) { return (float)dsc_log10_f64((double)x); }
DSC_INLINE float dsc_cbrt_f32(float x) { return (float)dsc_cbrt_f64((double)x); }
DSC_INLINE float dsc_hypot_f32(float x, float y) { return (float)dsc_hypot_f64((double)x, (double)y); }

#endif
