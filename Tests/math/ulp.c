/* How far dsc_NAME is from the correctly rounded result, in units in the last place of that result.
 * usage: ulp [quick|full]. f32: every 4099th float and all near special values, or all 2^32, against the C library in
 * double. f64: random arguments of all magnitudes and of each function's own range, and neighbours of hard values,
 * against the C library in long double. Prints a line per function; exit 1 above 2 ULP (pow: 4, normal_cdf in
 * f32: 5) or where a special value is wrong. */
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "functions.h"

#if LDBL_MANT_DIG < 64
#error "ulp.c needs a long double of at least 64 bits of precision as its reference for f64; this target has none"
#endif

enum { BLOCK = 2048 };

static double rsqrt(double x) { return 1 / sqrt(x); }
static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
static double gaussian(double x) { return exp(-0.5 * x * x); }
static double normal_cdf(double x) { return 0.5 * erfc(x * -0.70710678118654752); }
static long double rsqrtl(long double x) { return 1 / sqrtl(x); }
static long double sigmoidl(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

static long double softplusl(long double x) { return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x))); }
/* What rounding the argument of the exponential lost is put back; far out, where it would be infinite, the result is 0.
 * */
static long double gaussianl(long double x) {
  const long double h = x * x;
  if (h > 1e6L)
    return 0;
  return expl(-0.5L * h) * (1 - 0.5L * fmal(x, x, -h));
}
static long double normal_cdfl(long double x) {
  const long double root = 0.7071067811865475244008L, rest = 1.895032558893257079655e-20L, t = -x * root;
  if (isinf(x) || t > 200)
    return x > 0 ? 1 : 0;
  const long double lost = fmal(-x, root, -t) - x * rest;
  return 0.5L * erfcl(t) - lost * 0.5641895835477562869480L * expl(-t * t);
}

/* Newton's method for erf(y) = x, from Winitzki's estimate; beyond 1/2 on the logarithm of the complement, which is a
 * nearly straight line of y^2. */
static long double erfinvl(long double x) {
  const long double root = 1.1283791670955125738962L, a = fabsl(x), l = log1pl(-a * a), c = 4.3307467508L + l / 2;
  if (!(a < 1))
    return a == 1 ? x * INFINITY : NAN;
  if (a < 1e-6L)
    return x / root * (1 + a * a * 0.26179938779914943654L);
  long double y = sqrtl(sqrtl(c * c - l / 0.147L) - c);
  for (int i = 0; i < 5; i++) {
    const long double slope = root * expl(-y * y), q = erfcl(y);
    y += a < 0.5L ? (a - erfl(y)) / slope : log1pl((q - (1 - a)) / (1 - a)) * q / slope;
  }
  return x < 0 ? -y : y;
}

/* The same of the normal distribution function, down to the least probabilities. */
static long double normal_quantilel(long double p) {
  const long double q = p > 0.5L ? 1 - p : p;
  if (!(q > 0))
    return q == 0 ? (p > 0.5L ? INFINITY : -(long double)INFINITY) : NAN;
  if (q > 0.25L)
    return 1.4142135623730950488L * erfinvl(2 * (p - 0.5L));
  const long double l = logl(q);
  long double z = sqrtl(-2 * l - log1pl(-2 * l));
  for (int i = 0; i < 8; i++) {
    const long double below = normal_cdfl(-z);
    z += (logl(below) - l) * below * 2.5066282746310005024L / gaussianl(z);
  }
  return p > 0.5L ? z : -z;
}

/* ln x and its asymptotic series from 20 on, to which the recurrence leads; near its root Taylor's series, below 0 the
 * reflection. */
