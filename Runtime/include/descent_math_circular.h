/* Tangents, the inverses of sine, cosine and tangent, and the hyperbolic functions with theirs: what descent_math.h
 * is for the commonest functions; see there for the contract. Those in floats are those in doubles, rounded once
 * more: 0.51 ULP. Source: reductions as in Muller, Elementary Functions (2016), chapters 11 and 12; what a step lost
 * is carried as a second number (Dekker 1971) where one would not do. Errors quoted are those of `ulp quick`, of
 * half a million arguments. */
#ifndef DESCENT_MATH_CIRCULAR_H
#define DESCENT_MATH_CIRCULAR_H

#include "descent_math_f64.h"

/* ---- Tangent ---- */

/* Sine by cosine, or its negative inverse in odd quadrants, both kernels and their quotient in two parts. 0.89 ULP. */
DSC_INLINE double dsc_tan_f64(double x) {
  uint64_t n;
  double rest, w;
  const double r = dsc_trig_reduce_f64(x, &n, &rest);
  const double s_tail = dsc_sin_tail_f64(r, rest), c_tail = dsc_cos_tail_f64(r, rest, &w);
  const double s = r + s_tail, s_low = (r - s) + s_tail;
  const double c = w + c_tail, c_low = (w - c) + c_tail;
  const int odd = (n & 1u) != 0;
  const double top = odd ? c : s, top_low = odd ? c_low : s_low;
  const double below = odd ? s : c, below_low = odd ? s_low : c_low;
  const double q = top / below, product = q * below;
  const double residue = (top - product) - dsc_product_error_f64(q, below, product);
  const double y = q + (residue + (top_low - q * below_low)) / below;
  return fabs(x) < 7.4505805969238281e-9 ? x : dsc_flip_sign_f64(y, dsc_bits_f64(x) ^ (n << 63));
}

/* ---- Inverse tangent ---- */

/* atan(small / large) = base + *low + the result for 0 <= small <= large, both ordinary: base is 0, or pi/4 where the
 * quotient exceeds tan(pi/8) and (small - large) / (small + large) stands for it. */
DSC_INLINE double dsc_atan_parts_f64(double small, double large, double *base, double *low) {
  double top_low, below_low;
  const int turned = small > 0.41421356237309503 * large;
  const double difference = dsc_two_sum_f64(small, -large, &top_low), sum = dsc_two_sum_f64(small, large, &below_low);
  const double top = turned ? difference : small, below = turned ? sum : large;
  const double t = top / below, product = t * below;
  const double residue = (top - product) - dsc_product_error_f64(t, below, product);
  const double t_low = (residue + (turned ? top_low - t * below_low : 0.0)) / below;
  const double z = t * t;
  double p = dsc_fma_f64(-0.017908402562509961, z, 0.038065468861920748);
  p = dsc_fma_f64(p, z, -0.050393334241815566);
  p = dsc_fma_f64(p, z, 0.058478941971556335);
  p = dsc_fma_f64(p, z, -0.06663104540218176);
  p = dsc_fma_f64(p, z, 0.076920602462947629);
  p = dsc_fma_f64(p, z, -0.090908977593284479);
  p = dsc_fma_f64(p, z, 0.11111110783545754);
  p = dsc_fma_f64(p, z, -0.14285714280200343);
  p = dsc_fma_f64(p, z, 0.19999999999953677);
  p = dsc_fma_f64(p, z, -0.33333333333333198);
  *base = turned ? 0.78539816339744828 : 0.0;
  *low = dsc_fma_f64(t * z, p, t_low) + (turned ? 3.0616169978683831e-17 : 0.0);
  return t;
}

/* a + (b + c) for |a| >= |b| or a = 0. */
DSC_INLINE double dsc_sum3_f64(double a, double b, double c) {
  const double s = a + b;
  return s + (((a - s) + b) + c);
}

/* Above 1 it is pi/2 less that of 1 / |x|. 0.67 ULP. */
DSC_INLINE double dsc_atan_f64(double x) {
  const double a = fabs(x), b = a > 0x1p70 ? 0x1p70 : a;
  const int steep = b > 1.0;
  double base, low;
  const double t = dsc_atan_parts_f64(steep ? 1.0 : b, steep ? b : 1.0, &base, &low);
  const double head = steep ? 1.5707963267948966 - base : base;
  const double tail = steep ? 6.123233995736766e-17 - low : low;
  const double y = dsc_sum3_f64(head, steep ? -t : t, tail);
  return b < 0x1p-27 ? x : dsc_flip_sign_f64(y, dsc_bits_f64(x));
}

/* The angle of the point (x, y), in (-pi, pi], from the lesser of the two by the greater; zeros and infinities as in
 * C99. Coordinates are scaled where they, or what is made of them, would overflow or vanish. 0.72 ULP. */
