/* The functions of the matrix product for elements of type DSC_T, under names that DSC_NAME makes: an include template.
 * descent_gemm.h says what they compute and in which order.
 * Contents: vectors; operands; micro-kernels; one row of C; the epilogue; the macro-kernel, which is the way in. */
#include "descent_gemm_vector_body.h"
#include "descent_gemm_pack_body.h"

/* ---- operands ---- */

/* An operand: element (i, j) at data[row i + column j], as its axes say. The strides that decide how it is read are
 * numbers of their own. */
typedef struct {
  const DSC_T *data;
  int64_t row, col;
  dsc_gemm_axis rows, cols;
} DSC_NAME(_operand);

DSC_INLINE DSC_NAME(_operand) DSC_NAME(_strided)(const DSC_T *data, int64_t row, int64_t col) {
  const DSC_NAME(_operand) x = {data, row, col, {row, INT64_MAX, NULL}, {col, INT64_MAX, NULL}};
  return x;
}
DSC_INLINE DSC_NAME(_operand) DSC_NAME(_indexed)(const DSC_T *data, dsc_gemm_index *row_at, dsc_gemm_index *col_at) {
  const DSC_NAME(_operand) x = {data, DSC_GEMM_INDEXED, DSC_GEMM_INDEXED, {0, 1, row_at}, {0, 1, col_at}};
  return x;
}
/* A whose rows and columns lie in runs, those of its columns of at least DSC_GEMM_LEAST_RUN. */
DSC_INLINE DSC_NAME(_operand) DSC_NAME(_by_runs)(const DSC_T *data, dsc_gemm_axis rows, dsc_gemm_axis cols) {
  const DSC_NAME(_operand) x = {data, DSC_GEMM_BY_RUNS, DSC_GEMM_BY_RUNS, rows, cols};
  return x;
}
/* B as dsc_gemm_*_pack_whole has left it. */
DSC_INLINE DSC_NAME(_operand) DSC_NAME(_packed)(const DSC_T *data) {
  const DSC_NAME(_operand) x = {data, DSC_GEMM_PACKED, DSC_GEMM_PACKED, {0, INT64_MAX, NULL}, {0, INT64_MAX, NULL}};
  return x;
}
DSC_INLINE DSC_NAME(_operand) DSC_NAME(_transposed)(DSC_NAME(_operand) x) {
  const DSC_NAME(_operand) y = {x.data, x.col, x.row, x.cols, x.rows};
  return y;
}

/* ---- micro-kernels ---- */

/* How a micro-tile of C lies, and the partial sums that join one block's. */
typedef struct {
  int64_t a_row, a_k; /* element (i, k) of a segment at a[offset + i a_row + k a_k] */
  const dsc_gemm_segment *segments; /* the block's steps */
  int64_t segment_count;
  int64_t b_k; /* row k of B, in whole vectors, at b + k b_k */
  int64_t width; /* row i of the result at out + i width */
  const DSC_T *partial; /* the latest partial sum of earlier blocks, laid out as the result; older ones before it */
  int64_t level; /* elements from one partial sum to the next */
  int64_t joins; /* how many of them join this block's sum, the latest first */
} DSC_NAME(_micro_tile);

/* out = this block's sum, after the levels that join it. Rows hang on every third one: base, + stride, + 2 stride are
 * addresses that x86 forms for nothing. */
