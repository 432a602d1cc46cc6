/* Packing of operands into micro-panels: panel[k width + i] = element (i, k) for i < count, zero for the other i <
 * width. Takes an operand by strides, or by tables of positions where no strides describe it: windows of a convolution.
 * A part of descent_gemm_body.h. */

#if DSC_GEMM_VECTOR && (defined(__clang__) || __has_builtin(__builtin_shufflevector))
/* A 4 by 4 block, given by its four rows, is transposed in registers. */
#define DSC_GEMM_TRANSPOSE_4X4(to, width, p0, p1, p2, p3)                                                            \
  {                                                                                                                  \
    typedef DSC_T four __attribute__((vector_size(4 * sizeof(DSC_T)), aligned(sizeof(DSC_T)), may_alias));           \
    const four r0 = *(const four *)(const void *)(p0), r1 = *(const four *)(const void *)(p1);                       \
    const four r2 = *(const four *)(const void *)(p2), r3 = *(const four *)(const void *)(p3);                       \
    const four l01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), h01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7); \
    const four l23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5), h23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7); \
    *(four *)(void *)(to) = __builtin_shufflevector(l01, l23, 0, 1, 4, 5);                                           \
    *(four *)(void *)((to) + (width)) = __builtin_shufflevector(l01, l23, 2, 3, 6, 7);                               \
    *(four *)(void *)((to) + 2 * (width)) = __builtin_shufflevector(h01, h23, 0, 1, 4, 5);                           \
    *(four *)(void *)((to) + 3 * (width)) = __builtin_shufflevector(h01, h23, 2, 3, 6, 7);                           \
  }
#else
#define DSC_GEMM_TRANSPOSE_4X4(to, width, p0, p1, p2, p3)                               \
  for (int64_t t = 0; t < 4; t++) {                                                     \
    DSC_T *const column = (to) + t * (width);                                           \
    column[0] = (p0)[t], column[1] = (p1)[t], column[2] = (p2)[t], column[3] = (p3)[t]; \
  }
#endif

/* Lanes that lie side by side are copied: whole vectors, then the bits of what is left. */
DSC_INLINE void DSC_NAME(_pack_copied)(DSC_T *DSC_RESTRICT panel, int64_t width, const DSC_T *DSC_RESTRICT source,
    int64_t count, int64_t k_stride, int64_t depth) {
  const int lanes = DSC_GEMM_LANES(sizeof(DSC_T));
  DSC_GEMM_ROLLED
  for (int64_t k = 0; k < depth; k++) {
    DSC_T *to = panel + k * width;
    const DSC_T *from = source + k * k_stride;
    int64_t left = count;
    if (count < width)
      DSC_NAME(_store)(to + width - lanes, DSC_NAME(_fill)(0));
    DSC_GEMM_ROLLED
    for (; left >= lanes; left -= lanes, from += lanes, to += lanes)
      DSC_NAME(_store)(to, DSC_NAME(_load)(from));
    DSC_GEMM_UNROLL
    for (int part = lanes / 2; part > 0; part /= 2) {
      if (left & part) {
        memcpy(to, from, (size_t)part * sizeof(DSC_T));
        to += part, from += part;
      }
    }
  }
}

/* Lanes whose k lie side by side are transposed, sixteen k at a time so that a cache line is read once. */
DSC_INLINE void DSC_NAME(_pack_transposed)(DSC_T *DSC_RESTRICT panel, int64_t width, const DSC_T *DSC_RESTRICT source,
    int64_t count, int64_t i_stride, int64_t depth) {
  for (int64_t begin = 0; begin < depth; begin += 16) {
    const int64_t end = DSC_GEMM_MIN(begin + 16, depth);
    for (int64_t i = 0; i + 4 <= count; i += 4) {
      int64_t k = begin;
      DSC_GEMM_ROLLED
      for (; k + 4 <= end; k += 4)
        DSC_GEMM_TRANSPOSE_4X4(panel + k * width + i, width, source + i * i_stride + k, source + (i + 1) * i_stride + k,
            source + (i + 2) * i_stride + k, source + (i + 3) * i_stride + k)
      DSC_GEMM_ROLLED
      for (; k < end; k++) {
        DSC_GEMM_ROLLED
        for (int64_t j = i; j < i + 4; j++)
          panel[k * width + j] = source[j * i_stride + k];
      }
    }
    DSC_GEMM_ROLLED
    for (int64_t i = count / 4 * 4; i < count; i++) {
      DSC_GEMM_ROLLED
      for (int64_t k = begin; k < end; k++)
        panel[k * width + i] = source[i * i_stride + k];
    }
    DSC_GEMM_ROLLED
    for (int64_t i = count; i < width; i++) {
      DSC_GEMM_ROLLED
      for (int64_t k = begin; k < end; k++)
        panel[k * width + i] = 0;
    }
  }
}

