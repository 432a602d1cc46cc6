/* The second half of descent_math.h, which includes it: the same functions in doubles, by the same methods with longer
 * polynomials; see there for the contract. Sine, cosine and powers carry sums of two doubles where one would not do. */
#ifndef DESCENT_MATH_F64_H
#define DESCENT_MATH_F64_H

#include "descent_math.h"

/* ---- exp and what is made of it, f64 ---- */

/* a + b = sum + *lost exactly (Knuth). */
DSC_INLINE double dsc_two_sum_f64(double a, double b, double *lost) {
  const double sum = a + b, t = sum - a;
  *lost = (a - (sum - t)) + (b - t);
  return sum;
}

/* x + extra = k ln2 + r; extra is far below x (pow has one, the others none). */
DSC_INLINE double dsc_exp_reduce_f64(double x, double extra, uint64_t *k, double *lost) {
  const double t = dsc_fma_f64(x, 1.4426950408889634, 6755399441055744.0);
  const double n = t - 6755399441055744.0;
  const double head = dsc_fma_f64(n, -0x1.62e42fefp-1, x);
  const double rest = dsc_fma_f64(n, -7.4406171100123968e-11, extra);
  const double r = head + rest;
  *lost = (head - r) + rest;
  *k = dsc_bits_f64(t);
  return r;
}

DSC_INLINE double dsc_exp_tail_f64(double r) {
  double p = dsc_fma_f64(2.0875333442816255e-9, r, 2.5108976000493909e-8);
  p = dsc_fma_f64(p, r, 2.7557402622576929e-7);
  p = dsc_fma_f64(p, r, 2.7557244381809475e-6);
  p = dsc_fma_f64(p, r, 2.4801587172570577e-5);
  p = dsc_fma_f64(p, r, 0.0001984126988595901);
  p = dsc_fma_f64(p, r, 0.0013888888888962353);
  p = dsc_fma_f64(p, r, 0.0083333333333216932);
  p = dsc_fma_f64(p, r, 0.041666666666666512);
  p = dsc_fma_f64(p, r, 0.16666666666666677);
  p = dsc_fma_f64(p, r, 0.5);
  return p;
}

/* 2^k for -1022 <= k <= 1023. */
DSC_INLINE double dsc_exp2_int_f64(uint64_t k) { return dsc_from_bits_f64((k + 1023u) << 52); }

/* p 2^k for -2044 <= k <= 2046. */
DSC_INLINE double dsc_scale_f64(double p, uint64_t k) {
  const uint64_t sum = (k + 2046u) & 0x1fffu, half = sum >> 1;
  return p * dsc_from_bits_f64(half << 52) * dsc_from_bits_f64((sum - half) << 52);
}

/* e^(x + extra) 2^-k as a sum of two doubles. */
DSC_INLINE double dsc_exp_pair_f64(double x, double extra, uint64_t *k, double *low) {
  double lost;
  const double r = dsc_exp_reduce_f64(x, extra, k, &lost);
  const double tail = dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  const double m = r + tail, p = 1.0 + m;
  *low = ((1.0 - p) + m) + ((r - m) + tail);
  return p;
}

/* e^(x + extra) for -746 <= x <= 710. */
DSC_INLINE double dsc_exp_sum_f64(double x, double extra) {
  uint64_t k;
  double lost;
  const double r = dsc_exp_reduce_f64(x, extra, &k, &lost);
  const double tail = dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  return dsc_scale_f64(1.0 + (r + tail), k);
}

/* e^x = 2^k (1 + r + r^2 q(r)), as in f32. Where the clamps act the result is 0 or infinite. 0.84 ULP. */
DSC_INLINE double dsc_exp_f64(double x) {
  const double above = x > 710.0 ? 710.0 : x;
  const double y = dsc_exp_sum_f64(x < -746.0 ? 0.0 : above, 0.0);
  return x < -746.0 ? 0.0 : y;
}

/* e^x - 1 by halves, as in f32; below -38 the result is -1. 1.30 ULP. */
DSC_INLINE double dsc_expm1_f64(double x) {
  uint64_t k;
  double lost;
  double a = x < -38.0 ? -38.0 : x;
  a = a > 710.0 ? 710.0 : a;
  const double r = dsc_exp_reduce_f64(a, 0.0, &k, &lost);
  const double tail = dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  const double s = dsc_exp2_int_f64(k - 1u);
  const double y = 2.0 * dsc_fma_f64(s, tail, dsc_fma_f64(s, r, s - 0.5));
  return fabs(x) < 5.5511151231257827e-17 ? x : y;
}

