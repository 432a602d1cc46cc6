/* Descent 0.2.0: 47 operations in 3 kernels, 1 barrier a step, 262144 bytes of arena. */
/* k0: each of 512 rows through all of this */
DSC_NOINLINE void layernorm_k0(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in0, /* f32[512,128] */
    const float *DSC_RESTRICT in1, /* f32[128] */
    const float *DSC_RESTRICT in2, /* f32[128] */
    float *DSC_RESTRICT multiply_0, /* f32[512,128] */
    float *DSC_RESTRICT out0, /* f32[512,128] */
    const float *DSC_RESTRICT in3, /* f32[512,128] */
    float *DSC_RESTRICT out1) { /* f32[512,128] */
  for (int64_t row = lo; row < hi; row++) {
    float multiply_1;
    float subtract_0[128] DSC_ALIGNED(64); /* f32[512,128] */
    float rsqrt_0;
    float multiply_2;
    float multiply_3[128] DSC_ALIGNED(64); /* f32[512,128] */
    float multiply_4[128] DSC_ALIGNED(64); /* f32[512,128] */
    float multiply_5;
    float add_0[128] DSC_ALIGNED(64); /* f32[512,128] */
    float multiply_6;
    /* multiply_1 = sum(in0) * 0.0078125    CCodeTests/GoldenPrograms.swift:51 */
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = 0.0f;
      for (int64_t j = 0; j < 128; j += 16) {
        for (int64_t l = 0; l < 16; l++)
          acc[l] += in0[row * 128 + j + l];
      }
      multiply_1 = dsc_tree_sum_f32(acc, 16) * 0.0078125f;
    }
    /* subtract_0 = in0 - multiply_1    CCodeTests/GoldenPrograms.swift:51 */
    for (int64_t j = 0; j < 128; j++)
      subtract_0[j] = in0[row * 128 + j] - multiply_1;
    /* rsqrt_0 = rsqrt(sum(subtract_0 * subtract_0) * 0.0078125 + 1e-05)    CCodeTests/GoldenPrograms.swift:52 */
    /* multiply_2 = (-0.5) * (rsqrt_0 * rsqrt_0 * rsqrt_0) */
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = 0.0f;
      for (int64_t j = 0; j < 128; j += 16) {
        for (int64_t l = 0; l < 16; l++) {
          const float subtract_1 = subtract_0[j + l];
          acc[l] += subtract_1 * subtract_1;
        }
      }
      const float rsqrt_1 = dsc_rsqrt_f32(dsc_tree_sum_f32(acc, 16) * 0.0078125f + 1e-05f);
      rsqrt_0 = rsqrt_1;
      multiply_2 = (-0.5f) * (rsqrt_1 * rsqrt_1 * rsqrt_1);
    }
    /* multiply_0 = subtract_0 * rsqrt_0    CCodeTests/GoldenPrograms.swift:52 */
    /* out0 = multiply_0 * in1 + in2 */
    for (int64_t j = 0; j < 128; j++) {
      const float multiply_7 = subtract_0[j] * rsqrt_0;
      const float add_1 = multiply_7 * in1[j] + in2[j];
      multiply_0[row * 128 + j] = multiply_7;
      out0[row * 128 + j] = add_1;
    }
    /* adjoint of multiply: multiply_3 = in3 * in1    CCodeTests/GoldenPrograms.swift:52 */
    /* multiply_4 = multiply_3 * rsqrt_0 */
    for (int64_t j = 0; j < 128; j++) {
      const float multiply_7 = in3[row * 128 + j] * in1[j];
      const float multiply_8 = multiply_7 * rsqrt_0;
      multiply_3[j] = multiply_7;
      multiply_4[j] = multiply_8;
    }
    /* adjoint of broadcast: multiply_5 = sum(multiply_3 * subtract_0) * multiply_2 * 0.0078125 */
    /* CCodeTests/GoldenPrograms.swift:52 */
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = 0.0f;
      for (int64_t j = 0; j < 128; j += 16) {
        for (int64_t l = 0; l < 16; l++)
          acc[l] += multiply_3[j + l] * subtract_0[j + l];
      }
      multiply_5 = dsc_tree_sum_f32(acc, 16) * multiply_2 * 0.0078125f;
    }
    /* adjoint of multiply: add_0 = multiply_4 + multiply_5 * subtract_0 + multiply_5 * subtract_0 */
    /* CCodeTests/GoldenPrograms.swift:52 */
    for (int64_t j = 0; j < 128; j++) {
      const float multiply_7 = multiply_5 * subtract_0[j];
      add_0[j] = multiply_4[j] + multiply_7 + multiply_7;
    }
    /* adjoint of broadcast: multiply_6 = sum(add_0) * (-0.0078125)    CCodeTests/GoldenPrograms.swift:51 */
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = 0.0f;
      for (int64_t j = 0; j < 128; j += 16) {
        for (int64_t l = 0; l < 16; l++)
          acc[l] += add_0[j + l];
      }
      multiply_6 = dsc_tree_sum_f32(acc, 16) * (-0.0078125f);
    }
    /* adjoint of sum: out1 = add_0 + multiply_6    CCodeTests/GoldenPrograms.swift:51 */
    for (int64_t j = 0; j < 128; j++)
      out1[row * 128 + j] = add_0[j] + multiply_6;
  }
}

