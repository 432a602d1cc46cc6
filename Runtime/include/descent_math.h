/* Elementary functions that vectorise: the same bits in a scalar, in a vector of any width, at -O0 and at -O3.
 * Takes and gives floats and doubles: dsc_NAME_f32, dsc_NAME_f64. Invariant: no branch, no call but sqrt, fma, fabs,
 * floor and rint, so that a plain loop over any of them becomes vector code; NaN, infinities, signed zeros and
 * subnormals as C99 Annex F says (which NaN is not promised). Wants the default rounding and no flush to zero.
 * Source: every polynomial is a Remez fit of Tests/math/coefficients.py; the errors quoted, in units in the last place
 * of the correctly rounded result, are those that Tests/math/ulp.c measured: over all floats for f32 (pow: over random
 * pairs), over many millions of random and chosen arguments for f64. */
#ifndef DESCENT_MATH_H
#define DESCENT_MATH_H

#include "descent_base.h"

/* ---- Signs, rounding, order ---- */

/* x with its sign bit flipped where that of the mask is set. */
DSC_INLINE float dsc_flip_sign_f32(float x, uint32_t mask) {
  return dsc_from_bits_f32(dsc_bits_f32(x) ^ (mask & 0x80000000u));
}
DSC_INLINE double dsc_flip_sign_f64(double x, uint64_t mask) {
  return dsc_from_bits_f64(dsc_bits_f64(x) ^ (mask & 0x8000000000000000u));
}

DSC_INLINE float dsc_abs_f32(float x) { return fabsf(x); }
DSC_INLINE double dsc_abs_f64(double x) { return fabs(x); }
DSC_INLINE float dsc_floor_f32(float x) { return floorf(x); }
DSC_INLINE double dsc_floor_f64(double x) { return floor(x); }

/* To the nearest integer, halves to the even one. */
DSC_INLINE float dsc_round_f32(float x) { return rintf(x); }
DSC_INLINE double dsc_round_f64(double x) { return rint(x); }

/* -1, 0 or 1; a zero keeps its sign, NaN stays NaN. */
DSC_INLINE float dsc_sign_f32(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); }
DSC_INLINE double dsc_sign_f64(double x) { return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : x); }

/* 1 / sqrt(x), two correctly rounded steps: 1.49 ULP. */
DSC_INLINE float dsc_rsqrt_f32(float x) { return 1.0f / sqrtf(x); }
DSC_INLINE double dsc_rsqrt_f64(double x) { return 1.0 / sqrt(x); }

/* a * b - product, exactly: what rounding lost. Without fma, Veltkamp's splitting and Dekker's product (|a|, |b| <
 * 2^990). */
DSC_INLINE double dsc_product_error_f64(double a, double b, double product) {
#if DSC_FUSED
  return fma(a, b, -product);
#else
  const double ca = 134217729.0 * a, cb = 134217729.0 * b;
  const double ah = ca - (ca - a), bh = cb - (cb - b);
  const double al = a - ah, bl = b - bh;
  return ((ah * bh - product) + ah * bl + al * bh) + al * bl;
#endif
}

/* The same of floats: Veltkamp's splitting wants |a|, |b| < 2^115. */
DSC_INLINE float dsc_product_error_f32(float a, float b, float product) {
#if DSC_FUSED
  return fmaf(a, b, -product);
#else
  const float ca = 4097.0f * a, cb = 4097.0f * b;
  const float ah = ca - (ca - a), bh = cb - (cb - b);
  const float al = a - ah, bl = b - bh;
  return ((ah * bh - product) + ah * bl + al * bh) + al * bl;
#endif
}

/* ---- exp and what is made of it, f32 ---- */

/* x = k ln2 + r with |r| <= ln2 / 2: gives r and, in *lost, what rounding r lost; *k holds k in its low bits (two's
 * complement: adding 1.5 * 2^23 rounds to an integer and leaves it there). ln2 is split so that k times its head is
 * exact. */