static long double digammal(long double x) {
  static const long double series[] = {1 / 12.0L, -1 / 120.0L, 1 / 252.0L, -1 / 240.0L, 1 / 132.0L, -691 / 32760.0L,
      1 / 12.0L, -3617 / 8160.0L, 43867 / 14364.0L, -174611 / 6600.0L};
  static const long double taylor[] = {0.9676722454476211704274L, -0.4427631689835921060929L, 0.2584997609556510106244L,
      -0.1639427054424065275043L, 0.1078240506912623657572L, -0.07219956125645471092612L, 0.04880428816414310722509L,
      -0.03316112647484735929226L, 0.02259764823221810465962L, -0.0154247659049489591388L, 0.01053879161661217538812L,
      -0.00720453438635686824097L, 0.004926781395729853446354L, -0.003369801655439328082793L};
  const long double pi = 3.14159265358979323846264L;
  if (x == 0 || isinf(x))
    return x == 0 ? -1 / x : x > 0 ? x : NAN;
  if (x < 0) {
    const long double f = -x - rintl(-x);
    return f == 0 ? NAN : digammal(-x) - 1 / x + pi / tanl(pi * f);
  }
  const long double h = (x - 1.46163214496836234128092L) - -1.8257096315963484215e-20L;
  if (fabsl(h) < 0.03L) {
    long double sum = 0;
    for (int i = 13; i >= 0; i--)
      sum = (sum + taylor[i]) * h;
    return sum;
  }
  long double rest = 0;
  for (; x < 20; x++)
    rest += 1 / x;
  long double tail = 0;
  for (int i = 9; i >= 0; i--)
    tail = (tail + series[i]) / (x * x);
  return (logl(x) - 1 / (2 * x) - tail) - rest;
}
static double erfinv(double x) { return (double)erfinvl(x); }
static double normal_quantile(double p) { return (double)normal_quantilel(p); }
static double digamma(double x) { return (double)digammal(x); }

