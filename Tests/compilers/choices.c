/* Tries every form of choice, mask and conversion that emitted programs hold, in every place where one stands: a plain
 * loop, a matrix product's epilogue, a sum along lanes, a sum across lanes, a tile of rows on the lanes; padding,
 * concatenation, folds and additions at indices. The loops are written as the printer writes them; the right values are
 * computed apart, by scalar code on volatile memory with plain branches. Takes nothing; prints how many forms hold, or
 * each that does not, and exits 1. With -DCHOICE_BY_BRANCH the choices are `?:` with the loads in their arms: gcc 11
 * and 12 at -O3 with AVX2 or AVX-512 then fail (the vectors of a group of masked loads all take the mask of the first).
 * */
#include "descent_convert.h"
#include "descent_integer.h"
#include "descent_kernel.h"
#include "descent_math.h"
#include <stdio.h>

enum { ROWS = 48, COLUMNS = 64, COUNT = ROWS * COLUMNS, ROOM = 2 * COUNT + 8 };
#define EACH_TYPE(X) X(float, f32) X(double, f64) X(int32_t, i32) X(int64_t, i64) X(uint8_t, u8)
#define EACH_PAIR(X, T, S) \
  X(T, S, float, f32) X(T, S, double, f64) X(T, S, int32_t, i32) X(T, S, int64_t, i64) X(T, S, uint8_t, u8)

/* ---- the data: two masks, and four arrays of each type ---- */

#define ARRAYS(T, S) static T data_##S[4][ROOM], out_##S[ROOM];
EACH_TYPE(ARRAYS)
static uint8_t masks[2][ROOM];

