/* Nanoseconds per element of each function in a vectorised loop over 4096 arguments that stay in cache. Prints only. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "descent_random.h"
#include "functions.h"

enum { COUNT = 4096, ROUNDS = 500, TRIES = 5 };
static float xf[COUNT], zf[COUNT], yf[COUNT];
static int32_t yi[COUNT];
static double xd[COUNT], zd[COUNT], yd[COUNT];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The best of a few tries; to the compiler the empty assembly reads the results, so no call is dropped. */
#define TIME(CALL, BEST)                                                    \
  double BEST = 1e30;                                                       \
  for (int try = 0; try < TRIES; try++) {                                   \
    const double start = now();                                             \
    for (int round = 0; round < ROUNDS; round++) {                          \
      CALL;                                                                 \
      __asm__ volatile("" ::"r"(yf), "r"(yd), "r"(yi) : "memory");          \
    }                                                                       \
    const double each = (now() - start) / ((double)ROUNDS * (double)COUNT); \
    BEST = each < BEST ? each : BEST;                                       \
  }

#define SHOW(NAME)                                                  \
  {                                                                 \
    TIME(loop_##NAME##_f32(xf, yf, COUNT), f32)                     \
    TIME(loop_##NAME##_f64(xd, yd, COUNT), f64)                     \
    printf("%-15s f32 %6.2f ns   f64 %6.2f ns\n", #NAME, f32, f64); \
  }

#define SHOW2(NAME)                                                 \
  {                                                                 \
    TIME(loop_##NAME##_f32(xf, zf, yf, COUNT), f32)                 \
    TIME(loop_##NAME##_f64(xd, zd, yd, COUNT), f64)                 \
    printf("%-15s f32 %6.2f ns   f64 %6.2f ns\n", #NAME, f32, f64); \
  }

/* The generators, given an output of COUNT elements. */
#define SHOW_RANDOM(NAME)                                                               \
  {                                                                                     \
    TIME(dsc_random_##NAME##_f32(yf, 1, 2, COUNT, 0, dsc_random_blocks_32(COUNT)), f32) \
    TIME(dsc_random_##NAME##_f64(yd, 1, 2, COUNT, 0, dsc_random_blocks_64(COUNT)), f64) \
    printf("%-15s f32 %6.2f ns   f64 %6.2f ns\n", #NAME, f32, f64);                     \
  }

int main(void) {
  for (int i = 0; i < COUNT; i++) {
    xd[i] = 10 * ((double)(mixed((uint64_t)i) >> 11) * 0x1p-53) + 0.001;
    zd[i] = 8 * ((double)(mixed((uint64_t)i + COUNT) >> 11) * 0x1p-53) - 4;
    xf[i] = (float)xd[i];
    zf[i] = (float)zd[i];
  }
  DSC_EACH(SHOW)
  SHOW(abs)
  SHOW(sign)
  SHOW(floor)
  SHOW(round)
  SHOW2(pow)
  SHOW2(atan2)
  SHOW2(hypot)
  SHOW2(max)
  SHOW2(min)
  SHOW_RANDOM(uniform)
  SHOW_RANDOM(normal)
  TIME(dsc_shuffle(yi, COUNT, 1, 2), shuffle)
  printf("%-15s i32 %6.2f ns\n", "shuffle", shuffle);
  return 0;
}
