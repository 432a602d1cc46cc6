/* The matrix product: C[m,n] = epilogue(sum over k of A(m,k) B(k,n)), in f32 and f64, cut in pieces for threads.
 * Takes A(m,k) = a[m a_rs + k a_cs] and B(k,n) = b[k b_rs + n b_cs], any strides in elements; sizes and strides are meant
 * to be constants at the call, so that loops, edges and the epilogue are specialised while the kernels are shared.
 * Gives finished tiles to an epilogue, which writes the outputs itself.
 * Invariant: each output is the chain acc = fma(a, b, acc) over k = 0 .. K-1 in sequence from acc = 0. Lanes lie across
 * outputs only, so the bits depend on no instruction set, no blocking, no piece and no thread. Nothing outside the
 * operands is read.
 *
 *   pieces  = dsc_gemm_pieces(M, N, K)                              how many pieces the output is cut in
 *   scratch = DSC_GEMM_SCRATCH_BYTES(M, N, K, sizeof(float))        per thread, 64-byte aligned; a constant expression
 *   dsc_gemm_f32_run(M, N, K, a, a_rs, a_cs, b, b_rs, b_cs, first piece, end piece, scratch, epilogue, env)
 *   dsc_gemm_f32_run_at(...)                                        the same with operands at positions by functions
 *
 * The tiling follows Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008). */
#ifndef DESCENT_GEMM_H
#define DESCENT_GEMM_H

#include "descent_gemm_pack.h"

/* ---- the plan: how sizes alone cut a product ---- */

/* A product of few columns is computed as its transpose, so that the lanes lie along the rows. */
#define DSC_GEMM_SWAPS(M, N) ((N) <= 4 && (M) > (N))
/* Rows and columns of a piece are multiples of 12 and 32 (the last ones aside), and at most 384 and 256. */
#define DSC_GEMM_ROW_BOUND(M) DSC_GEMM_MIN(384, ((M) + 11) / 12 * 12)
#define DSC_GEMM_COLUMN_BOUND(N) DSC_GEMM_MIN(256, ((N) + 31) / 32 * 32)
/* The sum over k is cut in equal blocks of at most 2 KiB a row; packed columns of B are kept over pieces up to 16 KiB. */
#define DSC_GEMM_BLOCKS(K, size) (((K) * (int64_t)(size) + 2047) / 2048)
#define DSC_GEMM_BLOCK(K, size) (((K) + DSC_GEMM_BLOCKS(K, size) - 1) / DSC_GEMM_BLOCKS(K, size))
#define DSC_GEMM_KEEPS_B(K, size) ((K) * (int64_t)(size) <= 16384)
#define DSC_GEMM_B_DEPTH(K, size) (DSC_GEMM_KEEPS_B(K, size) ? (K) : DSC_GEMM_BLOCK(K, size))
#define DSC_GEMM_SCRATCH_1(M, N, K, size)                                                                              \
  ((int64_t)(size) *                                                                                                   \
   (DSC_GEMM_B_DEPTH(K, size) * DSC_GEMM_COLUMN_BOUND(N) + (DSC_GEMM_BLOCK(K, size) + 16) * DSC_GEMM_ROW_BOUND(M) +    \
    (DSC_GEMM_BLOCKS(K, size) > 1 ? DSC_GEMM_ROW_BOUND(M) * DSC_GEMM_COLUMN_BOUND(N) : 0)))
/* Bytes of scratch that each thread brings to a product of `size`-byte elements; a constant expression for constants. */
#define DSC_GEMM_SCRATCH_BYTES(M, N, K, size)                                                                          \
  (DSC_GEMM_SWAPS(M, N) ? DSC_GEMM_SCRATCH_1(N, M, K, size) : DSC_GEMM_SCRATCH_1(M, N, K, size))

/* The largest power of two from 1 to 64 that is not above x. */
DSC_INLINE int64_t dsc_gemm_power(int64_t x) {
  return x >= 64 ? 64 : x >= 32 ? 32 : x >= 16 ? 16 : x >= 8 ? 8 : x >= 4 ? 4 : x >= 2 ? 2 : 1;
}

