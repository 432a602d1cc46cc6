/* 42 operations in 6 kernels, 1 barriers a step, 14336 bytes of arena. */
/* k0: contract, add, tanh, multiply, subtract, contract, add, subtract, multiply, sum, sum, multiply, subtract, contract, multiply, contract, multiply, subtract, sum, multiply, subtract, contract, multiply, subtract    CCodeTests/GoldenTests.swift:40
 *   p0 f32 partial results written   p1 f32[400,1]   p2 f32[1,10]   p3 f32[10]   p4 f32[10,1]   p5 f32[1]   p6 f32[400,1] */
static void slide_k0(int64_t lo, int64_t hi, float *DSC_RESTRICT p0, const float *DSC_RESTRICT p1, const float *DSC_RESTRICT p2, const float *DSC_RESTRICT p3, const float *DSC_RESTRICT p4, const float *DSC_RESTRICT p5, const float *DSC_RESTRICT p6) {
  DSC_ALIGNED(64) float v9[160]; /* f32[400,10] */
  DSC_ALIGNED(64) float v13[16]; /* f32[400,1] */
  DSC_ALIGNED(64) float v18[16]; /* f32[400,1] */
  DSC_ALIGNED(64) float v25[160]; /* f32[400,10] */
  DSC_ALIGNED(64) float v26[160]; /* f32[400,10] */
  for (int64_t chunk = lo; chunk < hi; chunk++) {
    float *const sums = p0 + chunk * 512;
    const int64_t end = dsc_least((chunk + 1) * 64, 400);
    for (int64_t k = 0; k < 512; k++)
      sums[k] = 0;
    for (int64_t base = chunk * 64; base < end; base += 16) {
      /* contract, add, tanh, multiply, subtract */
      for (int64_t i1 = 0; i1 < 10; i1++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          const int64_t row = base + l;
          float acc = 0.0f;
          DSC_UNROLL for (int64_t r0 = 0; r0 < 1; r0++) {
            const float t0 = p1[row + r0];
            const float t1 = p2[i1 + r0 * 10];
            acc = dsc_fma_f32(t0, t1, acc);
          }
          const float t2 = p3[i1];
          const float t3 = acc + t2;
          const float t4 = dsc_tanh_f32(t3);
          const float t5 = t4 * t4;
          const float t6 = 1.0f - t5;
          v9[(i1) * 16 + l] = t4;
          v25[(i1) * 16 + l] = t6;
        }
      }
      /* contract, add, subtract, multiply */
      for (int64_t i1 = 0; i1 < 1; i1++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          const int64_t row = base + l;
          float acc = 0.0f;
          DSC_UNROLL for (int64_t r0 = 0; r0 < 10; r0++) {
            const float t0 = v9[(r0) * 16 + l];
            const float t1 = p4[i1 + r0];
            acc = dsc_fma_f32(t0, t1, acc);
          }
          const float t2 = p5[0];
          const float t3 = acc + t2;
          const float t4 = p6[row + i1];
          const float t5 = t4 - t3;
          const float t6 = t5 * (-2.0f);
          v13[(i1) * 16 + l] = t5;
          v18[(i1) * 16 + l] = t6;
        }
      }
      /* sum */
      for (int64_t r1 = 0; r1 < 1; r1++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          const float t0 = v13[(r1) * 16 + l];
          const float t1 = t0 * t0;
          sums[l] = sums[l] + t1;
        }
      }
      /* sum, multiply, subtract */
      for (int64_t i0 = 0; i0 < 1; i0++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          const float t0 = v18[(i0) * 16 + l];
          sums[(i0 + 1) * 16 + l] = sums[(i0 + 1) * 16 + l] + t0;
        }
      }
      /* contract, multiply */
      for (int64_t i1 = 0; i1 < 10; i1++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          float acc = 0.0f;
          DSC_UNROLL for (int64_t r0 = 0; r0 < 1; r0++) {
            const float t0 = v18[(r0) * 16 + l];
            const float t1 = p4[i1 + r0];
            acc = dsc_fma_f32(t0, t1, acc);
          }
          const float t2 = v25[(i1) * 16 + l];
          const float t3 = acc * t2;
          v26[(i1) * 16 + l] = t3;
        }
      }
      /* contract, multiply, subtract */
      for (int64_t i0 = 0; i0 < 10; i0++) {
        for (int64_t i1 = 0; i1 < 1; i1++) {
          DSC_LANES for (int64_t l = 0; l < 16; l++) {
            const float t0 = v9[(i0) * 16 + l];
            const float t1 = v18[(i1) * 16 + l];
            sums[(i0 + i1 + 2) * 16 + l] = dsc_fma_f32(t0, t1, sums[(i0 + i1 + 2) * 16 + l]);
          }
        }
      }
      /* sum, multiply, subtract */
      for (int64_t i0 = 0; i0 < 10; i0++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          const float t0 = v26[(i0) * 16 + l];
          sums[(i0 + 12) * 16 + l] = sums[(i0 + 12) * 16 + l] + t0;
        }
      }
      /* contract, multiply, subtract */
      for (int64_t i0 = 0; i0 < 1; i0++) {
        for (int64_t i1 = 0; i1 < 10; i1++) {
          DSC_LANES for (int64_t l = 0; l < 16; l++) {
            const int64_t row = base + l;
            const float t0 = p1[i0 + row];
            const float t1 = v26[(i1) * 16 + l];
            sums[(i0 * 10 + i1 + 22) * 16 + l] = dsc_fma_f32(t0, t1, sums[(i0 * 10 + i1 + 22) * 16 + l]);
          }
        }
      }
    }
  }
}