/* Polynomial below 0.625, above that 1 - 2 / (e^(2|x|) + 1), as in f32. From 19.1 on the result is 1. 1.19 ULP. */
DSC_INLINE double dsc_tanh_f64(double x) {
  uint64_t k;
  double lost;
  const double magnitude = fabs(x);
  const double a = magnitude > 19.1 ? 19.1 : magnitude;
  const double z = a * a;
  double p = dsc_fma_f64(6.0501554965861684e-6, z, -3.0205878631216313e-5);
  p = dsc_fma_f64(p, z, 9.157831249675102e-5);
  p = dsc_fma_f64(p, z, -0.00023702398872514863);
  p = dsc_fma_f64(p, z, 0.00058945661872599072);
  p = dsc_fma_f64(p, z, -0.0014557272098091073);
  p = dsc_fma_f64(p, z, 0.0035921142224464727);
  p = dsc_fma_f64(p, z, -0.0088632343387561319);
  p = dsc_fma_f64(p, z, 0.021869488470699382);
  p = dsc_fma_f64(p, z, -0.053968253966149453);
  p = dsc_fma_f64(p, z, 0.13333333333329961);
  p = dsc_fma_f64(p, z, -0.33333333333333315);
  const double inner = dsc_fma_f64(a * z, p, a);
  const double r = dsc_exp_reduce_f64(a + a, 0.0, &k, &lost);
  const double e = r + dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  const double s = dsc_exp2_int_f64(k);
  const double outer = 1.0 - 2.0 / dsc_fma_f64(s, e, s + 1.0);
  return dsc_flip_sign_f64(a < 0.625 ? inner : outer, dsc_bits_f64(x));
}

/* 1 / (1 + e^-x) with its quotient corrected, as in f32. 1.45 ULP. */
DSC_INLINE double dsc_sigmoid_f64(double x) {
  const double e = dsc_exp_f64(-fabs(x));
  const double top = x < 0.0 ? e : 1.0, d = 1.0 + e, lost = e - (d - 1.0);
  const double inverse = 1.0 / d, q = top * inverse;
  return dsc_fma_f64(dsc_fma_f64(-q, lost, dsc_fma_f64(-q, d, top)), inverse, q);
}

/* e^(-a^2 / 2) = p 2^k for 0 <= a <= 38.7, as in f32. */
DSC_INLINE double dsc_gaussian_parts_f64(double a, uint64_t *k) {
  double lost;
  const double z = a * a;
  const double r = dsc_exp_reduce_f64(-0.5 * z, -0.5 * dsc_product_error_f64(a, a, z), k, &lost);
  const double tail = dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  return 1.0 + (r + tail);
}

/* e^(-x^2 / 2). From 38.7 on the result is 0. 0.81 ULP. */
DSC_INLINE double dsc_gaussian_f64(double x) {
  uint64_t k;
  const double a = fabs(x);
  const double p = dsc_gaussian_parts_f64(a > 38.7 ? 38.7 : a, &k);
  return dsc_scale_f64(p, k);
}

/* The normal distribution function of -a, times e^(a^2/2), as a sum of two doubles: q(t) / (a + 5) with t = (a - 5) /
 * (a + 5) for 0 <= a <= 38.7 and |a_low| of at most an ULP of a. What the last steps of q, its coefficients and t
 * lose by rounding is put back; the slope of q follows from that of the quotient, which is a times itself less 1 /
 * sqrt(2 pi). */
