/* The part of choices.c with conversions and divisions, and with choices by index: padding, concatenation, folds,
 * additions at indices, greatest elements. The loops are as printed; the right values come from scalar code with plain
 * branches. */

/* ---- conversions and divisions, in a plain loop and as a mask's or an index's source ---- */

#define CONVERT_f32_i32(x) dsc_convert_f32_i32(x)
#define CONVERT_f32_i64(x) dsc_convert_f32_i64(x)
#define CONVERT_f32_u8(x) dsc_convert_f32_u8(x)
#define CONVERT_f64_i32(x) dsc_convert_f64_i32(x)
#define CONVERT_f64_i64(x) dsc_convert_f64_i64(x)
#define CONVERT_f64_u8(x) dsc_convert_f64_u8(x)
#define CONVERT_i64_i32(x) (int32_t)(uint32_t) x
#define CONVERT_f32_f32(x) x
#define CONVERT_f64_f64(x) x
#define CONVERT_i32_i32(x) x
#define CONVERT_i64_i64(x) x
#define CONVERT_u8_u8(x) x
#define CONVERT_f32_f64(x) (double)x
#define CONVERT_f64_f32(x) (float)x
#define CONVERT_i32_f32(x) (float)x
#define CONVERT_i32_f64(x) (double)x
#define CONVERT_i32_i64(x) (int64_t) x
#define CONVERT_i32_u8(x) (uint8_t) x
#define CONVERT_i64_f32(x) (float)x
#define CONVERT_i64_f64(x) (double)x
#define CONVERT_i64_u8(x) (uint8_t) x
#define CONVERT_u8_f32(x) (float)x
#define CONVERT_u8_f64(x) (double)x
#define CONVERT_u8_i32(x) (int32_t) x
#define CONVERT_u8_i64(x) (int64_t) x

/* A float as the integer of `bits` bits (8: without sign) that it is cut to: NaN is 0, and the ends stay. */
static int64_t cut(double x, int bits) {
  const volatile double v = x;
  const double top = bits == 8 ? 255.0 : bits == 32 ? 2147483647.0 : 9223372036854775808.0;
  if (v != v)
    return 0;
  if (v >= top)
    return bits == 8 ? 255 : bits == 32 ? INT32_MAX : INT64_MAX;
  if (bits == 8 ? v <= 0.0 : v <= (bits == 32 ? -2147483648.0 : -9223372036854775808.0))
    return bits == 8 ? 0 : bits == 32 ? INT32_MIN : INT64_MIN;
  return (int64_t)v;
}
#define RIGHT_f32_i32(x) (int32_t) cut((double)x, 32)
#define RIGHT_f32_i64(x) cut((double)x, 64)
#define RIGHT_f32_u8(x) (uint8_t) cut((double)x, 8)
#define RIGHT_f64_i32(x) (int32_t) cut(x, 32)
#define RIGHT_f64_i64(x) cut(x, 64)
#define RIGHT_f64_u8(x) (uint8_t) cut(x, 8)
#define RIGHT_f32_f32(x) x
#define RIGHT_f64_f64(x) x
#define RIGHT_i32_i32(x) x
#define RIGHT_i64_i64(x) x
#define RIGHT_u8_u8(x) x
#define RIGHT_f32_f64(x) (double)x
#define RIGHT_f64_f32(x) (float)x
#define RIGHT_i32_f32(x) (float)x
#define RIGHT_i32_f64(x) (double)x
#define RIGHT_i32_i64(x) (int64_t) x
#define RIGHT_i32_u8(x) (uint8_t)((uint32_t)x % 256u)
#define RIGHT_i64_f32(x) (float)x
#define RIGHT_i64_f64(x) (double)x
#define RIGHT_i64_u8(x) (uint8_t)((uint64_t)x % 256u)
#define RIGHT_i64_i32(x) (int32_t)(uint32_t)((uint64_t)x % 4294967296u)
#define RIGHT_u8_f32(x) (float)x
#define RIGHT_u8_f64(x) (double)x
#define RIGHT_u8_i32(x) (int32_t) x
#define RIGHT_u8_i64(x) (int64_t) x