/* How many pieces lie along the rows and along the columns. */
typedef struct {
  int64_t rows, columns;
} dsc_gemm_cut;

/* Cuts to about 2^18 multiply-adds a piece (an element touched counts as 32), 64 pieces, at least 24 rows, 32 columns.
 * Less than 2^20 in all, some 10 microseconds of one core, is one piece up to 384 rows and 256 columns. */
DSC_INLINE dsc_gemm_cut dsc_gemm_cut_of(int64_t M, int64_t N, int64_t K) {
  const int64_t row_units = (M + 11) / 12, column_units = (N + 31) / 32;
  dsc_gemm_cut cut = {(row_units + 31) / 32, (column_units + 7) / 8};
  const int64_t work = M * N * K + 32 * (M * N + M * K + K * N), goal = work < (1 << 20) ? 1 : dsc_gemm_power(work >> 18);
  const int64_t want = dsc_gemm_power((goal + cut.rows * cut.columns - 1) / (cut.rows * cut.columns));
  const int64_t by_rows = DSC_GEMM_MIN(want, dsc_gemm_power(row_units / (2 * cut.rows)));
  const int64_t by_columns = DSC_GEMM_MIN(want / by_rows, dsc_gemm_power(column_units / cut.columns));
  cut.rows *= by_rows;
  cut.columns *= by_columns;
  return cut;
}

/* The number of pieces of a product: any partition of 0 ..< pieces among threads gives the same bits. */
DSC_INLINE int64_t dsc_gemm_pieces(int64_t M, int64_t N, int64_t K) {
  const dsc_gemm_cut cut = DSC_GEMM_SWAPS(M, N) ? dsc_gemm_cut_of(N, M, K) : dsc_gemm_cut_of(M, N, K);
  return cut.rows * cut.columns;
}

/* The outputs row ..< row_end by column ..< column_end, which end before piece `next`. */
typedef struct {
  int64_t row, row_end, column, column_end, next;
} dsc_gemm_rectangle;

/* The rectangle that begins with a piece: the pieces before piece_end that follow in the same columns are joined to it,
 * up to 256 rows, so that few threads pack less. Pieces run down the rows first. */
DSC_INLINE dsc_gemm_rectangle dsc_gemm_rectangle_of(int64_t M, int64_t N, dsc_gemm_cut cut, int64_t piece,
                                                    int64_t piece_end) {
  const int64_t row_units = (M + 11) / 12, column_units = (N + 31) / 32, j = piece / cut.rows;
  dsc_gemm_rectangle r;
  r.row = row_units * (piece % cut.rows) / cut.rows * 12;
  r.row_end = row_units * (piece % cut.rows + 1) / cut.rows * 12;
  r.column = column_units * j / cut.columns * 32;
  r.column_end = DSC_GEMM_MIN(column_units * (j + 1) / cut.columns * 32, N);
  for (r.next = piece + 1; r.next < piece_end && r.next / cut.rows == j; r.next++) {
    const int64_t row_end = row_units * (r.next % cut.rows + 1) / cut.rows * 12;
    if (row_end - r.row > 256)
      break;
    r.row_end = row_end;
  }
  r.row_end = DSC_GEMM_MIN(r.row_end, M);
  return r;
}

DSC_INLINE int64_t dsc_gemm_scratch_bytes(int64_t M, int64_t N, int64_t K, int64_t size) {
  return DSC_GEMM_SCRATCH_BYTES(M, N, K, size);
}

/* ---- the kernels: a tile of rows x vectors, in registers over a block of k ---- */

/* c[i,j] = chain of fma over k from c[i,j] (resume) or from 0. Rows hang on every third one: base, + stride, + 2 stride
 * are addresses that x86 forms for nothing. */