DSC_INLINE double dsc_atan2_f64(double y, double x) {
  const double ax = fabs(x), ay = fabs(y);
  const int steep = ay > ax;
  double large = steep ? ay : ax, small = steep ? ax : ay;
  const double down = large > 0x1p900 ? 0x1p-200 : 1.0, scale = large < 0x1p-800 ? 0x1p200 : down;
  const int endless = large == (double)INFINITY, both = small == (double)INFINITY;
  small = endless ? (both ? 1.0 : 0.0) : small * scale;
  large = (endless | (large == 0.0)) ? 1.0 : large * scale;
  double base, low;
  const double t = dsc_atan_parts_f64(small, large, &base, &low);
  /* The angle from the nearer axis, then from the nearer half of the other. */
  const int left = (dsc_bits_f64(x) >> 63) != 0;
  const double head = steep ? 1.5707963267948966 - base : base;
  const double turn = left ? 3.1415926535897931 - head : head;
  const double rest = steep ? 6.123233995736766e-17 - low : low;
  const double tail = left ? 1.2246467991473532e-16 - rest : rest;
  const double angle = dsc_sum3_f64(turn, (steep != left) ? -t : t, tail);
  const double result = ((turn == 0.0) & (small < 0x1p-27 * large)) ? t : angle;
  return ((x != x) | (y != y)) ? (double)NAN : dsc_flip_sign_f64(result, dsc_bits_f64(y));
}

/* ---- Inverse sine and cosine ---- */

/* asin(v) = v + *low for v = a <= 1/2; above that for v = sqrt((1 - a) / 2), of which asin(a) = pi/2 - 2 asin(v). NaN
 * above 1. */
DSC_INLINE double dsc_asin_parts_f64(double a, double *low) {
  const int outer = a > 0.5;
  const double square = outer ? 0.5 * (1.0 - a) : a * a, root = sqrt(square), back = root * root;
  const double residue = (square - back) - dsc_product_error_f64(root, root, back);
  const double v = outer ? root : a, v_low = (outer & (root > 0.0)) ? residue / (2.0 * root) : 0.0;
  double p = dsc_fma_f64(0.031914107860048793, square, -0.016226883730818823);
  p = dsc_fma_f64(p, square, 0.01952990847830002);
  p = dsc_fma_f64(p, square, 0.0065273873897526095);
  p = dsc_fma_f64(p, square, 0.012169344552131499);
  p = dsc_fma_f64(p, square, 0.013885215705024229);
  p = dsc_fma_f64(p, square, 0.017359706711796586);
  p = dsc_fma_f64(p, square, 0.02237175792497053);
  p = dsc_fma_f64(p, square, 0.03038195914202892);
  p = dsc_fma_f64(p, square, 0.044642856828210321);
  p = dsc_fma_f64(p, square, 0.075000000003371495);
  p = dsc_fma_f64(p, square, 0.16666666666665408);
  *low = dsc_fma_f64(v * square, p, v_low);
  return v;
}

/* v, or pi/2 - 2 v. 0.69 ULP. */
DSC_INLINE double dsc_asin_f64(double x) {
  const double a = fabs(x);
  double low;
  const double v = dsc_asin_parts_f64(a, &low);
  const double y = a > 0.5 ? dsc_sum3_f64(1.5707963267948966, -2.0 * v, 6.123233995736766e-17 - 2.0 * low) : v + low;
  return dsc_flip_sign_f64(y, dsc_bits_f64(x));
}

/* pi/2 - asin(x) in the middle, 2 asin(v) on the right, pi - 2 asin(v) on the left. 0.69 ULP. */
DSC_INLINE double dsc_acos_f64(double x) {
  const double a = fabs(x);
  double low;
  const double v = dsc_asin_parts_f64(a, &low);
  const int inner = a <= 0.5, right = x > 0.5;
  const double factor = inner ? (x < 0.0 ? 1.0 : -1.0) : (right ? 2.0 : -2.0);
  const double head = inner ? 1.5707963267948966 : (right ? 0.0 : 3.1415926535897931);
  const double tail = inner ? 6.123233995736766e-17 : (right ? 0.0 : 1.2246467991473532e-16);
  return dsc_sum3_f64(head, factor * v, dsc_fma_f64(factor, low, tail));
}

/* ---- Hyperbolic sine and cosine ---- */

/* e^a / 2 as a sum of two doubles for 0 <= a <= 711, infinite above the greatest double. */
DSC_INLINE double dsc_half_exp_f64(double a, double *low) {
  uint64_t k;
  double rest;
  const double p = dsc_exp_pair_f64(a, 0.0, &k, &rest);
  *low = dsc_scale_f64(rest, k - 1u);
  return dsc_scale_f64(p, k - 1u);
}