DSC_INLINE float dsc_exp_reduce_f32(float x, uint32_t *k, float *lost) {
  const float t = dsc_fma_f32(x, 1.44269504f, 12582912.0f);
  const float n = t - 12582912.0f;
  const float head = dsc_fma_f32(n, -0.693359375f, x);
  const float r = dsc_fma_f32(n, 2.12194442e-4f, head);
  *lost = dsc_fma_f32(n, 2.12194442e-4f, head - r);
  *k = dsc_bits_f32(t);
  return r;
}

/* (e^r - 1 - r) / r^2 for |r| <= ln2 / 2, degree 4. */
DSC_INLINE float dsc_exp_tail_f32(float r) {
  float p = dsc_fma_f32(0.00138357084f, r, 0.00836712215f);
  p = dsc_fma_f32(p, r, 0.0416677557f);
  p = dsc_fma_f32(p, r, 0.16666539f);
  p = dsc_fma_f32(p, r, 0.49999997f);
  return p;
}

/* 2^k for -126 <= k <= 127. */
DSC_INLINE float dsc_exp2_int_f32(uint32_t k) { return dsc_from_bits_f32((k + 127u) << 23); }

/* p 2^k for -252 <= k <= 254, in two factors: only the second product rounds, so subnormal results are right. */
DSC_INLINE float dsc_scale_f32(float p, uint32_t k) {
  const uint32_t sum = (k + 254u) & 0x3ffu, half = sum >> 1;
  return p * dsc_from_bits_f32(half << 23) * dsc_from_bits_f32((sum - half) << 23);
}

/* e^x = 2^k (1 + r + r^2 q(r)); from 89 on infinite. Below -104 it is 0, and no product underflows on the way, which
 * processors may take long for: softmax has many -infinities where a mask hides the future. 0.92 ULP. */
DSC_INLINE float dsc_exp_f32(float x) {
  uint32_t k;
  float lost;
  const float above = x > 89.0f ? 89.0f : x;
  const float r = dsc_exp_reduce_f32(x < -104.0f ? 0.0f : above, &k, &lost);
  const float p = dsc_fma_f32(dsc_fma_f32(dsc_exp_tail_f32(r), r, 1.0f), r, 1.0f);
  const float y = dsc_scale_f32(p, k);
  return x < -104.0f ? 0.0f : y;
}

/* e^x - 1 = 2 (2^(k-1) (r + r^2 q(r)) + (2^(k-1) - 1/2)): halved so that k = 128 stays finite; r's lost part counts, as
 * the sum cancels near k = 1. Below -18 the result is -1; near zero it is x, and halving a subnormal would lose a bit.
 * 1.33 ULP. */
DSC_INLINE float dsc_expm1_f32(float x) {
  uint32_t k;
  float lost;
  float a = x < -18.0f ? -18.0f : x;
  a = a > 89.0f ? 89.0f : a;
  const float r = dsc_exp_reduce_f32(a, &k, &lost);
  const float tail = dsc_fma_f32(dsc_exp_tail_f32(r), r * r, lost);
  const float s = dsc_exp2_int_f32(k - 1u);
  const float y = 2.0f * dsc_fma_f32(s, tail, dsc_fma_f32(s, r, s - 0.5f));
  return fabsf(x) < 2.9802322e-8f ? x : y;
}

/* |x| < 0.625: x + x^3 p(x^2); above: 1 - 2 / (e^(2|x|) + 1). From 9.1 on the result is 1. 1.20 ULP. */
DSC_INLINE float dsc_tanh_f32(float x) {
  uint32_t k;
  float lost;
  const float magnitude = fabsf(x);
  const float a = magnitude > 9.1f ? 9.1f : magnitude;
  const float z = a * a;
  float p = dsc_fma_f32(-0.0056922962f, z, 0.0206281673f);
  p = dsc_fma_f32(p, z, -0.0537365153f);
  p = dsc_fma_f32(p, z, 0.133314058f);
  p = dsc_fma_f32(p, z, -0.333332807f);
  const float inner = dsc_fma_f32(a * z, p, a);
  const float r = dsc_exp_reduce_f32(a + a, &k, &lost);
  const float e = dsc_fma_f32(dsc_exp_tail_f32(r), r * r, r);
  const float s = dsc_exp2_int_f32(k);
  const float outer = 1.0f - 2.0f / dsc_fma_f32(s, e, s + 1.0f);
  return dsc_flip_sign_f32(a < 0.625f ? inner : outer, dsc_bits_f32(x));
}

