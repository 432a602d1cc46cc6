/* Descent 0.2.0: 7 operations in 1 kernel, 0 barriers a step, 0 bytes of arena. */
/* k0: out0 = tanh(in0 @ in1 + in2)    CCodeTests/GoldenPrograms.swift:47 */
typedef struct {
  const float *in2;
  float *out0;
} product_k0_env;

DSC_INLINE void product_k0_finish(
    const void *env, const float *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const product_k0_env *const e = (const product_k0_env *)env;
  const float *DSC_RESTRICT const in2 = e->in2;
  float *DSC_RESTRICT const out0 = e->out0;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t i = row + r;
    for (int64_t c = 0; c < cols; c++) {
      const int64_t j = col + c;
      out0[i * 256 + j] = dsc_tanh_f32(acc[r * acc_stride + c] + in2[j]);
    }
  }
}

DSC_NOINLINE void product_k0(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in0, /* f32[128,784] */
    const float *DSC_RESTRICT in1, /* f32[784,256] */
    const float *DSC_RESTRICT in2, /* f32[256] */
    float *DSC_RESTRICT out0, /* f32[128,256] */
    void *scratch) {
  const product_k0_env env = {in2, out0};
  dsc_gemm_f32(dsc_gemm_sizes(128, 256, 784), dsc_gemm_f32_strided(in0, 784, 1), dsc_gemm_f32_strided(in1, 256, 1), lo,
      hi, scratch, product_k0_finish, NULL, &env);
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  product_scratch0 = (int)(DSC_GEMM_SCRATCH_BYTES(128, 256, 784, 784, 1, 256, 1, sizeof(float))),
  product_scratch = (product_scratch0 + 63) / 64 * 64,
  product_arena = 0
};

/* One step, executed by all threads together. */
static void product_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const float *const in0 = (const float *)io[0]; /* x0 f32[128,784] */
  const float *const in1 = (const float *)io[1]; /* x1 f32[784,256] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[256] */
  float *const out0 = (float *)io[3]; /* y0 f32[128,256] */
  unsigned char *const scratch = arena + product_arena + thread * product_scratch;
  dsc_span s;
  if (dsc_share(&s, dsc_gemm_tiles(dsc_gemm_sizes(128, 256, 784)), 1, thread, threads))
    product_k0(s.lo, s.hi, in0, in1, in2, out0, scratch);
}

DSC_EXPORT int64_t product_arena_bytes(int64_t threads);
DSC_EXPORT void product_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t product_arena_bytes(int64_t threads) { return product_arena + threads * product_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void product_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      product_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