/* Element (i, k) from source[i i_stride + k k_stride]. */
DSC_NOINLINE void DSC_NAME(_pack)(DSC_T *DSC_RESTRICT panel, int64_t width, const DSC_T *DSC_RESTRICT source,
    int64_t count, int64_t i_stride, int64_t k_stride, int64_t depth) {
  const int lanes = DSC_GEMM_LANES(sizeof(DSC_T));
  if (i_stride == 1 && count == 2 * lanes && width == 2 * lanes)
    DSC_NAME(_pack_copied)(panel, 2 * lanes, source, 2 * lanes, k_stride, depth);
  else if (i_stride == 1 && count == DSC_GEMM_MR && width == DSC_GEMM_MR)
    DSC_NAME(_pack_copied)(panel, DSC_GEMM_MR, source, DSC_GEMM_MR, k_stride, depth);
  else if (i_stride == 1)
    DSC_NAME(_pack_copied)(panel, width, source, count, k_stride, depth);
  else if (k_stride == 1)
    DSC_NAME(_pack_transposed)(panel, width, source, count, i_stride, depth);
  else {
    DSC_GEMM_ROLLED
    for (int64_t k = 0; k < depth; k++) {
      DSC_T *const to = panel + k * width;
      DSC_GEMM_ROLLED
      for (int64_t i = 0; i < count; i++)
        to[i] = source[i * i_stride + k * k_stride];
      DSC_GEMM_ROLLED
      for (int64_t i = count; i < width; i++)
        to[i] = 0;
    }
  }
}

/* The same from source[i_at[i] + k_at[k]]: four lanes that lie side by side are copied, four k that do are transposed.
 */
DSC_NOINLINE void DSC_NAME(_pack_at)(DSC_T *DSC_RESTRICT panel, int64_t width, const DSC_T *DSC_RESTRICT source,
    int64_t count, const int64_t *i_at, const int64_t *k_at, int64_t depth) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const DSC_T *const from = source + i_at[i];
    const int64_t s1 = i_at[i + 1] - i_at[i], s2 = i_at[i + 2] - i_at[i], s3 = i_at[i + 3] - i_at[i];
    DSC_T *const to = panel + i;
    int64_t k = 0;
    if (s1 == 1 && s2 == 2 && s3 == 3) {
      DSC_GEMM_ROLLED
      for (; k < depth; k++)
        memcpy(to + k * width, from + k_at[k], 4 * sizeof(DSC_T));
      continue;
    }
    DSC_GEMM_ROLLED
    while (k < depth) {
      const DSC_T *const at = from + k_at[k];
      if (k + 4 <= depth && k_at[k + 3] == k_at[k] + 3 && k_at[k + 1] == k_at[k] + 1 && k_at[k + 2] == k_at[k] + 2) {
        DSC_GEMM_TRANSPOSE_4X4(to + k * width, width, at, at + s1, at + s2, at + s3)
        k += 4;
      } else {
        to[k * width] = at[0], to[k * width + 1] = at[s1], to[k * width + 2] = at[s2], to[k * width + 3] = at[s3];
        k++;
      }
    }
  }
  DSC_GEMM_ROLLED
  for (; i < count; i++) {
    DSC_GEMM_ROLLED
    for (int64_t k = 0; k < depth; k++)
      panel[k * width + i] = source[i_at[i] + k_at[k]];
  }
  DSC_GEMM_ROLLED
  for (; i < width; i++) {
    DSC_GEMM_ROLLED
    for (int64_t k = 0; k < depth; k++)
      panel[k * width + i] = 0;
  }
}

