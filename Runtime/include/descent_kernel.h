/* What emitted kernels share: who does which part, choices, and indices kept inside their arrays.
 * A program that defines DSC_ONE_THREAD uses one, whether it is built with OpenMP or not. */
#ifndef DESCENT_KERNEL_H
#define DESCENT_KERNEL_H

#include "descent_base.h"

#if defined(_OPENMP) && !defined(DSC_ONE_THREAD)
#include <omp.h>
#define DSC_BARRIER _Pragma("omp barrier")
#else
#define DSC_BARRIER
#endif

/* DSC_LANES: a loop over the rows of a tile, which clang would unroll to scalars before it thinks of vectors.
 * DSC_UNROLL: a short loop within one, which must be gone for the outer to become vectors. */
#if defined(__clang__)
#define DSC_LANES _Pragma("clang loop unroll(disable)")
#define DSC_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define DSC_LANES
#define DSC_UNROLL _Pragma("GCC unroll 64")
#else
#define DSC_LANES
#define DSC_UNROLL
#endif

/* DSC_BRANCH stands behind an `if` in a loop and keeps it one: the loads and stores that follow are never masked ones.
 * A loop behind it may become vectors, a loop around it not. */
#if defined(__GNUC__)
#define DSC_BRANCH __asm__ volatile("")
#else
#define DSC_BRANCH (void)0
#endif

/* A contiguous part lo ..< hi of a kernel's iterations. */
typedef struct {
  int64_t lo, hi;
} dsc_span;

/* The part of `iterations` that is `thread`'s, cut at multiples of `chunk_size`; whether there is any. Results never depend on
 * the cut. */
DSC_INLINE int dsc_share(dsc_span *s, int64_t iterations, int64_t chunk_size, int64_t thread, int64_t threads) {
  const int64_t blocks = (iterations + chunk_size - 1) / chunk_size;
  s->lo = blocks * thread / threads * chunk_size;
  s->hi = blocks * (thread + 1) / threads * chunk_size;
  if (s->hi > iterations)
    s->hi = iterations;
  return s->lo < s->hi;
}

/* What begins at a byte of the arena. */
#define DSC_DEFINE_AT(T, SUFFIX) \
  DSC_INLINE T *dsc_at_##SUFFIX(unsigned char *arena, int64_t offset) { return (T *)(void *)(arena + offset); }
DSC_DEFINE_AT(float, f32)
DSC_DEFINE_AT(double, f64)
DSC_DEFINE_AT(int32_t, i32)
DSC_DEFINE_AT(int64_t, i64)
DSC_DEFINE_AT(uint8_t, u8)
#undef DSC_DEFINE_AT

/* Copies this thread's share of the bytes. */
DSC_INLINE void dsc_copy_share(void *to, const void *from, int64_t bytes, int64_t thread, int64_t threads) {
  dsc_span s;
  if (dsc_share(&s, bytes, 4096, thread, threads))
    memcpy((unsigned char *)to + s.lo, (const unsigned char *)from + s.lo, (size_t)(s.hi - s.lo));
}

/* How many ones x has in binary. */
DSC_INLINE int64_t dsc_ones(int64_t x) {
  int64_t ones = 0;
  for (; x != 0; x &= x - 1)
    ones++;
  return ones;
}
/* How many of the lowest bits of x are ones without a break. */
DSC_INLINE int64_t dsc_trailing_ones(int64_t x) { return dsc_ones(x ^ (x + 1)) - 1; }

/* A long sum is cut in blocks whose partial sums meet in a pairwise tree, so that its error grows with the logarithm of
 * its length. The blocks come one after another and a stack holds what waits: before block x as many partial sums as x
 * has ones in binary, of which those of the ones at its end join block x. Each partial sum is `n` numbers, a lane each.
 *   push    takes the partial sum of block `block`; `sum` is overwritten
 *   finish  gives the sum of all `blocks` */
#define DSC_DEFINE_TREE(T, SUFFIX)                                                              \
  DSC_INLINE void dsc_tree_push_##SUFFIX(T *stack, int64_t n, int64_t block, T *sum) {          \
    T *top = stack + dsc_ones(block) * n;                                                       \
    for (int64_t join = dsc_trailing_ones(block); join > 0; join--) {                           \
      top -= n;                                                                                 \
      for (int64_t l = 0; l < n; l++)                                                           \
        sum[l] = top[l] + sum[l];                                                               \
    }                                                                                           \
    for (int64_t l = 0; l < n; l++)                                                             \
      top[l] = sum[l];                                                                          \
  }                                                                                             \
  DSC_INLINE void dsc_tree_finish_##SUFFIX(const T *stack, int64_t n, int64_t blocks, T *sum) { \
    const T *top = stack + (dsc_ones(blocks) - 1) * n;                                          \
    for (int64_t l = 0; l < n; l++)                                                             \
      sum[l] = top[l];                                                                          \
    while (top > stack) {                                                                       \
      top -= n;                                                                                 \
      for (int64_t l = 0; l < n; l++)                                                           \
        sum[l] = top[l] + sum[l];                                                               \
    }                                                                                           \
  }