#define DEFINE_CONVERSION(T, S, U, R)                                                                        \
  DSC_NOINLINE void convert_##S##_##R(                                                                       \
      const T *DSC_RESTRICT a, const uint8_t *DSC_RESTRICT p, U *DSC_RESTRICT out, U *DSC_RESTRICT chosen) { \
    for (int64_t i = 0; i < COUNT; i++) {                                                                    \
      const T t0 = a[i];                                                                                     \
      const U t1 = CONVERT_##S##_##R(t0);                                                                    \
      const uint8_t t2 = p[i];                                                                               \
      const U t3 = SELECT(U, R, t2, t1, 0);                                                                  \
      out[i] = t1;                                                                                           \
      chosen[i] = t3;                                                                                        \
    }                                                                                                        \
  }                                                                                                          \
  static void check_convert_##S##_##R(void) {                                                                \
    static U out[COUNT], chosen[COUNT];                                                                      \
    convert_##S##_##R(data_##S[0], masks[0], out, chosen);                                                   \
    int64_t bad = 0;                                                                                         \
    for (int64_t i = 0; i < COUNT; i++) {                                                                    \
      const T x = ((const volatile T *)data_##S[0])[i];                                                      \
      const volatile U right = RIGHT_##S##_##R(x);                                                           \
      bad += !same_##R(out[i], right);                                                                       \
      bad += !same_##R(chosen[i], ((const volatile uint8_t *)masks[0])[i] ? right : (U)0);                   \
    }                                                                                                        \
    report("conversion of " #S " to " #R, bad);                                                              \
  }
#define DEFINE_CONVERSIONS(T, S) EACH_PAIR(DEFINE_CONVERSION, T, S)
EACH_TYPE(DEFINE_CONVERSIONS)
#define CHECK_CONVERSION(T, S, U, R) check_convert_##S##_##R();
#define CHECK_CONVERSIONS(T, S) EACH_PAIR(CHECK_CONVERSION, T, S)

#define DEFINE_DIVISION(T, S)                                                                           \
  DSC_NOINLINE void divide_##S(const T *DSC_RESTRICT a, const T *DSC_RESTRICT b, T *DSC_RESTRICT out) { \
    for (int64_t i = 0; i < COUNT; i++) {                                                               \
      const T t0 = a[i];                                                                                \
      const T t1 = b[i];                                                                                \
      out[i] = dsc_floor_divide_##S(t0, t1);                                                            \
    }                                                                                                   \
  }                                                                                                     \
  static void check_divide_##S(void) {                                                                  \
    divide_##S(data_##S[0], data_##S[1], out_##S);                                                      \
    int64_t bad = 0;                                                                                    \
    for (int64_t i = 0; i < COUNT; i++) {                                                               \
      const volatile T a = data_##S[0][i], b = data_##S[1][i];                                          \
      const int64_t x = (int64_t)a, y = (int64_t)b;                                                     \
      T right = 0;                                                                                      \
      if (y == -1)                                                                                      \
        right = (T)(UINT64_C(0) - (uint64_t)x);                                                         \
      else if (y != 0)                                                                                  \
        right = (T)(x / y - (x % y != 0 && (x % y < 0) != (y < 0)));                                    \
      bad += out_##S[i] != right;                                                                       \
    }                                                                                                   \
    report("division of " #S, bad);                                                                     \
  }
DEFINE_DIVISION(int32_t, i32)
DEFINE_DIVISION(int64_t, i64)
DEFINE_DIVISION(uint8_t, u8)

/* ---- padding, with a gap between columns, and three arrays side by side ---- */