/* A number that looks random. */
static uint32_t scrambled(uint32_t x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

static void fill(void) {
  for (uint32_t i = 0; i < ROOM; i++) {
    for (uint32_t k = 0; k < 2; k++)
      masks[k][i] = (uint8_t)(scrambled(i * 2 + k) % 2);
    for (uint32_t k = 0; k < 4; k++) {
      const uint32_t u = scrambled(1000000u + i * 4 + k), kind = u % 16;
      const int32_t small = (int32_t)(u >> 4) % 100 - 50;
      data_u8[k][i] = (uint8_t)(u >> 8);
      data_i32[k][i] = kind == 0 ? INT32_MIN : kind == 1 ? INT32_MAX : small;
      data_i64[k][i] = kind == 0 ? INT64_MIN : kind == 1 ? INT64_MAX : small;
      const float special[5] = {NAN, -INFINITY, -0.0f, 3e9f, -1e19f};
      data_f32[k][i] = kind < 5 ? special[kind] : (float)small / 4;
      data_f64[k][i] = (double)data_f32[k][i];
    }
  }
}

/* ---- the forms, as printed ---- */

/* Masks: loaded, made of two, and compared: of each type. */
#define MASK_BYTE(i) p[i]
#define MASK_LOGIC(i) (uint8_t)(p[i] & (uint8_t)(q[i] ^ 1))
#define MASK_EITHER(i) (uint8_t)(p[i] | q[i])
#define MASK_f32(i) (uint8_t)(((const float *)x)[i] < ((const float *)y)[i])
#define MASK_f64(i) (uint8_t)(((const double *)x)[i] >= ((const double *)y)[i])
#define MASK_i32(i) (uint8_t)(((const int32_t *)x)[i] != ((const int32_t *)y)[i])
#define MASK_i64(i) (uint8_t)(((const int64_t *)x)[i] <= ((const int64_t *)y)[i])
#define MASK_u8(i) (uint8_t)(((const uint8_t *)x)[i] > ((const uint8_t *)y)[i])

#ifdef CHOICE_BY_BRANCH
#define SELECT(T, S, m, a, b) (T)((m) ? (a) : (b))
#else
#define SELECT(T, S, m, a, b) dsc_select_##S(m, a, b)
#endif
#define FORM_BOTH(T, S, m, a, b) SELECT(T, S, m, a, b)
#define FORM_FIRST(T, S, m, a, b) SELECT(T, S, m, a, 0)
#define FORM_SECOND(T, S, m, a, b) SELECT(T, S, m, 0, a)
#define FORM_LARGER(T, S, m, a, b) LARGER_##S(a, b)
#define FORM_SMALLER(T, S, m, a, b) SMALLER_##S(a, b)
#define LARGER_f32(a, b) dsc_max_f32(a, b)
#define LARGER_f64(a, b) dsc_max_f64(a, b)
#define LARGER_i32(a, b) ((a) > (b) ? (a) : (b))
#define LARGER_i64(a, b) ((a) > (b) ? (a) : (b))
#define LARGER_u8(a, b) (uint8_t)((a) > (b) ? (a) : (b))
#define SMALLER_f32(a, b) dsc_min_f32(a, b)
#define SMALLER_f64(a, b) dsc_min_f64(a, b)
#define SMALLER_i32(a, b) ((a) < (b) ? (a) : (b))
#define SMALLER_i64(a, b) ((a) < (b) ? (a) : (b))
#define SMALLER_u8(a, b) (uint8_t)((a) < (b) ? (a) : (b))
#define SUM_f32(a, b) a + b
#define SUM_f64(a, b) a + b
#define SUM_i32(a, b) (int32_t)((uint32_t)a + (uint32_t)b)
#define SUM_i64(a, b) (int64_t)((uint64_t)a + (uint64_t)b)
#define SUM_u8(a, b) (uint8_t)(a + b)

/* Where the operands' element for row i, column j lies. */
#define AT_CONTIGUOUS(i, j) (i) * 64 + (j)
#define AT_STRIDED(i, j) ((i)*64 + (j)) * 2 + 1
#define AT_TURNED(i, j) (j) * 48 + (i)
#define AT_REVERSED(i, j) (i) * 64 - (j) + 63
#define AT_COLUMN(i, j) (i) * 0 + (j)
#define AT_ROW(i, j) (i) + (j)*0

typedef enum { LOOP, EPILOGUE, ALONG, ACROSS, TILE } place_kind;
typedef enum { BYTE, LOGIC, EITHER, f32, f64, i32, i64, u8 } mask_kind;
typedef enum { BOTH, FIRST, SECOND, LARGER, SMALLER } form_kind;
typedef enum { CONTIGUOUS, STRIDED, TURNED, REVERSED, COLUMN, ROW } layout_kind;

static int64_t position(layout_kind at, int64_t i, int64_t j) {
  switch (at) {
  case CONTIGUOUS:
    return i * COLUMNS + j;
  case STRIDED:
    return (i * COLUMNS + j) * 2 + 1;
  case TURNED:
    return j * ROWS + i;
  case REVERSED:
    return i * COLUMNS + COLUMNS - 1 - j;
  case COLUMN:
    return j;
  case ROW:
    return i;
  }
  return 0;
}

/* ---- the places ---- */

typedef struct {
  const uint8_t *p, *q;
  const void *x, *y, *a, *b;
  void *out;
} arguments;
#define POINTERS(T)                                                                         \
  const uint8_t *DSC_RESTRICT const p = e->p, *DSC_RESTRICT const q = e->q;                 \
  const void *const x = e->x, *const y = e->y;                                              \
  const T *DSC_RESTRICT const a = (const T *)e->a, *DSC_RESTRICT const b = (const T *)e->b; \
  T *DSC_RESTRICT const out = (T *)e->out;                                                  \
  (void)p, (void)q, (void)x, (void)y, (void)b;

/* The finished tile of a product: the operand's elements, read one by one. */
#define DEFINE_TILE(T, S)                                                                                 \
  DSC_NOINLINE void tile_##S(                                                                             \
      const arguments *e, T *acc, layout_kind at, int64_t row, int64_t rows, int64_t col, int64_t cols) { \
    for (int64_t r = 0; r < rows; r++)                                                                    \
      for (int64_t c = 0; c < cols; c++)                                                                  \
        acc[r * cols + c] = ((const volatile T *)e->a)[position(at, row + r, col + c)];                   \
  }
