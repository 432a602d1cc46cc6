/* Speed of the matrix product beside the multiply-add peak of the machine, which a loop over registers measures.
 * Prints GFLOP/s and per cent of peak on one thread and on two: the best of many rounds.
 * speed [rounds [threads [words that a product's line must hold, as "nn 1024"]]]; -DCPU_TIME counts the time of the
 * first thread instead of the clock's, for one thread on a busy machine. */
#define _POSIX_C_SOURCE 200809L
#include "descent_gemm_f32.h"
#include "descent_gemm_f64.h"
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
#if defined(CPU_TIME)
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
#else
  return omp_get_wtime();
#endif
}

static double best(double a, double b) { return a > b ? a : b; }

/* GFLOP/s of 24 independent chains of vector multiply-adds a thread. */
static volatile double sink;
#define PEAK(T, S)                                                                                                     \
  static double peak_##S(int threads) {                                                                                \
    double rate = 0;                                                                                                   \
    for (int round = 0; round < 40; round++) {                                                                         \
      const int64_t depth = 200000, chains = DSC_GEMM_MR;                                                              \
      const double start = now();                                                                                      \
      _Pragma("omp parallel num_threads(threads)") {                                                                   \
        static T one[64] = {1};                                                                                        \
        T out[DSC_GEMM_MR * 64];                                                                                       \
        const dsc_gemm_##S##_micro_tile tile = {0, 0, 0, 64, NULL, 0, 0};                                              \
        dsc_gemm_##S##_micro_of(chains, 2, depth, one, one, out, &tile);                                               \
        sink = (double)out[0];                                                                                         \
      }                                                                                                                \
      rate =                                                                                                           \
          best(rate, 1e-9 * (double)(2 * chains * 2 * DSC_GEMM_LANES(sizeof(T)) * depth * threads) / (now() - start)); \
    }                                                                                                                  \
    return rate;                                                                                                       \
  }
PEAK(float, f32)
PEAK(double, f64)

static double peaks[2][3];
static int rounds = 30, most = 2;
static const char *wanted = "";

static void *memory(int64_t bytes) {
  void *p = aligned_alloc(64, ((size_t)bytes + 63) / 64 * 64);
  for (int64_t i = 0; i < bytes / 4; i++)
    ((float *)p)[i] = (float)(i % 17) * 0.01F;
  return p;
}

static void report(const char *name, int wide, int64_t M, int64_t N, int64_t K, const double *seconds) {
  printf("%-30s", name);
  for (int threads = 1; threads <= most; threads++) {
    const double rate = 2e-9 * (double)(M * N * K) / seconds[threads];
    printf("  %7.1f GF %5.1f%%", rate, 100 * rate / peaks[wide][threads]);
  }
  printf("  %3d tiles %8.1f us\n", (int)dsc_gemm_tiles(dsc_gemm_sizes(M, N, K)), 1e6 * seconds[1]);
}

#define BYTES(T, M, N, K, a_rs, a_cs, b_rs, b_cs) \
  ((DSC_GEMM_SCRATCH_BYTES(M, N, K, a_rs, a_cs, b_rs, b_cs, sizeof(T)) + 63) / 64 * 64)