#define PADDED_ROWS (ROWS - 8)
#define PADDED_COLUMNS 28
#define DEFINE_PAD(T, S)                                                                                \
  DSC_NOINLINE void pad_##S(const T *DSC_RESTRICT a, T *DSC_RESTRICT out, T *DSC_RESTRICT sums) {       \
    for (int64_t i = 0; i < ROWS; i++)                                                                  \
      for (int64_t j = 0; j < COLUMNS; j++) {                                                           \
        const int64_t q0 = dsc_clamp_index(i - 3, PADDED_ROWS);                                         \
        const int64_t q1 = dsc_clamp_index((j - 4) / 2, PADDED_COLUMNS);                                \
        const T t0 = a[q0 * PADDED_COLUMNS + q1];                                                       \
        const T t1 = dsc_select_##S((uint8_t)((i - 3 >= 0) & (i - 3 < PADDED_ROWS) & (j - 4 >= 0) &     \
                                        (j - 4 < 2 * PADDED_COLUMNS - 1) & ((j - 4) % 2 == 0)),         \
            t0, 7);                                                                                     \
        out[i * COLUMNS + j] = t1;                                                                      \
      }                                                                                                 \
    T acc[16];                                                                                          \
    for (int64_t l = 0; l < 16; l++)                                                                    \
      acc[l] = 0;                                                                                       \
    for (int64_t j = 0; j + 16 <= COLUMNS; j += 16)                                                     \
      for (int64_t l = 0; l < 16; l++) {                                                                \
        const int64_t r = j + l;                                                                        \
        const int64_t q0 = dsc_clamp_index(r - 9, 41);                                                  \
        const T t0 = a[q0];                                                                             \
        const T t1 = dsc_select_##S((uint8_t)((r - 9 >= 0) & (r - 9 < 41)), t0, 3);                     \
        acc[l] = SUM_##S(acc[l], t1);                                                                   \
      }                                                                                                 \
    for (int64_t l = 0; l < 16; l++)                                                                    \
      sums[l] = acc[l];                                                                                 \
  }                                                                                                     \
  DSC_NOINLINE void beside_##S(                                                                         \
      const T *DSC_RESTRICT a, const T *DSC_RESTRICT b, const T *DSC_RESTRICT c, T *DSC_RESTRICT out) { \
    for (int64_t i = 0; i < ROWS; i++)                                                                  \
      for (int64_t j = 0; j < COLUMNS; j++) {                                                           \
        const int64_t q0 = dsc_clamp_index(j - 49, 15);                                                 \
        const T t0 = c[i * 15 + q0];                                                                    \
        const int64_t q1 = dsc_clamp_index(j - 19, 30);                                                 \
        const T t1 = b[i * 30 + q1];                                                                    \
        const T t2 = dsc_select_##S((uint8_t)(j < 49), t1, t0);                                         \
        const int64_t q2 = dsc_clamp_index(j, 19);                                                      \
        const T t3 = a[i * 19 + q2];                                                                    \
        const T t4 = dsc_select_##S((uint8_t)(j < 19), t3, t2);                                         \
        out[i * COLUMNS + j] = t4;                                                                      \
      }                                                                                                 \
  }                                                                                                     \
  static void check_pad_##S(void) {                                                                     \
    static T sums[16];                                                                                  \
    const volatile T *a = data_##S[0], *b = data_##S[1], *c = data_##S[2];                              \
    pad_##S(data_##S[0], out_##S, sums);                                                                \
    int64_t bad = 0;                                                                                    \
    for (int64_t i = 0; i < ROWS; i++)                                                                  \
      for (int64_t j = 0; j < COLUMNS; j++) {                                                           \
        volatile T right = 7;                                                                           \
        if (i >= 3 && i < 3 + PADDED_ROWS && j >= 4 && j < 3 + 2 * PADDED_COLUMNS && j % 2 == 0)        \
          right = a[(i - 3) * PADDED_COLUMNS + (j - 4) / 2];                                            \
        bad += !same_##S(out_##S[i * COLUMNS + j], right);                                              \
      }                                                                                                 \
    for (int64_t l = 0; l < 16; l++) {                                                                  \
      volatile T sum = 0;                                                                               \
      for (int64_t r = l; r < COLUMNS; r += 16) {                                                       \
        const T s = sum;                                                                                \
        T t = 3;                                                                                        \
        if (r >= 9 && r < 50)                                                                           \
          t = a[r - 9];                                                                                 \
        sum = SUM_##S(s, t);                                                                            \
      }                                                                                                 \
      bad += !same_##S(sums[l], sum);                                                                   \
    }                                                                                                   \
    report("padding of " #S, bad);                                                                      \
    beside_##S(data_##S[0], data_##S[1], data_##S[2], out_##S);                                         \
    bad = 0;                                                                                            \
    for (int64_t i = 0; i < ROWS; i++)                                                                  \
      for (int64_t j = 0; j < COLUMNS; j++) {                                                           \
        volatile T right;                                                                               \
        if (j < 19)                                                                                     \
          right = a[i * 19 + j];                                                                        \
        else if (j < 49)                                                                                \
          right = b[i * 30 + j - 19];                                                                   \
        else                                                                                            \
          right = c[i * 15 + j - 49];                                                                   \
        bad += !same_##S(out_##S[i * COLUMNS + j], right);                                              \
      }                                                                                                 \
    report("concatenation of " #S, bad);                                                                \
  }
EACH_TYPE(DEFINE_PAD)
#define CHECK_PAD(T, S) check_pad_##S();

/* ---- folds: windows of 3 at each second place, their elements 1, 4 or 32 wide ---- */

#define DEFINE_FOLD_NARROW(T, S, width)                                                \
  DSC_NOINLINE void fold_##S##_##width(const T *DSC_RESTRICT a, T *DSC_RESTRICT out) { \
    for (int64_t i0 = 0; i0 < 47; i0++)                                                \
      for (int64_t i1 = 0; i1 < width; i1++) {                                         \
        T acc = 0;                                                                     \
        for (int64_t k0 = 0; k0 < 3; k0++) {                                           \
          const int64_t d0 = i0 - k0;                                                  \
          if (d0 < 0 || d0 >= 45 || d0 % 2 != 0)                                       \
            continue;                                                                  \
          DSC_BRANCH;                                                                  \
          const int64_t w0 = d0 / 2;                                                   \
          const T t0 = a[(w0 * 3 + k0) * width + i1];                                  \
          acc = SUM_##S(acc, t0);                                                      \
        }                                                                              \
        out[i0 * width + i1] = acc;                                                    \
      }                                                                                \
  }
