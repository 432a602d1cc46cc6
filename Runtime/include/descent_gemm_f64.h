/* The matrix product in f64: descent_gemm.h says how to call it. */
#ifndef DESCENT_GEMM_F64_H
#define DESCENT_GEMM_F64_H

#include "descent_gemm.h"

#define DSC_T double
#define DSC_NAME(name) dsc_gemm_f64##name
#define DSC_FMA dsc_fma_f64
#define DSC_VECTOR_FMA DSC_GEMM_FMA_f64
#include "descent_gemm_body.h"
#undef DSC_T
#undef DSC_NAME
#undef DSC_FMA
#undef DSC_VECTOR_FMA

#endif