EACH_TYPE(DEFINE_TILE)

/* A plain loop. */
#define PLACE_LOOP(T, S, MASK, FORM, AT, name)                                                 \
  DSC_NOINLINE void name(const arguments *e, int64_t lo, int64_t hi) {                         \
    POINTERS(T)                                                                                \
    for (int64_t i = lo; i < hi; i++)                                                          \
      for (int64_t j = 0; j < 64; j++)                                                         \
        out[i * 64 + j] = FORM(T, S, MASK(AT_##AT(i, j)), a[AT_##AT(i, j)], b[AT_##AT(i, j)]); \
  }

/* An epilogue, specialised for tiles of 32 columns and of 16; `a` is the finished tile. */
#define PLACE_EPILOGUE(T, S, MASK, FORM, AT, name)                                                               \
  DSC_INLINE void name##_finish(                                                                                 \
      const void *env, const T *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) { \
    const arguments *const e = (const arguments *)env;                                                           \
    POINTERS(T)                                                                                                  \
    (void)a;                                                                                                     \
    for (int64_t r = 0; r < rows; r++) {                                                                         \
      const int64_t i = row + r;                                                                                 \
      for (int64_t c = 0; c < cols; c++) {                                                                       \
        const int64_t j = col + c;                                                                               \
        out[i * 64 + j] = FORM(T, S, MASK(AT_##AT(i, j)), acc[r * acc_stride + c], b[AT_##AT(i, j)]);            \
      }                                                                                                          \
    }                                                                                                            \
  }                                                                                                              \
  DSC_NOINLINE void name(const arguments *e, int64_t lo, int64_t hi) {                                           \
    T acc[12 * 32] DSC_ALIGNED(64);                                                                              \
    for (int64_t row = lo; row < hi; row += 12)                                                                  \
      for (int64_t col = 0; col < 64;) {                                                                         \
        const int64_t rows = dsc_min_i64(12, hi - row);                                                          \
        if (col == 0) {                                                                                          \
          tile_##S(e, acc, AT, row, rows, col, 32);                                                              \
          name##_finish(e, acc, 32, row, rows, col, 32);                                                         \
          col += 32;                                                                                             \
        } else {                                                                                                 \
          tile_##S(e, acc, AT, row, rows, col, 16);                                                              \
          name##_finish(e, acc, 16, row, rows, col, 16);                                                         \
          col += 16;                                                                                             \
        }                                                                                                        \
      }                                                                                                          \
  }

/* A sum along the columns in sixteen lanes, with their tree. */
#define PLACE_ALONG(T, S, MASK, FORM, AT, name)                                            \
  DSC_NOINLINE void name(const arguments *e, int64_t lo, int64_t hi) {                     \
    POINTERS(T)                                                                            \
    for (int64_t i = lo; i < hi; i++) {                                                    \
      T acc[16];                                                                           \
      for (int64_t l = 0; l < 16; l++)                                                     \
        acc[l] = 0;                                                                        \
      for (int64_t k = 0; k + 16 <= 64; k += 16)                                           \
        for (int64_t l = 0; l < 16; l++) {                                                 \
          const int64_t j = k + l;                                                         \
          const T t = FORM(T, S, MASK(AT_##AT(i, j)), a[AT_##AT(i, j)], b[AT_##AT(i, j)]); \
          acc[l] = SUM_##S(acc[l], t);                                                     \
        }                                                                                  \
      for (int64_t n = 16, half; n > 1; n = half) {                                        \
        half = (n + 1) / 2;                                                                \
        for (int64_t l = 0; l < n - half; l++)                                             \
          acc[l] = SUM_##S(acc[l], acc[l + half]);                                         \
      }                                                                                    \
      out[i] = acc[0];                                                                     \
    }                                                                                      \
  }

/* Sums over the rows, the lanes across columns, and a choice of what comes out. */
#define PLACE_ACROSS(T, S, MASK, FORM, AT, name)                       \
  DSC_NOINLINE void name(const arguments *e, int64_t lo, int64_t hi) { \
    POINTERS(T)                                                        \
    T acc[64];                                                         \
    for (int64_t l = 0; l < 64; l++)                                   \
      acc[l] = 0;                                                      \
    for (int64_t i = lo; i < hi; i++)                                  \
      for (int64_t l = 0; l < 64; l++) {                               \
        const T t = a[AT_##AT(i, l)];                                  \
        acc[l] = SUM_##S(acc[l], t);                                   \
      }                                                                \
    for (int64_t l = 0; l < 64; l++)                                   \
      out[l] = FORM(T, S, MASK(l), acc[l], b[l]);                      \
  }

/* A tile of sixteen rows on the lanes, its arrays within. */
#define PLACE_TILE(T, S, MASK, FORM, AT, name)                                                          \
  DSC_NOINLINE void name(const arguments *e, int64_t lo, int64_t hi) {                                  \
    POINTERS(T)                                                                                         \
    T va[4 * 16] DSC_ALIGNED(64);                                                                       \
    uint8_t vm[4 * 16] DSC_ALIGNED(64);                                                                 \
    for (int64_t base = lo; base < hi; base += 16)                                                      \
      for (int64_t k = 0; k < 64; k += 4) {                                                             \
        for (int64_t n = 0; n < 4; n++) {                                                               \
          DSC_LANES for (int64_t l = 0; l < 16; l++) {                                                  \
            va[n * 16 + l] = a[AT_##AT(base + l, k + n)];                                               \
            vm[n * 16 + l] = MASK(AT_##AT(base + l, k + n));                                            \
          }                                                                                             \
        }                                                                                               \
        for (int64_t n = 0; n < 4; n++) {                                                               \
          DSC_LANES for (int64_t l = 0; l < 16; l++) {                                                  \
            const int64_t row = base + l;                                                               \
            (void)vm[n * 16 + l];                                                                       \
            out[row * 64 + k + n] = FORM(T, S, vm[n * 16 + l], va[n * 16 + l], b[AT_##AT(row, k + n)]); \
          }                                                                                             \
        }                                                                                               \
      }                                                                                                 \
  }

/* ---- the table: place, mask, form, layout; each for every type ---- */

#define EACH_FORM(X, place, mask, at) X(place, mask, BOTH, at) X(place, mask, FIRST, at) X(place, mask, SECOND, at)
/* The macros of macros that follow have no form that clang-format leaves alone. */
/* clang-format off */
#define EACH_PLACE(X) \
  EACH_FORM(X, LOOP, BYTE, CONTIGUOUS) EACH_FORM(X, LOOP, BYTE, STRIDED) EACH_FORM(X, LOOP, BYTE, TURNED) \
  EACH_FORM(X, LOOP, BYTE, REVERSED) EACH_FORM(X, LOOP, BYTE, COLUMN) EACH_FORM(X, LOOP, BYTE, ROW) \
  EACH_FORM(X, EPILOGUE, BYTE, CONTIGUOUS) EACH_FORM(X, EPILOGUE, BYTE, STRIDED) EACH_FORM(X, EPILOGUE, BYTE, COLUMN) \
  EACH_FORM(X, ALONG, BYTE, CONTIGUOUS) EACH_FORM(X, ALONG, BYTE, STRIDED) EACH_FORM(X, ALONG, BYTE, ROW) \
  EACH_FORM(X, ACROSS, BYTE, CONTIGUOUS) EACH_FORM(X, TILE, BYTE, CONTIGUOUS) EACH_FORM(X, TILE, BYTE, TURNED)
#define EACH_MASK(X, place)                                                                       \
  X(place, LOGIC, BOTH, CONTIGUOUS)                                                               \
  X(place, EITHER, SECOND, CONTIGUOUS)                                                            \
  X(place, f32, BOTH, CONTIGUOUS)                                                                 \
  X(place, f64, BOTH, CONTIGUOUS) X(place, i32, BOTH, CONTIGUOUS) X(place, i64, BOTH, CONTIGUOUS) \
      X(place, u8, BOTH, CONTIGUOUS) X(place, BYTE, LARGER, CONTIGUOUS) X(place, BYTE, SMALLER, CONTIGUOUS)
#define EACH_CHOICE(X) \
  EACH_PLACE(X) EACH_MASK(X, LOOP) EACH_MASK(X, EPILOGUE) EACH_MASK(X, ALONG) EACH_MASK(X, ACROSS) EACH_MASK(X, TILE)
/* clang-format on */

#define DEFINE(place, mask, form, at)                                                                       \
  PLACE_##place(float, f32, MASK_##mask, FORM_##form, at, place##_f32_##mask##_##form##_##at)               \
      PLACE_##place(double, f64, MASK_##mask, FORM_##form, at, place##_f64_##mask##_##form##_##at)          \
          PLACE_##place(int32_t, i32, MASK_##mask, FORM_##form, at, place##_i32_##mask##_##form##_##at)     \
              PLACE_##place(int64_t, i64, MASK_##mask, FORM_##form, at, place##_i64_##mask##_##form##_##at) \
                  PLACE_##place(uint8_t, u8, MASK_##mask, FORM_##form, at, place##_u8_##mask##_##form##_##at)
EACH_CHOICE(DEFINE)

/* ---- the right values ---- */

static int is_set(mask_kind mask, int64_t at) {
  const volatile uint8_t *p = masks[0], *q = masks[1];
  switch (mask) {
  case BYTE:
    return p[at];
  case LOGIC:
    return p[at] == 1 && q[at] == 0;
  case EITHER:
    return p[at] == 1 || q[at] == 1;
  case f32:
    return ((const volatile float *)data_f32[2])[at] < ((const volatile float *)data_f32[3])[at];
  case f64:
    return ((const volatile double *)data_f64[2])[at] >= ((const volatile double *)data_f64[3])[at];
  case i32:
    return ((const volatile int32_t *)data_i32[2])[at] != ((const volatile int32_t *)data_i32[3])[at];
  case i64:
    return ((const volatile int64_t *)data_i64[2])[at] <= ((const volatile int64_t *)data_i64[3])[at];
  case u8:
    return ((const volatile uint8_t *)data_u8[2])[at] > ((const volatile uint8_t *)data_u8[3])[at];
  }
  return 0;
}

static int checked, wrong;
static void report(const char *name, int64_t bad) {
  checked++;
  if (bad > 0) {
    wrong++;
    if (wrong <= 20)
      printf("%s: %d elements are wrong\n", name, (int)bad);
  }
}

#define DEFINE_REFERENCE(T, S)                                                                                         \
  static T wanted_##S(form_kind form, int m, T a, T b) {                                                               \
    volatile T result = 0;                                                                                             \
    if (form == LARGER || form == SMALLER) {                                                                           \
      /* NaN if either is; of two zeros, the second. */                                                                \
      result = b;                                                                                                      \
      if (a != a || (form == LARGER ? a > b : a < b))                                                                  \
        result = a;                                                                                                    \
    } else if (m) {                                                                                                    \
      if (form != SECOND)                                                                                              \
        result = a;                                                                                                    \
    } else if (form != FIRST) {                                                                                        \
      result = form == SECOND ? a : b;                                                                                 \
    }                                                                                                                  \
    return result;                                                                                                     \
  }                                                                                                                    \
  static T right_##S(place_kind place, mask_kind mask, form_kind form, layout_kind at, int64_t i, int64_t j) {         \
    const volatile T *a = data_##S[0], *b = data_##S[1];                                                               \
    if (place == ALONG) {                                                                                              \
      volatile T acc[16];                                                                                              \
      for (int l = 0; l < 16; l++)                                                                                     \
        acc[l] = 0;                                                                                                    \
      for (int64_t k = 0; k < COLUMNS; k++) {                                                                          \
        const int64_t from = position(at, i, k);                                                                       \
        const T t = wanted_##S(form, is_set(mask, from), a[from], b[from]), s = acc[k % 16];                           \
        acc[k % 16] = SUM_##S(s, t);                                                                                   \
      }                                                                                                                \
      for (int n = 8; n > 0; n /= 2)                                                                                   \
        for (int l = 0; l < n; l++) {                                                                                  \
          const T s = acc[l], t = acc[l + n];                                                                          \
          acc[l] = SUM_##S(s, t);                                                                                      \
        }                                                                                                              \
      return acc[0];                                                                                                   \
    }                                                                                                                  \
    if (place == ACROSS) {                                                                                             \
      volatile T sum = 0;                                                                                              \
      for (int64_t k = 0; k < ROWS; k++) {                                                                             \
        const T s = sum, t = a[position(at, k, j)];                                                                    \
        sum = SUM_##S(s, t);                                                                                           \
      }                                                                                                                \
      return wanted_##S(form, is_set(mask, j), sum, b[j]);                                                             \
    }                                                                                                                  \
    const int64_t from = position(at, i, j);                                                                           \
    return wanted_##S(form, is_set(mask, from), a[from], b[from]);                                                     \
  }                                                                                                                    \
  /* Two NaN are equal whatever their bits, everything else only with the same bits. */                                \
  static int same_##S(T a, T b) { return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0; }                        \
  static void compare_##S(const char *name, place_kind place, mask_kind mask, form_kind form, layout_kind at,          \
      void (*kernel)(const arguments *, int64_t, int64_t)) {                                                           \
    static const void *const compared[][2] = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {data_f32[2], data_f32[3]},    \
        {data_f64[2], data_f64[3]}, {data_i32[2], data_i32[3]}, {data_i64[2], data_i64[3]}, {data_u8[2], data_u8[3]}}; \
    const arguments e = {masks[0], masks[1], compared[mask][0], compared[mask][1], data_##S[0], data_##S[1], out_##S}; \
    memset(out_##S, 0x5a, sizeof out_##S);                                                                             \
    kernel(&e, 0, ROWS);                                                                                               \
    int64_t bad = 0;                                                                                                   \
    for (int64_t i = 0; i < (place == ACROSS ? 1 : ROWS); i++)                                                         \
      for (int64_t j = 0; j < (place == ALONG ? 1 : COLUMNS); j++) {                                                   \
        const T found = ((const volatile T *)out_##S)[place == ALONG ? i : i * COLUMNS + j];                           \
        bad += !same_##S(found, right_##S(place, mask, form, at, i, j));                                               \
      }                                                                                                                \
    report(name, bad);                                                                                                 \
  }
EACH_TYPE(DEFINE_REFERENCE)

#include "choices_shapes.h"

int main(void) {
  fill();
#define COMPARE(place, mask, form, at)                                                                            \
  compare_f32(#place " f32 " #mask " " #form " " #at, place, mask, form, at, place##_f32_##mask##_##form##_##at); \
  compare_f64(#place " f64 " #mask " " #form " " #at, place, mask, form, at, place##_f64_##mask##_##form##_##at); \
  compare_i32(#place " i32 " #mask " " #form " " #at, place, mask, form, at, place##_i32_##mask##_##form##_##at); \
  compare_i64(#place " i64 " #mask " " #form " " #at, place, mask, form, at, place##_i64_##mask##_##form##_##at); \
  compare_u8(#place " u8 " #mask " " #form " " #at, place, mask, form, at, place##_u8_##mask##_##form##_##at);
  EACH_CHOICE(COMPARE)
  shapes();
  if (wrong > 0)
    printf("%d of %d forms are wrong\n", wrong, checked);
  else
    printf("%d forms hold\n", checked);
  return wrong > 0;
}
