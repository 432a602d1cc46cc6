/* Linear algebra in f64: descent_linalg.h says how it is computed. */
#ifndef DESCENT_LINALG_F64_H
#define DESCENT_LINALG_F64_H

#include "descent_linalg.h"

#define DSC_T double
#define DSC_NAME(name) dsc_linalg_f64##name
#define DSC_FMA dsc_fma_f64
#define DSC_VECTOR_FMA DSC_GEMM_FMA_f64
#include "descent_linalg_body.h"
#undef DSC_T
#undef DSC_NAME
#undef DSC_FMA
#undef DSC_VECTOR_FMA

#endif
