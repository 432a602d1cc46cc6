/* Packing of a matrix product's operands: panel[k width + i] = element (i, k) for i < count, zero for the other i < width.
 * Takes an operand by strides, or by tables of positions where no strides describe it: windows of a convolution.
 * A part of descent_gemm.h. */
#ifndef DESCENT_GEMM_PACK_H
#define DESCENT_GEMM_PACK_H

#include "descent_gemm_vector.h"

#if DSC_GEMM_VECTOR && (defined(__clang__) || __has_builtin(__builtin_shufflevector))
/* A 4 by 4 block, given by its four rows, is turned in registers. */
#define DSC_GEMM_TURN(T, to, width, p0, p1, p2, p3)                                                                    \
  {                                                                                                                    \
    typedef T four __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T)), may_alias));                         \
    const four r0 = *(const four *)(const void *)(p0), r1 = *(const four *)(const void *)(p1);                         \
    const four r2 = *(const four *)(const void *)(p2), r3 = *(const four *)(const void *)(p3);                         \
    const four l01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), h01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);   \
    const four l23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5), h23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);   \
    *(four *)(void *)(to) = __builtin_shufflevector(l01, l23, 0, 1, 4, 5);                                             \
    *(four *)(void *)((to) + (width)) = __builtin_shufflevector(l01, l23, 2, 3, 6, 7);                                 \
    *(four *)(void *)((to) + 2 * (width)) = __builtin_shufflevector(h01, h23, 0, 1, 4, 5);                             \
    *(four *)(void *)((to) + 3 * (width)) = __builtin_shufflevector(h01, h23, 2, 3, 6, 7);                             \
  }
#else
#define DSC_GEMM_TURN(T, to, width, p0, p1, p2, p3)                                                                    \
  for (int64_t turn = 0; turn < 4; turn++) {                                                                           \
    T *const turned = (to) + turn * (width);                                                                           \
    turned[0] = (p0)[turn], turned[1] = (p1)[turn], turned[2] = (p2)[turn], turned[3] = (p3)[turn];                    \
  }
#endif