#define DEFINE_FOLD_WIDE(T, S)                                                    \
  DSC_NOINLINE void fold_##S##_32(const T *DSC_RESTRICT a, T *DSC_RESTRICT out) { \
    for (int64_t i0 = 0; i0 < 47; i0++) {                                         \
      T acc[32];                                                                  \
      for (int64_t l = 0; l < 32; l++)                                            \
        acc[l] = 0;                                                               \
      for (int64_t k0 = 0; k0 < 3; k0++) {                                        \
        const int64_t d0 = i0 - k0;                                               \
        if (d0 < 0 || d0 >= 45 || d0 % 2 != 0)                                    \
          continue;                                                               \
        DSC_BRANCH;                                                               \
        const int64_t w0 = d0 / 2;                                                \
        for (int64_t l = 0; l < 32; l++) {                                        \
          const T t0 = a[(w0 * 3 + k0) * 32 + l];                                 \
          acc[l] = SUM_##S(acc[l], t0);                                           \
        }                                                                         \
      }                                                                           \
      for (int64_t l = 0; l < 32; l++)                                            \
        out[i0 * 32 + l] = acc[l];                                                \
    }                                                                             \
  }
#define DEFINE_FOLD(T, S)                                                                                           \
  DEFINE_FOLD_NARROW(T, S, 1) DEFINE_FOLD_NARROW(T, S, 4) DEFINE_FOLD_WIDE(T, S) static void check_fold_##S(void) { \
    static const int64_t widths[3] = {1, 4, 32};                                                                    \
    int64_t bad = 0;                                                                                                \
    for (int n = 0; n < 3; n++) {                                                                                   \
      const int64_t width = widths[n];                                                                              \
      (n == 0 ? fold_##S##_1 : n == 1 ? fold_##S##_4 : fold_##S##_32)(data_##S[0], out_##S);                        \
      for (int64_t d = 0; d < 47; d++)                                                                              \
        for (int64_t c = 0; c < width; c++) {                                                                       \
          volatile T right = 0;                                                                                     \
          /* From the windows' side, the last window first, as its element comes first. */                          \
          for (int64_t w = 22; w >= 0; w--)                                                                         \
            if (d >= 2 * w && d < 2 * w + 3) {                                                                      \
              const T s = right, t = ((const volatile T *)data_##S[0])[(w * 3 + d - 2 * w) * width + c];            \
              right = SUM_##S(s, t);                                                                                \
            }                                                                                                       \
          bad += !same_##S(out_##S[d * width + c], right);                                                          \
        }                                                                                                           \
    }                                                                                                               \
    report("folds of " #S, bad);                                                                                    \
  }
EACH_TYPE(DEFINE_FOLD)
#define CHECK_FOLD(T, S) check_fold_##S();

/* ---- additions at indices, and the index of the greatest element ---- */

#define DEFINE_SCATTER(T, S)                                                                                  \
  DSC_NOINLINE void scatter_##S(                                                                              \
      int64_t lo, int64_t hi, const T *DSC_RESTRICT a, const int32_t *DSC_RESTRICT at, T *DSC_RESTRICT out) { \
    for (int64_t u0 = 0; u0 < 200; u0++) {                                                                    \
      const int64_t i0 = (int64_t)at[u0];                                                                     \
      if (i0 >= lo && i0 < hi) {                                                                              \
        DSC_BRANCH;                                                                                           \
        const T t0 = a[u0];                                                                                   \
        out[i0] = SUM_##S(out[i0], t0);                                                                       \
      }                                                                                                       \
    }                                                                                                         \
    for (int64_t u0 = 0; u0 < 200; u0++) {                                                                    \
      const int64_t i0 = (int64_t)at[u0];                                                                     \
      if (i0 >= lo && i0 < hi) {                                                                              \
        DSC_BRANCH;                                                                                           \
        for (int64_t i1 = 0; i1 < 4; i1++) {                                                                  \
          const T t0 = a[u0 * 4 + i1];                                                                        \
          out[64 + i0 * 4 + i1] = SUM_##S(out[64 + i0 * 4 + i1], t0);                                         \
        }                                                                                                     \
      }                                                                                                       \
    }                                                                                                         \
  }                                                                                                           \
  DSC_NOINLINE void greatest_##S(const T *DSC_RESTRICT a, int32_t *DSC_RESTRICT out) {                        \
    for (int64_t i0 = 0; i0 < ROWS; i0++) {                                                                   \
      T best = 0;                                                                                             \
      int32_t arg = -1;                                                                                       \
      for (int64_t r = 0; r < COLUMNS; r++) {                                                                 \
        const T t0 = a[i0 * COLUMNS + r];                                                                     \
        if (arg < 0 || t0 > best || (t0 != t0 && best == best)) {                                             \
          best = t0;                                                                                          \
          arg = (int32_t)r;                                                                                   \
        }                                                                                                     \
      }                                                                                                       \
      out[i0] = arg;                                                                                          \
    }                                                                                                         \
  }                                                                                                           \
  static void check_scatter_##S(void) {                                                                       \
    static int32_t at[200], found[ROWS];                                                                      \
    static T right[320];                                                                                      \
    for (uint32_t u = 0; u < 200; u++)                                                                        \
      at[u] = (int32_t)(scrambled(77u + u) % 70u) - 3;                                                        \
    memset(out_##S, 0, 320 * sizeof(T));                                                                      \
    memset(right, 0, sizeof right);                                                                           \
    scatter_##S(0, 30, data_##S[0], at, out_##S);                                                             \
    scatter_##S(30, 64, data_##S[0], at, out_##S);                                                            \
    int64_t bad = 0;                                                                                          \
    for (int64_t u = 0; u < 1000; u++) {                                                                      \
      const int64_t k = u < 200 ? u : (u - 200) / 4, place = ((const volatile int32_t *)at)[k];               \
      if (place < 0 || place >= 64)                                                                           \
        continue;                                                                                             \
      const int64_t to = u < 200 ? place : 64 + place * 4 + u % 4;                                            \
      const volatile T s = right[to], t = data_##S[0][u < 200 ? u : u - 200];                                 \
      const T x = s, y = t;                                                                                   \
      right[to] = SUM_##S(x, y);                                                                              \
    }                                                                                                         \
    for (int64_t i = 0; i < 320; i++)                                                                         \
      bad += !same_##S(out_##S[i], right[i]);                                                                 \
    report("additions at indices of " #S, bad);                                                               \
    greatest_##S(data_##S[0], found);                                                                         \
    bad = 0;                                                                                                  \
    for (int64_t i = 0; i < ROWS; i++) {                                                                      \
      const volatile T *row = data_##S[0] + i * COLUMNS;                                                      \
      int32_t best = 0;                                                                                       \
      /* The first NaN, else the first of those that none is above. */                                        \
      for (int32_t j = COLUMNS - 1; j >= 0; j--) {                                                            \
        const T x = row[j], y = row[best];                                                                    \
        if (x != x || (y == y && x >= y))                                                                     \
          best = j;                                                                                           \
      }                                                                                                       \
      for (int32_t j = COLUMNS - 1; j >= 0; j--)                                                              \
        if (row[j] != row[j])                                                                                 \
          best = j;                                                                                           \
      bad += found[i] != best;                                                                                \
    }                                                                                                         \
    report("greatest of " #S, bad);                                                                           \
  }
EACH_TYPE(DEFINE_SCATTER)
#define CHECK_SCATTER(T, S) check_scatter_##S();

static void shapes(void) {
  EACH_TYPE(CHECK_CONVERSIONS)
  check_divide_i32();
  check_divide_i64();
  check_divide_u8();
  EACH_TYPE(CHECK_PAD)
  EACH_TYPE(CHECK_FOLD)
  EACH_TYPE(CHECK_SCATTER)
}
