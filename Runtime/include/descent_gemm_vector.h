/* The vectors of the matrix product, in f32 and f64: by the compiler's vector extension or, without one,
 * four lanes in plain C. DSC_GEMM_VECTOR is their width in bytes, DSC_GEMM_MR the rows of a full micro-tile,
 * DSC_GEMM_LANES(size) the lanes for elements of that size. descent_gemm_vector_body.h has the operations. */
#ifndef DESCENT_GEMM_VECTOR_H
#define DESCENT_GEMM_VECTOR_H

#include "descent_base.h"

#ifndef __has_builtin
#define __has_builtin(x) 0
#endif

#if defined(DSC_NO_VECTORS) || !defined(__GNUC__) || \
    (defined(DSC_EXACT_FMA) && !defined(__FMA__) && !defined(__aarch64__))
#define DSC_GEMM_VECTOR 0 /* four lanes in plain C */
#define DSC_GEMM_MR 4
#elif defined(__AVX512F__)
#define DSC_GEMM_VECTOR 64
#define DSC_GEMM_MR 12
#elif defined(__AVX__)
#define DSC_GEMM_VECTOR 32
#define DSC_GEMM_MR 6
#elif defined(__aarch64__)
#define DSC_GEMM_VECTOR 16
#define DSC_GEMM_MR 12
#elif !DSC_FUSED
#define DSC_GEMM_VECTOR 16
#define DSC_GEMM_MR 6
#else
#define DSC_GEMM_VECTOR 0
#define DSC_GEMM_MR 4
#endif

/* One fused multiply-add of vectors. The compilers' builtins come first: immintrin.h costs clang 0.15 s to read. */
#if DSC_GEMM_VECTOR == 0 || !DSC_FUSED
#elif __has_builtin(__builtin_elementwise_fma)
#define DSC_GEMM_FMA_f32(a, b, c) __builtin_elementwise_fma(a, b, c)
#define DSC_GEMM_FMA_f64(a, b, c) __builtin_elementwise_fma(a, b, c)
#elif DSC_GEMM_VECTOR == 16
#include <arm_neon.h>
#define DSC_GEMM_FMA_f32(a, b, c) ((__typeof__(a))vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#define DSC_GEMM_FMA_f64(a, b, c) ((__typeof__(a))vfmaq_f64((float64x2_t)(c), (float64x2_t)(a), (float64x2_t)(b)))
#elif DSC_GEMM_VECTOR == 64 && __has_builtin(__builtin_ia32_vfmaddps512_mask)
#if defined(__clang__)
#define DSC_GEMM_FMA_f32(a, b, c) __builtin_ia32_vfmaddps512_mask(a, b, c, 0xffff, 4)
#define DSC_GEMM_FMA_f64(a, b, c) __builtin_ia32_vfmaddpd512_mask(a, b, c, 0xff, 4)
#else
#define DSC_GEMM_FMA_f32(a, b, c) __builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4)
#define DSC_GEMM_FMA_f64(a, b, c) __builtin_ia32_vfmaddpd512_mask(a, b, c, 0xff, 4)
#endif
#elif DSC_GEMM_VECTOR == 32 && __has_builtin(__builtin_ia32_vfmaddps256)
#define DSC_GEMM_FMA_f32(a, b, c) __builtin_ia32_vfmaddps256(a, b, c)
#define DSC_GEMM_FMA_f64(a, b, c) __builtin_ia32_vfmaddpd256(a, b, c)
#elif DSC_GEMM_VECTOR == 64
#include <immintrin.h>
#define DSC_GEMM_FMA_f32(a, b, c) ((__typeof__(a))_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define DSC_GEMM_FMA_f64(a, b, c) ((__typeof__(a))_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#else
#include <immintrin.h>
#define DSC_GEMM_FMA_f32(a, b, c) ((__typeof__(a))_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define DSC_GEMM_FMA_f64(a, b, c) ((__typeof__(a))_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#endif

/* DSC_GEMM_UNROLL: a loop of constant count over registers. DSC_GEMM_ROLLED: one that gains nothing by unrolling, which
 * would only cost the compiler time. DSC_GEMM_COLUMNS: an epilogue's loop over columns, which clang 14 would unroll to
 * scalars before it thinks of vectors (its arrays are best restrict parameters of a function for one row).
 * DSC_GEMM_PREFETCH: asks for a cache line. DSC_GEMM_BASE: a pointer that the compiler shall keep in its own register.
 */
#if defined(__clang__)
#define DSC_GEMM_UNROLL _Pragma("clang loop unroll(full)")
#define DSC_GEMM_ROLLED _Pragma("clang loop unroll(disable) vectorize(disable)")
#define DSC_GEMM_COLUMNS _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define DSC_GEMM_UNROLL _Pragma("GCC unroll 16")
#define DSC_GEMM_ROLLED _Pragma("GCC unroll 1")
#define DSC_GEMM_COLUMNS
#else
#define DSC_GEMM_UNROLL
#define DSC_GEMM_ROLLED
#define DSC_GEMM_COLUMNS
#endif
#if defined(__GNUC__)
#define DSC_GEMM_PREFETCH(p) __builtin_prefetch(p, 0, 2)
#define DSC_GEMM_BASE(p) __asm__("" : "+r"(p))
#else
#define DSC_GEMM_PREFETCH(p) (void)(p)
#define DSC_GEMM_BASE(p) (void)0
#endif

/* Lanes of a vector of `size`-byte elements. A micro-tile is two vectors wide. */
#define DSC_GEMM_LANES(size) (DSC_GEMM_VECTOR ? DSC_GEMM_VECTOR / (int)(size) : 4)

#if !DSC_FUSED
#define DSC_GEMM_FMA_f32(a, b, c) ((a) * (b) + (c))
#define DSC_GEMM_FMA_f64(a, b, c) ((a) * (b) + (c))
#endif

#define DSC_GEMM_MIN(a, b) ((a) < (b) ? (a) : (b))

#endif