/* 1 / (1 + e^-x), from e^-|x| so that small results, subnormals too, keep their digits. The quotient is corrected by
 * its residue, in which what rounding 1 + e lost counts: without that the error passes 2 ULP. 1.48 ULP. */
DSC_INLINE float dsc_sigmoid_f32(float x) {
  const float e = dsc_exp_f32(-fabsf(x));
  const float top = x < 0.0f ? e : 1.0f, d = 1.0f + e, lost = e - (d - 1.0f);
  const float inverse = 1.0f / d, q = top * inverse;
  return dsc_fma_f32(dsc_fma_f32(-q, lost, dsc_fma_f32(-q, d, top)), inverse, q);
}

/* e^(-a^2 / 2) = p 2^k for 0 <= a <= 14.5. What rounding a^2 lost counts: it is multiplied by half of a^2. */
DSC_INLINE float dsc_gaussian_parts_f32(float a, uint32_t *k) {
  float lost;
  const float z = a * a;
  const float head = dsc_exp_reduce_f32(-0.5f * z, k, &lost),
              rest = dsc_fma_f32(-0.5f, dsc_product_error_f32(a, a, z), lost);
  const float r = head + rest;
  const float tail = dsc_fma_f32(dsc_exp_tail_f32(r), r * r, (head - r) + rest);
  return 1.0f + (r + tail);
}

/* e^(-x^2 / 2). From 14.5 on the result is 0. 0.82 ULP. */
DSC_INLINE float dsc_gaussian_f32(float x) {
  uint32_t k;
  const float a = fabsf(x);
  const float p = dsc_gaussian_parts_f32(a > 14.5f ? 14.5f : a, &k);
  return dsc_scale_f32(p, k);
}

/* The normal distribution function. That of -a is e^(-a^2/2) q(t) / (a + 5/2), a = |x| and t = a / (a + 5/2), so that
 * small results keep their digits; that of a is the rest to 1. 3.33 ULP. */
DSC_INLINE float dsc_normal_cdf_f32(float x) {
  uint32_t k;
  const float magnitude = fabsf(x);
  const float a = magnitude > 14.5f ? 14.5f : magnitude;
  const float inverse = 1.0f / (a + 2.5f), t = a * inverse;
  float q = dsc_fma_f32(-0.0247824173f, t, 0.0263608452f);
  q = dsc_fma_f32(q, t, 0.0863687694f);
  q = dsc_fma_f32(q, t, -0.118337341f);
  q = dsc_fma_f32(q, t, 0.0191759523f);
  q = dsc_fma_f32(q, t, -0.105006009f);
  q = dsc_fma_f32(q, t, 0.0458202586f);
  q = dsc_fma_f32(q, t, 0.293193489f);
  q = dsc_fma_f32(q, t, 0.169522122f);
  q = dsc_fma_f32(q, t, -1.24339032f);
  q = dsc_fma_f32(q, t, 1.25f);
  const float p = dsc_gaussian_parts_f32(a, &k);
  const float below = dsc_scale_f32(p * (q * inverse), k);
  return x < 0.0f ? below : 1.0f - below;
}

