/* Descent 0.2.0: 14 operations in 3 kernels, 2 barriers a step, 487808 bytes of arena. */
/* k0: pad_0 = pad(in0, 0.0)    CCodeTests/GoldenPrograms.swift:35 */
DSC_NOINLINE void convolution_k0(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in0, /* f32[8,28,28,3] */
    float *DSC_RESTRICT pad_0) { /* f32[8,30,30,3] */
  for (int64_t i = 0; i < 8; i++) {
    for (int64_t j = lo; j < hi; j++) {
      for (int64_t k = 0; k < 30; k++) {
        for (int64_t m = 0; m < 3; m++) {
          const int64_t at = dsc_clamp_index(j - 1, 28);
          const int64_t at2 = dsc_clamp_index(k - 1, 28);
          const float pad_1 = dsc_select_f32((((j - 1 >= 0) & (j - 1 < 28)) & (k - 1 >= 0)) & (k - 1 < 28),
              in0[i * 2352 + m + at * 84 + at2 * 3], 0.0f);
          pad_0[i * 2700 + j * 90 + k * 3 + m] = pad_1;
        }
      }
    }
  }
}

/* k1: select_0 = select((pad_0 @ in1 + in2) <= 0.0, 0.0, pad_0 @ in1 + in2)    CCodeTests/GoldenPrograms.swift:35 */
typedef struct {
  const float *in2;
  float *select_0;
} convolution_k1_env;

DSC_INLINE void convolution_k1_finish(
    const void *env, const float *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const convolution_k1_env *const e = (const convolution_k1_env *)env;
  const float *DSC_RESTRICT const in2 = e->in2;
  float *DSC_RESTRICT const select_0 = e->select_0;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t k = row + r;
    for (int64_t c = 0; c < cols; c++) {
      const int64_t j = col + c;
      const float add_0 = acc[r * acc_stride + c] + in2[j];
      select_0[k * 16 + j] = dsc_select_f32(add_0 <= 0.0f, 0.0f, add_0);
    }
  }
}

DSC_INLINE int64_t convolution_k1_a_row(int64_t i) { return i / 784 * 2700 + i / 28 % 28 * 90 + i % 28 * 3; }
DSC_INLINE int64_t convolution_k1_a_depth(int64_t i) { return i / 9 * 90 + i / 3 % 3 * 3 + i % 3; }

DSC_NOINLINE void convolution_k1(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT pad_0, /* f32[8,30,30,3] */
    const float *DSC_RESTRICT in1, /* f32[3,3,3,16] */
    const float *DSC_RESTRICT in2, /* f32[16] */
    float *DSC_RESTRICT select_0, /* f32[8,28,28,16] */
    void *scratch) {
  const convolution_k1_env env = {in2, select_0};
  dsc_gemm_f32(dsc_gemm_sizes_by(28, 6272, 16, 27),
      dsc_gemm_f32_by_runs(pad_0, dsc_gemm_runs(convolution_k1_a_row, 3, 28),
          dsc_gemm_runs(convolution_k1_a_depth, 1, 9)),
      dsc_gemm_f32_strided(in1, 16, 1), lo, hi, scratch, convolution_k1_finish, NULL, &env);
}

/* k2: out0 = max(select_0)    CCodeTests/GoldenPrograms.swift:35 */
DSC_NOINLINE void convolution_k2(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT select_0, /* f32[8,28,28,16] */
    float *DSC_RESTRICT out0) { /* f32[8,14,14,16] */
  for (int64_t j = lo; j < hi; j++) {
    for (int64_t k = 0; k < 14; k++) {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = -INFINITY;
      for (int64_t r = 0; r < 2; r++) {
        for (int64_t s = 0; s < 2; s++) {
          for (int64_t l = 0; l < 16; l++)
            acc[l] = dsc_max_f32(acc[l], select_0[j * 896 + k * 32 + r * 448 + s * 16 + l]);
        }
      }
      for (int64_t l = 0; l < 16; l++)
        out0[j * 224 + k * 16 + l] = acc[l];
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  convolution_scratch0 = (int)(DSC_GEMM_SCRATCH_BYTES(6272, 16, 27, DSC_GEMM_BY_RUNS, DSC_GEMM_BY_RUNS, 16, 1,
      sizeof(float))),
  convolution_scratch = (convolution_scratch0 + 63) / 64 * 64,
  convolution_arena = 487808
};

/* One step, executed by all threads together. */
static void convolution_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const float *const in0 = (const float *)io[0]; /* x0 f32[8,28,28,3] */
  float *const pad_0 = dsc_at_f32(arena, 401408); /* pad %4 f32[8,30,30,3] */
  const float *const in1 = (const float *)io[1]; /* x1 f32[3,3,3,16] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[16] */
  float *const select_0 = dsc_at_f32(arena, 0); /* select %11 f32[8,28,28,16] */
  float *const out0 = (float *)io[3]; /* y0 f32[8,14,14,16] */
  unsigned char *const scratch = arena + convolution_arena + thread * convolution_scratch;
  dsc_span s;
  if (dsc_share(&s, 30, 1, thread, threads))
    convolution_k0(s.lo, s.hi, in0, pad_0);
  DSC_BARRIER
  if (dsc_share(&s, dsc_gemm_tiles(dsc_gemm_sizes_by(28, 6272, 16, 27)), 1, thread, threads))
    convolution_k1(s.lo, s.hi, pad_0, in1, in2, select_0, scratch);
  DSC_BARRIER
  if (dsc_share(&s, 112, 1, thread, threads))
    convolution_k2(s.lo, s.hi, select_0, out0);
}

DSC_EXPORT int64_t convolution_arena_bytes(int64_t threads);
DSC_EXPORT void convolution_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t convolution_arena_bytes(int64_t threads) { return convolution_arena + threads * convolution_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void convolution_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      convolution_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
