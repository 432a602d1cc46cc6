/* The matrix product in f32: descent_gemm.h says how to call it. */
#ifndef DESCENT_GEMM_F32_H
#define DESCENT_GEMM_F32_H

#include "descent_gemm.h"

#define DSC_T float
#define DSC_NAME(name) dsc_gemm_f32##name
#define DSC_FMA dsc_fma_f32
#define DSC_VECTOR_FMA DSC_GEMM_FMA_f32
#include "descent_gemm_body.h"
#undef DSC_T
#undef DSC_NAME
#undef DSC_FMA
#undef DSC_VECTOR_FMA

#endif