DSC_INLINE void DSC_NAME(_micro)(
    const int rows, const int vectors, const DSC_T *a, const DSC_T *b, DSC_T *out, const DSC_NAME(_micro_tile) * tile) {
  const int lanes = DSC_GEMM_LANES(sizeof(DSC_T));
  const int64_t a_row = tile->a_row, a_k = tile->a_k, b_k = tile->b_k, width = tile->width;
  DSC_NAME(_vector) sum[24][8], column[8];
  const DSC_T *row[8];
  DSC_GEMM_UNROLL
  for (int i = 0; i < rows; i++) {
    DSC_GEMM_UNROLL
    for (int j = 0; j < vectors; j++)
      sum[i][j] = DSC_NAME(_fill)(0);
  }
  DSC_GEMM_ROLLED
  for (int64_t s = 0; s < tile->segment_count; s++) {
    DSC_GEMM_UNROLL
    for (int i = 0; i < rows; i += 3) {
      row[i / 3] = a + tile->segments[s].offset + i * a_row;
      DSC_GEMM_BASE(row[i / 3]);
    }
    DSC_GEMM_ROLLED
    for (int64_t k = tile->segments[s].depth; k > 0; k--) {
      DSC_GEMM_UNROLL
      for (int j = 0; j < vectors; j++)
        column[j] = DSC_NAME(_load)(b + j * lanes);
      DSC_GEMM_UNROLL
      for (int i = 0; i < rows; i++) {
        const DSC_NAME(_vector) x = DSC_NAME(_fill)(row[i / 3][i % 3 * a_row]);
        DSC_GEMM_UNROLL
        for (int j = 0; j < vectors; j++)
          sum[i][j] = DSC_NAME(_fma)(x, column[j], sum[i][j]);
      }
      DSC_GEMM_UNROLL
      for (int i = 0; i < rows; i += 3)
        row[i / 3] += a_k;
      b += b_k;
    }
  }
  const DSC_T *partial = tile->partial;
  DSC_GEMM_ROLLED
  for (int64_t join = 0; join < tile->joins; join++, partial -= tile->level) {
    DSC_GEMM_UNROLL
    for (int i = 0; i < rows; i++) {
      DSC_GEMM_UNROLL
      for (int j = 0; j < vectors; j++)
        sum[i][j] = DSC_NAME(_add)(DSC_NAME(_load)(partial + i * width + j * lanes), sum[i][j]);
    }
  }
  DSC_GEMM_UNROLL
  for (int i = 0; i < rows; i++) {
    DSC_GEMM_UNROLL
    for (int j = 0; j < vectors; j++)
      DSC_NAME(_store)(out + i * width + j * lanes, sum[i][j]);
  }
}

/* Each size of micro-tile is compiled once. */
#define DSC_GEMM_DEFINE(rows, vectors)                                                  \
  DSC_NOINLINE void DSC_NAME(_micro_##rows##x##vectors)(                                \
      const DSC_T *a, const DSC_T *b, DSC_T *out, const DSC_NAME(_micro_tile) * tile) { \
    DSC_NAME(_micro)(rows, vectors, a, b, out, tile);                                   \
  }
