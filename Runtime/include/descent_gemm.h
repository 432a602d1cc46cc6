/* The matrix product C = epilogue(A B) of an m x k and a k x n matrix, in f32 and f64: how it is cut, and its types.
 * The functions are in descent_gemm_f32.h and descent_gemm_f64.h, two instances of descent_gemm_body.h.
 *
 *   tiles   = dsc_gemm_tiles(size)            macro-tiles of C, the units that threads share
 *   scratch = DSC_GEMM_SCRATCH_BYTES(M, N, K, a_row, a_k, b_k, b_col, sizeof(float))
 *                                             a thread's, 64-byte aligned; a constant expression
 *   dsc_gemm_f32(size, A, B, begin, end, scratch, finish, fetch, env)
 *                                             computes macro-tiles begin ..< end and hands them to the epilogue
 *
 * Sizes and strides are meant to be constants at the call, so that loops, edges and the epilogue are specialised while
 * the micro-kernels are shared. The epilogue gets finished tiles and writes the outputs itself.
 *
 * Order of the sum over k, a function of k and the element's size alone: blocks of at most KC terms, each a chain
 * acc = fma(a, b, acc) from acc = 0, whose sums meet in a pairwise tree. Lanes lie across outputs only, so that the
 * bits depend on no instruction set, no tiling and no thread, and the error grows with the logarithm of the number of
 * blocks. Nothing outside the operands is read.
 *
 * The words are those of BLIS: a micro-kernel computes MR x NR outputs in registers from micro-panels of A and B;
 * blocks of A are MC x KC, panels of B KC x NC (Goto and van de Geijn, Anatomy of High-Performance Matrix
 * Multiplication, 2008; Van Zee and van de Geijn, BLIS, 2015). */
#ifndef DESCENT_GEMM_H
#define DESCENT_GEMM_H

#include "descent_gemm_vector.h"
#include "descent_kernel.h"

/* Rows and columns of a macro-tile at most, multiples of 12 and 32. A program with little memory defines less: up to
 * 256 rows it packs B one panel at a time. */
#ifndef DSC_GEMM_MC
#define DSC_GEMM_MC 384
#endif
#ifndef DSC_GEMM_NC
#define DSC_GEMM_NC 256
#endif
/* Neighbouring macro-tiles of one thread are joined up to this many rows. */
#define DSC_GEMM_JOINED_ROWS DSC_GEMM_MIN(256, DSC_GEMM_MC)

/* The macro-kernel is compiled for each product, and there are micro-kernels for A read in place alone; but where compile
 * time comes before speed (DSC_QUICK) it is compiled once, and the others do. */
#ifdef DSC_QUICK
#define DSC_GEMM_MACRO DSC_NOINLINE
#define DSC_GEMM_FREE 0
#else
#define DSC_GEMM_MACRO DSC_INLINE
#define DSC_GEMM_FREE (DSC_GEMM_VECTOR == 64)
#endif

typedef struct {
  int64_t m, n, k;
  int64_t unit; /* macro-tiles begin at multiples of this many rows */
  int64_t first, end; /* the steps of the sum */
  int64_t block; /* steps of one, or 0: as DSC_GEMM_BLOCK says */
} dsc_gemm_size;

DSC_INLINE dsc_gemm_size dsc_gemm_sizes_by(int64_t unit, int64_t m, int64_t n, int64_t k) {
  const dsc_gemm_size size = {m, n, k, unit <= DSC_GEMM_MC ? unit : 12, 0, k, 0};
  return size;
}
/* The same for part of a longer sum: k steps from `first` on, or up to `end`, which is that of the whole, in its blocks. */
DSC_INLINE dsc_gemm_size dsc_gemm_part(dsc_gemm_size size, int64_t first, int64_t end, int64_t block) {
  size.first = first;
  size.end = DSC_GEMM_MIN(first + size.k, end);
  size.block = block;
  return size;
}
DSC_INLINE dsc_gemm_size dsc_gemm_sizes(int64_t m, int64_t n, int64_t k) { return dsc_gemm_sizes_by(12, m, n, k); }

