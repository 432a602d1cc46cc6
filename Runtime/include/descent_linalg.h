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

#endif