/* The error of y, whose right value is want; infinite when NaN, an infinity or the sign of a zero is wrong. */
static double error_f32(float y, double want) {
  const float rounded = (float)want;
  if (isnan(want) || isnan(y))
    return isnan(want) && isnan(y) ? 0 : INFINITY;
  if (want == 0 && y == 0)
    return !signbit(want) == !signbit(y) ? 0 : INFINITY;
  if (isinf(want) || isinf(y))
    return rounded == y ? 0 : INFINITY;
  int e;
  (void)frexpf(isinf(rounded) ? FLT_MAX : rounded, &e);
  return fabs((double)y - want) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

static double error_f64(double y, long double want) {
  const double rounded = (double)want;
  if (isnan(want) || isnan(y))
    return isnan(want) && isnan(y) ? 0 : INFINITY;
  if (want == 0 && y == 0)
    return !signbit(want) == !signbit(y) ? 0 : INFINITY;
  if (isinf(want) || isinf(y))
    return rounded == y ? 0 : INFINITY;
  int e;
  (void)frexp(isinf(rounded) ? DBL_MAX : rounded, &e);
  return (double)(fabsl((long double)y - want) / ldexpl(1, (e < -1021 ? -1021 : e) - 53));
}

/* The i-th argument: the quick run steps through the floats, then looks at 256 neighbours of each power of two. */
static float argument_f32(uint64_t i, int full) {
  const uint64_t steps = (UINT64_C(1) << 32) / 4099;
  if (full)
    return dsc_from_bits_f32((uint32_t)i);
  if (i < steps)
    return dsc_from_bits_f32((uint32_t)(i * 4099));
  i -= steps;
  return dsc_from_bits_f32((uint32_t)(((i >> 8) << 23) + (i & 255) - 128));
}

static double report(const char *name, double worst, double at, double with, double bound) {
  if (isnan(with))
    printf("%-12s %6.3f ulp at %.17g\n", name, worst, at);
  else
    printf("%-12s %6.3f ulp at %.17g, %.17g\n", name, worst, at, with);
  fflush(stdout);
  return worst > bound;
}

static int has_poles(const char *name) { return !strncmp(name, "lgamma", 6) || !strncmp(name, "digamma", 7); }
static double bound(const char *name) { return strncmp(name, "normal_cdf_f32", 14) ? 2 : 5; }

static int check_f32(const char *name, loop_f32 loop, double (*reference)(double), int full) {
  const int64_t count = full ? INT64_C(1) << 32 : (INT64_C(1) << 32) / 4099 + 512 * 256;
  double worst = -1, worst_at = 0;
#pragma omp parallel
  {
    float x[BLOCK], y[BLOCK];
    double most = -1, at = 0;
#pragma omp for schedule(dynamic, 64)
    for (int64_t b = 0; b < count; b += BLOCK) {
      for (int i = 0; i < BLOCK; i++)
        x[i] = argument_f32((uint64_t)(b + i), full);
      loop(x, y, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        const double e = error_f32(y[i], reference((double)x[i]));
        if (e > most)
          most = e, at = (double)x[i];
      }
    }
#pragma omp critical
    if (most > worst || (most == worst && at < worst_at))
      worst = most, worst_at = at;
  }
  return report(name, worst, worst_at, (double)NAN, bound(name)) != 0;
}

/* Random bits; the function's own range; neighbours of k pi/2, k ln2, of powers of two, and of a few hard values. */
static double argument_f64(uint64_t i, double range) {
  static const double hard[] = {1, 0.5, 0.625, 6, 19.1, 38, 709.782712893384, 745.1332191019412, 0x1.6ac5b262ca1ffp849,
      0x1p-1022, 0x1p-27, 0x1p-54, 0.70710678118654757, 1.4142135623730951};
  const uint64_t u = mixed(i);
  const double sign = (u & 8) ? -1.0 : 1.0, unit = (double)(u >> 11) * 0x1p-53, k = (double)((u >> 20) & 0xfffff);
  switch (u & 7) {
  case 0:
    return dsc_from_bits_f64(mixed(u));
  case 1:
    return dsc_from_bits_f64(dsc_bits_f64(sign * ldexp(1, (int)(k / 512) - 1074)) + (mixed(u) & 15) - 7);
  case 2:
    return dsc_from_bits_f64(dsc_bits_f64(sign * (k + 1) * 1.5707963267948966) + (mixed(u) & 3) - 1);
  case 3:
    return dsc_from_bits_f64(dsc_bits_f64(sign * floor(1 + k / 512) * 0.34657359027997264) + (mixed(u) & 15) - 7);
  case 4:
    return sign * dsc_from_bits_f64(dsc_bits_f64(hard[(u >> 5) % (sizeof hard / sizeof *hard)]) + (mixed(u) & 63) - 31);
  case 5:
    return sign * unit * 2;
  case 6:
    return sign * unit * range;
  default:
    return sign * ldexp(1 + unit, (int)(mixed(u) % 64) - 48);
  }
}

static int check_f64(const char *name, loop_f64 loop, long double (*reference)(long double), double range, int full) {
  const int64_t count = full ? 40000000 : 500000;
  double worst = -1, worst_at = 0;
#pragma omp parallel
  {
    double x[BLOCK], y[BLOCK], most = -1, at = 0;
#pragma omp for schedule(dynamic, 64)
    for (int64_t b = 0; b < count; b += BLOCK) {
      for (int i = 0; i < BLOCK; i++)
        x[i] = argument_f64((uint64_t)(b + i), range);
      loop(x, y, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        const long double want = reference((long double)x[i]);
        /* Between the poles below 0 there are zeros at numbers that no double is: errors there are relative to 1. */
        const int relative = x[i] > 0 || !has_poles(name) || fabsl(want) > 1 || want != want;
        const double e = relative ? error_f64(y[i], want) : (double)fabsl((long double)y[i] - want) * 0x1p53;
        if (e > most)
          most = e, at = x[i];
      }
    }
#pragma omp critical
    if (most > worst || (most == worst && at < worst_at))
      worst = most, worst_at = at;
  }
  return report(name, worst, worst_at, (double)NAN, bound(name)) != 0;
}

/* Pairs whose power is in range mostly: x of all magnitudes or near 1, y = wanted logarithm / log x, or a small
 * integer. */
static void arguments_pow(uint64_t i, double limit, double *x, double *y) {
  const uint64_t u = mixed(i), v = mixed(u);
  const double unit = (double)(v >> 11) * 0x1p-53, span = (u & 16) ? 1.0 : 0x1p-20;
  *x = (u & 32) ? ldexp(1 + unit, (int)((double)((u >> 8) & 2047) / 1024 * limit) - (int)limit)
                : 1 + (2 * unit - 1) * 0.9 * span;
  *y = (1.02 * limit * 0.6931) * (2 * (double)(mixed(v) >> 11) * 0x1p-53 - 1) / log(*x);
  if ((u & 3) == 0)
    *y = (double)((u >> 6) & 63) - 32;
  if ((u & 15) == 0)
    *x = -*x;
  if ((u & 15) == 1)
    *y = 0.5 * ((double)((u >> 6) & 63) - 32);
}

/* Pairs of all magnitudes, of magnitudes not far from each other, and of moderate numbers. */
static void arguments_plane(uint64_t i, double limit, double *x, double *y) {
  const uint64_t u = mixed(i), v = mixed(u);
  const double a = (double)(v >> 11) * 0x1p-53 + 1, b = (double)(mixed(v) >> 11) * 0x1p-53 + 1;
  const int e = (int)((double)((u >> 8) & 4095) / 2048 * limit) - (int)limit, f = (int)((u >> 20) & 127) - 64;
  *x = (u & 3) == 0 ? 4 * (a - 1.5) : ldexp((u & 4) ? a : -a, e);
  *y = (u & 3) == 0  ? 4 * (b - 1.5)
      : (u & 3) == 1 ? dsc_from_bits_f64(mixed(mixed(v)))
                     : ldexp((u & 8) ? b : -b, e + ((u & 3) == 2 ? f : f / 16));
}

typedef void (*arguments_of)(uint64_t, double, double *, double *);
typedef void (*loop2_f32)(const float *, const float *, float *, int64_t);
typedef void (*loop2_f64)(const double *, const double *, double *, int64_t);

/* A function of two arguments; the greatest exponent that these should have in f32 and in f64. */
struct pair {
  const char *name;
  loop2_f32 in_f32;
  loop2_f64 in_f64;
  double (*reference)(double, double);
  long double (*long_reference)(long double, long double);
  arguments_of arguments;
  double limit_f32, limit_f64, bound;
};

static int check_pair(const struct pair *f, int full) {
  const int64_t count = full ? 100000000 : 1000000;
  double worst32 = -1, x32 = 0, y32 = 0, worst64 = -1, x64 = 0, y64 = 0;
#pragma omp parallel
  {
    float x[BLOCK], z[BLOCK], y[BLOCK];
    double xd[BLOCK], zd[BLOCK], yd[BLOCK];
    double most32 = -1, a32 = 0, b32 = 0, most64 = -1, a64 = 0, b64 = 0;
#pragma omp for schedule(dynamic, 64)
    for (int64_t b = 0; b < count; b += BLOCK) {
      for (int i = 0; i < BLOCK; i++) {
        double p, q;
        f->arguments((uint64_t)(b + i), f->limit_f32, &p, &q);
        x[i] = (float)p, z[i] = (float)q;
        f->arguments((uint64_t)(b + i), f->limit_f64, &xd[i], &zd[i]);
      }
      f->in_f32(x, z, y, BLOCK);
      f->in_f64(xd, zd, yd, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        const double e = error_f32(y[i], f->reference((double)x[i], (double)z[i]));
        if (e > most32)
          most32 = e, a32 = (double)x[i], b32 = (double)z[i];
        const double g = error_f64(yd[i], f->long_reference((long double)xd[i], (long double)zd[i]));
        if (g > most64)
          most64 = g, a64 = xd[i], b64 = zd[i];
      }
    }
#pragma omp critical
    {
      if (most32 > worst32)
        worst32 = most32, x32 = a32, y32 = b32;
      if (most64 > worst64)
        worst64 = most64, x64 = a64, y64 = b64;
    }
  }
  char name[32];
  snprintf(name, sizeof name, "%s_f32", f->name);
  int bad = report(name, worst32, x32, y32, f->bound) != 0;
  snprintf(name, sizeof name, "%s_f64", f->name);
  bad += report(name, worst64, x64, y64, f->bound) != 0;
  return bad;
}

/* pow over all pairs of special values, and the plain functions, must agree exactly with the C library. */
static int same(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b)); }

