/* Descent 0.2.0: 42 operations in 6 kernels, 1 barrier a step, 14336 bytes of arena. */
/* k0: forward and back, a tile of rows on the lanes */
DSC_NOINLINE void slide_k0(
    int64_t lo, int64_t hi,
    float *DSC_RESTRICT sum_parts_0,
    const float *DSC_RESTRICT in4, /* f32[400,1] */
    const float *DSC_RESTRICT in0, /* f32[1,10] */
    const float *DSC_RESTRICT in1, /* f32[10] */
    const float *DSC_RESTRICT in2, /* f32[10,1] */
    const float *DSC_RESTRICT in3, /* f32[1] */
    const float *DSC_RESTRICT in5) { /* f32[400,1] */
  float tanh_0[160] DSC_ALIGNED(64); /* f32[400,10] */
  float subtract_0[16] DSC_ALIGNED(64); /* f32[400,1] */
  float multiply_0[16] DSC_ALIGNED(64); /* f32[400,1] */
  float subtract_1[160] DSC_ALIGNED(64); /* f32[400,10] */
  float multiply_1[160] DSC_ALIGNED(64); /* f32[400,10] */
  for (int64_t chunk = lo; chunk < hi; chunk++) {
    const int64_t end = dsc_min_i64(chunk * 64 + 64, 400);
    for (int64_t k = 0; k < 512; k++)
      sum_parts_0[chunk * 512 + k] = 0.0f;
    for (int64_t base = chunk * 64; base < end; base += 16) {
      /* tanh_0 = tanh(in4 @ in0 + in1)    CCodeTests/GoldenPrograms.swift:17 */
      /* subtract_1 = 1.0 - tanh_0 * tanh_0 */
      for (int64_t i = 0; i < 10; i++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          float acc = 0.0f;
          acc = dsc_fma_f32(in4[base + l], in0[i], acc);
          const float tanh_1 = dsc_tanh_f32(acc + in1[i]);
          tanh_0[i * 16 + l] = tanh_1;
          subtract_1[i * 16 + l] = 1.0f - tanh_1 * tanh_1;
        }
      }
      /* subtract_0 = in5 - (tanh_0 @ in2 + in3)    CCodeTests/GoldenPrograms.swift:17 */
      /* multiply_0 = subtract_0 * (-2.0) */
      DSC_LANES for (int64_t l = 0; l < 16; l++) {
        float acc = 0.0f;
        DSC_UNROLL for (int64_t r = 0; r < 10; r++) {
          acc = dsc_fma_f32(tanh_0[r * 16 + l], in2[r], acc);
        }
        const float subtract_2 = in5[base + l] - (acc + in3[0]);
        subtract_0[l] = subtract_2;
        multiply_0[l] = subtract_2 * (-2.0f);
      }
      /* parts of sum(subtract_0 * subtract_0)    CCodeTests/GoldenPrograms.swift:18 */
      DSC_LANES for (int64_t l = 0; l < 16; l++) {
        const float subtract_2 = subtract_0[l];
        sum_parts_0[chunk * 512 + l] += subtract_2 * subtract_2;
      }
      /* adjoint of broadcast: parts of sum(multiply_0)    CCodeTests/GoldenPrograms.swift:17 */
      DSC_LANES for (int64_t l = 0; l < 16; l++) {
        sum_parts_0[chunk * 512 + l + 16] += multiply_0[l];
      }
      /* adjoint of contract: multiply_1 = multiply_0 @ in2 * subtract_1    CCodeTests/GoldenPrograms.swift:17 */
      for (int64_t i = 0; i < 10; i++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          float acc = 0.0f;
          acc = dsc_fma_f32(multiply_0[l], in2[i], acc);
          multiply_1[i * 16 + l] = acc * subtract_1[i * 16 + l];
        }
      }
      /* adjoint of contract: parts of tanh_0 @ multiply_0    CCodeTests/GoldenPrograms.swift:17 */
      for (int64_t i = 0; i < 10; i++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          sum_parts_0[chunk * 512 + i * 16 + l + 32] = dsc_fma_f32(tanh_0[i * 16 + l], multiply_0[l],
              sum_parts_0[chunk * 512 + i * 16 + l + 32]);
        }
      }
      /* adjoint of broadcast: parts of sum(multiply_1)    CCodeTests/GoldenPrograms.swift:17 */
      for (int64_t i = 0; i < 10; i++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          sum_parts_0[chunk * 512 + i * 16 + l + 192] += multiply_1[i * 16 + l];
        }
      }
      /* adjoint of contract: parts of in4 @ multiply_1    CCodeTests/GoldenPrograms.swift:17 */
      for (int64_t j = 0; j < 10; j++) {
        DSC_LANES for (int64_t l = 0; l < 16; l++) {
          sum_parts_0[chunk * 512 + j * 16 + l + 352] = dsc_fma_f32(in4[base + l], multiply_1[j * 16 + l],
              sum_parts_0[chunk * 512 + j * 16 + l + 352]);
        }
      }
    }
  }
}