/* |x| < 1: x + x^3 p(x^2); above: e^|x| / 2 - e^-|x| / 2. 0.69 ULP. */
DSC_INLINE double dsc_sinh_f64(double x) {
  const double a = fabs(x), z = a * a;
  double p = dsc_fma_f64(7.7766018722262312e-13, z, 1.6056659195971087e-10);
  p = dsc_fma_f64(p, z, 2.5052130998014403e-8);
  p = dsc_fma_f64(p, z, 2.7557319106760374e-6);
  p = dsc_fma_f64(p, z, 0.00019841269841593405);
  p = dsc_fma_f64(p, z, 0.0083333333333329117);
  p = dsc_fma_f64(p, z, 0.16666666666666669);
  double low;
  const double h = dsc_half_exp_f64(a > 711.0 ? 711.0 : a, &low);
  const double difference = dsc_sum3_f64(h, -0.25 / h, low);
  const double outer = h < (double)INFINITY ? difference : h;
  return dsc_flip_sign_f64(a < 1.0 ? dsc_fma_f64(a * z, p, a) : outer, dsc_bits_f64(x));
}

/* e^|x| / 2 + e^-|x| / 2. 0.87 ULP. */
DSC_INLINE double dsc_cosh_f64(double x) {
  const double a = fabs(x);
  double low;
  const double h = dsc_half_exp_f64(a > 711.0 ? 711.0 : a, &low);
  const double sum = dsc_sum3_f64(h, 0.25 / h, low);
  return h < (double)INFINITY ? sum : h;
}

/* ---- Their inverses ---- */

/* ln(a + sqrt(a^2 + s)) for s = 1 or -1, a >= 0, and for a above 2^30 ln(2 a), with every step in two parts. */
DSC_INLINE double dsc_area_f64(double a, double s) {
  const int far = a > 0x1p30;
  const double b = far ? 0x1p30 : a;
  double lost, u_low, rest;
  const double square = b * b, t = dsc_two_sum_f64(square, s, &lost);
  const double root = sqrt(t), back = root * root;
  const double residue =
      ((t - back) - dsc_product_error_f64(root, root, back)) + (lost + dsc_product_error_f64(b, b, square));
  const double root_low = root > 0.0 ? residue / (2.0 * root) : 0.0;
  const double u = dsc_two_sum_f64(b, root, &u_low);
  const double l = dsc_log_of_sum_f64(far ? a : u, far ? 0.0 : u_low + root_low, &rest);
  return dsc_sum3_f64(l, far ? 0.69314718055994531 : 0.0, rest + (far ? 2.3190468138462996e-17 : 0.0));
}

/* Below 2^-27 x is its own result. 0.51 ULP. */
DSC_INLINE double dsc_asinh_f64(double x) {
  const double a = fabs(x);
  const double y = dsc_flip_sign_f64(dsc_area_f64(a, 1.0), dsc_bits_f64(x));
  return ((a >= 0x1p-27) & (a < (double)INFINITY)) ? y : x;
}

/* NaN below 1. 0.51 ULP. */
DSC_INLINE double dsc_acosh_f64(double x) {
  const double y = dsc_area_f64(x < 1.0 ? 1.0 : x, -1.0);
  const double inside = x < (double)INFINITY ? y : x;
  return x >= 1.0 ? inside : (double)NAN;
}

/* ln((1 + |x|) / (1 - |x|)) / 2, sum, difference and quotient in two parts. 0.51 ULP. */
DSC_INLINE double dsc_atanh_f64(double x) {
  const double a = fabs(x), b = a < 1.0 ? a : 0.5;
  double top_low, below_low, rest;
  const double top = dsc_two_sum_f64(1.0, b, &top_low), below = dsc_two_sum_f64(1.0, -b, &below_low);
  const double q = top / below, product = q * below;
  const double residue = (top - product) - dsc_product_error_f64(q, below, product);
  const double l = dsc_log_of_sum_f64(q, (residue + (top_low - q * below_low)) / below, &rest);
  const double y = a == 1.0 ? (double)INFINITY : 0.5 * (l + rest);
  const double inside = dsc_flip_sign_f64(a <= 1.0 ? y : (double)NAN, dsc_bits_f64(x));
  return a < 0x1p-27 ? x : inside;
}

/* ---- The same in floats ---- */

DSC_INLINE float dsc_tan_f32(float x) { return (float)dsc_tan_f64((double)x); }
DSC_INLINE float dsc_asin_f32(float x) { return (float)dsc_asin_f64((double)x); }
DSC_INLINE float dsc_acos_f32(float x) { return (float)dsc_acos_f64((double)x); }
DSC_INLINE float dsc_atan_f32(float x) { return (float)dsc_atan_f64((double)x); }
DSC_INLINE float dsc_atan2_f32(float y, float x) { return (float)dsc_atan2_f64((double)y, (double)x); }
DSC_INLINE float dsc_sinh_f32(float x) { return (float)dsc_sinh_f64((double)x); }
DSC_INLINE float dsc_cosh_f32(float x) { return (float)dsc_cosh_f64((double)x); }
DSC_INLINE float dsc_asinh_f32(float x) { return (float)dsc_asinh_f64((double)x); }
DSC_INLINE float dsc_acosh_f32(float x) { return (float)dsc_acosh_f64((double)x); }
DSC_INLINE float dsc_atanh_f32(float x) { return (float)dsc_atanh_f64((double)x); }

#endif