DSC_INLINE double dsc_mills_f64(double a, double a_low, double *low) {
  double d_low, t_low;
  const double d = dsc_two_sum_f64(a, 5.0, &d_low), inverse = 1.0 / d, one = inverse * d;
  const double residue = (1.0 - one) - dsc_product_error_f64(inverse, d, one);
  const double inverse_low = (residue - inverse * (d_low + a_low)) * inverse;
  const double u = -10.0 * inverse, t = dsc_two_sum_f64(1.0, u, &t_low);
  t_low += dsc_fma_f64(-10.0, inverse_low, dsc_product_error_f64(-10.0, inverse, u));
  double q = dsc_fma_f64(2.6314620277438212e-12, t, -3.6965582806567648e-10);
  q = dsc_fma_f64(q, t, -1.1495989658518543e-9);
  q = dsc_fma_f64(q, t, 2.1958203005777518e-9);
  q = dsc_fma_f64(q, t, 1.0748156227662154e-8);
  q = dsc_fma_f64(q, t, -8.5457120871435471e-9);
  q = dsc_fma_f64(q, t, -7.0071480569968523e-8);
  q = dsc_fma_f64(q, t, 4.0196401636866044e-8);
  q = dsc_fma_f64(q, t, 4.3623903750608963e-7);
  q = dsc_fma_f64(q, t, -3.3460056589076079e-7);
  q = dsc_fma_f64(q, t, -2.7706964749626395e-6);
  q = dsc_fma_f64(q, t, 3.9798211959874129e-6);
  q = dsc_fma_f64(q, t, 1.6681633091982462e-5);
  q = dsc_fma_f64(q, t, -4.9762461823948233e-5);
  q = dsc_fma_f64(q, t, -5.9375806315985036e-5);
  q = dsc_fma_f64(q, t, 0.00054489899393826485);
  q = dsc_fma_f64(q, t, -0.00079786938938465721);
  q = dsc_fma_f64(q, t, -0.0029933767620141214);
  q = dsc_fma_f64(q, t, 0.020795066799263091);
  q = dsc_fma_f64(q, t, -0.069118638706868352);
  q = dsc_fma_f64(q, t, 0.16502036617040722);
  q = dsc_fma_f64(q, t, -0.31353315667128773);
  const double q2 = dsc_fma_f64(q, t, 0.49530561596997608), lost2 = dsc_fma_f64(q, t, 0.49530561596997608 - q2);
  const double q1 = dsc_fma_f64(q2, t, -0.66538250289005685), lost1 = dsc_fma_f64(q2, t, -0.66538250289005685 - q1);
  const double q1t = q1 * t, q0 = 0.76919304975006297 + q1t;
  const double slope = (q0 + d * (a * q0 - 0.3989422804014327 * d)) * (d * 0.1);
  const double q0_low = ((0.76919304975006297 - q0) + q1t) + dsc_product_error_f64(q1, t, q1t);
  const double rest =
      dsc_fma_f64(slope, t_low, q0_low + dsc_fma_f64(lost2, t, lost1) * t) - dsc_fma_f64(1.33e-17, t, 1.41e-17);
  const double m = q0 * inverse;
  *low = dsc_fma_f64(q0, inverse_low, dsc_fma_f64(rest, inverse, dsc_product_error_f64(q0, inverse, m)));
  return m;
}

/* e^-(z + extra) (m + m_low), in which z is at most 746. */
DSC_INLINE double dsc_weighted_exp_f64(double z, double extra, double m, double m_low) {
  uint64_t k;
  double low;
  const double p = dsc_exp_pair_f64(-z, -extra, &k, &low), v = p * m;
  return dsc_scale_f64(v + (dsc_product_error_f64(p, m, v) + dsc_fma_f64(p, m_low, low * m)), k);
}

/* e^(-a^2/2) times the function above, and its rest to 1. 1 ULP. */
DSC_INLINE double dsc_normal_cdf_f64(double x) {
  double low;
  const double magnitude = fabs(x);
  const double a = magnitude > 38.7 ? 38.7 : magnitude, z = a * a;
  const double m = dsc_mills_f64(a, 0.0, &low);
  const double below = dsc_weighted_exp_f64(0.5 * z, 0.5 * dsc_product_error_f64(a, a, z), m, low);
  return x < 0.0 ? below : 1.0 - below;
}