/* k1: out4 = sum of its parts    CCodeTests/GoldenPrograms.swift:18 */
DSC_NOINLINE void slide_k1(
    const float *DSC_RESTRICT sum_parts_0,
    float *DSC_RESTRICT out4) { /* f32[] */
  float acc[16];
  DSC_LANES for (int64_t l = 0; l < 16; l++) {
    acc[l] = sum_parts_0[l] + sum_parts_0[l + 512] + (sum_parts_0[l + 1024] + sum_parts_0[l + 1536]) +
        (sum_parts_0[l + 2048] + sum_parts_0[l + 2560] + sum_parts_0[l + 3072]);
  }
  out4[0] = dsc_tree_sum_f32(acc, 16);
}

/* k2: adjoint of broadcast: in3 = in3 - 0.01 * sum of its parts    CCodeTests/GoldenPrograms.swift:17 */
DSC_NOINLINE void slide_k2(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT sum_parts_0,
    float *DSC_RESTRICT in3) { /* f32[1] */
  for (int64_t i = lo; i < hi; i++) {
    float acc[16];
    DSC_LANES for (int64_t l = 0; l < 16; l++) {
      acc[l] = sum_parts_0[i * 16 + l + 16] + sum_parts_0[i * 16 + l + 528] +
          (sum_parts_0[i * 16 + l + 1040] + sum_parts_0[i * 16 + l + 1552]) +
          (sum_parts_0[i * 16 + l + 2064] + sum_parts_0[i * 16 + l + 2576] + sum_parts_0[i * 16 + l + 3088]);
    }
    in3[i] = in3[i] - 0.01f * dsc_tree_sum_f32(acc, 16);
  }
}

/* k3: adjoint of contract: in2 = in2 - 0.01 * contract of its parts    CCodeTests/GoldenPrograms.swift:17 */
DSC_NOINLINE void slide_k3(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT sum_parts_0,
    float *DSC_RESTRICT in2) { /* f32[10,1] */
  for (int64_t i = lo; i < hi; i++) {
    float acc[16];
    DSC_LANES for (int64_t l = 0; l < 16; l++) {
      acc[l] = sum_parts_0[i * 16 + l + 32] + sum_parts_0[i * 16 + l + 544] +
          (sum_parts_0[i * 16 + l + 1056] + sum_parts_0[i * 16 + l + 1568]) +
          (sum_parts_0[i * 16 + l + 2080] + sum_parts_0[i * 16 + l + 2592] + sum_parts_0[i * 16 + l + 3104]);
    }
    in2[i] = in2[i] - 0.01f * dsc_tree_sum_f32(acc, 16);
  }
}

