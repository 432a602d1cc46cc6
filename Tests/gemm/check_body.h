/* The check of one product in elements of type T: an include template of check.c. */

typedef struct {
  T *out;
  unsigned char *writes;
  int64_t columns;
} SUFFIX(target);

DSC_INLINE void SUFFIX(shift)(
    const void *env, const T *acc, int64_t stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const SUFFIX(target) *const to = (const SUFFIX(target) *)env;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) {
      const int64_t at = (row + i) * to->columns + col + j;
      to->out[at] = acc[i * stride + j] + (T)1;
      to->writes[at]++;
    }
}

DSC_INLINE void SUFFIX(fetch)(const void *env, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const SUFFIX(target) *const to = (const SUFFIX(target) *)env;
  for (int64_t i = 0; i < rows; i++)
    DSC_GEMM_FETCH_ROW(to->out + (row + i) * to->columns + col, cols);
}

/* The sum of blocks first ..< first + count of one output: a block's terms in sequence, the blocks in the tree whose
 * left side is the largest power of two. */
static T SUFFIX(sum)(const T *a, layout la, const T *b, layout lb, int64_t K, int64_t first, int64_t count) {
  const int64_t most = 2048 / (int64_t)sizeof(T), blocks = (K + most - 1) / most, block = (K + blocks - 1) / blocks;
  if (count > 1) {
    int64_t left = 1;
    while (2 * left < count)
      left *= 2;
    const T lower = SUFFIX(sum)(a, la, b, lb, K, first, left);
    return lower + SUFFIX(sum)(a, la, b, lb, K, first + left, count - left);
  }
  T acc = 0;
  for (int64_t k = first * block; k < K && k < (first + 1) * block; k++)
    acc = FMA(a[col_at(la, k)], b[row_at(lb, k)], acc);
  return acc;
}

/* Reports the first output that differs or that was not written once. */
static void SUFFIX(compare)(
    int64_t M, int64_t N, int64_t K, layout la, layout lb, const T *a, const T *b, const SUFFIX(target) * target) {
  const int64_t most = 2048 / (int64_t)sizeof(T), blocks = (K + most - 1) / most;
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++) {
      const T want = SUFFIX(sum)(a + row_at(la, i), la, b + col_at(lb, j), lb, K, 0, blocks) + (T)1;
      const T got = target->out[i * N + j];
      const int same = memcmp(&want, &got, sizeof want) == 0 || (want != want && got != got);
      if (same && target->writes[i * N + j] == 1)
        continue;
      printf("%d x %d x %d in %d bytes, strides %d %d, %d %d: output %d,%d is %.9g, not %.9g; %d writes\n", (int)M,
          (int)N, (int)K, (int)sizeof(T), (int)la.row, (int)la.col, (int)lb.row, (int)lb.col, (int)i, (int)j,
          (double)got, (double)want, target->writes[i * N + j]);
      exit(1);
    }
}