/* The sizes of the product computed as its transpose. */
DSC_INLINE dsc_gemm_size dsc_gemm_swapped(dsc_gemm_size size) {
  const dsc_gemm_size swapped = {size.n, size.m, size.k, 12, size.first, size.end, size.block};
  return swapped;
}

/* Where row i, column j or step k of an operand lies, if no stride says so. */
typedef int64_t dsc_gemm_index(int64_t i);

/* The rows or the columns of an operand: number i lies at i stride or, where `at` is not NULL, at at(i); from each
 * multiple of `run` on, so many lie by the stride. */
typedef struct {
  int64_t stride, run;
  dsc_gemm_index *at;
} dsc_gemm_axis;

DSC_INLINE dsc_gemm_axis dsc_gemm_runs(dsc_gemm_index *at, int64_t stride, int64_t run) {
  const dsc_gemm_axis axis = {stride, run, at};
  return axis;
}
DSC_INLINE int64_t dsc_gemm_at(dsc_gemm_axis axis, int64_t i) { return axis.at ? axis.at(i) : i * axis.stride; }

/* Asks for what an epilogue will touch of outputs row ..< row + rows by col ..< col + cols. */
typedef void dsc_gemm_fetcher(const void *env, int64_t row, int64_t rows, int64_t col, int64_t cols);
/* The lines of elements 0 ..< count of a row. */
#define DSC_GEMM_FETCH_ROW(at, count)                                                 \
  for (int64_t fetched = 0; fetched < (count); fetched += 64 / (int64_t)sizeof *(at)) \
  DSC_GEMM_PREFETCH((at) + fetched)

/* Steps of the sum that a micro-kernel goes along at one stride, and where they begin in A. */
typedef struct {
  int64_t offset, depth;
} dsc_gemm_segment;

/* The segments of steps k ..< k + depth along the columns of A; gives their number. */
DSC_INLINE int64_t dsc_gemm_divide(dsc_gemm_segment *segments, dsc_gemm_axis columns, int64_t k, int64_t depth) {
  int64_t count = 0;
  DSC_GEMM_ROLLED
  for (int64_t done = 0; done < depth; count++) {
    segments[count].offset = dsc_gemm_at(columns, k + done);
    segments[count].depth = DSC_GEMM_MIN(depth - done, columns.run - (k + done) % columns.run);
    done += segments[count].depth;
  }
  return count;
}

/* ---- the order of the sum: decides bits ---- */

/* KC: the sum is cut in equal blocks of at most 2 KiB of a row, 512 terms in f32 and 256 in f64. */
#define DSC_GEMM_KC_BYTES 2048
#define DSC_GEMM_BLOCKS(K, size) (((K) * (int64_t)(size) + DSC_GEMM_KC_BYTES - 1) / DSC_GEMM_KC_BYTES)
#define DSC_GEMM_BLOCK(K, size) (((K) + DSC_GEMM_BLOCKS(K, size) - 1) / DSC_GEMM_BLOCKS(K, size))
/* Partial sums that wait for others at a time, at most: the length of the last block's number in binary. */
#define DSC_GEMM_LEVELS(K, size) DSC_GEMM_BITS(DSC_GEMM_BLOCKS(K, size) - 1)
#define DSC_GEMM_BITS(x) ((x) < (1 << 16) ? DSC_GEMM_BITS_16(x) : 16 + DSC_GEMM_BITS_16((x) >> 16))
#define DSC_GEMM_BITS_16(x) ((x) < (1 << 8) ? DSC_GEMM_BITS_8(x) : 8 + DSC_GEMM_BITS_8((x) >> 8))
#define DSC_GEMM_BITS_8(x) ((x) < (1 << 4) ? DSC_GEMM_BITS_4(x) : 4 + DSC_GEMM_BITS_4((x) >> 4))
#define DSC_GEMM_BITS_4(x) ((x) < 4 ? ((x) < 2 ? (x) : 2) : (x) < 8 ? 3 : 4)