/* k4: adjoint of broadcast: in1 = in1 - 0.01 * sum of its parts    CCodeTests/GoldenPrograms.swift:17 */
DSC_NOINLINE void slide_k4(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT sum_parts_0,
    float *DSC_RESTRICT in1) { /* f32[10] */
  for (int64_t i = lo; i < hi; i++) {
    float acc[16];
    DSC_LANES for (int64_t l = 0; l < 16; l++) {
      acc[l] = sum_parts_0[i * 16 + l + 192] + sum_parts_0[i * 16 + l + 704] +
          (sum_parts_0[i * 16 + l + 1216] + sum_parts_0[i * 16 + l + 1728]) +
          (sum_parts_0[i * 16 + l + 2240] + sum_parts_0[i * 16 + l + 2752] + sum_parts_0[i * 16 + l + 3264]);
    }
    in1[i] = in1[i] - 0.01f * dsc_tree_sum_f32(acc, 16);
  }
}

/* k5: adjoint of contract: in0 = in0 - 0.01 * contract of its parts    CCodeTests/GoldenPrograms.swift:17 */
DSC_NOINLINE void slide_k5(
    int64_t lo, int64_t hi,
    const float *DSC_RESTRICT sum_parts_0,
    float *DSC_RESTRICT in0) { /* f32[1,10] */
  for (int64_t i = lo; i < hi; i++) {
    for (int64_t j = 0; j < 10; j++) {
      float acc[16];
      DSC_LANES for (int64_t l = 0; l < 16; l++) {
        acc[l] = sum_parts_0[i * 160 + j * 16 + l + 352] + sum_parts_0[i * 160 + j * 16 + l + 864] +
            (sum_parts_0[i * 160 + j * 16 + l + 1376] + sum_parts_0[i * 160 + j * 16 + l + 1888]) +
            (sum_parts_0[i * 160 + j * 16 + l + 2400] + sum_parts_0[i * 160 + j * 16 + l + 2912] +
                sum_parts_0[i * 160 + j * 16 + l + 3424]);
      }
      in0[i * 10 + j] = in0[i * 10 + j] - 0.01f * dsc_tree_sum_f32(acc, 16);
    }
  }
}

/* Bytes: each thread's scratch memory, and what all share. */
enum {
  slide_scratch = 0,
  slide_arena = 14336
};

/* One step, executed by all threads together. */
static void slide_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads) {
  float *const sum_parts_0 = dsc_at_f32(arena, 0); /* partial results of sum %15 */
  const float *const in4 = (const float *)io[4]; /* x4 f32[400,1] */
  float *const in0 = (float *)io[0]; /* x0 f32[1,10] */
  float *const in1 = (float *)io[1]; /* x1 f32[10] */
  float *const in2 = (float *)io[2]; /* x2 f32[10,1] */
  float *const in3 = (float *)io[3]; /* x3 f32[1] */
  const float *const in5 = (const float *)io[5]; /* x5 f32[400,1] */
  float *const out4 = (float *)io[6]; /* y4 f32[] */
  dsc_span s;
  if (dsc_share(&s, 7, 1, thread, threads))
    slide_k0(s.lo, s.hi, sum_parts_0, in4, in0, in1, in2, in3, in5);
  DSC_BARRIER
  if (thread == 0) {
    slide_k1(sum_parts_0, out4);
    slide_k2(0, 1, sum_parts_0, in3);
    slide_k3(0, 10, sum_parts_0, in2);
    slide_k4(0, 10, sum_parts_0, in1);
    slide_k5(0, 1, sum_parts_0, in0);
  }
}

DSC_EXPORT int64_t slide_arena_bytes(int64_t threads);
DSC_EXPORT void slide_run(void *const *io, void *arena, int64_t steps, int64_t threads);

/* Bytes of the arena for this many threads; it begins at a multiple of 64. */
DSC_EXPORT int64_t slide_arena_bytes(int64_t threads) { return slide_arena + threads * slide_scratch; }

/* Runs `steps` steps in place. */
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
