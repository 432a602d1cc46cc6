/* Checks the matrix product bit for bit against the naive chain of multiply-adds: sizes odd and even, all layouts, pieces
 * in any order, f32 and f64. Each output must be written exactly once. Prints one line; exits 1 at the first difference. */
#include "descent_gemm.h"
#include <stdio.h>
#include <stdlib.h>

static uint32_t seed = 1;
static double random_number(void) {
  seed = seed * 1664525U + 1013904223U;
  return (double)(int32_t)seed / 2147483648.0;
}

static int cases = 0;

/* Where an operand lies: its strides and the elements it covers. The blocks are allocated exactly, for the sanitizer. */
typedef struct {
  int64_t rs, cs, count;
} layout;

static layout layout_of(int kind, int64_t rows, int64_t columns) {
  const int64_t gap = kind >= 2 ? 3 : 0;
  layout l = {columns + gap, 1, 0};
  if (kind % 2 == 1)
    l.rs = 1, l.cs = rows + gap;
  if (kind == 4)
    l.rs = 2 * columns + 1, l.cs = 2;
  l.count = (rows - 1) * l.rs + (columns - 1) * l.cs + 1;
  return l;
}

/* Positions by functions, as a convolution's windows have them. */
static layout index_a, index_b;
static int64_t a_row(int64_t i) { return i * index_a.rs; }
static int64_t a_k(int64_t k) { return k * index_a.cs; }
static int64_t b_k(int64_t k) { return k * index_b.rs; }
static int64_t b_col(int64_t j) { return j * index_b.cs; }

#define DEFINE_CHECK(T, S)                                                                                             \
  typedef struct {                                                                                                     \
    T *out;                                                                                                            \
    unsigned char *writes;                                                                                             \
    int64_t columns;                                                                                                   \
  } target_##S;                                                                                                        \
                                                                                                                       \
  DSC_INLINE void shift_##S(const void *env, const T *acc, int64_t stride, int64_t row, int64_t rows, int64_t col,     \
                            int64_t cols) {                                                                            \
    const target_##S *const to = (const target_##S *)env;                                                              \
    for (int64_t i = 0; i < rows; i++)                                                                                 \
      for (int64_t j = 0; j < cols; j++) {                                                                             \
        const int64_t at = (row + i) * to->columns + col + j;                                                          \
        to->out[at] = acc[i * stride + j] + (T)1;                                                                      \
        to->writes[at]++;                                                                                              \
      }                                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  /* step: pieces are computed step at a time, from the last to the first when it is negative. */                      \
  DSC_NOINLINE void check_##S(int64_t M, int64_t N, int64_t K, int a_kind, int b_kind, int64_t step) {                 \
    const layout la = layout_of(a_kind, M, K), lb = layout_of(b_kind, K, N);                                           \
    T *const a = (T *)malloc((size_t)la.count * sizeof(T)), *const b = (T *)malloc((size_t)lb.count * sizeof(T));      \
    T *const c = (T *)calloc((size_t)(M * N), sizeof(T));                                                              \
    unsigned char *const writes = (unsigned char *)calloc((size_t)(M * N), 1);                                         \
    const size_t bytes = (size_t)DSC_GEMM_SCRATCH_BYTES(M, N, K, sizeof(T));                                           \
    void *const scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);                                                   \
    memset(scratch, 0xff, bytes);                                                                                      \
    for (int64_t i = 0; i < la.count; i++)                                                                             \
      a[i] = (T)random_number();                                                                                       \
    for (int64_t i = 0; i < lb.count; i++)                                                                             \
      b[i] = (T)random_number();                                                                                       \
    if (cases % 7 == 3)                                                                                                \
      a[la.count / 2] = (T)INFINITY, b[lb.count / 3] = (T)NAN;                                                         \
    const target_##S target = {c, writes, N};                                                                          \
    index_a = la, index_b = lb;                                                                                        \
    const int64_t pieces = dsc_gemm_pieces(M, N, K), stride = step < 0 ? -step : step;                                 \
    for (int64_t done = 0; done < pieces; done += stride) {                                                            \
      const int64_t end = done + stride < pieces ? done + stride : pieces;                                             \
      const int64_t from = step < 0 ? pieces - end : done, to = step < 0 ? pieces - done : end;                        \
      /* Every third time positions come from functions, for A, for B or for both. */                                  \
      if (cases % 3 == 0)                                                                                              \
        dsc_gemm_##S##_run_at(M, N, K, a, la.rs, la.cs, cases % 2 ? NULL : a_row, cases % 2 ? NULL : a_k, b, lb.rs,    \
                              lb.cs, cases % 4 == 2 ? NULL : b_k, cases % 4 == 2 ? NULL : b_col, from, to, scratch,    \
                              shift_##S, &target);                                                                     \
      else                                                                                                             \
        dsc_gemm_##S##_run(M, N, K, a, la.rs, la.cs, b, lb.rs, lb.cs, from, to, scratch, shift_##S, &target);          \
    }                                                                                                                  \
    for (int64_t i = 0; i < M; i++)                                                                                    \
      for (int64_t j = 0; j < N; j++) {                                                                                \
        T acc = 0;                                                                                                     \
        for (int64_t k = 0; k < K; k++)                                                                                \
          acc = dsc_fma_##S(a[i * la.rs + k * la.cs], b[k * lb.rs + j * lb.cs], acc);                                  \
        acc += (T)1;                                                                                                   \
        const int same = memcmp(&acc, &c[i * N + j], sizeof acc) == 0 || (acc != acc && c[i * N + j] != c[i * N + j]); \
        if (!same || writes[i * N + j] != 1) {                                                                         \
          printf(#S " %d x %d x %d, layouts %d %d, step %d: output %d,%d is %.9g, not %.9g; %d writes\n", (int)M,      \
                 (int)N, (int)K, a_kind, b_kind, (int)step, (int)i, (int)j, (double)c[i * N + j], (double)acc,         \
                 writes[i * N + j]);                                                                                   \
          exit(1);                                                                                                     \
        }                                                                                                              \
      }                                                                                                                \
    free(a), free(b), free(c), free(writes), free(scratch);                                                            \
    cases++;                                                                                                           \
  }
