/* Linear algebra for elements of type DSC_T, under names that DSC_NAME makes: an include template.
 * Contents: products; triangular systems; Cholesky's factor; LU with partial pivoting and linear systems; and by inclusion
 * orthogonal factors, singular values, the exponential.
 * After Golub and van Loan, Matrix Computations, 2013, sections 3.1 to 4.2. */
#include "descent_gemm_vector_body.h"

/* ---- products ---- */

/* sum = the products of `rows` rows of A and a panel of B, two vectors wide. */
DSC_INLINE void DSC_NAME(_tile)(
    const int rows, int64_t depth, const DSC_T *a, int64_t a_row, int64_t a_k, const DSC_T *panel, DSC_T *sum) {
  const int lanes = DSC_GEMM_LANES(sizeof(DSC_T));
  DSC_NAME(_vector) acc[DSC_GEMM_MR][2];
  DSC_GEMM_UNROLL
  for (int i = 0; i < rows; i++)
    acc[i][0] = acc[i][1] = DSC_NAME(_fill)(0);
  DSC_GEMM_ROLLED
  for (int64_t k = 0; k < depth; k++) {
    const DSC_NAME(_vector) left = DSC_NAME(_load)(panel), right = DSC_NAME(_load)(panel + lanes);
    DSC_GEMM_UNROLL
    for (int i = 0; i < rows; i++) {
      const DSC_NAME(_vector) x = DSC_NAME(_fill)(a[i * a_row + k * a_k]);
      acc[i][0] = DSC_NAME(_fma)(x, left, acc[i][0]);
      acc[i][1] = DSC_NAME(_fma)(x, right, acc[i][1]);
    }
    panel += 2 * lanes;
  }
  DSC_GEMM_UNROLL
  for (int i = 0; i < rows; i++) {
    DSC_NAME(_store)(sum + i * 2 * lanes, acc[i][0]);
    DSC_NAME(_store)(sum + (i * 2 + 1) * lanes, acc[i][1]);
  }
}

DSC_NOINLINE void DSC_NAME(_full_tile)(
    int64_t depth, const DSC_T *a, int64_t a_row, int64_t a_k, const DSC_T *panel, DSC_T *sum) {
  DSC_NAME(_tile)(DSC_GEMM_MR, depth, a, a_row, a_k, panel, sum);
}
DSC_NOINLINE void DSC_NAME(_row_tile)(
    int64_t depth, const DSC_T *a, int64_t a_row, int64_t a_k, const DSC_T *panel, DSC_T *sum) {
  DSC_NAME(_tile)(1, depth, a, a_row, a_k, panel, sum);
}

/* A matrix that lies by strides: element (i, j) at data[i row + j col]. */
typedef struct {
  const DSC_T *data;
  int64_t row, col;
} DSC_NAME(_strided);

DSC_INLINE DSC_NAME(_strided) DSC_NAME(_at)(const DSC_T *data, int64_t row, int64_t col) {
  const DSC_NAME(_strided) x = {data, row, col};
  return x;
}
DSC_INLINE DSC_NAME(_strided) DSC_NAME(_part)(DSC_NAME(_strided) x, int64_t i, int64_t j) {
  x.data += i * x.row + j * x.col;
  return x;
}

/* C += sign A B for an m x depth and a depth x n matrix, row i of C at c + i c_row; of a square C its upper triangle at
 * least. Steps of the sum are taken in blocks of 64, each a chain of fused multiply-adds from 0. */
