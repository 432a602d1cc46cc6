/* 36 operations in 6 kernels, 5 barriers a step, 641024 bytes of arena. */
/* k0: max, abs, compare, select    CCodeTests/GoldenTests.swift:47
 *   p0 f32[128,1000]   p1 f32[128] written */
static void softmax_k0(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      float acc[16];
      for (int64_t l = 0; l < 16; l++)
        acc[l] = -INFINITY;
      int64_t j = 0;
      for (; j + 16 <= 1000; j += 16) {
        for (int64_t l = 0; l < 16; l++) {
          const int64_t r0 = j + l;
          const float t0 = p0[i0 * 1000 + r0];
          acc[l] = dsc_max_f32(acc[l], t0);
        }
      }
      for (int64_t l = 0; l < 1000 - j; l++) {
        const int64_t r0 = j + l;
        const float t0 = p0[i0 * 1000 + r0];
        acc[l] = dsc_max_f32(acc[l], t0);
      }
      for (int64_t n = 16, half; n > 1; n = half) {
        half = (n + 1) / 2;
        for (int64_t l = 0; l < n - half; l++)
          acc[l] = dsc_max_f32(acc[l], acc[l + half]);
      }
      const float t0 = dsc_abs_f32(acc[0]);
      const uint8_t t1 = (uint8_t)(t0 < INFINITY);
      const float t2 = dsc_select_f32(t1, acc[0], 0.0f);
      p1[i0] = t2;
    }
  }
}

/* k1: subtract, exp, compare    CCodeTests/GoldenTests.swift:47
 *   p0 f32[128,1000]   p1 f32[128]   p2 f32[128,1000] written   p3 bool[128,1000] written */
static void softmax_k1(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, const float *DSC_RESTRICT p1, float *DSC_RESTRICT p2, uint8_t *DSC_RESTRICT p3) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 1000; i1++) {
      const float t0 = p0[i0 * 1000 + i1];
      const float t1 = p1[i0];
      const float t2 = t0 - t1;
      const float t3 = dsc_exp_f32(t2);
      const uint8_t t4 = (uint8_t)(t2 == 0.0f);
      p2[i0 * 1000 + i1] = t3;
      p3[i0 * 1000 + i1] = t4;
    }
  }
}

/* k2: sum    CCodeTests/GoldenTests.swift:47
 *   p0 f32[128,1000]   p1 f32[128] written */
static void softmax_k2(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      float acc[16], stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_least(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        int64_t j = from;
        for (; j + 16 <= to; j += 16) {
          for (int64_t l = 0; l < 16; l++) {
            const int64_t r0 = j + l;
            const float t0 = p0[i0 * 1000 + r0];
            acc[l] = acc[l] + t0;
          }
        }
        for (int64_t l = 0; l < to - j; l++) {
          const int64_t r0 = j + l;
          const float t0 = p0[i0 * 1000 + r0];
          acc[l] = acc[l] + t0;
        }
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      for (int64_t n = 16, half; n > 1; n = half) {
        half = (n + 1) / 2;
        for (int64_t l = 0; l < n - half; l++)
          acc[l] = acc[l] + acc[l + half];
      }
      p1[i0] = acc[0];
    }
  }
}

/* k3: divide    CCodeTests/GoldenTests.swift:47
 *   p0 f32[128,1000]   p1 f32[128]   p2 f32[128,1000] written */
static void softmax_k3(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, const float *DSC_RESTRICT p1, float *DSC_RESTRICT p2) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 1000; i1++) {
      const float t0 = p0[i0 * 1000 + i1];
      const float t1 = p1[i0];
      const float t2 = t0 / t1;
      p2[i0 * 1000 + i1] = t2;
    }
  }
}

/* k4: sum    CCodeTests/GoldenTests.swift:47
 *   p0 f32[128,1000]   p1 bool[128,1000]   p2 f32[128] written */
static void softmax_k4(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, const uint8_t *DSC_RESTRICT p1, float *DSC_RESTRICT p2) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      float acc[16], stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_least(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        int64_t j = from;
        for (; j + 16 <= to; j += 16) {
          for (int64_t l = 0; l < 16; l++) {
            const int64_t r0 = j + l;
            const float t0 = p0[i0 * 1000 + r0];
            const uint8_t t1 = p1[i0 * 1000 + r0];
            const float t2 = dsc_select_f32(t1, 1.0f, 0.0f);
            const float t3 = t0 - t2;
            acc[l] = acc[l] + t3;
          }
        }
        for (int64_t l = 0; l < to - j; l++) {
          const int64_t r0 = j + l;
          const float t0 = p0[i0 * 1000 + r0];
          const uint8_t t1 = p1[i0 * 1000 + r0];
          const float t2 = dsc_select_f32(t1, 1.0f, 0.0f);
          const float t3 = t0 - t2;
          acc[l] = acc[l] + t3;
        }
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      for (int64_t n = 16, half; n > 1; n = half) {
        half = (n + 1) / 2;
        for (int64_t l = 0; l < n - half; l++)
          acc[l] = acc[l] + acc[l + half];
      }
      p2[i0] = acc[0];
    }
  }
}