/* step: macro-tiles are computed step at a time, from the last to the first when it is negative. */
DSC_NOINLINE void SUFFIX(check)(int64_t M, int64_t N, int64_t K, int a_kind, int b_kind, int64_t step) {
  const layout la = layout_of(a_kind, M, K), lb = layout_of(b_kind, K, N);
  T *const a = (T *)malloc((size_t)la.count * sizeof(T)), *const b = (T *)malloc((size_t)lb.count * sizeof(T));
  T *const c = (T *)calloc((size_t)(M * N), sizeof(T));
  unsigned char *const writes = (unsigned char *)calloc((size_t)(M * N), 1);
  for (int64_t i = 0; i < la.count; i++)
    a[i] = (T)random_number();
  for (int64_t i = 0; i < lb.count; i++)
    b[i] = (T)random_number();
  if (cases % 7 == 3)
    a[la.count / 2] = (T)INFINITY, b[lb.count / 3] = (T)NAN;
  const SUFFIX(target) target = {c, writes, N};
  index_a = la, index_b = lb;
  /* Every third time positions come from functions, for A, for B or for both. */
  const int a_at = cases % 3 == 0 && cases % 2 == 0, b_at = cases % 3 == 0 && cases % 4 != 2;
  const int by_runs = a_kind >= 5;
  const GEMM(_operand) A = by_runs
      ? GEMM(_by_runs)(a, dsc_gemm_runs(a_row_at, la.row, la.row_run), dsc_gemm_runs(a_k_at, la.col, la.col_run))
      : a_at ? GEMM(_indexed)(a, a_row_at, a_k_at)
             : GEMM(_strided)(a, la.row, la.col);
  const GEMM(_operand) strided = GEMM(_strided)(b, lb.row, lb.col);
  /* Packed beforehand, by threads that do their shares in some order; products of few columns are never. */
  const int packed = cases % 3 == 1 && !DSC_GEMM_SWAPS(M, N);
  const size_t packed_bytes = (size_t)DSC_GEMM_PACKED_ELEMENTS(N, K) * sizeof(T);
  T *const whole = (T *)aligned_alloc(64, (packed_bytes + 63) / 64 * 64);
  const GEMM(_operand) B = packed ? GEMM(_packed)(whole) : b_at ? GEMM(_indexed)(b, b_k_at, b_col_at) : strided;
  for (int64_t thread = 2; packed && thread >= 0; thread--)
    GEMM(_pack_whole)(dsc_gemm_sizes(M, N, K), strided, whole, thread, 3);
  const size_t bytes = (size_t)DSC_GEMM_SCRATCH_BYTES(M, N, K, A.row, A.col, B.row, B.col, sizeof(T));
  unsigned char *const memory = (unsigned char *)aligned_alloc(64, (bytes + 127) / 64 * 64);
  /* The scratch memory ends where the allocation does, at an address of its alignment. */
  unsigned char *const scratch = memory + (bytes + 127) / 64 * 64 - (bytes + 63) / 64 * 64;
  memset(memory, 0xff, (bytes + 127) / 64 * 64);
  const dsc_gemm_size size = by_runs && cases % 4 == 0 ? dsc_gemm_sizes_by(16, M, N, K) : dsc_gemm_sizes(M, N, K);
  const int64_t tiles = dsc_gemm_tiles(size), stride = step < 0 ? -step : step;
  for (int64_t done = 0; done < tiles; done += stride) {
    const int64_t end = done + stride < tiles ? done + stride : tiles;
    const int64_t from = step < 0 ? tiles - end : done, to = step < 0 ? tiles - done : end;
    GEMM()(size, A, B, from, to, scratch, SUFFIX(shift), cases % 2 == 0 ? SUFFIX(fetch) : NULL, &target);
  }
  SUFFIX(compare)(M, N, K, la, lb, a, b, &target);
  free(a), free(b), free(c), free(writes), free(memory), free(whole);
  cases++;
}

/* A long sum in parts of eight blocks each, joined in the tree of blocks, has the bits of the whole. */
DSC_NOINLINE void SUFFIX(check_parts)(int64_t M, int64_t N, int64_t K) {
  const int64_t blocks = DSC_GEMM_BLOCKS(K, sizeof(T)), block = DSC_GEMM_BLOCK(K, sizeof(T)), steps = 8 * block;
  const int64_t parts = (K + steps - 1) / steps;
  const layout la = layout_of(1, M, K), lb = layout_of(0, K, N);
  T *const a = (T *)malloc((size_t)la.count * sizeof(T)), *const b = (T *)malloc((size_t)lb.count * sizeof(T));
  T *const sums = (T *)calloc((size_t)(parts * M * N), sizeof(T));
  for (int64_t i = 0; i < la.count; i++)
    a[i] = (T)random_number();
  for (int64_t i = 0; i < lb.count; i++)
    b[i] = (T)random_number();
  const GEMM(_operand) A = GEMM(_strided)(a, la.row, la.col), B = GEMM(_strided)(b, lb.row, lb.col);
  const size_t bytes = (size_t)DSC_GEMM_SCRATCH_BYTES(M, N, steps, A.row, A.col, B.row, B.col, sizeof(T));
  void *const scratch = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  for (int64_t part = parts - 1; part >= 0; part--) {
    const dsc_gemm_size size = dsc_gemm_part(dsc_gemm_sizes(M, N, steps), part * steps, K, block);
    const GEMM(_output) output = {sums + part * M * N, N};
    GEMM()(size, A, B, 0, dsc_gemm_tiles(size), scratch, GEMM(_store_rows), NULL, &output);
  }
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++) {
      T stack[8], sum = 0;
      for (int64_t part = 0; part < parts; part++) {
        sum = sums[(part * M + i) * N + j];
        SUFFIX(dsc_tree_push)(stack, 1, part, &sum);
      }
      SUFFIX(dsc_tree_finish)(stack, 1, parts, &sum);
      const T want = SUFFIX(sum)(a + row_at(la, i), la, b + col_at(lb, j), lb, K, 0, blocks);
      if (memcmp(&want, &sum, sizeof want) != 0) {
        printf("%d x %d x %d in parts: output %d,%d is %.9g, not %.9g\n", (int)M, (int)N, (int)K, (int)i, (int)j,
            (double)sum, (double)want);
        exit(1);
      }
    }
  free(a), free(b), free(sums), free(scratch);
  cases++;
}
