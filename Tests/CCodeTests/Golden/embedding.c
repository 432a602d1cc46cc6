/* 25 operations in 5 kernels, 0 barriers a step, 5376 bytes of arena. */
/* k0: gather, subtract, multiply    CCodeTests/GoldenTests.swift:51
 *   p0 i32[32]   p1 f32[50,16]   p2 f32[32,16]   p3 f32[32,16] written   p4 f32[32,16] written */
static void embedding_k0(int64_t lo, int64_t hi, const int32_t *DSC_RESTRICT p0, const float *DSC_RESTRICT p1, const float *DSC_RESTRICT p2, float *DSC_RESTRICT p3, float *DSC_RESTRICT p4) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 16; i1++) {
      const int32_t t0 = p0[i0];
      const int64_t q1 = dsc_clamp_index((int64_t)t0, 50);
      const float t2 = p1[i1 + q1 * 16];
      const float t3 = p2[i0 * 16 + i1];
      const float t4 = t2 - t3;
      const float t5 = t4 * 0.00390625f;
      p3[i0 * 16 + i1] = t4;
      p4[i0 * 16 + i1] = t5;
    }
  }
}

/* k1: sum, multiply    CCodeTests/GoldenTests.swift:51
 *   p0 f32[32,16]   p1 f32[] written */
static void embedding_k1(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  (void)lo;
  (void)hi;
  {
    float acc[16];
    for (int64_t l = 0; l < 16; l++)
      acc[l] = 0.0f;
    int64_t j = 0;
    for (; j + 16 <= 512; j += 16) {
      for (int64_t l = 0; l < 16; l++) {
        const int64_t r1 = j + l;
        const float t0 = p0[r1];
        const float t1 = t0 * t0;
        acc[l] = acc[l] + t1;
      }
    }
    for (int64_t n = 16, half; n > 1; n = half) {
      half = (n + 1) / 2;
      for (int64_t l = 0; l < n - half; l++)
        acc[l] = acc[l] + acc[l + half];
    }
    const float t0 = acc[0] * 0.001953125f;
    p1[0] = t0;
  }
}

/* k2: adjoint of gather: maximum, minimum    CCodeTests/GoldenTests.swift:51
 *   p0 i32[32]   p1 i32[32] written */
static void embedding_k2(int64_t lo, int64_t hi, const int32_t *DSC_RESTRICT p0, int32_t *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    const int32_t t0 = p0[i0];
    const int32_t t1 = t0 > 0 ? t0 : 0;
    const int32_t t2 = t1 < 49 ? t1 : 49;
    p1[i0] = t2;
  }
}

/* k3: adjoint of gather: scatterAdd    CCodeTests/GoldenTests.swift:51
 *   p0 f32[50,16] written   p1 i32[32]   p2 f32[32,16] */
static void embedding_k3(int64_t lo, int64_t hi, float *DSC_RESTRICT p0, const int32_t *DSC_RESTRICT p1, const float *DSC_RESTRICT p2) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 16; i1++) {
      p0[i0 * 16 + i1] = 0.0f;
    }
  }
  for (int64_t u0 = 0; u0 < 32; u0++) {
    {
      const int32_t t0 = p1[u0];
      const int64_t i0 = (int64_t)t0;
      if (i0 >= lo && i0 < hi) {
        DSC_BRANCH;
        for (int64_t i1 = 0; i1 < 16; i1++) {
          const float t1 = p2[i1 + u0 * 16];
          p0[i0 * 16 + i1] = p0[i0 * 16 + i1] + t1;
        }
      }
    }
  }
}

/* k4: multiply, subtract    CCodeTests/GoldenTests.swift:51
 *   p0 f32[50,16]   p1 f32[50,16] written */
static void embedding_k4(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i1 = lo; i1 < hi; i1++) {
    const float t0 = p0[i1];
    const float t1 = 0.1f * t0;
    const float t2 = p1[i1];
    const float t3 = t2 - t1;
    p1[i1] = t3;
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  embedding_scratch = (0 + 63) / 64 * 64,
  embedding_arena = 5376
};

/* One step, executed by all threads together. */
static void embedding_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const int32_t *const in1 = (const int32_t *)io[1]; /* x1 i32[32] */
  float *const in0 = (float *)io[0]; /* x0 f32[50,16] */
  const float *const in2 = (const float *)io[2]; /* x2 f32[32,16] */
  float *const v4 = (float *)(void *)(arena + 0); /* subtract %4 f32[32,16] */
  float *const v11 = (float *)(void *)(arena + 3200); /* multiply %11 f32[32,16] */
  float *const out1 = (float *)io[3]; /* y1 f32[] */
  int32_t *const v19 = (int32_t *)(void *)(arena + 5248); /* minimum %19 i32[32] */
  float *const v20 = (float *)(void *)(arena + 0); /* scatterAdd %20 f32[50,16] */
  (void)threads;
  if (thread == 0) embedding_k0(0, 32, in1, in0, in2, v4, v11);
  if (thread == 0) embedding_k1(0, 1, v4, out1);
  if (thread == 0) embedding_k2(0, 32, in1, v19);
  if (thread == 0) embedding_k3(0, 50, v20, v19, v11);
  if (thread == 0) embedding_k4(0, 800, v20, in0);
}

DSC_EXPORT int64_t embedding_arena_bytes(int64_t threads);
DSC_EXPORT void embedding_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t embedding_arena_bytes(int64_t threads) { return embedding_arena + threads * embedding_scratch; }

/* Runs so many steps, one after another, on memory that stays where it is. */
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