DSC_NOINLINE void DSC_NAME(_add_product)(DSC_T sign, int64_t m, int64_t n, int64_t depth, DSC_NAME(_strided) a,
    DSC_NAME(_strided) b, DSC_T *c, int64_t c_row, int is_upper) {
  enum { width = 2 * DSC_GEMM_LANES(sizeof(DSC_T)), block = DSC_LINALG_BLOCK };
  DSC_T panel[block * width] DSC_ALIGNED(64), sum[DSC_GEMM_MR * width] DSC_ALIGNED(64);
  for (int64_t first = 0; first < depth; first += block) {
    const int64_t steps = dsc_min_i64(block, depth - first);
    for (int64_t col = 0; col < n; col += width) {
      const int64_t cols = dsc_min_i64(width, n - col);
      for (int64_t k = 0; k < steps; k++) {
        const DSC_T *from = b.data + (first + k) * b.row + col * b.col;
        DSC_T *to = panel + k * width;
        for (int64_t j = 0; j < cols; j++)
          to[j] = from[j * b.col];
        for (int64_t j = cols; j < width; j++)
          to[j] = 0;
      }
      const int64_t rows = is_upper ? dsc_min_i64(m, col + cols) : m;
      for (int64_t row = 0, height; row < rows; row += height) {
        const DSC_T *left = a.data + row * a.row + first * a.col;
        height = rows - row >= DSC_GEMM_MR ? DSC_GEMM_MR : 1;
        if (height > 1)
          DSC_NAME(_full_tile)(steps, left, a.row, a.col, panel, sum);
        else
          DSC_NAME(_row_tile)(steps, left, a.row, a.col, panel, sum);
        for (int64_t i = 0; i < height; i++) {
          DSC_T *to = c + (row + i) * c_row + col;
          for (int64_t j = 0; j < cols; j++)
            to[j] = DSC_FMA(sign, sum[i * width + j], to[j]);
        }
      }
    }
  }
}

/* The square root: that of a float, rounded from that of a double, is right. */
DSC_INLINE DSC_T DSC_NAME(_root)(DSC_T x) { return (DSC_T)sqrt((double)x); }

/* y -= f x, of n elements. */
DSC_INLINE void DSC_NAME(_subtract_row)(int64_t n, DSC_T f, const DSC_T *x, DSC_T *y) {
  for (int64_t j = 0; j < n; j++)
    y[j] = DSC_FMA(-f, x[j], y[j]);
}

/* ---- triangular systems ---- */

/* X in place of B with T X = B, for a lower triangular T, from the first row on, or for an upper one from the last; row i of X
 * at x + i x_row, of n columns. The diagonal of T counts as 1 where `is_unit`. */
DSC_INLINE void DSC_NAME(_substitute)(
    int64_t m, int64_t n, DSC_NAME(_strided) t, int is_lower, int is_unit, DSC_T *x, int64_t x_row) {
  for (int64_t step = 0; step < m; step++) {
    const int64_t i = is_lower ? step : m - 1 - step;
    const int64_t first = is_lower ? 0 : i + 1, end = is_lower ? i : m;
    DSC_T *row = x + i * x_row;
    for (int64_t k = first; k < end; k++)
      DSC_NAME(_subtract_row)(n, t.data[i * t.row + k * t.col], x + k * x_row, row);
    if (is_unit)
      continue;
    const DSC_T pivot = t.data[i * t.row + i * t.col];
    for (int64_t j = 0; j < n; j++)
      row[j] /= pivot;
  }
}

DSC_NOINLINE void DSC_NAME(_substitute_blocks)(
    int64_t m, int64_t n, DSC_NAME(_strided) t, int is_lower, int is_unit, DSC_T *x, int64_t x_row) {
  const int64_t blocks = (m + DSC_LINALG_BLOCK - 1) / DSC_LINALG_BLOCK;
  for (int64_t step = 0; step < blocks; step++) {
    const int64_t first = (is_lower ? step : blocks - 1 - step) * DSC_LINALG_BLOCK;
    const int64_t rows = dsc_min_i64(DSC_LINALG_BLOCK, m - first), end = first + rows;
    DSC_NAME(_substitute)
    (rows, n, DSC_NAME(_part)(t, first, first), is_lower, is_unit, x + first * x_row, x_row);
    const int64_t row = is_lower ? end : 0, rest = is_lower ? m - end : first;
    DSC_NAME(_add_product)
    (-1, rest, n, rows, DSC_NAME(_part)(t, row, first), DSC_NAME(_at)(x + first * x_row, x_row, 1), x + row * x_row,
        x_row, 0);
  }
}