static int check_specials(void) {
  static const double v[] = {0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, 1.5, -1.5, 4503599627370497.0, 1e300,
      -1e300, 1e-310, -1e-310, 16777217.0, 8388609.0, 0.99999994, 1e38, -1e38, 1e-40, INFINITY, -INFINITY, NAN};
  enum { COUNT = sizeof v / sizeof *v };
  int bad = 0;
  for (int i = 0; i < COUNT; i++) {
    const double x = v[i];
    const float f = (float)x;
    bad += !same((double)dsc_abs_f32(f), (double)fabsf(f)) + !same(dsc_abs_f64(x), fabs(x));
    bad += !same((double)dsc_floor_f32(f), (double)floorf(f)) + !same(dsc_floor_f64(x), floor(x));
    bad += !same((double)dsc_round_f32(f), (double)rintf(f)) + !same(dsc_round_f64(x), rint(x));
    const double sign = isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : x;
    bad += !same(dsc_sign_f64(x), sign) + !same((double)dsc_sign_f32(f), f == 0 ? (double)f : sign);
    for (int j = 0; j < COUNT; j++) {
      const double y = v[j];
      const float g = (float)y;
      const int either = isnan(x) || isnan(y);
      const double big = either ? (double)NAN : x > y ? x : y, small = either ? (double)NAN : x < y ? x : y;
      bad += !same(dsc_max_f64(x, y), big) + !same(dsc_min_f64(x, y), small);
      const float big32 = either ? NAN : f > g ? f : g, small32 = either ? NAN : f < g ? f : g;
      bad += !same((double)dsc_max_f32(f, g), (double)big32) + !same((double)dsc_min_f32(f, g), (double)small32);
      const double e = error_f64(dsc_pow_f64(x, y), powl((long double)x, (long double)y));
      const double e32 = error_f32(dsc_pow_f32(f, g), pow((double)f, (double)g));
      if (e > 1 || e32 > 1) {
        printf("pow(%g, %g): f64 %g, f32 %g\n", x, y, dsc_pow_f64(x, y), (double)dsc_pow_f32(f, g));
        bad++;
      }
      const double turn = error_f64(dsc_atan2_f64(x, y), atan2l((long double)x, (long double)y));
      const double turn32 = error_f32(dsc_atan2_f32(f, g), atan2((double)f, (double)g));
      const double size = error_f64(dsc_hypot_f64(x, y), hypotl((long double)x, (long double)y));
      const double size32 = error_f32(dsc_hypot_f32(f, g), hypot((double)f, (double)g));
      if (turn > 1 || turn32 > 1 || size > 1 || size32 > 1) {
        printf("atan2, hypot(%g, %g): f64 %g, %g\n", x, y, dsc_atan2_f64(x, y), dsc_hypot_f64(x, y));
        bad++;
      }
    }
  }
  printf("specials     %s\n", bad ? "WRONG" : "right");
  return bad;
}

