/* Descent 0.2.0: 36 operations in 1 kernel, 0 barriers a step, 0 bytes of arena. */
/* k0: each of 128 rows through all of this */
DSC_NOINLINE void softmax_k0(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in0, /* f32[128,1000] */
    float *DSC_RESTRICT out0, /* f32[128,1000] */
    float *DSC_RESTRICT out1) { /* f32[128] */
  for (int64_t row = lo; row < hi; row++) {
    float select_0;
    float exp_0[1000] DSC_ALIGNED(64); /* f32[128,1000] */
    uint8_t compare_0[1000] DSC_ALIGNED(64); /* bool[128,1000] */
    float sum_0;
    float sum_1;
    /* select_0 = select(abs(max(in0)) < inf, max(in0), 0.0)    CCodeTests/GoldenPrograms.swift:24 */
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = -INFINITY;
      for (int64_t j = 0; j < 992; j += 16) {
        for (int64_t l = 0; l < 16; l++)
          acc[l] = dsc_max_f32(acc[l], in0[row * 1000 + j + l]);
      }
      for (int64_t l = 0; l < 8; l++)
        acc[l] = dsc_max_f32(acc[l], in0[row * 1000 + l + 992]);
      const float max_0 = dsc_tree_max_f32(acc, 16);
      select_0 = dsc_select_f32(dsc_abs_f32(max_0) < INFINITY, max_0, 0.0f);
    }
    /* exp_0 = exp(in0 - select_0)    CCodeTests/GoldenPrograms.swift:24 */
    /* compare_0 = (in0 - select_0) == 0.0 */
    for (int64_t j = 0; j < 1000; j++) {
      const float subtract_0 = in0[row * 1000 + j] - select_0;
      exp_0[j] = dsc_exp_f32(subtract_0);
      compare_0[j] = subtract_0 == 0.0f;
    }
    /* sum_0 = sum(exp_0)    CCodeTests/GoldenPrograms.swift:24 */
    {
      float acc[16];
      float stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_min_i64(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        const int64_t end = to - to % 16;
        for (int64_t j = from; j < end; j += 16) {
          for (int64_t l = 0; l < 16; l++)
            acc[l] += exp_0[j + l];
        }
        for (int64_t l = 0; l < to - end; l++)
          acc[l] += exp_0[end + l];
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      sum_0 = dsc_tree_sum_f32(acc, 16);
    }
    /* out0 = exp_0 / sum_0    CCodeTests/GoldenPrograms.swift:24 */
    for (int64_t j = 0; j < 1000; j++)
      out0[row * 1000 + j] = exp_0[j] / sum_0;
    /* sum_1 = sum(exp_0 - select(compare_0, 1.0, 0.0))    CCodeTests/GoldenPrograms.swift:24 */
    {
      float acc[16];
      float stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_min_i64(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        const int64_t end = to - to % 16;
        for (int64_t j = from; j < end; j += 16) {
          for (int64_t l = 0; l < 16; l++)
            acc[l] += exp_0[j + l] - dsc_select_f32(compare_0[j + l], 1.0f, 0.0f);
        }
        for (int64_t l = 0; l < to - end; l++)
          acc[l] += exp_0[end + l] - dsc_select_f32(compare_0[end + l], 1.0f, 0.0f);
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      sum_1 = dsc_tree_sum_f32(acc, 16);
    }
    /* out1 = select((sum_1 + sum(convert(compare_0)) - 1.0) == (-1.0), -inf, log1p(select((sum_1 + sum(conver ... */
    /* CCodeTests/GoldenPrograms.swift:24 */
    {
      float acc[16];
      float stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_min_i64(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        const int64_t end = to - to % 16;
        for (int64_t j = from; j < end; j += 16) {
          for (int64_t l = 0; l < 16; l++)
            acc[l] += (float)compare_0[j + l];
        }
        for (int64_t l = 0; l < to - end; l++)
          acc[l] += (float)compare_0[end + l];
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      const float add_0 = sum_1 + (dsc_tree_sum_f32(acc, 16) - 1.0f);
      const uint8_t compare_1 = add_0 == (-1.0f);
      out1[row] = dsc_select_f32(compare_1, -INFINITY, dsc_log1p_f32(dsc_select_f32(compare_1, 0.0f, add_0))) +
          select_0;
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  softmax_scratch = 0,
  softmax_arena = 0
};

/* One step, executed by all threads together. */
static void softmax_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const float *const in0 = (const float *)io[0]; /* x0 f32[128,1000] */
  float *const out0 = (float *)io[1]; /* y0 f32[128,1000] */
  float *const out1 = (float *)io[2]; /* y1 f32[128] */
  (void)arena;
  dsc_span s;
  if (dsc_share(&s, 128, 1, thread, threads))
    softmax_k0(s.lo, s.hi, in0, out0, out1);
}

DSC_EXPORT int64_t softmax_arena_bytes(int64_t threads);
DSC_EXPORT void softmax_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t softmax_arena_bytes(int64_t threads) { return softmax_arena + threads * softmax_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void softmax_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
#ifdef _OPENMP
#pragma omp parallel num_threads((int)threads)
  {
    const int64_t thread = omp_get_thread_num(), count = omp_get_num_threads();
#else
  (void)threads;
  {
    const int64_t thread = 0, count = 1;
#endif
    for (int64_t s = 0; s < steps; s++) {
      softmax_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
