/* Linear algebra of one matrix, in f32 and f64: what its kernels have in common. The kernels are in descent_linalg_f32.h and
 * descent_linalg_f64.h, two instances of descent_linalg_body.h and the bodies that it includes.
 *
 * Matrices are dense and row-major; each is computed by one thread. The order of operations is a function of the sizes alone,
 * lanes lie across columns or are a fixed number of partial sums, and every fused multiply-add is written out, so that bits
 * depend on no instruction set and no thread. Large matrices are taken in blocks, whose products are computed in tiles of
 * registers; sizes are meant to be constants at the call, so that small ones are unrolled. What has no result (a factor of an
 * indefinite matrix, a quotient by a pivot of 0) is NaN or infinite, as IEEE 754 has it; nothing fails. */
#ifndef DESCENT_LINALG_H
#define DESCENT_LINALG_H

#include "descent_gemm_vector.h"
#include "descent_kernel.h"

/* Rows and columns of a block: decides bits. */
#define DSC_LINALG_BLOCK 64
/* Columns of a panel in which LU looks for pivots: decides bits. */
#define DSC_LINALG_PANEL 32
/* Partial sums of a dot product: decides bits. */
#define DSC_LINALG_LANES 16

/* ---- elements of scratch memory that kernels are given ---- */

/* Blocks of reflectors of so many rows, applied to so many columns. */
DSC_INLINE int64_t dsc_linalg_reflectors_scratch(int64_t rows, int64_t columns) {
  return (rows + 2 * columns + DSC_LINALG_PANEL) * DSC_LINALG_PANEL;
}
DSC_INLINE int64_t dsc_linalg_solve_scratch(int64_t n) { return n * (n + 1); }
/* Beside the matrix, which is destroyed. */
DSC_INLINE int64_t dsc_linalg_orthogonalise_scratch(int64_t m, int64_t n) {
  return n + dsc_linalg_reflectors_scratch(m, n);
}
DSC_INLINE int64_t dsc_linalg_qr_scratch(int64_t m, int64_t n) {
  return m * n + dsc_linalg_orthogonalise_scratch(m, n);
}
DSC_INLINE int64_t dsc_linalg_eigh_scratch(int64_t n) {
  return 2 * n * n + 5 * n + dsc_linalg_reflectors_scratch(n, n);
}
DSC_INLINE int64_t dsc_linalg_svd_scratch(int64_t m, int64_t n) {
  const int64_t tall = m < n ? n : m, k = m < n ? m : n;
  return 3 * tall * k + 2 * k * k + k + dsc_linalg_orthogonalise_scratch(tall, k);
}
DSC_INLINE int64_t dsc_linalg_pinv_scratch(int64_t m, int64_t n) {
  return (m + 1 + n) * dsc_min_i64(m, n) + dsc_linalg_svd_scratch(m, n);
}
DSC_INLINE int64_t dsc_linalg_expm_scratch(int64_t n) { return 7 * n * n + dsc_linalg_solve_scratch(n); }

#endif
