/* Rows sorted and summed up: each is computed by one thread, in one order of operations, so that bits depend on no thread.
 *
 *   dsc_rows_T_argsort(n, descending, x, order, scratch)   order = the positions of x in ascending order
 *   dsc_rows_T_cumsum(n, x, y)                             y[i] = x[0] + … + x[i]
 *
 * Equal numbers keep their order; -0 and 0 are equal, NaN is the greatest. `scratch` holds DSC_ROWS_SCRATCH bytes an element. */
#ifndef DESCENT_ROWS_H
#define DESCENT_ROWS_H

#include "descent_base.h"

/* Two of a key and a position. */
#define DSC_ROWS_SCRATCH(T) (2 * (sizeof(T) <= 4 ? 8 : 12))
/* Rows below this are sorted by merging, longer ones by digits. */
#define DSC_ROWS_MERGED 2048
/* Sums are taken in blocks of so many terms, and what a sum over blocks loses is kept. Decides bits. */
#define DSC_ROWS_BLOCK 32

/* ---- keys: unsigned numbers in the order of the elements ---- */

DSC_INLINE uint32_t dsc_rows_key_f32(float x) {
  uint32_t bits;
  x = x == 0.0f ? 0.0f : x;
  memcpy(&bits, &x, sizeof bits);
  return x != x ? UINT32_MAX : bits ^ (bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31);
}
DSC_INLINE uint64_t dsc_rows_key_f64(double x) {
  uint64_t bits;
  x = x == 0.0 ? 0.0 : x;
  memcpy(&bits, &x, sizeof bits);
  return x != x ? UINT64_MAX : bits ^ (bits >> 63 ? UINT64_MAX : UINT64_C(1) << 63);
}
DSC_INLINE uint32_t dsc_rows_key_i32(int32_t x) { return (uint32_t)x ^ UINT32_C(1) << 31; }
DSC_INLINE uint64_t dsc_rows_key_i64(int64_t x) { return (uint64_t)x ^ UINT64_C(1) << 63; }
DSC_INLINE uint32_t dsc_rows_key_u8(uint8_t x) { return x; }

/* ---- sorting keys with their positions ---- */

#define DSC_ROWS_DEFINE_SORT(KEY, NAME)                                                                                        \
  /* Keys, and the positions of their elements. */                                                                             \
  typedef struct {                                                                                                             \
    KEY *key;                                                                                                                  \
    int32_t *at;                                                                                                               \
  } dsc_rows_##NAME;                                                                                                           \
  /* Runs of 16 by insertion, then runs of twice the length by merging, from x to y and back. Gives the one that is sorted. */ \
  DSC_NOINLINE dsc_rows_##NAME dsc_rows_merge_##NAME(int64_t n, dsc_rows_##NAME x, dsc_rows_##NAME y) {                        \
    for (int64_t from = 0; from < n; from += 16) {                                                                             \
      const int64_t to = dsc_min_i64(from + 16, n);                                                                            \
      for (int64_t i = from + 1; i < to; i++) {                                                                                \
        const KEY k = x.key[i];                                                                                                \
        const int32_t position = x.at[i];                                                                                      \
        int64_t j = i;                                                                                                         \
        for (; j > from && x.key[j - 1] > k; j--) {                                                                            \
          x.key[j] = x.key[j - 1];                                                                                             \
          x.at[j] = x.at[j - 1];                                                                                               \
        }                                                                                                                      \
        x.key[j] = k;                                                                                                          \
        x.at[j] = position;                                                                                                    \
      }                                                                                                                        \
    }                                                                                                                          \
    for (int64_t run = 16; run < n; run *= 2) {                                                                                \
      for (int64_t from = 0; from < n; from += 2 * run) {                                                                      \
        const int64_t middle = dsc_min_i64(from + run, n), to = dsc_min_i64(from + 2 * run, n);                                \
        int64_t a = from, b = middle;                                                                                          \
        for (int64_t i = from; i < to; i++) {                                                                                  \
          const int isLeft = b == to || (a < middle && x.key[a] <= x.key[b]);                                                  \
          const int64_t next = isLeft ? a : b;                                                                                 \
          a += isLeft;                                                                                                         \
          b += !isLeft;                                                                                                        \
          y.key[i] = x.key[next];                                                                                              \
          y.at[i] = x.at[next];                                                                                                \
        }                                                                                                                      \
      }                                                                                                                        \
      const dsc_rows_##NAME sorted = y;                                                                                        \
      y = x;                                                                                                                   \
      x = sorted;                                                                                                              \
    }                                                                                                                          \
    return x;                                                                                                                  \
  }                                                                                                                            \
  /* By digits of 11 bits, the lowest first; a digit that all share is passed over. Gives the one that is sorted. */           \
  DSC_NOINLINE dsc_rows_##NAME dsc_rows_digits_##NAME(int64_t n, dsc_rows_##NAME x, dsc_rows_##NAME y) {                       \
    enum { BITS = 11, SIZE = 1 << BITS, DIGITS = (8 * sizeof(KEY) + BITS - 1) / BITS };                                        \
    static const KEY mask = SIZE - 1;                                                                                          \
    int64_t count[DIGITS][SIZE];                                                                                               \
    memset(count, 0, sizeof count);                                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                                                          \
      for (int d = 0; d < DIGITS; d++)                                                                                         \
        count[d][x.key[i] >> d * BITS & mask]++;                                                                               \
    }                                                                                                                          \
    for (int d = 0; d < DIGITS; d++) {                                                                                         \
      if (count[d][x.key[0] >> d * BITS & mask] == n)                                                                          \
        continue;                                                                                                              \
      int64_t sum = 0;                                                                                                         \
      for (int v = 0; v < SIZE; v++) {                                                                                         \
        const int64_t c = count[d][v];                                                                                         \
        count[d][v] = sum;                                                                                                     \
        sum += c;                                                                                                              \
      }                                                                                                                        \
      for (int64_t i = 0; i < n; i++) {                                                                                        \
        const int64_t to = count[d][x.key[i] >> d * BITS & mask]++;                                                            \
        y.key[to] = x.key[i];                                                                                                  \
        y.at[to] = x.at[i];                                                                                                    \
      }                                                                                                                        \
      const dsc_rows_##NAME sorted = y;                                                                                        \
      y = x;                                                                                                                   \
      x = sorted;                                                                                                              \
    }                                                                                                                          \
    return x;                                                                                                                  \
  }