/* k1: adjoint of broadcast: out3 = sum(in3)    CCodeTests/GoldenPrograms.swift:52 */
DSC_NOINLINE void layernorm_k1(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in3, /* f32[512,128] */
    float *DSC_RESTRICT out3) { /* f32[128] */
  for (int64_t j = lo; j < hi; j += 64) {
    const int64_t n = dsc_min_i64(64, hi - j);
    float acc[64];
    float stack[320];
    int64_t block = 0;
    for (int64_t from = 0; from < 512; from += 32) {
      const int64_t to = dsc_min_i64(from + 32, 512);
      for (int64_t l = 0; l < 64; l++)
        acc[l] = 0.0f;
      for (int64_t r = from; r < to; r++) {
        for (int64_t l = 0; l < n; l++)
          acc[l] += in3[r * 128 + j + l];
      }
      dsc_tree_push_f32(stack, 64, block++, acc);
    }
    dsc_tree_finish_f32(stack, 64, block, acc);
    for (int64_t l = 0; l < n; l++)
      out3[j + l] = acc[l];
  }
}

/* k2: adjoint of broadcast: out2 = sum(in3 * multiply_0)    CCodeTests/GoldenPrograms.swift:52 */
DSC_NOINLINE void layernorm_k2(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in3, /* f32[512,128] */
    const float *DSC_RESTRICT multiply_0, /* f32[512,128] */
    float *DSC_RESTRICT out2) { /* f32[128] */
  for (int64_t j = lo; j < hi; j += 64) {
    const int64_t n = dsc_min_i64(64, hi - j);
    float acc[64];
    float stack[320];
    int64_t block = 0;
    for (int64_t from = 0; from < 512; from += 32) {
      const int64_t to = dsc_min_i64(from + 32, 512);
      for (int64_t l = 0; l < 64; l++)
        acc[l] = 0.0f;
      for (int64_t r = from; r < to; r++) {
        for (int64_t l = 0; l < n; l++)
          acc[l] += in3[r * 128 + j + l] * multiply_0[r * 128 + j + l];
      }
      dsc_tree_push_f32(stack, 64, block++, acc);
    }
    dsc_tree_finish_f32(stack, 64, block, acc);
    for (int64_t l = 0; l < n; l++)
      out2[j + l] = acc[l];
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  layernorm_scratch = 0,
  layernorm_arena = 262144
};

/* One step, executed by all threads together. */
static void layernorm_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const float *const in0 = (const float *)io[0]; /* x0 f32[512,128] */
  const float *const in1 = (const float *)io[1]; /* x1 f32[128] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[128] */
  float *const multiply_0 = dsc_at_f32(arena, 0); /* multiply %18 f32[512,128] */
  float *const out0 = (float *)io[4]; /* y0 f32[512,128] */
  const float *const in3 = (const float *)io[3]; /* x3 f32[512,128] */
  float *const out1 = (float *)io[5]; /* y1 f32[512,128] */
  float *const out3 = (float *)io[7]; /* y3 f32[128] */
  float *const out2 = (float *)io[6]; /* y2 f32[128] */
  dsc_span s;
  if (dsc_share(&s, 512, 1, thread, threads))
    layernorm_k0(s.lo, s.hi, in0, in1, in2, multiply_0, out0, in3, out1);
  if (dsc_share(&s, 128, 16, thread, threads))
    layernorm_k1(s.lo, s.hi, in3, out3);
  DSC_BARRIER
  if (dsc_share(&s, 128, 16, thread, threads))
    layernorm_k2(s.lo, s.hi, in3, multiply_0, out2);
}

DSC_EXPORT int64_t layernorm_arena_bytes(int64_t threads);
DSC_EXPORT void layernorm_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t layernorm_arena_bytes(int64_t threads) { return layernorm_arena + threads * layernorm_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void layernorm_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      layernorm_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