/* ---- the tiling: decides speed and memory alone ---- */

/* A product of few columns is computed as its transpose, so that the lanes lie along the rows. */
#define DSC_GEMM_SWAPS(M, N) ((N) <= 4 && (M) > (N))
#define DSC_GEMM_MAX_ROWS(M) ((M) < 12 ? (M) : DSC_GEMM_MIN(DSC_GEMM_MC, ((M) + 11) / 12 * 12))
#define DSC_GEMM_MAX_COLUMNS(N) DSC_GEMM_MIN(DSC_GEMM_NC, ((N) + 31) / 32 * 32)
/* What an operand has in place of its strides that lies at functions' positions and is packed, and A where it is read in
 * place, run by run: its runs are long, and few columns would share the work of packing. */
/* (No stride has these values.) */
#define DSC_GEMM_INDEXED (-1000000001)
#define DSC_GEMM_BY_RUNS (-1000000002)
/* B that dsc_gemm_*_pack_whole has packed for many products, and the elements that it then takes. */
#define DSC_GEMM_PACKED (-1000000003)
#define DSC_GEMM_PACKED_ELEMENTS(N, K) (((N) + 31) / 32 * 32 * (K))
/* Steps in a run at least, or else 32 runs in all steps at most, so that a block's segments fit a table. */
#define DSC_GEMM_LEAST_RUN 8
/* Rows of A are read in place unless they fall on the same cache sets; one row always is. Columns are packed where more
 * than a tile of columns meets them. */
#define DSC_GEMM_COLLIDES(stride, size) (DSC_GEMM_MC > 256 && (stride) * (int64_t)(size) % 2048 == 0)
#define DSC_GEMM_PACKS_A(M, N, a_row, a_k, size)                              \
  ((a_k) == DSC_GEMM_INDEXED ||                                               \
      ((a_k) != DSC_GEMM_BY_RUNS && (N) > 128 / (int64_t)(size) && (M) > 1 && \
          ((a_k) != 1 || DSC_GEMM_COLLIDES(a_row, size))))
/* Few rows read B in place, all but the columns that fill no vectors; one row reads all of it in place. So do many rows
 * where the rows of B are few whole vectors and lie close. */
#define DSC_GEMM_LIES(N, b_k, b_col, size) \
  ((b_col) == 1 && (N) * (int64_t)(size) % 64 == 0 && (b_k) * (int64_t)(size) <= 256)
#define DSC_GEMM_PACKS_B(M, N, b_k, b_col, size)                 \
  ((b_col) == DSC_GEMM_INDEXED || (b_col) == DSC_GEMM_BY_RUNS || \
      ((b_col) != DSC_GEMM_PACKED && (M) > 1 && ((M) > 8 || (b_col) != 1) && !DSC_GEMM_LIES(N, b_k, b_col, size)))
/* Packed panels of B, of up to 16 KiB a column, are kept for further rows; a program with little memory has one panel.
 */
#define DSC_GEMM_KEEPS_B(K, size) (DSC_GEMM_MC > 256 && (K) * (int64_t)(size) <= 16384)
#define DSC_GEMM_PANEL_COLUMNS(N) (DSC_GEMM_MC > 256 ? DSC_GEMM_MAX_COLUMNS(N) : 32)
#define DSC_GEMM_B_ELEMENTS(M, N, K, b_k, b_col, size)                                                     \
  ((b_col) == DSC_GEMM_PACKED                                                                          ? 0 \
          : !DSC_GEMM_PACKS_B(M, N, b_k, b_col, size) && ((M) == 1 || (N) * (int64_t)(size) % 64 == 0) ? 0 \
          : DSC_GEMM_KEEPS_B(K, size) ? (K)*DSC_GEMM_MAX_COLUMNS(N)                                        \
                                      : DSC_GEMM_BLOCK(K, size) * DSC_GEMM_PANEL_COLUMNS(N))
