/* Random numbers: the published vectors of Philox 4x32-10, moments, independence of the partition, shuffles. Exit 1 on
 * a failure. */
#include <stdio.h>
#include <stdlib.h>
#include "descent_random.h"

static int failures;

static void check(int right, const char *what) {
  if (right)
    return;
  printf("philox: WRONG: %s\n", what);
  failures++;
}

static void known_answers(void) {
  static const uint32_t v[3][10] = {{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
          0x6d5451fd},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
          0x24126ea1}};
  for (int i = 0; i < 3; i++) {
    const dsc_words c = {v[i][0], v[i][1], v[i][2], v[i][3]};
    const dsc_words w = dsc_philox4x32(c, v[i][4], v[i][5]);
    check(w.w0 == v[i][6] && w.w1 == v[i][7] && w.w2 == v[i][8] && w.w3 == v[i][9], "known answer");
  }
  const dsc_words w = dsc_random_block(0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u);
  check(w.w0 == 0xd16cfe09 && w.w3 == 0x24126ea1, "order of seed, stream and index");
  check(dsc_uniform_f32(0xffffffffu) == 1 - 0x1p-24f && dsc_uniform_f32(255) == 0, "range of uniform_f32");
  check(dsc_uniform_f64(0xffffffffu, 0xffffffffu) == 1 - 0x1p-53 && dsc_uniform_f64(64, 0) == 0x1p-53,
      "range of uniform_f64");
}

/* Mean, variance, skewness and kurtosis, each within six standard errors (rounded up). */
static void moments(const char *what, const double *x, int64_t n, double mean, double variance, double fourth) {
  double s1 = 0, s2 = 0, s3 = 0, s4 = 0;
  for (int64_t i = 0; i < n; i++) {
    const double d = (x[i] - mean) / sqrt(variance);
    s1 += d, s2 += d * d, s3 += d * d * d, s4 += d * d * d * d;
  }
  const double scale = 1 / (double)n, tolerance = 6 / sqrt((double)n);
  check(fabs(s1 * scale) < tolerance && fabs(s2 * scale - 1) < 1.5 * tolerance, what);
  check(fabs(s3 * scale) < 4 * tolerance && fabs(s4 * scale - fourth) < 10 * tolerance, what);
}

enum { MANY = 1 << 20 };

static void distributions(void) {
  double *d = malloc(MANY * sizeof *d), *e = malloc(MANY * sizeof *e);
  float *f = malloc(MANY * sizeof *f);
  if (!d || !e || !f)
    exit(2);
  dsc_random_uniform_f32(f, 1, 2, MANY, 0, dsc_random_blocks_32(MANY));
  for (int i = 0; i < MANY; i++)
    d[i] = (double)f[i];
  moments("moments of uniform_f32", d, MANY, 0.5, 1.0 / 12, 1.8);
  dsc_random_normal_f32(f, 1, 2, MANY, 0, dsc_random_blocks_32(MANY));
  for (int i = 0; i < MANY; i++)
    d[i] = (double)f[i];
  moments("moments of normal_f32", d, MANY, 0, 1, 3);
  dsc_random_uniform_f64(d, 1, 2, MANY, 0, dsc_random_blocks_64(MANY));
  moments("moments of uniform_f64", d, MANY, 0.5, 1.0 / 12, 1.8);
  dsc_random_normal_f64(d, 1, 2, MANY, 0, dsc_random_blocks_64(MANY));
  moments("moments of normal_f64", d, MANY, 0, 1, 3);
  dsc_random_normal_f64(e, 1, 3, MANY, 0, dsc_random_blocks_64(MANY));
  double dot = 0, pair = 0;
  for (int i = 0; i < MANY; i++)
    dot += d[i] * e[i];
  for (int i = 0; i < MANY / 2; i++)
    pair += d[i] * d[i + MANY / 2];
  check(fabs(dot) < 6 * sqrt(MANY) && fabs(pair) < 6 * sqrt(MANY / 2),
      "streams, and the two normals of a pair, are uncorrelated");
  free(d), free(e), free(f);
}