/* Polynomial below 1, above that 1 - e^q(|x|), as in f32. From 6 on the result is 1. 1.02 ULP. */
DSC_INLINE double dsc_erf_f64(double x) {
  uint64_t k;
  double lost;
  const double magnitude = fabs(x);
  const double a = magnitude > 6.0 ? 6.0 : magnitude;
  const double z = a * a;
  double p = dsc_fma_f64(1.4365473313143799e-10, z, -1.6476733460698705e-9);
  p = dsc_fma_f64(p, z, 1.6016069238058747e-8);
  p = dsc_fma_f64(p, z, -1.6557511274251015e-7);
  p = dsc_fma_f64(p, z, 1.6481090861666119e-6);
  p = dsc_fma_f64(p, z, -1.492688319628822e-5);
  p = dsc_fma_f64(p, z, 0.00012055386254023216);
  p = dsc_fma_f64(p, z, -0.00085483285371324813);
  p = dsc_fma_f64(p, z, 0.0052239776527097902);
  p = dsc_fma_f64(p, z, -0.026866170648032282);
  p = dsc_fma_f64(p, z, 0.11283791670971101);
  p = dsc_fma_f64(p, z, -0.37612638903184098);
  p = dsc_fma_f64(p, z, 0.12837916709551259);
  const double inner = dsc_fma_f64(a, p, a);
  const double t = a - 1.0;
  double q = dsc_fma_f64(2.2488703085352091e-14, t, -7.9551642090394487e-13);
  q = dsc_fma_f64(q, t, 1.3260063873329454e-11);
  q = dsc_fma_f64(q, t, -1.3870957701046473e-10);
  q = dsc_fma_f64(q, t, 1.0211200959873827e-9);
  q = dsc_fma_f64(q, t, -5.5947958348528027e-9);
  q = dsc_fma_f64(q, t, 2.325632910647208e-8);
  q = dsc_fma_f64(q, t, -7.1085547432232975e-8);
  q = dsc_fma_f64(q, t, 1.3042933381617284e-7);
  q = dsc_fma_f64(q, t, 9.9712826746772481e-8);
  q = dsc_fma_f64(q, t, -2.0167097704670029e-6);
  q = dsc_fma_f64(q, t, 9.5764382239458289e-6);
  q = dsc_fma_f64(q, t, -2.7140833969957062e-5);
  q = dsc_fma_f64(q, t, 2.6270325919260158e-5);
  q = dsc_fma_f64(q, t, 0.00023732470860993903);
  q = dsc_fma_f64(q, t, -0.0019779030196419712);
  q = dsc_fma_f64(q, t, 0.010033825433964472);
  q = dsc_fma_f64(q, t, -0.04156109804649033);
  q = dsc_fma_f64(q, t, -0.84310725635848693);
  q = dsc_fma_f64(q, t, -2.6389675142347913);
  q = dsc_fma_f64(q, t, -1.8496055099332482);
  const double r = dsc_exp_reduce_f64(q, 0.0, &k, &lost);
  const double e = r + dsc_fma_f64(dsc_exp_tail_f64(r), r * r, lost);
  const double s = dsc_exp2_int_f64(k);
  const double outer = 1.0 - dsc_fma_f64(s, e, s);
  return dsc_flip_sign_f64(a < 1.0 ? inner : outer, dsc_bits_f64(x));
}

/* ---- Logarithms, f64 ---- */

/* log(1 + f) = f - (h - s (h + s^2 p(s^2))) with h = f^2 / 2 and s = f / (2 + f), from 2 atanh(s): a division is
 * cheaper than twice the polynomial. */
DSC_INLINE double dsc_log_sum_f64(double f, double n) {
  const double s = f / (2.0 + f), z = s * s, h = 0.5 * f * f;
  double p = dsc_fma_f64(0.14795723862208079, z, 0.15314076721357189);
  p = dsc_fma_f64(p, z, 0.18183563128417757);
  p = dsc_fma_f64(p, z, 0.22222198600607607);
  p = dsc_fma_f64(p, z, 0.28571428742061211);
  p = dsc_fma_f64(p, z, 0.39999999999416552);
  p = dsc_fma_f64(p, z, 0.6666666666666734);
  const double tail = dsc_fma_f64(s, dsc_fma_f64(p, z, h), n * 7.4406171100123968e-11);
  return dsc_fma_f64(n, 0x1.62e42fefp-1, f - (h - tail));
}