/* k1: sum    CCodeTests/GoldenTests.swift:41
 *   p0 f32 partial results   p1 f32[] written */
static void slide_k1(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  (void)lo;
  (void)hi;
  {
    const float *const s = p0 + (0) * 16;
    float acc[16];
    DSC_LANES for (int64_t l = 0; l < 16; l++)
      acc[l] = (((s[0 + l] + s[512 + l]) + (s[1024 + l] + s[1536 + l])) + ((s[2048 + l] + s[2560 + l]) + s[3072 + l]));
    for (int64_t l = 0; l < 8; l++)
      acc[l] = acc[l] + acc[l + 8];
    for (int64_t l = 0; l < 4; l++)
      acc[l] = acc[l] + acc[l + 4];
    for (int64_t l = 0; l < 2; l++)
      acc[l] = acc[l] + acc[l + 2];
    for (int64_t l = 0; l < 1; l++)
      acc[l] = acc[l] + acc[l + 1];
    p1[0] = acc[0];
  }
}

/* k2: adjoint of broadcast: sum, multiply, subtract    CCodeTests/GoldenTests.swift:40
 *   p0 f32 partial results   p1 f32[1] written */
static void slide_k2(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      const float *const s = p0 + (i0 + 1) * 16;
      float acc[16];
      DSC_LANES for (int64_t l = 0; l < 16; l++)
        acc[l] = (((s[0 + l] + s[512 + l]) + (s[1024 + l] + s[1536 + l])) + ((s[2048 + l] + s[2560 + l]) + s[3072 + l]));
      for (int64_t l = 0; l < 8; l++)
        acc[l] = acc[l] + acc[l + 8];
      for (int64_t l = 0; l < 4; l++)
        acc[l] = acc[l] + acc[l + 4];
      for (int64_t l = 0; l < 2; l++)
        acc[l] = acc[l] + acc[l + 2];
      for (int64_t l = 0; l < 1; l++)
        acc[l] = acc[l] + acc[l + 1];
      const float t0 = 0.01f * acc[0];
      const float t1 = p1[i0];
      const float t2 = t1 - t0;
      p1[i0] = t2;
    }
  }
}

/* k3: adjoint of contract: contract, multiply, subtract    CCodeTests/GoldenTests.swift:40
 *   p0 f32 partial results   p1 f32[10,1] written */
static void slide_k3(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 1; i1++) {
      {
        const float *const s = p0 + (i0 + i1 + 2) * 16;
        float acc[16];
        DSC_LANES for (int64_t l = 0; l < 16; l++)
          acc[l] = (((s[0 + l] + s[512 + l]) + (s[1024 + l] + s[1536 + l])) + ((s[2048 + l] + s[2560 + l]) + s[3072 + l]));
        for (int64_t l = 0; l < 8; l++)
          acc[l] = acc[l] + acc[l + 8];
        for (int64_t l = 0; l < 4; l++)
          acc[l] = acc[l] + acc[l + 4];
        for (int64_t l = 0; l < 2; l++)
          acc[l] = acc[l] + acc[l + 2];
        for (int64_t l = 0; l < 1; l++)
          acc[l] = acc[l] + acc[l + 1];
        const float t0 = 0.01f * acc[0];
        const float t1 = p1[i0 + i1];
        const float t2 = t1 - t0;
        p1[i0 + i1] = t2;
      }
    }
  }
}