/* The block functions against the definition, element by element, and in parts against whole. */
static void layout(void) {
  enum { MOST = 70 };
  for (int64_t n = 0; n <= MOST; n++) {
    int32_t bits[MOST + 1], parts[MOST + 1];
    float uf[MOST + 1], nf[MOST + 1], ufp[MOST + 1], nfp[MOST + 1];
    double ud[MOST + 1], nd[MOST + 1], udp[MOST + 1], ndp[MOST + 1];
    const int64_t b32 = dsc_random_blocks_32(n), b64 = dsc_random_blocks_64(n);
    memset(bits, 0x55, sizeof bits);
    memset(uf, 0x55, sizeof uf), memset(nf, 0x55, sizeof nf), memset(ud, 0x55, sizeof ud), memset(nd, 0x55, sizeof nd);
    memcpy(parts, bits, sizeof bits), memcpy(ufp, uf, sizeof uf), memcpy(nfp, nf, sizeof nf),
        memcpy(udp, ud, sizeof ud), memcpy(ndp, nd, sizeof nd);
    dsc_random_bits(bits, 7, 9, n, 0, b32);
    dsc_random_uniform_f32(uf, 7, 9, n, 0, b32);
    dsc_random_normal_f32(nf, 7, 9, n, 0, b32);
    dsc_random_uniform_f64(ud, 7, 9, n, 0, b64);
    dsc_random_normal_f64(nd, 7, 9, n, 0, b64);
    for (int64_t b = 0; b < b32; b += 3) {
      const int64_t end = b + 3 < b32 ? b + 3 : b32;
      dsc_random_bits(parts, 7, 9, n, b, end);
      dsc_random_uniform_f32(ufp, 7, 9, n, b, end);
      dsc_random_normal_f32(nfp, 7, 9, n, b, end);
    }
    for (int64_t b = 0; b < b64; b += 5) {
      const int64_t end = b + 5 < b64 ? b + 5 : b64;
      dsc_random_uniform_f64(udp, 7, 9, n, b, end);
      dsc_random_normal_f64(ndp, 7, 9, n, b, end);
    }
    check(!memcmp(bits, parts, sizeof bits) && !memcmp(uf, ufp, sizeof uf) && !memcmp(nf, nfp, sizeof nf) &&
            !memcmp(ud, udp, sizeof ud) && !memcmp(nd, ndp, sizeof nd),
        "parts equal the whole");
    check(bits[n] == 0x55555555 && !memcmp(&uf[n], &bits[n], 4) && !memcmp(&nf[n], &bits[n], 4) &&
            !memcmp(&ud[n], &bits[n], 4) && !memcmp(&nd[n], &bits[n], 4),
        "nothing written past the end");
    for (int64_t i = 0; i < n; i++) {
      const dsc_words w = dsc_random_block(7, 9, (uint64_t)(i % b32));
      const uint32_t v[4] = {w.w0, w.w1, w.w2, w.w3};
      const int64_t k = i / b32;
      float c, s;
      dsc_normal_pair_f32(v[k & 2], v[(k & 2) + 1], &c, &s);
      check((uint32_t)bits[i] == v[k] && uf[i] == dsc_uniform_f32(v[k]) && nf[i] == ((k & 1) ? s : c),
          "layout of 32-bit elements");
      const dsc_words x = dsc_random_block(7, 9, (uint64_t)(i % b64));
      double cd, sd;
      dsc_normal_pair_f64(x, &cd, &sd);
      check(ud[i] == (i < b64 ? dsc_uniform_f64(x.w0, x.w1) : dsc_uniform_f64(x.w2, x.w3)) &&
              nd[i] == (i < b64 ? cd : sd),
          "layout of 64-bit elements");
    }
  }
}

static void shuffles(void) {
  enum { SIZE = 1000, TRIALS = 24000 };
  static int32_t p[SIZE], q[SIZE];
  static char seen[SIZE];
  dsc_shuffle(p, SIZE, 11, 12);
  dsc_shuffle(q, SIZE, 11, 13);
  int moved = 0, distinct = 0;
  for (int i = 0; i < SIZE; i++) {
    check(p[i] >= 0 && p[i] < SIZE && !seen[p[i]], "shuffle is a permutation");
    seen[p[i]] = 1;
    moved += p[i] != i;
    distinct += p[i] != q[i];
  }
  check(moved > SIZE - 20 && distinct > SIZE - 20, "shuffle moves, and depends on the stream");
  int count[24] = {0};
  for (int t = 0; t < TRIALS; t++) {
    dsc_shuffle(p, 4, 5, (uint64_t)t);
    count[p[0] * 6 + (p[1] - (p[1] > p[0])) * 2 + (p[2] > p[3])]++;
  }
  const double expected = (double)TRIALS / 24;
  double chi = 0;
  for (int i = 0; i < 24; i++)
    chi += (count[i] - expected) * (count[i] - expected) / expected;
  check(chi < 60, "all 24 orders of four are as likely (chi-squared, 23 degrees of freedom)");
  dsc_shuffle(p, 1, 5, 5);
  check(p[0] == 0, "shuffle of one");
  dsc_shuffle(p, 0, 5, 5);
}

int main(void) {
  known_answers();
  distributions();
  layout();
  shuffles();
  printf("philox       %s\n", failures ? "WRONG" : "right");
  return failures != 0;
}