#define DSC_GEMM_CASE(rows, vectors)                      \
  case rows * 8 + vectors:                                \
    DSC_NAME(_micro_##rows##x##vectors)(a, b, out, tile); \
    break;
DSC_GEMM_HEIGHTS(DSC_GEMM_DEFINE, 1)
DSC_GEMM_HEIGHTS(DSC_GEMM_DEFINE, 2)
DSC_GEMM_DEFINE(1, 8)
#if DSC_GEMM_FREE
DSC_GEMM_FREE_SIZES(DSC_GEMM_DEFINE)
#endif
DSC_INLINE void DSC_NAME(_micro_of)(
    int64_t rows, int64_t vectors, const DSC_T *a, const DSC_T *b, DSC_T *out, const DSC_NAME(_micro_tile) * tile) {
  switch (rows * 8 + vectors) {
    DSC_GEMM_HEIGHTS(DSC_GEMM_CASE, 1)
    DSC_GEMM_HEIGHTS(DSC_GEMM_CASE, 2)
#if DSC_GEMM_FREE
    DSC_GEMM_FREE_SIZES(DSC_GEMM_CASE)
#endif
  default:
    DSC_NAME(_micro_1x8)(a, b, out, tile);
    break;
  }
}
#undef DSC_GEMM_DEFINE
#undef DSC_GEMM_CASE

/* A micro-tile of one row of A and at most two vectors of columns, straight from memory, where the columns fill no
 * vectors or do not lie side by side: column j of row k at b[k b_k + j b_col]. */
DSC_NOINLINE void DSC_NAME(_micro_row)(int64_t cols, int64_t b_col, int64_t depth, const DSC_T *a, const DSC_T *b,
    DSC_T *out, const DSC_NAME(_micro_tile) * tile) {
  enum { lanes = DSC_GEMM_LANES(sizeof(DSC_T)), panel_steps = 16 };
  const int64_t slice = panel_steps;
  DSC_T panel[panel_steps * 2 * lanes] DSC_ALIGNED(64);
  DSC_NAME(_vector) sum[2] = {DSC_NAME(_fill)(0), DSC_NAME(_fill)(0)};
  const int64_t width = tile->width;
  for (int64_t begin = 0; begin < depth; begin += slice) {
    const int64_t steps = DSC_GEMM_MIN(slice, depth - begin);
    DSC_NAME(_pack)(panel, width, b + begin * tile->b_k, cols, b_col, tile->b_k, steps);
    for (int64_t k = 0; k < steps; k++) {
      const DSC_NAME(_vector) x = DSC_NAME(_fill)(a[(begin + k) * tile->a_k]);
      sum[0] = DSC_NAME(_fma)(x, DSC_NAME(_load)(panel + k * width), sum[0]);
      if (width > lanes)
        sum[1] = DSC_NAME(_fma)(x, DSC_NAME(_load)(panel + k * width + lanes), sum[1]);
    }
  }
  const DSC_T *partial = tile->partial;
  for (int64_t join = 0; join < tile->joins; join++, partial -= tile->level)
    for (int64_t j = 0; j < width; j += lanes)
      sum[j / lanes] = DSC_NAME(_add)(DSC_NAME(_load)(partial + j), sum[j / lanes]);
  for (int64_t j = 0; j < width; j += lanes)
    DSC_NAME(_store)(out + j, sum[j / lanes]);
}

/* ---- the epilogue ---- */

/* What is done with finished elements. `finish` writes outputs row ..< row + rows by col ..< col + cols from
 * acc[i acc_stride + j]; it is called once for each micro-tile, `cols` is a constant on every path but that of few columns,
 * and acc is 64-byte aligned there. `fetch`, unless it is NULL, asks for the cache lines that `finish` will touch: it is called
 * before the micro-kernel, behind whose arithmetic they arrive. All three are parameters of their own: a constant function
 * among parameters is called by name once the call that has it is inlined, one in a struct may stay a pointer. */
typedef void DSC_NAME(_finisher)(
    const void *env, const DSC_T *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols);

/* Hands a finished micro-tile on; that of a product computed as its transpose is transposed back. */
DSC_INLINE void DSC_NAME(_finish)(int swapped, const DSC_T *acc, int64_t stride, int64_t row, int64_t rows, int64_t col,
    int64_t cols, DSC_NAME(_finisher) * finish, const void *env) {
  if (!swapped) {
    finish(env, acc, stride, row, rows, col, cols);
  } else if (rows == 1) {
    finish(env, acc, 1, col, cols, row, 1);
  } else {
    DSC_T transposed[8 * DSC_GEMM_LANES(sizeof(DSC_T)) * 4] DSC_ALIGNED(64);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < cols; j++)
        transposed[j * 4 + i] = acc[i * stride + j];
    finish(env, transposed, 4, col, cols, row, rows);
  }
}

/* The plain epilogue, which stores rows: env is a dsc_gemm_*_output. */
typedef struct {
  DSC_T *out;
  int64_t row_stride;
} DSC_NAME(_output);
DSC_INLINE void DSC_NAME(_store_row)(DSC_T *DSC_RESTRICT out, const DSC_T *DSC_RESTRICT acc, int64_t cols) {
  DSC_GEMM_COLUMNS
  for (int64_t j = 0; j < cols; j++)
    out[j] = acc[j];
}
DSC_INLINE void DSC_NAME(_store_rows)(
    const void *env, const DSC_T *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const DSC_NAME(_output) *const to = (const DSC_NAME(_output) *)env;
  for (int64_t i = 0; i < rows; i++)
    DSC_NAME(_store_row)(to->out + (row + i) * to->row_stride + col, acc + i * acc_stride, cols);
}

/* ---- the macro-kernel ---- */

/* Packs a thread's share of a k x n matrix B of strides, for products of many rows by it: micro-panels for all of k one after
 * another. The last one is padded to whole vectors. */
