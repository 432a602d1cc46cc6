/* Linear algebra in f32: descent_linalg.h says how it is computed. */
#ifndef DESCENT_LINALG_F32_H
#define DESCENT_LINALG_F32_H

#include "descent_linalg.h"

#define DSC_T float
#define DSC_NAME(name) dsc_linalg_f32##name
#define DSC_FMA dsc_fma_f32
#define DSC_VECTOR_FMA DSC_GEMM_FMA_f32
#include "descent_linalg_body.h"
#undef DSC_T
#undef DSC_NAME
#undef DSC_FMA
#undef DSC_VECTOR_FMA

#endif