DSC_INLINE void DSC_NAME(_triangular)(
    int64_t m, int64_t n, DSC_NAME(_strided) t, int is_lower, int is_unit, DSC_T *x, int64_t x_row) {
  if (m <= DSC_LINALG_BLOCK)
    DSC_NAME(_substitute)(m, n, t, is_lower, is_unit, x, x_row);
  else
    DSC_NAME(_substitute_blocks)(m, n, t, is_lower, is_unit, x, x_row);
}

/* x[m, n] with T x = b or, transposed, Tᵀ x = b, T being the lower or the upper triangle of a[m, m]. */
DSC_INLINE void DSC_NAME(_triangular_solve)(
    int64_t m, int64_t n, int is_lower, int is_transposed, int is_unit, const DSC_T *a, const DSC_T *b, DSC_T *x) {
  memcpy(x, b, (size_t)(m * n) * sizeof(DSC_T));
  const DSC_NAME(_strided) t = is_transposed ? DSC_NAME(_at)(a, 1, m) : DSC_NAME(_at)(a, m, 1);
  DSC_NAME(_triangular)(m, n, t, is_lower != is_transposed, is_unit, x, n);
}

/* ---- Cholesky's factor ---- */

/* Rows first ..< end of the upper factor in w[n, n], of which the rows before are done with; 0 where a pivot is not above 0. */
DSC_INLINE int DSC_NAME(_cholesky_rows)(int64_t n, int64_t first, int64_t end, DSC_T *w) {
  for (int64_t i = first; i < end; i++) {
    DSC_T *row = w + i * n;
    for (int64_t k = first; k < i; k++)
      DSC_NAME(_subtract_row)(n - i, w[k * n + i], w + k * n + i, row + i);
    if (!(row[i] > 0))
      return 0;
    const DSC_T root = DSC_NAME(_root)(row[i]);
    for (int64_t j = i; j < n; j++)
      row[j] /= root;
  }
  return 1;
}

DSC_NOINLINE int DSC_NAME(_cholesky_blocks)(int64_t n, DSC_T *w) {
  for (int64_t first = 0; first < n; first += DSC_LINALG_BLOCK) {
    const int64_t end = dsc_min_i64(first + DSC_LINALG_BLOCK, n), rest = n - end;
    if (!DSC_NAME(_cholesky_rows)(n, first, end, w))
      return 0;
    const DSC_T *rows = w + first * n + end;
    DSC_NAME(_add_product)
    (-1, rest, rest, end - first, DSC_NAME(_at)(rows, 1, n), DSC_NAME(_at)(rows, n, 1), w + end * n + end, n, 1);
  }
  return 1;
}

/* The lower triangular l[n, n] with l lᵀ = the symmetric matrix whose lower triangle is that of a[n, n]; NaN where it is not
 * positive definite. Computed as the upper factor, whose rows are vectors. */
DSC_INLINE void DSC_NAME(_cholesky)(int64_t n, const DSC_T *a, DSC_T *l) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      l[i * n + j] = j < i ? 0 : a[j * n + i];
  const int is_definite =
      n <= DSC_LINALG_BLOCK ? DSC_NAME(_cholesky_rows)(n, 0, n, l) : DSC_NAME(_cholesky_blocks)(n, l);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      l[i * n + j] = is_definite ? l[j * n + i] : (DSC_T)NAN;
      if (j < i)
        l[j * n + i] = 0;
    }
}

/* ---- LU with partial pivoting ---- */

DSC_INLINE DSC_T DSC_NAME(_size)(DSC_T x) { return x < 0 ? -x : x; }

DSC_INLINE void DSC_NAME(_exchange)(int64_t n, DSC_T *x, DSC_T *y) {
  for (int64_t i = 0; i < n; i++) {
    const DSC_T before = x[i];
    x[i] = y[i];
    y[i] = before;
  }
}

/* Columns first ..< end of w, rows of `width` numbers: pivots, multipliers below them, and the columns after them within the
 * panel. */