/* Fetches part `part` of `parts` of what will be packed next into the cache, behind the micro-kernels. */
DSC_NOINLINE void DSC_NAME(_prefetch)(const DSC_T *source, int64_t count, int64_t i_stride, int64_t k_stride,
    int64_t depth, int64_t part, int64_t parts) {
  const int64_t line = 64 / (int64_t)sizeof(DSC_T), rows = k_stride == 1 ? count : depth;
  const int64_t begin = rows * part / parts, end = rows * (part + 1) / parts;
  if (k_stride == 1) {
    DSC_GEMM_ROLLED
    for (int64_t i = begin; i < end; i++) {
      DSC_GEMM_ROLLED
      for (int64_t k = 0; k < depth; k += line)
        DSC_GEMM_PREFETCH(source + i * i_stride + k);
    }
  } else if (i_stride == 1) {
    DSC_GEMM_ROLLED
    for (int64_t k = begin; k < end; k++) {
      DSC_GEMM_ROLLED
      for (int64_t i = 0; i < count; i += line)
        DSC_GEMM_PREFETCH(source + k * k_stride + i);
    }
  }
}

/* Rows row ..< row_end of A, k ..< k + depth, in micro-panels of the micro-tiles' heights. Positions by functions come
 * first; columns of A are taken sixteen at a time across all rows, because neighbouring micro-panels share cache lines.
 */
DSC_INLINE void DSC_NAME(_pack_a)(DSC_T *packed, const DSC_T *a, int64_t a_row, int64_t a_k, dsc_gemm_index *row_at,
    dsc_gemm_index *k_at, int64_t row, int64_t row_end, int64_t k, int64_t depth) {
  if (row_at) {
    int64_t rows_at[DSC_GEMM_MC], steps_at[DSC_GEMM_KC_BYTES / sizeof(DSC_T)];
    DSC_GEMM_ROLLED
    for (int64_t i = 0; i < row_end - row; i++)
      rows_at[i] = row_at(row + i);
    DSC_GEMM_ROLLED
    for (int64_t i = 0; i < depth; i++)
      steps_at[i] = k_at(k + i);
    for (int64_t i = 0, rows; i < row_end - row; i += rows) {
      rows = dsc_gemm_height(row_end - row - i);
      DSC_NAME(_pack_at)(packed + i * depth, rows, a, rows, rows_at + i, steps_at, depth);
    }
    return;
  }
  const int64_t slice = a_row == 1 ? 16 : depth;
  for (int64_t at = 0; at < depth; at += slice)
    for (int64_t i = row, rows; i < row_end; i += rows) {
      rows = dsc_gemm_height(row_end - i);
      DSC_NAME(_pack)
      (packed + (i - row) * depth + at * rows, rows, a + i * a_row + (k + at) * a_k, rows, a_row, a_k,
          DSC_GEMM_MIN(slice, depth - at));
    }
}

/* Columns col ..< col + cols of B, k ..< k + depth, at positions by functions. */
DSC_INLINE void DSC_NAME(_pack_columns)(DSC_T *packed, int64_t width, const DSC_T *b, dsc_gemm_index *k_at,
    dsc_gemm_index *col_at, int64_t col, int64_t cols, int64_t k, int64_t depth) {
  int64_t columns_at[2 * DSC_GEMM_LANES(sizeof(DSC_T))], steps_at[DSC_GEMM_KC_BYTES / sizeof(DSC_T)];
  DSC_GEMM_ROLLED
  for (int64_t j = 0; j < cols; j++)
    columns_at[j] = col_at(col + j);
  DSC_GEMM_ROLLED
  for (int64_t i = 0; i < depth; i++)
    steps_at[i] = k_at(k + i);
  DSC_NAME(_pack_at)(packed, width, b, cols, columns_at, steps_at, depth);
}

#undef DSC_GEMM_TRANSPOSE_4X4
