/* Descent 0.2.0: 25 operations in 5 kernels, 0 barriers a step, 5376 bytes of arena. */
/* k0: subtract_0 = gather(in0, in1) - in2    CCodeTests/GoldenPrograms.swift:28
 *     multiply_0 = subtract_0 * 0.00390625 */
DSC_NOINLINE void embedding_k0(
    int64_t lo, int64_t hi,
    const int32_t *DSC_RESTRICT in1, /* i32[32] */
    const float *DSC_RESTRICT in0, /* f32[50,16] */
    const float *DSC_RESTRICT in2, /* f32[32,16] */
    float *DSC_RESTRICT subtract_0, /* f32[32,16] */
    float *DSC_RESTRICT multiply_0) { /* f32[32,16] */
  for (int64_t i = lo; i < hi; i++) {
    DSC_LANES for (int64_t j = 0; j < 16; j++) {
      const int64_t at = dsc_clamp_index((int64_t)in1[i], 50);
      const float subtract_1 = in0[j + at * 16] - in2[i * 16 + j];
      subtract_0[i * 16 + j] = subtract_1;
      multiply_0[i * 16 + j] = subtract_1 * 0.00390625f;
    }
  }
}

/* k1: out1 = sum(subtract_0 * subtract_0) * 0.001953125    CCodeTests/GoldenPrograms.swift:28 */
DSC_NOINLINE void embedding_k1(
    const float *DSC_RESTRICT subtract_0, /* f32[32,16] */
    float *DSC_RESTRICT out1) { /* f32[] */
  float acc[16];
  for (int64_t l = 0; l < 16; l++)
    acc[l] = 0.0f;
  for (int64_t j = 0; j < 512; j += 16) {
    for (int64_t l = 0; l < 16; l++) {
      const float subtract_1 = subtract_0[j + l];
      acc[l] += subtract_1 * subtract_1;
    }
  }
  out1[0] = dsc_tree_sum_f32(acc, 16) * 0.001953125f;
}

/* k2: adjoint of gather: minimum_0 = minimum(maximum(in1, 0), 49)    CCodeTests/GoldenPrograms.swift:28 */
DSC_NOINLINE void embedding_k2(
    int64_t lo, int64_t hi,
    const int32_t *DSC_RESTRICT in1, /* i32[32] */
    int32_t *DSC_RESTRICT minimum_0) { /* i32[32] */
  for (int64_t i = lo; i < hi; i++)
    minimum_0[i] = dsc_min_i32(dsc_max_i32(in1[i], 0), 49);
}

/* k3: adjoint of gather: scatter_0 = scatter(0.0, minimum_0, multiply_0)    CCodeTests/GoldenPrograms.swift:28 */
DSC_NOINLINE void embedding_k3(
    int64_t lo, int64_t hi,
    float *DSC_RESTRICT scatter_0, /* f32[50,16] */
    const int32_t *DSC_RESTRICT minimum_0, /* i32[32] */
    const float *DSC_RESTRICT multiply_0) { /* f32[32,16] */
  for (int64_t i = lo; i < hi; i++) {
    DSC_LANES for (int64_t j = 0; j < 16; j++) {
      scatter_0[i * 16 + j] = 0.0f;
    }
  }
  for (int64_t r = 0; r < 32; r++) {
    const int64_t at = (int64_t)minimum_0[r];
    if ((at >= lo) & (at < hi)) {
      DSC_BRANCH;
      for (int64_t j = 0; j < 16; j++)
        scatter_0[j + at * 16] += multiply_0[j + r * 16];
    }
  }
}

/* k4: in0 = in0 - 0.1 * scatter_0    CCodeTests/GoldenPrograms.swift:28 */
DSC_NOINLINE void embedding_k4(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT scatter_0, /* f32[50,16] */
    float *DSC_RESTRICT in0) { /* f32[50,16] */
  for (int64_t j = lo; j < hi; j++)
    in0[j] = in0[j] - 0.1f * scatter_0[j];
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  embedding_scratch = 0,
  embedding_arena = 5376
};

/* One step, executed by all threads together. */
static void embedding_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const int32_t *const in1 = (const int32_t *)io[1]; /* x1 i32[32] */
  float *const in0 = (float *)io[0]; /* x0 f32[50,16] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[32,16] */
  float *const subtract_0 = dsc_at_f32(arena, 0); /* subtract %4 f32[32,16] */
  float *const multiply_0 = dsc_at_f32(arena, 3200); /* multiply %11 f32[32,16] */
  float *const out1 = (float *)io[3]; /* y1 f32[] */
  int32_t *const minimum_0 = dsc_at_i32(arena, 5248); /* minimum %19 i32[32] */
  float *const scatter_0 = dsc_at_f32(arena, 0); /* scatter %20 f32[50,16] */
  (void)threads;
  if (thread == 0) {
    embedding_k0(0, 32, in1, in0, in2, subtract_0, multiply_0);
    embedding_k1(subtract_0, out1);
    embedding_k2(0, 32, in1, minimum_0);
    embedding_k3(0, 50, scatter_0, minimum_0, multiply_0);
    embedding_k4(0, 800, scatter_0, in0);
  }
}

DSC_EXPORT int64_t embedding_arena_bytes(int64_t threads);
DSC_EXPORT void embedding_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t embedding_arena_bytes(int64_t threads) { return embedding_arena + threads * embedding_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void embedding_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      embedding_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