#define DSC_GEMM_A_ELEMENTS(M, N, K, a_row, a_k, size) \
  (DSC_GEMM_PACKS_A(M, N, a_row, a_k, size) ? (DSC_GEMM_BLOCK(K, size) + 15) / 16 * 16 * DSC_GEMM_MAX_ROWS(M) : 0)
#define DSC_GEMM_PARTIAL_ELEMENTS(M, N, K, size) \
  (DSC_GEMM_LEVELS(K, size) * DSC_GEMM_MAX_ROWS(M) * DSC_GEMM_MAX_COLUMNS(N))
#define DSC_GEMM_SCRATCH_1(M, N, K, a_row, a_k, b_k, b_col, size)                                        \
  ((int64_t)(size) *                                                                                     \
      (DSC_GEMM_B_ELEMENTS(M, N, K, b_k, b_col, size) + DSC_GEMM_A_ELEMENTS(M, N, K, a_row, a_k, size) + \
          DSC_GEMM_PARTIAL_ELEMENTS(M, N, K, size)))
#define DSC_GEMM_SCRATCH_BYTES(M, N, K, a_row, a_k, b_k, b_col, size)               \
  (DSC_GEMM_SWAPS(M, N) ? DSC_GEMM_SCRATCH_1(N, M, K, b_col, b_k, a_k, a_row, size) \
                        : DSC_GEMM_SCRATCH_1(M, N, K, a_row, a_k, b_k, b_col, size))

/* The largest power of two from 1 to 64 that is not above x. */
DSC_INLINE int64_t dsc_gemm_power(int64_t x) {
  return x >= 64 ? 64 : x >= 32 ? 32 : x >= 16 ? 16 : x >= 8 ? 8 : x >= 4 ? 4 : x >= 2 ? 2 : 1;
}

/* How many macro-tiles lie along the rows and along the columns of C. */
typedef struct {
  int64_t rows, columns;
} dsc_gemm_grid;

/* About 2^18 multiply-adds a macro-tile (an element touched counts as 32), 64 tiles, at least 24 rows, 32 columns. Less
 * than 2^20 in all, some 10 microseconds of one core, is as few tiles as MC and NC allow. */
DSC_INLINE dsc_gemm_grid dsc_gemm_grid_of(dsc_gemm_size s) {
  const int64_t row_units = (s.m + s.unit - 1) / s.unit, column_units = (s.n + 31) / 32;
  const int64_t most_rows = DSC_GEMM_MC / s.unit, most_columns = DSC_GEMM_NC / 32;
  dsc_gemm_grid grid = {(row_units + most_rows - 1) / most_rows, (column_units + most_columns - 1) / most_columns};
  const int64_t work = s.m * s.n * s.k + 32 * (s.m * s.n + s.m * s.k + s.k * s.n);
  const int64_t goal = work < (1 << 20) ? 1 : dsc_gemm_power(work >> 18);
  const int64_t want = dsc_gemm_power((goal + grid.rows * grid.columns - 1) / (grid.rows * grid.columns));
  const int64_t by_rows = DSC_GEMM_MIN(want, dsc_gemm_power(s.m / (24 * grid.rows)));
  const int64_t by_columns = DSC_GEMM_MIN(want / by_rows, dsc_gemm_power(column_units / grid.columns));
  grid.rows *= by_rows;
  grid.columns *= by_columns;
  return grid;
}

/* The number of macro-tiles: any partition of 0 ..< tiles among threads gives the same bits. */
DSC_INLINE int64_t dsc_gemm_tiles(dsc_gemm_size s) {
  const dsc_gemm_grid grid = dsc_gemm_grid_of(DSC_GEMM_SWAPS(s.m, s.n) ? dsc_gemm_swapped(s) : s);
  return grid.rows * grid.columns;
}