/* |x| < 1: x + x p(x^2); above: 1 - e^q(|x|), q fitted to log(erfc). From 4 on the result is 1. 1.02 ULP. */
DSC_INLINE float dsc_erf_f32(float x) {
  uint32_t k;
  float lost;
  const float magnitude = fabsf(x);
  const float a = magnitude > 4.0f ? 4.0f : magnitude;
  const float z = a * a;
  float p = dsc_fma_f32(7.80690316e-5f, z, -0.00079978531f);
  p = dsc_fma_f32(p, z, 0.0051871622f);
  p = dsc_fma_f32(p, z, -0.0268533472f);
  p = dsc_fma_f32(p, z, 0.112835787f);
  p = dsc_fma_f32(p, z, -0.37612626f);
  p = dsc_fma_f32(p, z, 0.128379166f);
  const float inner = dsc_fma_f32(a, p, a);
  const float t = a - 1.0f;
  float q = dsc_fma_f32(2.51411251e-7f, t, -2.33046849e-5f);
  q = dsc_fma_f32(q, t, 0.000293622579f);
  q = dsc_fma_f32(q, t, -0.00201719231f);
  q = dsc_fma_f32(q, t, 0.0100500379f);
  q = dsc_fma_f32(q, t, -0.0415647849f);
  q = dsc_fma_f32(q, t, -0.843106866f);
  q = dsc_fma_f32(q, t, -2.63896751f);
  q = dsc_fma_f32(q, t, -1.84960556f);
  const float r = dsc_exp_reduce_f32(q, &k, &lost);
  const float e = dsc_fma_f32(dsc_exp_tail_f32(r), r * r, r);
  const float s = dsc_exp2_int_f32(k);
  const float outer = 1.0f - dsc_fma_f32(s, e, s);
  return dsc_flip_sign_f32(a < 1.0f ? inner : outer, dsc_bits_f32(x));
}

/* ---- Logarithms, f32 ---- */

/* log(1 + f) + n ln2 for sqrt(1/2) <= 1 + f < sqrt(2): f - f^2 / 2 + f^3 p(f), small parts first. */
DSC_INLINE float dsc_log_sum_f32(float f, float n) {
  const float z = f * f;
  float p = dsc_fma_f32(0.0533903278f, f, -0.109154709f);
  p = dsc_fma_f32(p, f, 0.121087201f);
  p = dsc_fma_f32(p, f, -0.125498876f);
  p = dsc_fma_f32(p, f, 0.142095789f);
  p = dsc_fma_f32(p, f, -0.166593581f);
  p = dsc_fma_f32(p, f, 0.200022236f);
  p = dsc_fma_f32(p, f, -0.250001669f);
  p = dsc_fma_f32(p, f, 0.333333135f);
  const float tail = dsc_fma_f32(f * z, p, n * -2.12194442e-4f);
  return dsc_fma_f32(n, 0.693359375f, f + dsc_fma_f32(-0.5f, z, tail));
}

/* x = 2^n m, m within sqrt(1/2) and sqrt(2), so that log(x) does not cancel near 1: subtracting the bits of sqrt(1/2)
 * makes the exponent field count from there. Subnormals are scaled up first. 0.82 ULP. */
DSC_INLINE float dsc_log_f32(float x) {
  const int tiny = x < 1.17549435e-38f;
  const float scaled = tiny ? x * 8388608.0f : x;
  const uint32_t v = dsc_bits_f32(scaled) + (0x3f800000u - 0x3f3504f3u);
  const float n = (float)(int32_t)(v >> 23) - (tiny ? 150.0f : 127.0f);
  const float m = dsc_from_bits_f32((v & 0x7fffffu) + 0x3f3504f3u);
  const float y = dsc_log_sum_f32(m - 1.0f, n);
  const float limit = x == 0.0f ? -INFINITY : NAN;
  const float positive = x < INFINITY ? y : x;
  return x > 0.0f ? positive : limit;
}

/* u = 1 + x rounded gives n; then f = 2^-n (1 + x) - 1 = 2^-n x + (2^-n - 1) rounds once, so what u lost is not missed.
 * For huge x, where 2^-n is subnormal, 1 no longer counts and f comes from u. 1.39 ULP. */