/* k5: sum, subtract, add, compare, select, log1p, select, add    CCodeTests/GoldenTests.swift:47
 *   p0 bool[128,1000]   p1 f32[128]   p2 f32[128]   p3 f32[128] written */
static void softmax_k5(int64_t lo, int64_t hi, const uint8_t *DSC_RESTRICT p0, const float *DSC_RESTRICT p1, const float *DSC_RESTRICT p2, float *DSC_RESTRICT p3) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      float acc[16], stack[32];
      int64_t block = 0;
      for (int64_t from = 0; from < 1000; from += 512) {
        const int64_t to = dsc_least(from + 512, 1000);
        for (int64_t l = 0; l < 16; l++)
          acc[l] = 0.0f;
        int64_t j = from;
        for (; j + 16 <= to; j += 16) {
          for (int64_t l = 0; l < 16; l++) {
            const int64_t r0 = j + l;
            const uint8_t t0 = p0[i0 * 1000 + r0];
            const float t1 = (float)t0;
            acc[l] = acc[l] + t1;
          }
        }
        for (int64_t l = 0; l < to - j; l++) {
          const int64_t r0 = j + l;
          const uint8_t t0 = p0[i0 * 1000 + r0];
          const float t1 = (float)t0;
          acc[l] = acc[l] + t1;
        }
        dsc_tree_push_f32(stack, 16, block++, acc);
      }
      dsc_tree_finish_f32(stack, 16, block, acc);
      for (int64_t n = 16, half; n > 1; n = half) {
        half = (n + 1) / 2;
        for (int64_t l = 0; l < n - half; l++)
          acc[l] = acc[l] + acc[l + half];
      }
      const float t0 = acc[0] - 1.0f;
      const float t1 = p1[i0];
      const float t2 = t1 + t0;
      const uint8_t t3 = (uint8_t)(t2 == (-1.0f));
      const float t4 = dsc_select_f32(t3, 0.0f, t2);
      const float t5 = dsc_log1p_f32(t4);
      const float t6 = dsc_select_f32(t3, (-INFINITY), t5);
      const float t7 = p2[i0];
      const float t8 = t6 + t7;
      p3[i0] = t8;
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  softmax_scratch = (0 + 63) / 64 * 64,
  softmax_arena = 641024
};

/* One step, executed by all threads together. */
static void softmax_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  const float *const in0 = (const float *)io[0]; /* x0 f32[128,1000] */
  float *const v8 = (float *)(void *)(arena + 640000); /* select %8 f32[128] */
  float *const v11 = (float *)(void *)(arena + 0); /* exp %11 f32[128,1000] */
  uint8_t *const v16 = (uint8_t *)(void *)(arena + 512000); /* compare %16 bool[128,1000] */
  float *const v12 = (float *)(void *)(arena + 640512); /* sum %12 f32[128] */
  float *const out0 = (float *)io[1]; /* y0 f32[128,1000] */
  float *const v21 = (float *)(void *)(arena + 640512); /* sum %21 f32[128] */
  float *const out1 = (float *)io[2]; /* y1 f32[128] */
  { const dsc_span s = dsc_share(128, 16, thread, threads); if (s.lo < s.hi) softmax_k0(s.lo, s.hi, in0, v8); }
  DSC_BARRIER
  { const dsc_span s = dsc_share(128, 1, thread, threads); if (s.lo < s.hi) softmax_k1(s.lo, s.hi, in0, v8, v11, v16); }
  DSC_BARRIER
  { const dsc_span s = dsc_share(128, 16, thread, threads); if (s.lo < s.hi) softmax_k2(s.lo, s.hi, v11, v12); }
  DSC_BARRIER
  { const dsc_span s = dsc_share(128, 1, thread, threads); if (s.lo < s.hi) softmax_k3(s.lo, s.hi, v11, v12, out0); }
  DSC_BARRIER
  { const dsc_span s = dsc_share(128, 16, thread, threads); if (s.lo < s.hi) softmax_k4(s.lo, s.hi, v11, v16, v21); }
  DSC_BARRIER
  { const dsc_span s = dsc_share(128, 16, thread, threads); if (s.lo < s.hi) softmax_k5(s.lo, s.hi, v16, v21, v8, out1); }
}

DSC_EXPORT int64_t softmax_arena_bytes(int64_t threads);
DSC_EXPORT void softmax_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t softmax_arena_bytes(int64_t threads) { return softmax_arena + threads * softmax_scratch; }

/* Runs so many steps, one after another, on memory that stays where it is. */
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