DSC_INLINE void DSC_NAME(_lu_panel)(int64_t n, int64_t width, int64_t first, int64_t end, DSC_T *w) {
  for (int64_t k = first; k < end; k++) {
    int64_t best = k;
    for (int64_t i = k + 1; i < n; i++)
      if (DSC_NAME(_size)(w[i * width + k]) > DSC_NAME(_size)(w[best * width + k]))
        best = i;
    DSC_T *row = w + k * width;
    if (best != k)
      DSC_NAME(_exchange)(width, row, w + best * width);
    /* Below a greatest element of 0 there is nothing to eliminate. */
    if (row[k] == 0)
      continue;
    for (int64_t i = k + 1; i < n; i++) {
      DSC_T *other = w + i * width;
      other[k] /= row[k];
      DSC_NAME(_subtract_row)(end - k - 1, other[k], row + k + 1, other + k + 1);
    }
  }
}

DSC_NOINLINE void DSC_NAME(_lu_blocks)(int64_t n, int64_t width, DSC_T *w) {
  for (int64_t first = 0; first < n; first += DSC_LINALG_PANEL) {
    const int64_t end = dsc_min_i64(first + DSC_LINALG_PANEL, n), rest = n - end;
    DSC_NAME(_lu_panel)(n, width, first, end, w);
    DSC_T *right = w + first * width + end;
    DSC_NAME(_substitute)
    (end - first, rest, DSC_NAME(_at)(w + first * width + first, width, 1), 1, 1, right, width);
    DSC_NAME(_add_product)
    (-1, rest, rest, end - first, DSC_NAME(_at)(w + end * width + first, width, 1), DSC_NAME(_at)(right, width, 1),
        w + end * width + end, width, 0);
  }
}

/* w[n, n + 1] from a: below the diagonal the multipliers, on and above it the upper factor, and in the last column for each
 * row the number of the row of A that it came from. */
DSC_INLINE void DSC_NAME(_factorise)(int64_t n, DSC_NAME(_strided) a, DSC_T *w) {
  const int64_t width = n + 1;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++)
      w[i * width + j] = a.data[i * a.row + j * a.col];
    w[i * width + n] = (DSC_T)i;
  }
  if (n <= DSC_LINALG_PANEL)
    DSC_NAME(_lu_panel)(n, width, 0, n, w);
  else
    DSC_NAME(_lu_blocks)(n, width, w);
}
DSC_INLINE void DSC_NAME(_lu)(int64_t n, const DSC_T *a, DSC_T *w) {
  DSC_NAME(_factorise)(n, DSC_NAME(_at)(a, n, 1), w);
}

/* x[n, m] with A x = b from the factors of A in w[n, n + 1]. */
DSC_INLINE void DSC_NAME(_substitute_both)(int64_t n, int64_t m, const DSC_T *w, const DSC_T *b, DSC_T *x) {
  const int64_t width = n + 1;
  for (int64_t i = 0; i < n; i++) {
    const DSC_T *row = b + (int64_t)w[i * width + n] * m;
    for (int64_t j = 0; j < m; j++)
      x[i * m + j] = row[j];
  }
  DSC_NAME(_triangular)(n, m, DSC_NAME(_at)(w, width, 1), 1, 1, x, m);
  DSC_NAME(_triangular)(n, m, DSC_NAME(_at)(w, width, 1), 0, 0, x, m);
}
/* x[n, m] with a x = b or, transposed, aᵀ x = b; n (n + 1) elements of scratch. */
DSC_INLINE void DSC_NAME(_solve)(
    int64_t n, int64_t m, int is_transposed, const DSC_T *a, const DSC_T *b, DSC_T *x, DSC_T *scratch) {
  DSC_NAME(_factorise)(n, is_transposed ? DSC_NAME(_at)(a, 1, n) : DSC_NAME(_at)(a, n, 1), scratch);
  DSC_NAME(_substitute_both)(n, m, scratch, b, x);
}

#include "descent_linalg_orthogonal_body.h"
#include "descent_linalg_svd_body.h"
#include "descent_linalg_expm_body.h"