DSC_INLINE float dsc_log1p_f32(float x) {
  const float u = 1.0f + x;
  const uint32_t v = dsc_bits_f32(u) + (0x3f800000u - 0x3f3504f3u);
  const uint32_t biased = v >> 23;
  const float m = dsc_from_bits_f32((v & 0x7fffffu) + 0x3f3504f3u);
  const float s = dsc_from_bits_f32((254u - biased) << 23);
  const float fine = dsc_fma_f32(s, x, s - 1.0f);
  const float y = dsc_log_sum_f32(biased < 200u ? fine : m - 1.0f, (float)(int32_t)biased - 127.0f);
  const float limit = x == -1.0f ? -INFINITY : NAN;
  const float finite = fabsf(x) < 2.9802322e-8f ? x : y;
  const float inside = x < INFINITY ? finite : x;
  return x > -1.0f ? inside : limit;
}

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), in which nothing overflows and small results keep their digits. 1.57 ULP.
 * */
DSC_INLINE float dsc_softplus_f32(float x) {
  const float positive = x > 0.0f ? x : 0.0f;
  return positive + dsc_log1p_f32(dsc_exp_f32(-fabsf(x)));
}

/* ---- Sine and cosine, f32 ---- */

/* |x| = n pi/2 + r with |r| <= pi/4 for every float: gives r; *quadrant holds n in its low bits. Payne and Hanek's
 * reduction: a float of at least 2^(u+23) is a multiple of 2^u, so those multiples of 4 in 2^u 2/pi that are whole
 * change nothing and are left out; each of four bands of exponents has its own remainder. It is a sum of two parts of
 * 29 bits, whose products with a float are exact in a double, and a rest: the fraction of a turn is right to 2^-60,
 * while no float comes nearer to a multiple of pi/2 than about 2^-30. */
DSC_INLINE float dsc_trig_reduce_f32(float x, uint32_t *quadrant) {
  const double a = (double)fabsf(x);
  double c0 = 0x1.45f306cp-1, c1 = 0x1.c9c882ap-29, c2 = 0x1.4fe13abe8fa9ap-59;
  c0 = a >= 0x1p50 ? -0x1.1b1bbecp-28 : c0;
  c1 = a >= 0x1p50 ? 0x1.29fc276p-56 : c1;
  c2 = a >= 0x1p50 ? -0x1.05c1596447e49p-85 : c2;
  c0 = a >= 0x1p76 ? -0x1.5ac07b2p-53 : c0;
  c1 = a >= 0x1p76 ? 0x1.5f47d4ep-82 : c1;
  c2 = a >= 0x1p76 ? -0x1.911f924eb5336p-111 : c2;
  c0 = a >= 0x1p102 ? -0x1.505c158p-81 : c0;
  c1 = a >= 0x1p102 ? -0x1.6447e48p-109 : c1;
  c2 = a >= 0x1p102 ? -0x1.3ad4cd8778df8p-137 : c2;
  const double p0 = a * c0, p1 = a * c1, p2 = a * c2;
  const double t0 = p0 + 6755399441055744.0;
  const double f0 = p0 - (t0 - 6755399441055744.0);
  const double t1 = ((f0 + p1) + p2) + 6755399441055744.0;
  const double f = ((f0 - (t1 - 6755399441055744.0)) + p1) + p2;
  *quadrant = (uint32_t)dsc_bits_f64(t0) + (uint32_t)dsc_bits_f64(t1);
  return (float)(f * 1.5707963267948966);
}

/* sin(r) for |r| <= pi/4: r + r^3 p(r^2). */
DSC_INLINE float dsc_sin_kernel_f32(float r) {
  const float z = r * r;
  float p = dsc_fma_f32(-0.00019518286f, z, 0.00833218917f);
  p = dsc_fma_f32(p, z, -0.166666552f);
  return dsc_fma_f32(r * z, p, r);
}