DEFINE_CHECK(float, f32)
DEFINE_CHECK(double, f64)

static void check(int64_t M, int64_t N, int64_t K, int a_kind, int b_kind, int64_t step) {
  check_f32(M, N, K, a_kind, b_kind, step);
  check_f64(M, N, K, a_kind, b_kind, step);
}

/* Every small size around the edges of tiles, in all plain layouts. */
static void check_edges(void) {
  static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 16, 17, 31, 32, 33};
  static const int64_t depths[] = {1, 2, 5, 16, 19};
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 16; j++)
      for (int k = 0; k < 5; k++)
        for (int kinds = 0; kinds < 4; kinds++)
          check(sizes[i], sizes[j], depths[k], kinds % 2, kinds / 2, 1);
  for (int kinds = 0; kinds < 25; kinds++)
    check(13, 37, 9, kinds % 5, kinds / 5, 1), check(1, 300, 17, kinds % 5, kinds / 5, 1),
        check(40, 1, 33, kinds % 5, kinds / 5, 1);
}

/* Several pieces and several blocks of k, the pieces in three orders. */
static void check_pieces(void) {
  static const int64_t shapes[][3] = {{128, 256, 784}, {128, 10, 128}, {200, 300, 1100}, {1, 700, 2100}, {700, 1, 2100},
                                      {700, 3, 1500},  {1000, 40, 65}, {5, 1000, 700},   {8, 300, 1030}, {60, 70, 4200}};
  for (int i = 0; i < 10; i++)
    for (int kinds = 0; kinds < 4; kinds++) {
      const int64_t steps[3] = {1, -1, 1000};
      check(shapes[i][0], shapes[i][1], shapes[i][2], kinds % 2, kinds / 2, steps[(i + kinds) % 3]);
    }
}

int main(void) {
  check_edges();
  check_pieces();
  printf("%d products equal the chain bit for bit (vectors of %d bytes, tiles of %d rows)\n", cases, DSC_GEMM_VECTOR,
         DSC_GEMM_ROWS);
  return 0;
}