#define CHECK_F32(NAME)              \
  if (!only || !strcmp(only, #NAME)) \
    bad += check_f32(#NAME "_f32", loop_##NAME##_f32, NAME, full);
#define CHECK_F64(NAME)              \
  if (!only || !strcmp(only, #NAME)) \
    bad += check_f64(#NAME "_f64", loop_##NAME##_f64, NAME##l, range, full);

int main(int argc, char **argv) {
  const int full = argc > 1 && !strcmp(argv[1], "full");
  const char *only = argc > 2 ? argv[2] : NULL;
  const double range = 746;
  if (argc < 2 || (!full && strcmp(argv[1], "quick"))) {
    fprintf(stderr, "usage: ulp quick|full [FUNCTION]\n");
    return 2;
  }
  int bad = check_specials();
  DSC_EACH(CHECK_F32)
  DSC_EACH(CHECK_F64)
  static const struct pair pairs[] = {
      {"pow", loop_pow_f32, loop_pow_f64, pow, powl, arguments_pow, 150, 1074, 4},
      {"atan2", loop_atan2_f32, loop_atan2_f64, atan2, atan2l, arguments_plane, 140, 1060, 2},
      {"hypot", loop_hypot_f32, loop_hypot_f64, hypot, hypotl, arguments_plane, 140, 1060, 2},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (!only || !strcmp(only, pairs[i].name))
      bad += check_pair(&pairs[i], full);
  return bad != 0;
}
