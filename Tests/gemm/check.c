/* Checks the matrix product bit for bit against its order of sums written plainly: sizes odd and even, all layouts,
 * macro- tiles in any order, f32 and f64. Each output must be written exactly once. Prints one line; exits 1 at the
 * first difference. */
#include "descent_gemm_f32.h"
#include "descent_gemm_f64.h"
#include <stdio.h>
#include <stdlib.h>

static uint32_t seed = 1;
static double random_number(void) {
  seed = seed * 1664525U + 1013904223U;
  return (double)(int32_t)seed / 2147483648.0;
}

static int cases = 0;

/* Where an operand lies: its strides and the elements it covers. The blocks are allocated exactly, for the sanitizer.
 * */
typedef struct {
  int64_t row, col, count;
  int64_t row_run, row_gap, col_run, col_gap; /* elements are left out after each run */
} layout;

static int64_t row_at(layout l, int64_t i) { return i * l.row + i / l.row_run * l.row_gap; }
static int64_t col_at(layout l, int64_t j) { return j * l.col + j / l.col_run * l.col_gap; }

static layout layout_of(int kind, int64_t rows, int64_t columns) {
  const int64_t gap = kind >= 2 ? 3 : 0;
  layout l = {columns + gap, 1, 0, INT64_MAX, 0, INT64_MAX, 0};
  if (kind % 2 == 1)
    l.row = 1, l.col = rows + gap;
  if (kind == 4)
    l.row = 2 * columns + 1, l.col = 2;
  if (kind >= 5) { /* windows: of a line of 3 channels, and their transpose */
    l.row = kind == 5 ? 3 : 1, l.row_run = kind == 5 ? (columns % 4 ? 14 : 16) : 9, l.row_gap = 5;
    l.col = kind == 5 ? 1 : 3, l.col_run = kind == 5 ? 9 : 20, l.col_gap = 7;
  }
  l.count = row_at(l, rows - 1) + col_at(l, columns - 1) + 1;
  return l;
}

/* Positions by functions, as a convolution's windows have them. */
static layout index_a, index_b;
static int64_t a_row_at(int64_t i) { return row_at(index_a, i); }
static int64_t a_k_at(int64_t k) { return col_at(index_a, k); }
static int64_t b_k_at(int64_t k) { return row_at(index_b, k); }
static int64_t b_col_at(int64_t j) { return col_at(index_b, j); }

#define T float
#define SUFFIX(name) name##_f32
#define GEMM(name) dsc_gemm_f32##name
#define FMA dsc_fma_f32
#include "check_body.h"
#undef T
#undef SUFFIX
#undef GEMM
#undef FMA

#define T double
#define SUFFIX(name) name##_f64
#define GEMM(name) dsc_gemm_f64##name
#define FMA dsc_fma_f64
#include "check_body.h"

static void check(int64_t M, int64_t N, int64_t K, int a_kind, int b_kind, int64_t step) {
  check_f32(M, N, K, a_kind, b_kind, step);
  check_f64(M, N, K, a_kind, b_kind, step);
}

/* Every small size around the edges of micro-tiles, in all plain layouts. */
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

/* A read in place by runs, in one block of k and in several; B packed, and where it lies. */
static void check_runs(void) {
  static const int64_t shapes[][3] = {{8, 5, 9}, {16, 16, 27}, {40, 16, 80}, {41, 32, 1030}, {160, 48, 290},
      {320, 33, 576}, {27, 16, 4000}, {144, 64, 1100}, {600, 128, 90}, {7, 16, 90}, {28, 32, 90}, {14, 48, 700}};
  for (int i = 0; i < (int)(sizeof shapes / sizeof shapes[0]); i++)
    for (int a_kind = 5; a_kind < 7; a_kind++)
      for (int b_kind = 0; b_kind < 5; b_kind++)
        check(shapes[i][0], shapes[i][1], shapes[i][2], a_kind, b_kind, b_kind - 2 ? b_kind - 2 : 3);
}

static void check_all_parts(void) {
  static const int64_t shapes[][3] = {{9, 32, 5000}, {27, 16, 9001}, {144, 16, 32768}, {4, 3, 20000}, {30, 2, 4097}};
  for (int i = 0; i < (int)(sizeof shapes / sizeof shapes[0]); i++) {
    check_parts_f32(shapes[i][0], shapes[i][1], shapes[i][2]);
    check_parts_f64(shapes[i][0], shapes[i][1], shapes[i][2]);
  }
}

/* Several macro-tiles and several blocks of k, the tiles in three orders. */
static void check_tiles(void) {
  static const int64_t shapes[][3] = {{128, 256, 784}, {128, 10, 128}, {200, 300, 1100}, {1, 700, 2100}, {700, 1, 2100},
      {700, 3, 1500}, {1000, 40, 65}, {5, 1000, 700}, {8, 300, 1030}, {60, 70, 4200}, {5, 7, 20000}, {1, 33, 9001}};
  for (int i = 0; i < (int)(sizeof shapes / sizeof shapes[0]); i++)
    for (int kinds = 0; kinds < 4; kinds++) {
      const int64_t steps[3] = {1, -1, 1000};
      check(shapes[i][0], shapes[i][1], shapes[i][2], kinds % 2, kinds / 2, steps[(i + kinds) % 3]);
    }
}

int main(void) {
  check_edges();
  check_tiles();
  check_runs();
  check_all_parts();
  printf("%d products equal their order of sums bit for bit (vectors of %d bytes, micro-tiles of %d rows)\n", cases,
      DSC_GEMM_VECTOR, DSC_GEMM_MR);
  return 0;
}