#define DSC_GEMM_DEFINE_TILE(T, S)                                                                                     \
  DSC_INLINE void dsc_gemm_tile_##S(const int rows, const int vectors, int64_t depth, const T *a, int64_t a_rs,        \
                                    int64_t a_cs, const T *b, int64_t b_rs, T *c, int64_t c_rs, int resume) {          \
    const int lanes = DSC_GEMM_LANES(sizeof(T));                                                                       \
    dsc_gemm_v_##S sum[DSC_GEMM_ROWS][8], column[8];                                                                   \
    const T *row[(DSC_GEMM_ROWS + 2) / 3];                                                                             \
    DSC_GEMM_UNROLL for (int i = 0; i < rows; i += 3) {                                                                \
      row[i / 3] = a + i * a_rs;                                                                                       \
      DSC_GEMM_BASE(row[i / 3]);                                                                                       \
    }                                                                                                                  \
    if (resume) {                                                                                                      \
      DSC_GEMM_UNROLL for (int i = 0; i < rows; i++) DSC_GEMM_UNROLL for (int j = 0; j < vectors; j++)                 \
          sum[i][j] = dsc_gemm_load_##S(c + i * c_rs + j * lanes);                                                     \
    } else {                                                                                                           \
      DSC_GEMM_UNROLL for (int i = 0; i < rows; i++) DSC_GEMM_UNROLL for (int j = 0; j < vectors; j++)                 \
          sum[i][j] = dsc_gemm_fill_##S(0);                                                                            \
    }                                                                                                                  \
    DSC_GEMM_ROLLED for (int64_t k = 0; k < depth; k++) {                                                              \
      DSC_GEMM_UNROLL for (int j = 0; j < vectors; j++) column[j] = dsc_gemm_load_##S(b + j * lanes);                  \
      DSC_GEMM_UNROLL for (int i = 0; i < rows; i++) {                                                                 \
        const dsc_gemm_v_##S x = dsc_gemm_fill_##S(row[i / 3][i % 3 * a_rs]);                                          \
        DSC_GEMM_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = dsc_gemm_fma_##S(x, column[j], sum[i][j]);       \
      }                                                                                                                \
      DSC_GEMM_UNROLL for (int i = 0; i < rows; i += 3) row[i / 3] += a_cs;                                            \
      b += b_rs;                                                                                                       \
    }                                                                                                                  \
    DSC_GEMM_UNROLL for (int i = 0; i < rows; i++) DSC_GEMM_UNROLL for (int j = 0; j < vectors; j++)                   \
        dsc_gemm_store_##S(c + i * c_rs + j * lanes, sum[i][j]);                                                       \
  }
DSC_GEMM_DEFINE_TILE(float, f32)
DSC_GEMM_DEFINE_TILE(double, f64)

#define DSC_GEMM_DEFINE_KERNEL(T, S, rows, vectors)                                                                    \
  DSC_NOINLINE void dsc_gemm_kernel_##S##_##rows##x##vectors(int64_t depth, const T *a, int64_t a_rs, int64_t a_cs,    \
                                                             const T *b, int64_t b_rs, T *c, int64_t c_rs,             \
                                                             int resume) {                                             \
    dsc_gemm_tile_##S(rows, vectors, depth, a, a_rs, a_cs, b, b_rs, c, c_rs, resume);                                  \
  }
#define DSC_GEMM_CASE(T, S, rows, vectors)                                                                             \
  case rows * 8 + vectors:                                                                                             \
    dsc_gemm_kernel_##S##_##rows##x##vectors(depth, a, a_rs, a_cs, b, b_rs, c, c_rs, resume);                          \
    break;