/* The outputs row ..< row_end by col ..< col_end, which end before macro-tile `next`. */
typedef struct {
  int64_t row, row_end, col, col_end, next;
} dsc_gemm_region;

/* The region that begins with a macro-tile: those that follow in the same columns are joined to it, and then whole columns,
 * so that few threads pack less. Macro-tiles run down the rows first. */
DSC_INLINE dsc_gemm_region dsc_gemm_region_of(dsc_gemm_size s, dsc_gemm_grid grid, int64_t tile, int64_t tile_end) {
  const int64_t row_units = (s.m + s.unit - 1) / s.unit, column_units = (s.n + 31) / 32, column = tile / grid.rows;
  dsc_gemm_region r;
  r.row = row_units * (tile % grid.rows) / grid.rows * s.unit;
  r.row_end = row_units * (tile % grid.rows + 1) / grid.rows * s.unit;
  r.col = column_units * column / grid.columns * 32;
  r.col_end = DSC_GEMM_MIN(column_units * (column + 1) / grid.columns * 32, s.n);
  for (r.next = tile + 1; r.next < tile_end && r.next / grid.rows == column; r.next++) {
    const int64_t row_end = row_units * (r.next % grid.rows + 1) / grid.rows * s.unit;
    if (row_end - r.row > DSC_GEMM_JOINED_ROWS)
      break;
    r.row_end = row_end;
  }
  /* All rows of one column of macro-tiles: A is packed once for as many columns as there is room for. */
  if (r.row == 0 && r.next == (column + 1) * grid.rows)
    for (; r.next + grid.rows <= tile_end; r.next += grid.rows) {
      const int64_t col_end = column_units * (r.next / grid.rows + 1) / grid.columns * 32;
      if (col_end - r.col > DSC_GEMM_NC)
        break;
      r.col_end = DSC_GEMM_MIN(col_end, s.n);
    }
  r.row_end = DSC_GEMM_MIN(r.row_end, s.m);
  return r;
}

/* Rows of the next micro-tile: MR, then the powers of two that are left. */
DSC_INLINE int64_t dsc_gemm_height(int64_t left) {
  if (left >= DSC_GEMM_MR)
    return DSC_GEMM_MR;
  if (DSC_GEMM_MR > 8 && left >= 8)
    return 8;
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* The same where A is read in place: without packed micro-panels heights are free. One vector wants more rows, which are as
 * many chains of multiply-adds; lines of images are often 7, 14, 16 or 28 pixels long, which 12 divides badly. */
DSC_INLINE int64_t dsc_gemm_free_height(int64_t left, int64_t vectors) {
#if DSC_GEMM_FREE
  if (vectors == 1)
    return left == 24 || left >= 36 ? 24
        : left >= 28 || left == 16  ? 16
        : left == 14 || left == 7   ? left
                                    : dsc_gemm_height(left);
  if (left == 16 || left == 14 || left == 7)
    return left == 16 ? 8 : 7;
#else
  (void)vectors;
#endif
  return dsc_gemm_height(left);
}

#if DSC_GEMM_MR == 12
#define DSC_GEMM_HEIGHTS(X, vectors) X(12, vectors) X(8, vectors) X(4, vectors) X(2, vectors) X(1, vectors)
#elif DSC_GEMM_MR == 6
#define DSC_GEMM_HEIGHTS(X, vectors) X(6, vectors) X(4, vectors) X(2, vectors) X(1, vectors)
#else
#define DSC_GEMM_HEIGHTS(X, vectors) X(4, vectors) X(2, vectors) X(1, vectors)
#endif
/* Sizes of micro-tiles that are for A read in place alone. */
#define DSC_GEMM_FREE_SIZES(X) X(24, 1) X(16, 1) X(14, 1) X(7, 1) X(7, 2)

#endif