DSC_INLINE void DSC_NAME(_pack_whole)(
    dsc_gemm_size s, DSC_NAME(_operand) b, DSC_T *packed, int64_t thread, int64_t threads) {
  const int64_t lanes = DSC_GEMM_LANES(sizeof(DSC_T)), full = 2 * lanes, panels = (s.n + full - 1) / full;
  for (int64_t panel = panels * thread / threads; panel < panels * (thread + 1) / threads; panel++) {
    const int64_t col = panel * full, cols = DSC_GEMM_MIN(full, s.n - col), width = (cols + lanes - 1) / lanes * lanes;
    DSC_NAME(_pack)(packed + col * s.k, width, b.data + col * b.col, cols, b.col, b.row, s.k);
  }
}

/* For each region, block of k and column of micro-tiles (one vector wide or two, or eight where a single row meets a B
 * that is read in place): packs the column unless an earlier region has, then runs down its micro-tiles. */
DSC_GEMM_MACRO void DSC_NAME(_macro)(int swapped, dsc_gemm_size s, DSC_NAME(_operand) a, DSC_NAME(_operand) b,
    int64_t begin, int64_t end, DSC_T *scratch, DSC_NAME(_finisher) * finish, dsc_gemm_fetcher *fetch,
    const void *env) {
  const int64_t M = s.m, N = s.n, K = s.k, size = (int64_t)sizeof(DSC_T);
  const int64_t lanes = DSC_GEMM_LANES(size), full = 2 * lanes, wide = 8 * lanes, edge = N % full;
  const int64_t block = s.block > 0 ? s.block : DSC_GEMM_BLOCK(K, size), first = s.first;
  const int64_t last = (s.end - first + block - 1) / block - 1;
  const int packs_a = DSC_GEMM_PACKS_A(M, N, a.row, a.col, size);
  const int packs_b = DSC_GEMM_PACKS_B(M, N, b.row, b.col, size), is_packed = b.col == DSC_GEMM_PACKED;
  const int keeps_b = DSC_GEMM_KEEPS_B(K, size), prefetches_b = packs_b && !b.cols.at && K * N * size > (1 << 20);
  const dsc_gemm_grid grid = dsc_gemm_grid_of(s);
  DSC_T *const packed_a = scratch + DSC_GEMM_B_ELEMENTS(M, N, K, b.row, b.col, size);
  DSC_T *const partial = packed_a + DSC_GEMM_A_ELEMENTS(M, N, K, a.row, a.col, size);
  DSC_T done[DSC_GEMM_MR * 8 * DSC_GEMM_LANES(sizeof(DSC_T))] DSC_ALIGNED(64);
  const dsc_gemm_axis packed = {0, INT64_MAX, NULL};
  DSC_NAME(_micro_tile) tile;
  dsc_gemm_segment segments[DSC_GEMM_KC_BYTES / sizeof(DSC_T) / DSC_GEMM_LEAST_RUN + 2];
  tile.segments = segments;
  tile.a_row = packs_a ? 1 : a.rows.stride;
  tile.level = DSC_GEMM_MAX_ROWS(M) * DSC_GEMM_MAX_COLUMNS(N);
  int64_t packed_column = -1;
  for (int64_t macro_tile = begin; macro_tile < end;) {
    const dsc_gemm_region r = dsc_gemm_region_of(s, grid, macro_tile, end);
    const int64_t height = r.row_end - r.row, parts = (height + DSC_GEMM_MR - 1) / DSC_GEMM_MR;
    const int fresh_b = !keeps_b || packed_column != r.col;
    for (int64_t number = 0; number <= last; number++) {
      const int64_t k = first + number * block, depth = DSC_GEMM_MIN(block, s.end - k);
      /* The tree is a stack, as that of dsc_tree_push in descent_kernel.h. */
      const int64_t sums = dsc_ones(number);
      tile.joins = number == last ? sums : dsc_trailing_ones(number);
      DSC_T *const b_block = scratch + (keeps_b ? (k - first) * DSC_GEMM_MAX_COLUMNS(N) : 0);
      if (packs_a)
        DSC_NAME(_pack_a)(packed_a, a.data, a.row, a.col, a.rows.at, a.cols.at, r.row, r.row_end, k, depth);
      tile.segment_count = dsc_gemm_divide(segments, packs_a ? packed : a.cols, k, depth);
      for (int64_t col = r.col, cols; col < r.col_end; col += cols) {
        const int64_t left = r.col_end - col;
        cols = M == 1 && !packs_b && b.col == 1 && left >= wide ? wide : left >= full ? full : edge;
        const int64_t vectors = (cols + lanes - 1) / lanes, width = vectors * lanes;
        const int in_place = !packs_b && b.col == 1 && cols % lanes == 0;
        const int by_row = M == 1 && !packs_b && !in_place && !is_packed;
        DSC_T *const packed_b = b_block + (DSC_GEMM_MC > 256 ? (col - r.col) * depth : 0);
        if (b.cols.at && fresh_b != 0)
          DSC_NAME(_pack_columns)(packed_b, width, b.data, b.rows.at, b.cols.at, col, cols, k, depth);
        else if (!in_place && !by_row && !is_packed && fresh_b != 0)
          DSC_NAME(_pack)(packed_b, width, b.data + k * b.row + col * b.col, cols, b.col, b.row, depth);
        const int64_t next_k = left > cols ? k : k + block, next_col = left > cols ? col + cols : r.col;
        const DSC_T *const b_panel = in_place || by_row ? b.data + k * b.row + col * b.col
            : is_packed                                 ? b.data + col * K + k * width
                                                        : packed_b;
        tile.b_k = in_place || by_row ? b.row : width;
        tile.width = width;
        for (int64_t row = r.row, rows; row < r.row_end; row += rows) {
          const int64_t left_rows = r.row_end - row, run = a.rows.run;
          rows = packs_a ? dsc_gemm_height(left_rows)
                         : dsc_gemm_free_height(DSC_GEMM_MIN(left_rows, run - row % run), vectors);
          if (prefetches_b && fresh_b != 0 && next_k < s.end)
            DSC_NAME(_prefetch)
          (b.data + next_k * b.row + next_col * b.col, DSC_GEMM_MIN(full, r.col_end - next_col), b.col, b.row,
              DSC_GEMM_MIN(block, s.end - next_k), (row - r.row) / DSC_GEMM_MR, parts);
          const DSC_T *const a_panel = packs_a ? packed_a + (row - r.row) * depth : a.data + dsc_gemm_at(a.rows, row);
          tile.a_k = packs_a ? rows : a.cols.stride;
          DSC_T *const place = partial + (col - r.col) * height + (row - r.row) * width;
          tile.partial = place + (sums > 0 ? sums - 1 : 0) * tile.level;
          DSC_T *const out = number == last ? done : place + (sums - tile.joins) * tile.level;
          if (fetch && !swapped && number == last)
            fetch(env, row, rows, col, cols);
          if (by_row)
            DSC_NAME(_micro_row)(cols, b.col, depth, a_panel + segments->offset, b_panel, out, &tile);
          else
            DSC_NAME(_micro_of)(rows, vectors, a_panel, b_panel, out, &tile);
          if (number < last)
            continue;
          if (N >= full && cols == full)
            DSC_NAME(_finish)(swapped, done, full, row, rows, col, full, finish, env);
          else if (edge > 0 && cols == edge)
            DSC_NAME(_finish)(swapped, done, width, row, rows, col, edge, finish, env);
          else if (M == 1 && N >= wide)
            DSC_NAME(_finish)(swapped, done, wide, row, rows, col, wide, finish, env);
        }
      }
    }
    packed_column = r.col;
    macro_tile = r.next;
  }
}

/* Computes macro-tiles begin ..< end of A B and hands them to the epilogue; scratch is this thread's own. */
DSC_INLINE void DSC_NAME()(dsc_gemm_size size, DSC_NAME(_operand) a, DSC_NAME(_operand) b, int64_t begin, int64_t end,
    void *scratch, DSC_NAME(_finisher) * finish, dsc_gemm_fetcher *fetch, const void *env) {
  if (DSC_GEMM_SWAPS(size.m, size.n))
    DSC_NAME(_macro)
  (1, dsc_gemm_swapped(size), DSC_NAME(_transposed)(b), DSC_NAME(_transposed)(a), begin, end, (DSC_T *)scratch, finish,
      fetch, env);
  else DSC_NAME(_macro)(0, size, a, b, begin, end, (DSC_T *)scratch, finish, fetch, env);
}