#define DSC_GEMM_DEFINE_PACK(T, S)                                                                                     \
  /* Lanes that lie side by side are copied: whole vectors, then the bits of what is left. */                          \
  DSC_INLINE void dsc_gemm_copy_##S(T *DSC_RESTRICT panel, int64_t width, const T *DSC_RESTRICT source, int64_t count, \
                                    int64_t k_stride, int64_t depth) {                                                 \
    const int lanes = DSC_GEMM_LANES(sizeof(T));                                                                       \
    DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k++) {                                                              \
      T *to = panel + k * width;                                                                                       \
      const T *from = source + k * k_stride;                                                                           \
      int64_t left = count;                                                                                            \
      if (count < width)                                                                                               \
        dsc_gemm_store_##S(to + width - lanes, dsc_gemm_fill_##S(0));                                                  \
      DSC_GEMM_ROLLED for (; left >= lanes; left -= lanes, from += lanes, to += lanes)                                 \
          dsc_gemm_store_##S(to, dsc_gemm_load_##S(from));                                                             \
      DSC_GEMM_UNROLL for (int part = lanes / 2; part > 0; part /= 2) {                                                \
        if (left & part) {                                                                                             \
          memcpy(to, from, (size_t)part * sizeof(T));                                                                  \
          to += part, from += part;                                                                                    \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  /* Lanes whose k lie side by side are turned, sixteen k at a time so that a cache line is read once. */              \
  DSC_INLINE void dsc_gemm_turn_##S(T *DSC_RESTRICT panel, int64_t width, const T *DSC_RESTRICT source, int64_t count, \
                                    int64_t i_stride, int64_t depth) {                                                 \
    for (int64_t begin = 0; begin < depth; begin += 16) {                                                              \
      const int64_t end = DSC_GEMM_MIN(begin + 16, depth);                                                             \
      for (int64_t i = 0; i + 4 <= count; i += 4) {                                                                    \
        int64_t k = begin;                                                                                             \
        DSC_GEMM_ROLLED for (; k + 4 <= end; k += 4)                                                                   \
          DSC_GEMM_TURN(T, panel + k * width + i, width, source + i * i_stride + k,                                    \
                        source + (i + 1) * i_stride + k, source + (i + 2) * i_stride + k,                              \
                        source + (i + 3) * i_stride + k)                                                               \
        DSC_GEMM_ROLLED for (; k < end; k++)                                                                           \
          DSC_GEMM_ROLLED for (int64_t j = i; j < i + 4; j++)                                                          \
            panel[k * width + j] = source[j * i_stride + k];                                                           \
      }                                                                                                                \
      DSC_GEMM_ROLLED for (int64_t i = count / 4 * 4; i < count; i++)                                                  \
          DSC_GEMM_ROLLED for (int64_t k = begin; k < end; k++) panel[k * width + i] = source[i * i_stride + k];       \
      DSC_GEMM_ROLLED for (int64_t i = count; i < width; i++)                                                          \
          DSC_GEMM_ROLLED for (int64_t k = begin; k < end; k++) panel[k * width + i] = 0;                              \
    }                                                                                                                  \
  }                                                                                                                    \
  DSC_NOINLINE void dsc_gemm_pack_##S(T *DSC_RESTRICT panel, int64_t width, const T *DSC_RESTRICT source,              \
                                      int64_t count, int64_t i_stride, int64_t k_stride, int64_t depth) {              \
    const int lanes = DSC_GEMM_LANES(sizeof(T));                                                                       \
    if (i_stride == 1 && count == 2 * lanes && width == 2 * lanes)                                                     \
      dsc_gemm_copy_##S(panel, 2 * lanes, source, 2 * lanes, k_stride, depth);                                         \
    else if (i_stride == 1 && count == DSC_GEMM_ROWS && width == DSC_GEMM_ROWS)                                        \
      dsc_gemm_copy_##S(panel, DSC_GEMM_ROWS, source, DSC_GEMM_ROWS, k_stride, depth);                                 \
    else if (i_stride == 1)                                                                                            \
      dsc_gemm_copy_##S(panel, width, source, count, k_stride, depth);                                                 \
    else if (k_stride == 1)                                                                                            \
      dsc_gemm_turn_##S(panel, width, source, count, i_stride, depth);                                                 \
    else                                                                                                               \
      DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k++) {                                                            \
        T *const to = panel + k * width;                                                                               \
        DSC_GEMM_ROLLED for (int64_t i = 0; i < count; i++) to[i] = source[i * i_stride + k * k_stride];               \
        DSC_GEMM_ROLLED for (int64_t i = count; i < width; i++) to[i] = 0;                                             \
      }                                                                                                                \
  }                                                                                                                    \
  /* The same from source[i_at[i] + k_at[k]]: four lanes that lie side by side are copied, four k that do are turned. */\
  DSC_NOINLINE void dsc_gemm_pack_at_##S(T *DSC_RESTRICT panel, int64_t width, const T *DSC_RESTRICT source,           \
                                         int64_t count, const int64_t *i_at, const int64_t *k_at, int64_t depth) {     \
    int64_t i = 0;                                                                                                     \
    for (; i + 4 <= count; i += 4) {                                                                                   \
      const T *const from = source + i_at[i];                                                                          \
      const int64_t s1 = i_at[i + 1] - i_at[i], s2 = i_at[i + 2] - i_at[i], s3 = i_at[i + 3] - i_at[i];                \
      T *const to = panel + i;                                                                                         \
      int64_t k = 0;                                                                                                   \
      if (s1 == 1 && s2 == 2 && s3 == 3) {                                                                             \
        DSC_GEMM_ROLLED for (; k < depth; k++) memcpy(to + k * width, from + k_at[k], 4 * sizeof(T));                  \
        continue;                                                                                                      \
      }                                                                                                                \
      DSC_GEMM_ROLLED while (k < depth) {                                                                              \
        const T *const at = from + k_at[k];                                                                            \
        if (k + 4 <= depth && k_at[k + 3] == k_at[k] + 3 && k_at[k + 1] == k_at[k] + 1 && k_at[k + 2] == k_at[k] + 2) {\
          DSC_GEMM_TURN(T, to + k * width, width, at, at + s1, at + s2, at + s3)                                       \
          k += 4;                                                                                                      \
        } else {                                                                                                       \
          to[k * width] = at[0], to[k * width + 1] = at[s1], to[k * width + 2] = at[s2], to[k * width + 3] = at[s3];   \
          k++;                                                                                                         \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    DSC_GEMM_ROLLED for (; i < count; i++)                                                                             \
        DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k++) panel[k * width + i] = source[i_at[i] + k_at[k]];          \
    DSC_GEMM_ROLLED for (; i < width; i++)                                                                             \
        DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k++) panel[k * width + i] = 0;                                  \
  }                                                                                                                    \
  /* Asks for part `part` of `parts` of what will be packed next: its way from memory hides behind the kernels. */     \
  DSC_NOINLINE void dsc_gemm_ahead_##S(const T *source, int64_t count, int64_t i_stride, int64_t k_stride,             \
                                       int64_t depth, int64_t part, int64_t parts) {                                   \
    const int64_t line = 64 / (int64_t)sizeof(T), rows = k_stride == 1 ? count : depth;                                \
    const int64_t begin = rows * part / parts, end = rows * (part + 1) / parts;                                        \
    if (k_stride == 1) {                                                                                               \
      DSC_GEMM_ROLLED for (int64_t i = begin; i < end; i++)                                                            \
          DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k += line) DSC_GEMM_AHEAD(source + i * i_stride + k);         \
    } else if (i_stride == 1) {                                                                                        \
      DSC_GEMM_ROLLED for (int64_t k = begin; k < end; k++)                                                            \
          DSC_GEMM_ROLLED for (int64_t i = 0; i < count; i += line) DSC_GEMM_AHEAD(source + k * k_stride + i);         \
    }                                                                                                                  \
  }
DSC_GEMM_DEFINE_PACK(float, f32)
DSC_GEMM_DEFINE_PACK(double, f64)

#endif