/* The heights that a column of tiles is made of: full ones, then the powers of two that are left. */
#if DSC_GEMM_ROWS == 12
#define DSC_GEMM_HEIGHTS(X, T, S, v) X(T, S, 12, v) X(T, S, 8, v) X(T, S, 4, v) X(T, S, 2, v) X(T, S, 1, v)
#elif DSC_GEMM_ROWS == 6
#define DSC_GEMM_HEIGHTS(X, T, S, v) X(T, S, 6, v) X(T, S, 4, v) X(T, S, 2, v) X(T, S, 1, v)
#else
#define DSC_GEMM_HEIGHTS(X, T, S, v) X(T, S, 4, v) X(T, S, 2, v) X(T, S, 1, v)
#endif
DSC_INLINE int64_t dsc_gemm_height(int64_t left) {
  if (left >= DSC_GEMM_ROWS)
    return DSC_GEMM_ROWS;
  if (DSC_GEMM_ROWS > 8 && left >= 8)
    return 8;
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

#define DSC_GEMM_DEFINE_KERNELS(T, S)                                                                                  \
  DSC_GEMM_HEIGHTS(DSC_GEMM_DEFINE_KERNEL, T, S, 1)                                                                    \
  DSC_GEMM_HEIGHTS(DSC_GEMM_DEFINE_KERNEL, T, S, 2)                                                                    \
  DSC_GEMM_DEFINE_KERNEL(T, S, 1, 8)                                                                                   \
  DSC_INLINE void dsc_gemm_kernel_##S(int64_t rows, int64_t vectors, int64_t depth, const T *a, int64_t a_rs,          \
                                      int64_t a_cs, const T *b, int64_t b_rs, T *c, int64_t c_rs, int resume) {        \
    switch (rows * 8 + vectors) {                                                                                      \
      DSC_GEMM_HEIGHTS(DSC_GEMM_CASE, T, S, 1)                                                                         \
      DSC_GEMM_HEIGHTS(DSC_GEMM_CASE, T, S, 2)                                                                         \
    default:                                                                                                           \
      dsc_gemm_kernel_##S##_1x8(depth, a, a_rs, a_cs, b, b_rs, c, c_rs, resume);                                       \
      break;                                                                                                           \
    }                                                                                                                  \
  }
DSC_GEMM_DEFINE_KERNELS(float, f32)
DSC_GEMM_DEFINE_KERNELS(double, f64)

/* ---- the drive: pieces, blocks of k, columns of tiles, tiles ---- */

/* An epilogue writes outputs row ..< row + rows by col ..< col + cols from acc[i acc_stride + j]; it is called once for
 * each tile, `cols` is a constant on every path but that of few columns, and acc is 64-byte aligned there. */
typedef void dsc_gemm_f32_epilogue(const void *env, const float *acc, int64_t acc_stride, int64_t row, int64_t rows,
                                   int64_t col, int64_t cols);
typedef void dsc_gemm_f64_epilogue(const void *env, const double *acc, int64_t acc_stride, int64_t row, int64_t rows,
                                   int64_t col, int64_t cols);

/* Where rows, columns or steps of the sum lie, for an operand that no strides describe; NULL where strides do. */
typedef int64_t dsc_gemm_index(int64_t i);

/* Whether A is packed: rows read in place cost nothing unless they fall on the same cache sets; columns do. */
DSC_INLINE int dsc_gemm_packs_a(int64_t N, int64_t a_rs, int64_t a_cs, int64_t size) {
  if (N <= 2 * DSC_GEMM_LANES(size))
    return 0;
  return a_cs != 1 || a_rs * size % 2048 == 0;
}