/* The integer n is put in the mantissa of 2^52: not every instruction set converts 64-bit integers. 0.82 ULP. */
DSC_INLINE double dsc_log_f64(double x) {
  const int tiny = x < 2.2250738585072014e-308;
  const double scaled = tiny ? x * 4503599627370496.0 : x;
  const uint64_t v = dsc_bits_f64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const double n =
      dsc_from_bits_f64((v >> 52) | 0x4330000000000000u) - (tiny ? 4503599627371571.0 : 4503599627371519.0);
  const double m = dsc_from_bits_f64((v & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double y = dsc_log_sum_f64(m - 1.0, n);
  const double limit = x == 0.0 ? -(double)INFINITY : (double)NAN;
  const double positive = x < (double)INFINITY ? y : x;
  return x > 0.0 ? positive : limit;
}

/* f = 2^-n x + (2^-n - 1), rounded once, as in f32. 1.35 ULP. */
DSC_INLINE double dsc_log1p_f64(double x) {
  const double u = 1.0 + x;
  const uint64_t v = dsc_bits_f64(u) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const uint64_t biased = v >> 52;
  const double n = dsc_from_bits_f64(biased | 0x4330000000000000u) - 4503599627371519.0;
  const double m = dsc_from_bits_f64((v & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double s = dsc_from_bits_f64((2046u - biased) << 52);
  const double fine = dsc_fma_f64(s, x, s - 1.0);
  const double y = dsc_log_sum_f64(n < 100.0 ? fine : m - 1.0, n);
  const double limit = x == -1.0 ? -(double)INFINITY : (double)NAN;
  const double finite = fabs(x) < 5.5511151231257827e-17 ? x : y;
  const double inside = x < (double)INFINITY ? finite : x;
  return x > -1.0 ? inside : limit;
}

/* max(x, 0) + ln(1 + e^-|x|), as in f32. 1.53 ULP. */
DSC_INLINE double dsc_softplus_f64(double x) {
  const double positive = x > 0.0 ? x : 0.0;
  return positive + dsc_log1p_f64(dsc_exp_f64(-fabs(x)));
}

/* ---- Sine and cosine, f64 ---- */

/* Row j: 2^(32 j) 2/pi less a multiple of 4, divided by 2^(32 j), for doubles of at least 2^(52 + 32 j), which are
 * multiples of 2^(32 j). A sum of four parts, each a multiple of a fixed power of two (2^-50, 2^-102, 2^-154 before the
 * division), so that sums of their products with a double stay exact long enough. Rows from 16 on are for numbers
 * divided by 2^512, lest they be subnormal. */
static const double dsc_two_over_pi[31][4] = {
    {0x1.45f306dc9c88p-1, 0x1.529fc2757d1f4p-52, 0x1.34ddc0db62958p-104, 0x1.93c439041fe51p-156},
    {-0x1.b1bbead603d8cp-32, 0x1.7d1f534ddc0dcp-84, -0x1.3ad4cd8778df8p-137, 0x1.fe5163abdebbcp-192},
    {0x1.fc2757d1f534cp-64, 0x1.dc0db6295993cp-116, 0x1.0e4107f9458fp-170, -0x1.421443a9e48dcp-220},
    {0x1.f534ddc0db628p-96, 0x1.5993c439042p-148, -0x1.ae9c5421443a8p-200, -0x1.e48db91c5bdb2p-252},
    {0x1.b6c52b327887p-129, 0x1.041fe5163abep-180, -0x1.443a9e48db91cp-232, -0x1.6f6c8b47fe6dbp-286},
    {0x1.3c439041fe518p-160, -0x1.c5421443a9e48p-212, -0x1.b7238b7b645ap-265, -0x1.ff9b6d115f62ep-316},
    {0x1.fe5163abdebbcp-192, 0x1.586dc91b8e91p-246, -0x1.b22d1ff9b6d1p-296, -0x1.5f62e6de301e2p-348},
    {-0x1.0a21d4f246dcp-227, -0x1.1c5bdb22d1ff8p-276, -0x1.b6d115f62e6ep-328, 0x1.cfe1deb1cb12ap-380},
    {0x1.b7246e3a424dcp-256, 0x1.2e006492eea08p-308, 0x1.d1921cfe1debp-360, 0x1.cb129a73ee882p-412},
    {-0x1.bdb22d1ff9b6cp-288, -0x1.115f62e6de3p-340, -0x1.e214e34ed658cp-392, -0x1.177dca0ad144cp-448},
    {0x1.924bba82746p-326, 0x1.21cfe1deb1cbp-372, 0x1.29a73ee88236p-424, -0x1.5a28976f62cc7p-477},
    {-0x1.f62e6de301e2p-352, -0x1.4e34ed658c118p-404, 0x1.046bea5d7689p-457, 0x1.3a671c09ad17ep-510},
    {0x1.fc3bd63962538p-385, -0x1.8c1177dca0adp-436, -0x1.44bb7b16638fcp-488, -0x1.94ba081bec66ep-540},
    {0x1.62534e7dd1048p-417, -0x1.415a28976f63p-469, 0x1.9c7026b45f7e4p-520, 0x1.3991d63983534p-576},
    {-0x1.177dca0ad144cp-448, 0x1.213a671c09adp-502, 0x1.7df904e64759p-554, -0x1.9f2b3182d8defp-606},
    {0x1.2ebb4484e99c8p-480, -0x1.fb29741037d9p-533, 0x1.91d63983533ap-584, -0x1.6c6f740e8840ep-637},
    {0x1.d338e04d68bfp-1, -0x1.bec66e29c67cp-56, -0x1.598c16c6f741p-105, 0x1.77bf250763ff1p-157},
    {-0x1.4ba081bec66e4p-32, 0x1.639835339f49cp-84, 0x1.08bf177bf2508p-137, -0x1.3801da00087eap-190},
    {0x1.3991d63983534p-64, -0x1.82d8dee81d11p-118, 0x1.f9283b1ff898p-168, -0x1.0fd33f8086877p-227},
    {0x1.835339f49c844p-96, 0x1.f8bbdf9283b2p-148, -0x1.da00087e9ap-206, 0x1.fde5e2316b415p-253},
    {0x1.3908bf177bf28p-129, -0x1.7c4e00768002p-180, -0x1.fa67f010d0ee8p-232, 0x1.6b414da3eda6dp-285},
    {-0x1.081b5f13801ep-162, 0x1.7ffde05980ffp-212, -0x1.a1dce94beb26p-265, 0x1.f6d367ecf27cbp-316},
    {-0x1.c00ed00043f5p-193, 0x1.80fef2f118b5cp-244, -0x1.f592e092c9814p-296, 0x1.e4f96136e9e8cp-349},
    {-0x1.0fd33f808688p-227, 0x1.18b5a0a6d1f6cp-276, 0x1.367ecf27cb09cp-328, -0x1.161738132c34p-381},
    {-0x1.0d0ee74a5f58p-260, -0x1.2e092c98130d8p-308, -0x1.a7b24585ce04p-363, -0x1.961a015d28ad8p-412},
    {-0x1.4beb25c12593p-289, -0x1.30d834f648bp-344, -0x1.738132c3402b8p-393, -0x1.28ad84538141ap-444},
    {-0x1.25930261b06ap-321, 0x1.36e9e8c7ecd4p-373, -0x1.a015d28ad8454p-424, 0x1.faf97c5ecf41dp-478},
    {-0x1.b069ec9161738p-353, -0x1.32c3402ba518p-409, 0x1.27bac7ebe5f18p-456, -0x1.30be31821d6b6p-510},
    {-0x1.61738132c34p-385, -0x1.5d28ad8453814p-436, -0x1.a0e84c2f8c6p-492, -0x1.0eb5ada2b2809p-541},
    {-0x1.61a015d28ad84p-416, -0x1.4e050683a131p-470, 0x1.0739f78a5293p-520, -0x1.59404a04ee073p-572},
    {0x1.7527bac7ebe6p-448, -0x1.d0985f18c10e8p-501, -0x1.ad6d159404a04p-552, -0x1.dc0e545ef53fap-605}};

/* x less the nearest integer, for |x| < 2^51; that integer is added to *n. */
DSC_INLINE double dsc_fraction_f64(double x, uint64_t *n) {
  const double t = x + 6755399441055744.0;
  *n += dsc_bits_f64(t);
  return x - (t - 6755399441055744.0);
}

/* |x| = n pi/2 + r + *rest, for every double: Payne and Hanek's reduction, as in dsc_trig_reduce_f32. Whole turns are
 * taken off each exact product before the parts are added; the head may then cancel down to 2^-61, so what each sum
 * lost is kept, and is right to about 2^-115. */
DSC_INLINE double dsc_trig_reduce_f64(double x, uint64_t *quadrant, double *rest) {
  const double magnitude = fabs(x);
  const uint64_t exponent = dsc_bits_f64(magnitude) >> 52;
  const uint64_t row = ((exponent < 1075u ? 1075u : exponent) - 1075u) >> 5;
  const double a = row < 16u ? magnitude : magnitude * 0x1p-512;
  const double c0 = dsc_two_over_pi[row][0], c1 = dsc_two_over_pi[row][1], c2 = dsc_two_over_pi[row][2],
               c3 = dsc_two_over_pi[row][3];
  const double p0 = a * c0, p1 = a * c1, p2 = a * c2;
  const double e0 = dsc_product_error_f64(a, c0, p0), e1 = dsc_product_error_f64(a, c1, p1),
               e2 = dsc_product_error_f64(a, c2, p2);
  uint64_t n = 0;
  double l1, l2, l3, l4, l5;
  const double f0 = dsc_fraction_f64(p0 - 4.0 * rint(0.25 * p0), &n), g0 = dsc_fraction_f64(e0, &n),
               f1 = dsc_fraction_f64(p1, &n);
  const double s2 = dsc_fraction_f64(dsc_two_sum_f64(dsc_two_sum_f64(f0, g0, &l1), f1, &l2), &n);
  const double q = dsc_two_sum_f64(e1, p2, &l3);
  const double s3 = dsc_two_sum_f64(s2, q, &l4);
  const double s = dsc_two_sum_f64(s3, ((l1 + l2) + l4) + (l3 + dsc_fma_f64(a, c3, e2)), &l5);
  const double r = s * 1.5707963267948966;
  *quadrant = n;
  *rest =
      dsc_product_error_f64(s, 1.5707963267948966, r) + dsc_fma_f64(s, 6.123233995736766e-17, l5 * 1.5707963267948966);
  return r;
}

/* sin(r + rest) - r: the rest enters with the slope 1 - r^2 / 2. */
DSC_INLINE double dsc_sin_tail_f64(double r, double rest) {
  const double z = r * r;
  double p = dsc_fma_f64(-7.3894715234797809e-13, z, 1.6054311697951917e-10);
  p = dsc_fma_f64(p, z, -2.5052070923670335e-8);
  p = dsc_fma_f64(p, z, 2.7557319073985239e-6);
  p = dsc_fma_f64(p, z, -0.00019841269840962473);
  p = dsc_fma_f64(p, z, 0.0083333333333330418);
  p = dsc_fma_f64(p, z, -0.16666666666666666);
  return dsc_fma_f64(r * z, p, rest * dsc_fma_f64(-0.5, z, 1.0));
}

/* cos(r + rest) - *head for *head = 1 - r^2 / 2; what rounding that lost is put back. */
DSC_INLINE double dsc_cos_tail_f64(double r, double rest, double *head) {
  const double z = r * r, h = 0.5 * z, w = 1.0 - h;
  double p = dsc_fma_f64(4.5926897431851461e-14, z, -1.1466861790979432e-11);
  p = dsc_fma_f64(p, z, 2.0876722008228792e-9);
  p = dsc_fma_f64(p, z, -2.7557319060679037e-7);
  p = dsc_fma_f64(p, z, 2.4801587301180814e-5);
  p = dsc_fma_f64(p, z, -0.0013888888888888389);
  p = dsc_fma_f64(p, z, 0.041666666666666664);
  *head = w;
  return ((1.0 - w) - h) + dsc_fma_f64(z * z, p, -r * rest);
}

/* sin(n pi/2 + r + rest). */
DSC_INLINE double dsc_sin_quadrant_f64(double r, double rest, uint64_t n) {
  double head;
  const double s = r + dsc_sin_tail_f64(r, rest), tail = dsc_cos_tail_f64(r, rest, &head), c = head + tail;
  return dsc_flip_sign_f64((n & 1u) ? c : s, n << 62);
}

/* Tiny arguments are their own sine; in the reduction they would be subnormal. 0.80 ULP. */
DSC_INLINE double dsc_sin_f64(double x) {
  uint64_t n;
  double rest;
  const double r = dsc_trig_reduce_f64(x, &n, &rest);
  const double y = dsc_flip_sign_f64(dsc_sin_quadrant_f64(r, rest, n), dsc_bits_f64(x));
  return fabs(x) < 7.4505805969238281e-9 ? x : y;
}

/* Not near zero for tiny arguments, so it needs no exception. 0.81 ULP. */
DSC_INLINE double dsc_cos_f64(double x) {
  uint64_t n;
  double rest;
  const double r = dsc_trig_reduce_f64(x, &n, &rest);
  return dsc_sin_quadrant_f64(r, rest, n + 1u);
}

/* ---- Powers, f64 ---- */

/* log of a finite a > 0 as a sum of two doubles, to about 2^-65 of itself: 2 atanh(s) = s (2 + s^2 (2/3 + s^2 q(s^2)))
 * with s = (m - 1) / (m + 1), every step whose error would count carried in two parts. */
DSC_INLINE double dsc_log_pair_f64(double a, double *rest) {
  const int tiny = a < 2.2250738585072014e-308;
  const double scaled = tiny ? a * 4503599627370496.0 : a;
  const uint64_t v = dsc_bits_f64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const double n =
      dsc_from_bits_f64((v >> 52) | 0x4330000000000000u) - (tiny ? 4503599627371571.0 : 4503599627371519.0);
  const double m = dsc_from_bits_f64((v & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double f = m - 1.0, d = m + 1.0, d_low = m - (d - 1.0), inverse = 1.0 / d;
  const double s = f * inverse, sd = s * d;
  const double s_low = (((f - sd) - dsc_product_error_f64(s, d, sd)) - s * d_low) * inverse;
  const double z = s * s;
  const double z_low = dsc_fma_f64(2.0 * s, s_low, dsc_product_error_f64(s, s, z));
  double q = dsc_fma_f64(0.13196322082109857, z, 0.13256818362831527);
  q = dsc_fma_f64(q, z, 0.15386757309204188);
  q = dsc_fma_f64(q, z, 0.18181784367507195);
  q = dsc_fma_f64(q, z, 0.22222222519919338);
  q = dsc_fma_f64(q, z, 0.28571428570099594);
  q = dsc_fma_f64(q, z, 0.40000000000002256);
  const double u = z * q, w = 0.66666666666666663 + u;
  const double w_low = ((0.66666666666666663 - w) + u) + 3.7007434154171883e-17;
  const double t = z * w;
  const double t_low = dsc_product_error_f64(z, w, t) + dsc_fma_f64(z, w_low, z_low * w);
  const double g = 2.0 + t, g_low = ((2.0 - g) + t) + t_low;
  const double l = s * g;
  const double l_low = dsc_product_error_f64(s, g, l) + dsc_fma_f64(s, g_low, s_low * g);
  const double head = n * 0x1.62e42fefp-1, sum = head + l;
  const double low = ((head - sum) + l) + dsc_fma_f64(n, 7.4406171100123968e-11, l_low);
  const double top = sum + low;
  *rest = (sum - top) + low;
  return top;
}

/* ln(u + du) as a sum of two doubles, for |du| of at most a few ULP of u. */
DSC_INLINE double dsc_log_of_sum_f64(double u, double du, double *rest) {
  double low;
  const double l = dsc_log_pair_f64(u, &low), tail = low + du / u;
  const double sum = l + tail;
  *rest = (l - sum) + tail;
  return sum;
}

/* e^(y log|x|). The clamp of y changes no result (the smallest |log| is 2^-53) and makes 1^inf one. 1.15 ULP. */
DSC_INLINE double dsc_pow_f64(double x, double y) {
  const double a = fabs(x);
  double low;
  double l = dsc_log_pair_f64(a, &low);
  l = a == 0.0 ? -(double)INFINITY : l;
  l = a < (double)INFINITY ? l : a;
  double c = y > 0x1p66 ? 0x1p66 : y;
  c = c < -0x1p66 ? -0x1p66 : c;
  double t = c * l;
  double extra = dsc_fma_f64(c, low, dsc_product_error_f64(c, l, t));
  extra = fabs(t) < 746.0 ? extra : 0.0;
  t = t > 710.0 ? 710.0 : t;
  t = t < -746.0 ? -746.0 : t;
  double result = dsc_exp_sum_f64(t, extra);
  const double half = 0.5 * y;
  const int integer = floor(y) == y, odd = integer & (floor(half) != half);
  result = odd ? dsc_flip_sign_f64(result, dsc_bits_f64(x)) : result;
  result = ((x < 0.0) & (x > -(double)INFINITY) & !integer & (y == y)) ? (double)NAN : result;
  return ((x == 1.0) | (y == 0.0)) ? 1.0 : result;
}

#endif