/* k4: adjoint of broadcast: sum, multiply, subtract    CCodeTests/GoldenTests.swift:40
 *   p0 f32 partial results   p1 f32[10] written */
static void slide_k4(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    {
      const float *const s = p0 + (i0 + 12) * 16;
      float acc[16];
      DSC_LANES for (int64_t l = 0; l < 16; l++)
        acc[l] = (((s[0 + l] + s[512 + l]) + (s[1024 + l] + s[1536 + l])) + ((s[2048 + l] + s[2560 + l]) + s[3072 + l]));
      for (int64_t l = 0; l < 8; l++)
        acc[l] = acc[l] + acc[l + 8];
      for (int64_t l = 0; l < 4; l++)
        acc[l] = acc[l] + acc[l + 4];
      for (int64_t l = 0; l < 2; l++)
        acc[l] = acc[l] + acc[l + 2];
      for (int64_t l = 0; l < 1; l++)
        acc[l] = acc[l] + acc[l + 1];
      const float t0 = 0.01f * acc[0];
      const float t1 = p1[i0];
      const float t2 = t1 - t0;
      p1[i0] = t2;
    }
  }
}

/* k5: adjoint of contract: contract, multiply, subtract    CCodeTests/GoldenTests.swift:40
 *   p0 f32 partial results   p1 f32[1,10] written */
static void slide_k5(int64_t lo, int64_t hi, const float *DSC_RESTRICT p0, float *DSC_RESTRICT p1) {
  for (int64_t i0 = lo; i0 < hi; i0++) {
    for (int64_t i1 = 0; i1 < 10; i1++) {
      {
        const float *const s = p0 + (i0 * 10 + i1 + 22) * 16;
        float acc[16];
        DSC_LANES for (int64_t l = 0; l < 16; l++)
          acc[l] = (((s[0 + l] + s[512 + l]) + (s[1024 + l] + s[1536 + l])) + ((s[2048 + l] + s[2560 + l]) + s[3072 + l]));
        for (int64_t l = 0; l < 8; l++)
          acc[l] = acc[l] + acc[l + 8];
        for (int64_t l = 0; l < 4; l++)
          acc[l] = acc[l] + acc[l + 4];
        for (int64_t l = 0; l < 2; l++)
          acc[l] = acc[l] + acc[l + 2];
        for (int64_t l = 0; l < 1; l++)
          acc[l] = acc[l] + acc[l + 1];
        const float t0 = 0.01f * acc[0];
        const float t1 = p1[i0 * 10 + i1];
        const float t2 = t1 - t0;
        p1[i0 * 10 + i1] = t2;
      }
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  slide_scratch = (0 + 63) / 64 * 64,
  slide_arena = 14336
};

/* One step, executed by all threads together. */
static void slide_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  float *const partial8 = (float *)(void *)(arena + 0); /* partial results 8 */
  const float *const in4 = (const float *)io[4]; /* x4 f32[400,1] */
  float *const in0 = (float *)io[0]; /* x0 f32[1,10] */
  float *const in1 = (float *)io[1]; /* x1 f32[10] */
  float *const in2 = (float *)io[2]; /* x2 f32[10,1] */
  float *const in3 = (float *)io[3]; /* x3 f32[1] */
  const float *const in5 = (const float *)io[5]; /* x5 f32[400,1] */
  float *const out4 = (float *)io[6]; /* y4 f32[] */
  { const dsc_span s = dsc_share(7, 1, thread, threads); if (s.lo < s.hi) slide_k0(s.lo, s.hi, partial8, in4, in0, in1, in2, in3, in5); }
  DSC_BARRIER
  if (thread == 0) slide_k1(0, 1, partial8, out4);
  if (thread == 0) slide_k2(0, 1, partial8, in3);
  if (thread == 0) slide_k3(0, 10, partial8, in2);
  if (thread == 0) slide_k4(0, 10, partial8, in1);
  if (thread == 0) slide_k5(0, 1, partial8, in0);
}

DSC_EXPORT int64_t slide_arena_bytes(int64_t threads);
DSC_EXPORT void slide_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t slide_arena_bytes(int64_t threads) { return slide_arena + threads * slide_scratch; }

/* Runs so many steps, one after another, on memory that stays where it is. */
DSC_EXPORT void slide_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
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
      slide_step(io, (unsigned char *)arena, thread, count);
      DSC_BARRIER
    }
  }
}