DSC_ROWS_DEFINE_SORT(uint32_t, u32)
DSC_ROWS_DEFINE_SORT(uint64_t, u64)

#define DSC_ROWS_DEFINE_ARGSORT(T, KEY, NAME, KEYS)                                                                   \
  DSC_NOINLINE void dsc_rows_##NAME##_argsort(int64_t n, int descending, const T *x, int32_t *order, void *scratch) { \
    KEY *const keys = (KEY *)scratch;                                                                                 \
    int32_t *const positions = (int32_t *)(keys + 2 * n);                                                             \
    const dsc_rows_##KEYS first = {keys, positions}, second = {keys + n, positions + n};                              \
    for (int64_t i = 0; i < n; i++) {                                                                                 \
      const KEY k = dsc_rows_key_##NAME(x[i]);                                                                        \
      first.key[i] = descending ? ~k : k;                                                                             \
      first.at[i] = (int32_t)i;                                                                                       \
    }                                                                                                                 \
    const dsc_rows_##KEYS sorted =                                                                                    \
        n < DSC_ROWS_MERGED ? dsc_rows_merge_##KEYS(n, first, second) : dsc_rows_digits_##KEYS(n, first, second);     \
    memcpy(order, sorted.at, (size_t)n * sizeof *order);                                                              \
  }
DSC_ROWS_DEFINE_ARGSORT(float, uint32_t, f32, u32)
DSC_ROWS_DEFINE_ARGSORT(double, uint64_t, f64, u64)
DSC_ROWS_DEFINE_ARGSORT(int32_t, uint32_t, i32, u32)
DSC_ROWS_DEFINE_ARGSORT(int64_t, uint64_t, i64, u64)
DSC_ROWS_DEFINE_ARGSORT(uint8_t, uint32_t, u8, u32)

/* ---- sums of all elements up to each ---- */

/* In f32 terms are added in f64. In f64 a block's sums begin at 0 and are added to the sum of the blocks before it, whose lost
 * digits (Knuth's two-sum) are kept, so that errors do not grow with n. */
DSC_INLINE void dsc_rows_f32_cumsum(int64_t n, const float *x, float *y) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) {
    sum += (double)x[i];
    y[i] = (float)sum;
  }
}
DSC_INLINE void dsc_rows_f64_cumsum(int64_t n, const double *x, double *y) {
  double before = 0.0, lost = 0.0;
  for (int64_t from = 0; from < n; from += DSC_ROWS_BLOCK) {
    const int64_t to = dsc_min_i64(from + DSC_ROWS_BLOCK, n);
    double sum = 0.0;
    for (int64_t i = from; i < to; i++) {
      sum += x[i];
      y[i] = before + (sum + lost);
    }
    const double all = before + sum, part = all - before, rest = (before - (all - part)) + (sum - part);
    /* Beside an infinity nothing is lost. */
    lost = rest == rest ? lost + rest : lost;
    before = all;
  }
}
DSC_INLINE void dsc_rows_i32_cumsum(int64_t n, const int32_t *x, int32_t *y) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; i++)
    y[i] = sum = (int32_t)((uint32_t)sum + (uint32_t)x[i]);
}
DSC_INLINE void dsc_rows_i64_cumsum(int64_t n, const int64_t *x, int64_t *y) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n; i++)
    y[i] = sum = (int64_t)((uint64_t)sum + (uint64_t)x[i]);
}

#endif