#define DSC_GEMM_DEFINE_RUN(T, S)                                                                                      \
  /* Hands a finished tile on; one that was computed as a transpose is turned back. */                                 \
  DSC_INLINE void dsc_gemm_finish_##S(int swapped, const T *acc, int64_t stride, int64_t row, int64_t rows,            \
                                      int64_t col, int64_t cols, dsc_gemm_##S##_epilogue *epilogue, const void *env) { \
    if (!swapped) {                                                                                                    \
      epilogue(env, acc, stride, row, rows, col, cols);                                                                \
    } else if (rows == 1) {                                                                                            \
      epilogue(env, acc, 1, col, cols, row, 1);                                                                        \
    } else {                                                                                                           \
      DSC_ALIGNED(64) T turned[8 * DSC_GEMM_LANES(sizeof(T)) * 4];                                                     \
      for (int64_t i = 0; i < rows; i++)                                                                               \
        for (int64_t j = 0; j < cols; j++)                                                                             \
          turned[j * 4 + i] = acc[i * stride + j];                                                                     \
      epilogue(env, turned, 4, col, cols, row, rows);                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Packs rows row ..< row_end of A, k ..< k + depth, in panels of the tiles' heights. Where A lies in columns they are \
   * taken sixteen at a time across all rows, because neighbouring tiles share cache lines. */                         \
  DSC_INLINE void dsc_gemm_pack_rows_##S(T *packed, const T *a, int64_t a_rs, int64_t a_cs, int64_t row,               \
                                         int64_t row_end, int64_t k, int64_t depth) {                                  \
    const int64_t slice = a_rs == 1 ? 16 : depth;                                                                      \
    for (int64_t at = 0; at < depth; at += slice)                                                                      \
      for (int64_t i = row, rows; i < row_end; i += rows) {                                                            \
        rows = dsc_gemm_height(row_end - i);                                                                           \
        dsc_gemm_pack_##S(packed + (i - row) * depth + at * rows, rows, a + i * a_rs + (k + at) * a_cs, rows, a_rs,    \
                          a_cs, DSC_GEMM_MIN(slice, depth - at));                                                      \
      }                                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  /* The same where A's rows and k lie at positions of their own. */                                                   \
  DSC_INLINE void dsc_gemm_pack_rows_at_##S(T *packed, const T *a, dsc_gemm_index *a_row, dsc_gemm_index *a_k,         \
                                            int64_t row, int64_t row_end, int64_t k, int64_t depth) {                  \
    int64_t i_at[384], k_at[2048 / sizeof(T)];                                                                         \
    DSC_GEMM_ROLLED for (int64_t i = row; i < row_end; i++) i_at[i - row] = a_row(i);                                  \
    DSC_GEMM_ROLLED for (int64_t i = 0; i < depth; i++) k_at[i] = a_k(k + i);                                          \
    for (int64_t i = row, rows; i < row_end; i += rows) {                                                              \
      rows = dsc_gemm_height(row_end - i);                                                                             \
      dsc_gemm_pack_at_##S(packed + (i - row) * depth, rows, a, rows, &i_at[i - row], k_at, depth);                    \
    }                                                                                                                  \
  }                                                                                                                    \
  DSC_INLINE void dsc_gemm_pack_columns_at_##S(T *packed, int64_t width, const T *b, dsc_gemm_index *b_k,              \
                                               dsc_gemm_index *b_col, int64_t col, int64_t cols, int64_t k,            \
                                               int64_t depth) {                                                        \
    int64_t j_at[2 * DSC_GEMM_LANES(sizeof(T))], k_at[2048 / sizeof(T)];                                               \
    DSC_GEMM_ROLLED for (int64_t j = 0; j < cols; j++) j_at[j] = b_col(col + j);                                       \
    DSC_GEMM_ROLLED for (int64_t i = 0; i < depth; i++) k_at[i] = b_k(k + i);                                          \
    dsc_gemm_pack_at_##S(packed, width, b, cols, j_at, k_at, depth);                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* For each rectangle, block of k and column of tiles (one vector wide or two, or eight where a single row meets a B \
   * that is read in place): packs the column unless an earlier rectangle has, then runs down its tiles. */            \
  DSC_INLINE void dsc_gemm_drive_##S(int swapped, int64_t M, int64_t N, int64_t K, const T *a, int64_t a_rs,           \
                                     int64_t a_cs, dsc_gemm_index *a_row, dsc_gemm_index *a_k, const T *b,             \
                                     int64_t b_rs, int64_t b_cs, dsc_gemm_index *b_k, dsc_gemm_index *b_col,           \
                                     int64_t piece_begin, int64_t piece_end, T *scratch,                               \
                                     dsc_gemm_##S##_epilogue *epilogue, const void *env) {                             \
    const int64_t lanes = DSC_GEMM_LANES(sizeof(T)), full = 2 * lanes, wide = 8 * lanes, edge = N % full;              \
    const int64_t size = (int64_t)sizeof(T), blocks = DSC_GEMM_BLOCKS(K, size), block = DSC_GEMM_BLOCK(K, size);       \
    const int packs_a = a_row || dsc_gemm_packs_a(N, a_rs, a_cs, size), packs_b = b_col || b_cs != 1 || M > 8;         \
    const int keeps_b = DSC_GEMM_KEEPS_B(K, size), streams_b = packs_b && !b_col && K * N * size > (1 << 20);          \
    const dsc_gemm_cut cut = dsc_gemm_cut_of(M, N, K);                                                                 \
    T *const packed_a = scratch + DSC_GEMM_B_DEPTH(K, size) * DSC_GEMM_COLUMN_BOUND(N);                                \
    T *const partial = packed_a + (block + 16) / 16 * 16 * DSC_GEMM_ROW_BOUND(M);                                      \
    DSC_ALIGNED(64) T tile[DSC_GEMM_ROWS * 8 * DSC_GEMM_LANES(sizeof(T))];                                             \
    int64_t packed_column = -1;                                                                                        \
    for (int64_t piece = piece_begin; piece < piece_end;) {                                                            \
      const dsc_gemm_rectangle r = dsc_gemm_rectangle_of(M, N, cut, piece, piece_end);                                 \
      const int64_t height = r.row_end - r.row, parts = (height + DSC_GEMM_ROWS - 1) / DSC_GEMM_ROWS;                  \
      const int fresh_b = !keeps_b || packed_column != r.column;                                                       \
      for (int64_t k = 0; k < K; k += block) {                                                                         \
        const int64_t depth = DSC_GEMM_MIN(block, K - k);                                                              \
        T *const b_block = scratch + (keeps_b ? k * DSC_GEMM_COLUMN_BOUND(N) : 0);                                     \
        if (a_row)                                                                                                     \
          dsc_gemm_pack_rows_at_##S(packed_a, a, a_row, a_k, r.row, r.row_end, k, depth);                              \
        else if (packs_a)                                                                                              \
          dsc_gemm_pack_rows_##S(packed_a, a, a_rs, a_cs, r.row, r.row_end, k, depth);                                 \
        for (int64_t col = r.column, cols; col < r.column_end; col += cols) {                                          \
          const int64_t left = r.column_end - col;                                                                     \
          cols = M == 1 && !packs_b && left >= wide ? wide : left >= full ? full : edge;                               \
          const int64_t vectors = (cols + lanes - 1) / lanes, width = vectors * lanes;                                 \
          const int in_place = !packs_b && cols >= full;                                                               \
          T *const packed = b_block + (col - r.column) * depth;                                                        \
          if (b_col && fresh_b)                                                                                        \
            dsc_gemm_pack_columns_at_##S(packed, width, b, b_k, b_col, col, cols, k, depth);                           \
          else if (!in_place && fresh_b)                                                                               \
            dsc_gemm_pack_##S(packed, width, b + k * b_rs + col * b_cs, cols, b_cs, b_rs, depth);                      \
          const T *const panel = in_place ? b + k * b_rs + col * b_cs : packed;                                        \
          const int64_t next_k = left > cols ? k : k + block, next_col = left > cols ? col + cols : r.column;          \
          for (int64_t row = r.row, rows; row < r.row_end; row += rows) {                                              \
            rows = dsc_gemm_height(r.row_end - row);                                                                   \
            if (streams_b && fresh_b && next_k < K)                                                                    \
              dsc_gemm_ahead_##S(b + next_k * b_rs + next_col * b_cs, DSC_GEMM_MIN(full, r.column_end - next_col),     \
                                 b_cs, b_rs, DSC_GEMM_MIN(block, K - next_k), (row - r.row) / DSC_GEMM_ROWS, parts);   \
            T *const acc = blocks == 1 ? tile : partial + (col - r.column) * height + (row - r.row) * width;           \
            const T *const a_tile = packs_a ? packed_a + (row - r.row) * depth : a + row * a_rs + k * a_cs;            \
            dsc_gemm_kernel_##S(rows, vectors, depth, a_tile, packs_a ? 1 : a_rs, packs_a ? rows : a_cs, panel,        \
                                in_place ? b_rs : width, acc, width, k > 0);                                           \
            if (k + depth < K)                                                                                         \
              continue;                                                                                                \
            if (N >= full && cols == full)                                                                             \
              dsc_gemm_finish_##S(swapped, acc, full, row, rows, col, full, epilogue, env);                            \
            else if (edge > 0 && cols == edge)                                                                         \
              dsc_gemm_finish_##S(swapped, acc, width, row, rows, col, edge, epilogue, env);                           \
            else if (M == 1 && N >= wide)                                                                              \
              dsc_gemm_finish_##S(swapped, acc, wide, row, rows, col, wide, epilogue, env);                            \
          }                                                                                                            \
        }                                                                                                              \
      }                                                                                                                \
      packed_column = r.column;                                                                                        \
      piece = r.next;                                                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Computes pieces piece_begin ..< piece_end; scratch is this thread's own. Where an operand's index functions are not\
   * NULL, its elements lie at the sum of both, and its strides are ignored. */                                        \
  DSC_INLINE void dsc_gemm_##S##_run_at(int64_t M, int64_t N, int64_t K, const T *a, int64_t a_rs, int64_t a_cs,       \
                                        dsc_gemm_index *a_row, dsc_gemm_index *a_k, const T *b, int64_t b_rs,          \
                                        int64_t b_cs, dsc_gemm_index *b_k, dsc_gemm_index *b_col, int64_t piece_begin, \
                                        int64_t piece_end, void *scratch, dsc_gemm_##S##_epilogue *epilogue,           \
                                        const void *env) {                                                             \
    if (DSC_GEMM_SWAPS(M, N))                                                                                          \
      dsc_gemm_drive_##S(1, N, M, K, b, b_cs, b_rs, b_col, b_k, a, a_cs, a_rs, a_k, a_row, piece_begin, piece_end,     \
                         (T *)scratch, epilogue, env);                                                                 \
    else                                                                                                               \
      dsc_gemm_drive_##S(0, M, N, K, a, a_rs, a_cs, a_row, a_k, b, b_rs, b_cs, b_k, b_col, piece_begin, piece_end,     \
                         (T *)scratch, epilogue, env);                                                                 \
  }                                                                                                                    \
  DSC_INLINE void dsc_gemm_##S##_run(int64_t M, int64_t N, int64_t K, const T *a, int64_t a_rs, int64_t a_cs,          \
                                     const T *b, int64_t b_rs, int64_t b_cs, int64_t piece_begin, int64_t piece_end,   \
                                     void *scratch, dsc_gemm_##S##_epilogue *epilogue, const void *env) {              \
    dsc_gemm_##S##_run_at(M, N, K, a, a_rs, a_cs, NULL, NULL, b, b_rs, b_cs, NULL, NULL, piece_begin, piece_end,       \
                          scratch, epilogue, env);                                                                     \
  }                                                                                                                    \
                                                                                                                       \
  /* The plain epilogue: env is a dsc_gemm_*_output. */                                                                \
  typedef struct {                                                                                                     \
    T *out;                                                                                                            \
    int64_t row_stride;                                                                                                \
  } dsc_gemm_##S##_output;                                                                                             \
  DSC_INLINE void dsc_gemm_store_row_##S(T *DSC_RESTRICT out, const T *DSC_RESTRICT acc, int64_t cols) {               \
    DSC_GEMM_COLUMNS for (int64_t j = 0; j < cols; j++) out[j] = acc[j];                                               \
  }                                                                                                                    \
  DSC_INLINE void dsc_gemm_##S##_store(const void *env, const T *acc, int64_t acc_stride, int64_t row, int64_t rows,   \
                                       int64_t col, int64_t cols) {                                                    \
    const dsc_gemm_##S##_output *const to = (const dsc_gemm_##S##_output *)env;                                        \
    for (int64_t i = 0; i < rows; i++)                                                                                 \
      dsc_gemm_store_row_##S(to->out + (row + i) * to->row_stride + col, acc + i * acc_stride, cols);                  \
  }
DSC_GEMM_DEFINE_RUN(float, f32)
DSC_GEMM_DEFINE_RUN(double, f64)

#endif
