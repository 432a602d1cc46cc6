/* Descent 0.2.0: 19 operations in 2 kernels, 1 barrier a step, 32768 bytes of arena. */
/* k0: add_0 = in2 + in0 @ in3    CCodeTests/GoldenPrograms.swift:41 */
typedef struct {
  const float *in2;
  float *add_0;
} lstm_k0_env;

DSC_INLINE void lstm_k0_finish(
    const void *env, const float *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  const lstm_k0_env *const e = (const lstm_k0_env *)env;
  const float *DSC_RESTRICT const in2 = e->in2;
  float *DSC_RESTRICT const add_0 = e->add_0;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t i = row + r;
    for (int64_t c = 0; c < cols; c++) {
      const int64_t j = col + c;
      add_0[i * 256 + j] = in2[i * 256 + j] + acc[r * acc_stride + c];
    }
  }
}

DSC_NOINLINE void lstm_k0(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT in0, /* f32[32,64] */
    const float *DSC_RESTRICT in3, /* f32[64,256] */
    const float *DSC_RESTRICT in2, /* f32[32,256] */
    float *DSC_RESTRICT add_0, /* f32[32,256] */
    void *scratch) {
  const lstm_k0_env env = {in2, add_0};
  dsc_gemm_f32(dsc_gemm_sizes(32, 256, 64), dsc_gemm_f32_strided(in0, 64, 1), dsc_gemm_f32_strided(in3, 256, 1), lo, hi,
      scratch, lstm_k0_finish, NULL, &env);
}

/* k1: in1 = sigmoid(add_0[:, 64:128]) * in1 + sigmoid(add_0[:, 0:64]) * tanh(add_0[:, 128:192])
 *     CCodeTests/GoldenPrograms.swift:42
 *     in0 = sigmoid(add_0[:, 192:256]) * tanh(in1) */
DSC_NOINLINE void lstm_k1(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT add_0, /* f32[32,256] */
    float *DSC_RESTRICT in1, /* f32[32,64] */
    float *DSC_RESTRICT in0) { /* f32[32,64] */
  for (int64_t i = lo; i < hi; i++) {
    DSC_LANES for (int64_t j = 0; j < 64; j++) {
      const float add_1 = dsc_sigmoid_f32(add_0[i * 256 + j + 64]) * in1[i * 64 + j] +
          dsc_sigmoid_f32(add_0[i * 256 + j]) * dsc_tanh_f32(add_0[i * 256 + j + 128]);
      const float multiply_0 = dsc_sigmoid_f32(add_0[i * 256 + j + 192]) * dsc_tanh_f32(add_1);
      in1[i * 64 + j] = add_1;
      in0[i * 64 + j] = multiply_0;
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  lstm_scratch0 = (int)(DSC_GEMM_SCRATCH_BYTES(32, 256, 64, 64, 1, 256, 1, sizeof(float))),
  lstm_scratch = (lstm_scratch0 + 63) / 64 * 64,
  lstm_arena = 32768
};

/* One step, executed by all threads together. */
static void lstm_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  float *const in0 = (float *)io[0]; /* x0 f32[32,64] */
  const float *const in3 = (const float *)io[3]; /* x3 f32[64,256] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[32,256] */
  float *const add_0 = dsc_at_f32(arena, 0); /* add %5 f32[32,256] */
  float *const in1 = (float *)io[1]; /* x1 f32[32,64] */
  unsigned char *const scratch = arena + lstm_arena + thread * lstm_scratch;
  dsc_span s;
  if (dsc_share(&s, dsc_gemm_tiles(dsc_gemm_sizes(32, 256, 64)), 1, thread, threads))
    lstm_k0(s.lo, s.hi, in0, in3, in2, add_0, scratch);
  DSC_BARRIER
  if (dsc_share(&s, 32, 1, thread, threads))
    lstm_k1(s.lo, s.hi, add_0, in1, in0);
}

DSC_EXPORT int64_t lstm_arena_bytes(int64_t threads);
DSC_EXPORT void lstm_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t lstm_arena_bytes(int64_t threads) { return lstm_arena + threads * lstm_scratch; }

/* Runs `steps` steps in place. */
DSC_EXPORT void lstm_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      lstm_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
