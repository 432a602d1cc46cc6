/* Prints a hash of the results of each function and generator over a spread of arguments. Builds for other optimisation
 * levels, compilers and instruction sets must print the same lines (Tests/math/run.sh compares them). NaN is one value.
 * */
#include <inttypes.h>
#include <stdio.h>
#include "descent_random.h"
#include "functions.h"

enum { COUNT = 1 << 16 };
static float xf[COUNT], zf[COUNT], yf[COUNT];
static double xd[COUNT], zd[COUNT], yd[COUNT];
static int32_t yi[COUNT];

static void hash_u64(uint64_t *h, uint64_t u) { *h = (*h ^ mixed(u)) * 0x100000001b3u + 1u; }

static void show(const char *name) {
  uint64_t f = 0, d = 0;
  for (int i = 0; i < COUNT; i++) {
    hash_u64(&f, isnan(yf[i]) ? 1u : dsc_bits_f32(yf[i]));
    hash_u64(&d, isnan(yd[i]) ? 1u : dsc_bits_f64(yd[i]));
  }
  printf("%-15s %016" PRIx64 " %016" PRIx64 "\n", name, f, d);
}

static void show_integers(const char *name) {
  uint64_t h = 0;
  for (int i = 0; i < COUNT; i++)
    hash_u64(&h, (uint32_t)yi[i]);
  printf("%-15s %016" PRIx64 "\n", name, h);
}

#define SHOW(NAME)                  \
  loop_##NAME##_f32(xf, yf, COUNT); \
  loop_##NAME##_f64(xd, yd, COUNT); \
  show(#NAME);

#define SHOW2(NAME)                     \
  loop_##NAME##_f32(xf, zf, yf, COUNT); \
  loop_##NAME##_f64(xd, zd, yd, COUNT); \
  show(#NAME);

/* Half the arguments are random bits, half moderate numbers; their first few are special. */
static double argument(uint64_t i, int wide) {
  static const double special[] = {
      0.0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 0.5, 2, 3, -2, 0x1p-149, 0x1p-1074, 1e-40, 1e-310, 89, -104, 746};
  if (i < sizeof special / sizeof *special)
    return special[i];
  const double unit = (double)(mixed(i) >> 11) * 0x1p-53;
  return wide ? dsc_from_bits_f64(mixed(i)) : ((i & 2) ? 20 : 2) * (2 * unit - 1);
}

int main(void) {
  for (uint64_t i = 0; i < COUNT; i++) {
    xd[i] = argument(i, (i & 1) != 0);
    zd[i] = argument((i * 7) % COUNT, (i & 4) != 0);
    xf[i] = (i & 1) && i > 32 ? dsc_from_bits_f32((uint32_t)mixed(i)) : (float)xd[i];
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
  const int64_t n = COUNT - 3;
  dsc_random_uniform_f32(yf, 3, 4, n, 0, dsc_random_blocks_32(n));
  dsc_random_uniform_f64(yd, 3, 4, n, 0, dsc_random_blocks_64(n));
  show("uniform");
  dsc_random_normal_f32(yf, 3, 4, n, 0, dsc_random_blocks_32(n));
  dsc_random_normal_f64(yd, 3, 4, n, 0, dsc_random_blocks_64(n));
  show("normal");
  dsc_random_bits(yi, 3, 4, n, 0, dsc_random_blocks_32(n));
  show_integers("bits");
  dsc_shuffle(yi, n, 3, 4);
  show_integers("shuffle");
  return 0;
}