/* cos(r) for |r| <= pi/4: 1 - r^2 / 2 + r^4 p(r^2). */
DSC_INLINE float dsc_cos_kernel_f32(float r) {
  const float z = r * r;
  float p = dsc_fma_f32(2.44323273e-5f, z, -0.00138873095f);
  p = dsc_fma_f32(p, z, 0.0416666456f);
  return dsc_fma_f32(z * z, p, dsc_fma_f32(-0.5f, z, 1.0f));
}

/* sin(n pi/2 + r). */
DSC_INLINE float dsc_sin_quadrant_f32(float r, uint32_t n) {
  const float s = dsc_sin_kernel_f32(r), c = dsc_cos_kernel_f32(r);
  return dsc_flip_sign_f32((n & 1u) ? c : s, n << 30);
}

/* Sine and cosine: reduction, then the kernel of the quadrant. |x| is reduced, so that sin(-0) is -0. 1.58 ULP. */
DSC_INLINE float dsc_sin_f32(float x) {
  uint32_t n;
  const float r = dsc_trig_reduce_f32(x, &n);
  return dsc_flip_sign_f32(dsc_sin_quadrant_f32(r, n), dsc_bits_f32(x));
}

/* 1.58 ULP. */
DSC_INLINE float dsc_cos_f32(float x) {
  uint32_t n;
  const float r = dsc_trig_reduce_f32(x, &n);
  return dsc_sin_quadrant_f32(r, n + 1u);
}

/* ---- Powers, f32 ---- */

/* 2^(y log2|x|) in doubles: log2 to 2^-37, so that even 150 times it is good to 2^-30; the one rounding to float also
 * makes subnormals and overflow. log2(m) = s p(s^2), s = (m - 1) / (m + 1). y is clamped so that 1^inf is 1 as Annex F
 * wants. 0.51 ULP. */
DSC_INLINE float dsc_pow_f32(float x, float y) {
  const double a = (double)fabsf(x), b = (double)y;
  const uint64_t v = dsc_bits_f64(a) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const double n = dsc_from_bits_f64((v >> 52) | 0x4330000000000000u) - 4503599627371519.0;
  const double m = dsc_from_bits_f64((v & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = dsc_fma_f64(0.34074009953594137, z, 0.41167212715416096);
  p = dsc_fma_f64(p, z, 0.57708359592495651);
  p = dsc_fma_f64(p, z, 0.96179667327677054);
  p = dsc_fma_f64(p, z, 2.8853900817901468);
  double l = dsc_fma_f64(s, p, n);
  l = a == 0.0 ? -(double)INFINITY : l;
  l = a < (double)INFINITY ? l : a;
  double c = b > 1e20 ? 1e20 : b;
  c = c < -1e20 ? -1e20 : c;
  double t = c * l;
  t = t > 130.0 ? 130.0 : t;
  t = t < -160.0 ? -160.0 : t;
  const double k = t + 6755399441055744.0;
  const double r = t - (k - 6755399441055744.0);
  double q = dsc_fma_f64(1.5314969407779923e-5, r, 0.00015467134989697478);
  q = dsc_fma_f64(q, r, 0.0013333430703923617);
  q = dsc_fma_f64(q, r, 0.0096180368398346549);
  q = dsc_fma_f64(q, r, 0.055504109626486463);
  q = dsc_fma_f64(q, r, 0.2402265107628791);
  q = dsc_fma_f64(q, r, 0.69314718054164037);
  const double e = dsc_from_bits_f64((dsc_bits_f64(k) + 1023u) << 52);
  float result = (float)(dsc_fma_f64(q, r, 1.0) * e);
  const float half = 0.5f * y;
  const int integer = floorf(y) == y, odd = integer & (floorf(half) != half);
  result = odd ? dsc_flip_sign_f32(result, dsc_bits_f32(x)) : result;
  result = ((x < 0.0f) & (x > -INFINITY) & !integer & (y == y)) ? NAN : result;
  return ((x == 1.0f) | (y == 0.0f)) ? 1.0f : result;
}

#include "descent_math_f64.h"

#endif