#define SHAPE(T, S, name, M, N, K, a_rs, a_cs, b_rs, b_cs)                                                        \
  if (strstr(#S " " name " " #M " " #N " " #K, wanted)) {                                                         \
    T *const a = memory(sizeof(T) * M * K), *const b = memory(sizeof(T) * K * N);                                 \
    T *const c = memory(sizeof(T) * M * N);                                                                       \
    char *const scratch = memory(2 * BYTES(T, M, N, K, a_rs, a_cs, b_rs, b_cs) + 64);                             \
    const dsc_gemm_##S##_output output = {c, N};                                                                  \
    double seconds[3] = {0, 1e9, 1e9};                                                                            \
    for (int threads = 1; threads <= most; threads++)                                                             \
      _Pragma("omp parallel num_threads(threads)") {                                                              \
        const dsc_gemm_size size = dsc_gemm_sizes(M, N, K);                                                       \
        const int64_t tiles = dsc_gemm_tiles(size), me = omp_get_thread_num();                                    \
        void *const mine = scratch + me * BYTES(T, M, N, K, a_rs, a_cs, b_rs, b_cs);                              \
        const int repeats = (int)(1 + 50e6 / ((double)(M)*N * K));                                                \
        for (int round = 0; round < rounds; round++) {                                                            \
          _Pragma("omp barrier") const double start = now();                                                      \
          for (int repeat = 0; repeat < repeats; repeat++) {                                                      \
            dsc_gemm_##S(size, dsc_gemm_##S##_strided(a, a_rs, a_cs), dsc_gemm_##S##_strided(b, b_rs, b_cs),      \
                tiles *me / threads, tiles * (me + 1) / threads, mine, dsc_gemm_##S##_store_rows, NULL, &output); \
            _Pragma("omp barrier")                                                                                \
          }                                                                                                       \
          const double time = (now() - start) / repeats;                                                          \
          _Pragma("omp critical") if (time < seconds[threads]) seconds[threads] = time;                           \
        }                                                                                                         \
      }                                                                                                           \
    report(#S " " name " " #M " " #N " " #K, sizeof(T) == 8, M, N, K, seconds);                                   \
    free(a), free(b), free(c), free(scratch);                                                                     \
  }
#define NN(T, S, M, N, K) SHAPE(T, S, "nn", M, N, K, K, 1, N, 1)
#define NT(T, S, M, N, K) SHAPE(T, S, "nt", M, N, K, K, 1, 1, K)
#define TN(T, S, M, N, K) SHAPE(T, S, "tn", M, N, K, 1, M, N, 1)

static void dense(void) {
  NN(float, f32, 128, 256, 784)
  NN(float, f32, 128, 128, 256)
  NN(float, f32, 128, 10, 128)
  NT(float, f32, 128, 256, 128)
  NT(float, f32, 128, 128, 10)
  TN(float, f32, 784, 256, 128)
  TN(float, f32, 256, 128, 128)
  TN(float, f32, 128, 10, 128)
}

static void wide(void) {
  NN(float, f32, 256, 2048, 784)
  NN(float, f32, 256, 2048, 2048)
  NT(float, f32, 256, 2048, 2048)
  TN(float, f32, 2048, 2048, 256)
  TN(float, f32, 784, 2048, 256)
  NN(float, f32, 1024, 1024, 1024)
  NT(float, f32, 1024, 1024, 1024)
  TN(float, f32, 1024, 1024, 1024)
}

static void others(void) {
  NN(double, f64, 128, 256, 784)
  NT(double, f64, 128, 256, 128)
  TN(double, f64, 784, 256, 128)
  NN(double, f64, 1024, 1024, 1024)
  NN(float, f32, 64, 64, 32)
  NT(float, f32, 64, 64, 32)
  NN(float, f32, 1, 1024, 1024)
  NT(float, f32, 1, 1024, 1024)
  NN(float, f32, 1024, 1, 1024)
  TN(float, f32, 1024, 1, 1024)
  NN(float, f32, 4096, 3, 64)
}

int main(int count, char **arguments) {
  if (count > 1)
    rounds = atoi(arguments[1]);
  if (count > 2)
    most = atoi(arguments[2]) < 2 ? 1 : 2;
  if (count > 3)
    wanted = arguments[3];
  for (int threads = 1; threads <= most; threads++) {
    peaks[0][threads] = peak_f32(threads);
    peaks[1][threads] = peak_f64(threads);
    printf("peak of %d: %.1f GFLOP/s f32, %.1f f64\n", threads, peaks[0][threads], peaks[1][threads]);
  }
  dense();
  wide();
  others();
  return 0;
}