DSC_DEFINE_TREE(float, f32)
DSC_DEFINE_TREE(double, f64)
#undef DSC_DEFINE_TREE

/* The n values of an array combined in a tree, neighbours half the array apart; it leaves nothing of them. */
#define DSC_DEFINE_TOTAL(NAME, T, SUFFIX, COMBINED)          \
  DSC_INLINE T dsc_tree_##NAME##_##SUFFIX(T *x, int64_t n) { \
    for (int64_t half; n > 1; n = half) {                    \
      half = (n + 1) / 2;                                    \
      for (int64_t l = 0; l < n - half; l++) {               \
        const T a = x[l], b = x[l + half];                   \
        x[l] = COMBINED;                                     \
      }                                                      \
    }                                                        \
    return x[0];                                             \
  }
#define DSC_DEFINE_TOTALS(T, SUFFIX, SUM, PRODUCT)         \
  DSC_DEFINE_TOTAL(sum, T, SUFFIX, SUM)                    \
  DSC_DEFINE_TOTAL(product, T, SUFFIX, PRODUCT)            \
  DSC_DEFINE_TOTAL(max, T, SUFFIX, dsc_max_##SUFFIX(a, b)) \
  DSC_DEFINE_TOTAL(min, T, SUFFIX, dsc_min_##SUFFIX(a, b))
DSC_DEFINE_TOTALS(float, f32, a + b, a *b)
DSC_DEFINE_TOTALS(double, f64, a + b, a *b)
DSC_DEFINE_TOTALS(int32_t, i32, (int32_t)((uint32_t)a + (uint32_t)b), (int32_t)((uint32_t)a *(uint32_t)b))
DSC_DEFINE_TOTALS(int64_t, i64, (int64_t)((uint64_t)a + (uint64_t)b), (int64_t)((uint64_t)a *(uint64_t)b))
DSC_DEFINE_TOTALS(uint8_t, u8, (uint8_t)(a + b), (uint8_t)(a *b))
#undef DSC_DEFINE_TOTALS
#undef DSC_DEFINE_TOTAL

/* a where p is 1, b where p is 0. No choice that a compiler could take for a branch: it might move a load into an arm
 * and make a masked load of it, which gcc 11 and 12 get wrong where a row of them is one group (all take the first
 * vector's mask). */
DSC_INLINE float dsc_select_f32(uint8_t p, float a, float b) {
  const uint32_t x = dsc_bits_f32(a), y = dsc_bits_f32(b);
  return dsc_from_bits_f32(x ^ ((x ^ y) & ((uint32_t)p - 1u)));
}

DSC_INLINE double dsc_select_f64(uint8_t p, double a, double b) {
  const uint64_t x = dsc_bits_f64(a), y = dsc_bits_f64(b);
  return dsc_from_bits_f64(x ^ ((x ^ y) & ((uint64_t)p - 1u)));
}

DSC_INLINE int32_t dsc_select_i32(uint8_t p, int32_t a, int32_t b) { return a ^ ((a ^ b) & ((int32_t)p - 1)); }
DSC_INLINE int64_t dsc_select_i64(uint8_t p, int64_t a, int64_t b) { return a ^ ((a ^ b) & ((int64_t)p - 1)); }
DSC_INLINE uint8_t dsc_select_u8(uint8_t p, uint8_t a, uint8_t b) { return (uint8_t)(a ^ ((a ^ b) & (p - 1))); }

/* Integers, which wrap. */
#define DSC_DEFINE_WRAPPING(T, U, SUFFIX)                                   \
  DSC_INLINE T dsc_add_##SUFFIX(T a, T b) { return (T)((U)a + (U)b); }      \
  DSC_INLINE T dsc_subtract_##SUFFIX(T a, T b) { return (T)((U)a - (U)b); } \
  DSC_INLINE T dsc_multiply_##SUFFIX(T a, T b) { return (T)((U)a * (U)b); }
DSC_DEFINE_WRAPPING(int32_t, uint32_t, i32)
DSC_DEFINE_WRAPPING(int64_t, uint64_t, i64)
#undef DSC_DEFINE_WRAPPING

/* The index nearest to i in 0 ..< n. */
DSC_INLINE int64_t dsc_clamp_index(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

#endif
