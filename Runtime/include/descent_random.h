/* Random numbers that depend on (seed, stream, index) and on nothing else: Philox 4x32-10, a counter-based generator.
 * Takes a seed, a stream (one for each use in a program) and a range of blocks; gives bits, uniforms, normals,
 * shuffles. Invariant: element i of n has the same bits however the blocks are shared among threads, for a block is a
 * pure function of its number. Loops over blocks are branch-free and vectorise.
 * Layout: n elements of 32 bits come from ceil(n / 4) blocks of four words; element i is word i / blocks of block
 * i % blocks, so that each word of consecutive blocks is stored side by side. For doubles a block has two word pairs.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11; tested on its vectors. */
#ifndef DESCENT_RANDOM_H
#define DESCENT_RANDOM_H

#include "descent_math.h"

/* One block: four words, w0 first. */
typedef struct {
  uint32_t w0, w1, w2, w3;
} dsc_words;

/* One round: two 32 x 32 -> 64 bit products, their halves crossed and mixed with the round's key. */
DSC_INLINE dsc_words dsc_philox_round(dsc_words c, uint32_t key0, uint32_t key1) {
  const uint64_t p0 = (uint64_t)0xd2511f53u * c.w0, p1 = (uint64_t)0xcd9e8d57u * c.w2;
  dsc_words d;
  d.w0 = (uint32_t)(p1 >> 32) ^ c.w1 ^ key0;
  d.w1 = (uint32_t)p1;
  d.w2 = (uint32_t)(p0 >> 32) ^ c.w3 ^ key1;
  d.w3 = (uint32_t)p0;
  return d;
}

/* Philox 4x32-10. The rounds are written out, not looped, so that a loop over blocks is innermost and vectorises; the
 * key of a round is the last one plus Weyl constants, the golden ratio and sqrt(3) - 1. */
DSC_INLINE dsc_words dsc_philox4x32(dsc_words counter, uint32_t key0, uint32_t key1) {
  const uint32_t a = 0x9e3779b9u, b = 0xbb67ae85u;
  dsc_words c = dsc_philox_round(counter, key0, key1);
  c = dsc_philox_round(c, key0 + 1u * a, key1 + 1u * b);
  c = dsc_philox_round(c, key0 + 2u * a, key1 + 2u * b);
  c = dsc_philox_round(c, key0 + 3u * a, key1 + 3u * b);
  c = dsc_philox_round(c, key0 + 4u * a, key1 + 4u * b);
  c = dsc_philox_round(c, key0 + 5u * a, key1 + 5u * b);
  c = dsc_philox_round(c, key0 + 6u * a, key1 + 6u * b);
  c = dsc_philox_round(c, key0 + 7u * a, key1 + 7u * b);
  c = dsc_philox_round(c, key0 + 8u * a, key1 + 8u * b);
  return dsc_philox_round(c, key0 + 9u * a, key1 + 9u * b);
}

/* Block number `index` of a stream: key = seed, counter = (index, stream), low words first. */
DSC_INLINE dsc_words dsc_random_block(uint64_t seed, uint64_t stream, uint64_t index) {
  dsc_words counter;
  counter.w0 = (uint32_t)index;
  counter.w1 = (uint32_t)(index >> 32);
  counter.w2 = (uint32_t)stream;
  counter.w3 = (uint32_t)(stream >> 32);
  return dsc_philox4x32(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
}

/* ---- From words to numbers ---- */

/* Uniform in [0, 1): the upper 24 bits times 2^-24. (Through a signed integer: that conversion is one instruction.) */
DSC_INLINE float dsc_uniform_f32(uint32_t w) { return (float)(int32_t)(w >> 8) * 5.9604644775390625e-8f; }

/* Uniform in [0, 1): the upper 27 bits of `high`, then the upper 26 of `low`, times 2^-53. */
DSC_INLINE double dsc_uniform_f64(uint32_t low, uint32_t high) {
  return ((double)(int32_t)(high >> 5) * 67108864.0 + (double)(int32_t)(low >> 6)) * 1.1102230246251565e-16;
}

/* Box and Muller: radius sqrt(-2 log(1 - u)), u uniform from the first word, so that 1 - u is in (0, 1]; angle 2 pi v,
 * v from the second word. The largest result is sqrt(48 ln2) = 5.77 (f64: 8.57). The quadrant of the angle is exact: 4
 * v less its nearest integer loses nothing. */
DSC_INLINE void dsc_normal_pair_f32(uint32_t word0, uint32_t word1, float *cosine, float *sine) {
  const float radius = sqrtf(-2.0f * dsc_log_f32(1.0f - dsc_uniform_f32(word0)));
  const float quarters = 4.0f * dsc_uniform_f32(word1);
  const float t = quarters + 12582912.0f;
  const uint32_t n = dsc_bits_f32(t);
  const float r = (quarters - (t - 12582912.0f)) * 1.57079633f;
  *cosine = radius * dsc_sin_quadrant_f32(r, n + 1u);
  *sine = radius * dsc_sin_quadrant_f32(r, n);
}

DSC_INLINE void dsc_normal_pair_f64(dsc_words w, double *cosine, double *sine) {
  const double radius = sqrt(-2.0 * dsc_log_f64(1.0 - dsc_uniform_f64(w.w0, w.w1)));
  const double quarters = 4.0 * dsc_uniform_f64(w.w2, w.w3);
  const double t = quarters + 6755399441055744.0;
  const uint64_t n = dsc_bits_f64(t);
  const double r = (quarters - (t - 6755399441055744.0)) * 1.5707963267948966;
  *cosine = radius * dsc_sin_quadrant_f64(r, 0.0, n + 1u);
  *sine = radius * dsc_sin_quadrant_f64(r, 0.0, n);
}

/* ---- Filling arrays: n elements at out, the blocks block_begin <= b < block_end ---- */

/* The number of blocks that n elements of 32 and of 64 bits take. */
DSC_INLINE int64_t dsc_random_blocks_32(int64_t n) { return (n + 3) / 4; }
DSC_INLINE int64_t dsc_random_blocks_64(int64_t n) { return (n + 1) / 2; }

/* The end of those blocks whose every element exists: only the last three, or the last one, can lack some. */
DSC_INLINE int64_t dsc_random_whole(int64_t n, int64_t blocks, int64_t width, int64_t begin, int64_t end) {
  const int64_t whole = n - (width - 1) * blocks;
  const int64_t stop = whole < end ? whole : end;
  return stop < begin ? begin : stop;
}

/* From one word's elements to the next word's; 0 without whole blocks, when there may be no such element to point at.
 * */
DSC_INLINE int64_t dsc_random_stride(int64_t blocks, int64_t begin, int64_t whole) {
  return whole > begin ? blocks : 0;
}

/* Uniform words, as signed integers. */
DSC_FN void dsc_random_bits(
    int32_t *out, uint64_t seed, uint64_t stream, int64_t n, int64_t block_begin, int64_t block_end) {
  const int64_t blocks = dsc_random_blocks_32(n);
  const int64_t whole = dsc_random_whole(n, blocks, 4, block_begin, block_end);
  const int64_t stride = dsc_random_stride(blocks, block_begin, whole);
  int32_t *DSC_RESTRICT o0 = out, *DSC_RESTRICT o1 = o0 + stride, *DSC_RESTRICT o2 = o1 + stride,
                        *DSC_RESTRICT o3 = o2 + stride;
  for (int64_t b = block_begin; b < whole; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    o0[b] = (int32_t)w.w0;
    o1[b] = (int32_t)w.w1;
    o2[b] = (int32_t)w.w2;
    o3[b] = (int32_t)w.w3;
  }
  for (int64_t b = whole; b < block_end; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    const int32_t v[4] = {(int32_t)w.w0, (int32_t)w.w1, (int32_t)w.w2, (int32_t)w.w3};
    for (int64_t i = b, k = 0; i < n && k < 4; i += blocks, k++)
      out[i] = v[k];
  }
}

/* Uniform in [0, 1). */
DSC_FN void dsc_random_uniform_f32(
    float *out, uint64_t seed, uint64_t stream, int64_t n, int64_t block_begin, int64_t block_end) {
  const int64_t blocks = dsc_random_blocks_32(n);
  const int64_t whole = dsc_random_whole(n, blocks, 4, block_begin, block_end);
  const int64_t stride = dsc_random_stride(blocks, block_begin, whole);
  float *DSC_RESTRICT o0 = out, *DSC_RESTRICT o1 = o0 + stride, *DSC_RESTRICT o2 = o1 + stride,
                      *DSC_RESTRICT o3 = o2 + stride;
  for (int64_t b = block_begin; b < whole; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    o0[b] = dsc_uniform_f32(w.w0);
    o1[b] = dsc_uniform_f32(w.w1);
    o2[b] = dsc_uniform_f32(w.w2);
    o3[b] = dsc_uniform_f32(w.w3);
  }
  for (int64_t b = whole; b < block_end; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    const float v[4] = {dsc_uniform_f32(w.w0), dsc_uniform_f32(w.w1), dsc_uniform_f32(w.w2), dsc_uniform_f32(w.w3)};
    for (int64_t i = b, k = 0; i < n && k < 4; i += blocks, k++)
      out[i] = v[k];
  }
}

DSC_FN void dsc_random_uniform_f64(
    double *out, uint64_t seed, uint64_t stream, int64_t n, int64_t block_begin, int64_t block_end) {
  const int64_t blocks = dsc_random_blocks_64(n);
  const int64_t whole = dsc_random_whole(n, blocks, 2, block_begin, block_end);
  double *DSC_RESTRICT o0 = out, *DSC_RESTRICT o1 = o0 + dsc_random_stride(blocks, block_begin, whole);
  for (int64_t b = block_begin; b < whole; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    o0[b] = dsc_uniform_f64(w.w0, w.w1);
    o1[b] = dsc_uniform_f64(w.w2, w.w3);
  }
  for (int64_t b = whole; b < block_end; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    out[b] = dsc_uniform_f64(w.w0, w.w1);
  }
}

/* Standard normal: words 0 and 1 of a block make elements 0 and 1 (cosine, sine), words 2 and 3 the others. */
DSC_FN void dsc_random_normal_f32(
    float *out, uint64_t seed, uint64_t stream, int64_t n, int64_t block_begin, int64_t block_end) {
  const int64_t blocks = dsc_random_blocks_32(n);
  const int64_t whole = dsc_random_whole(n, blocks, 4, block_begin, block_end);
  const int64_t stride = dsc_random_stride(blocks, block_begin, whole);
  float *DSC_RESTRICT o0 = out, *DSC_RESTRICT o1 = o0 + stride, *DSC_RESTRICT o2 = o1 + stride,
                      *DSC_RESTRICT o3 = o2 + stride;
  for (int64_t b = block_begin; b < whole; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    float v0, v1, v2, v3;
    dsc_normal_pair_f32(w.w0, w.w1, &v0, &v1);
    dsc_normal_pair_f32(w.w2, w.w3, &v2, &v3);
    o0[b] = v0;
    o1[b] = v1;
    o2[b] = v2;
    o3[b] = v3;
  }
  for (int64_t b = whole; b < block_end; b++) {
    const dsc_words w = dsc_random_block(seed, stream, (uint64_t)b);
    float v[4];
    dsc_normal_pair_f32(w.w0, w.w1, &v[0], &v[1]);
    dsc_normal_pair_f32(w.w2, w.w3, &v[2], &v[3]);
    for (int64_t i = b, k = 0; i < n && k < 4; i += blocks, k++)
      out[i] = v[k];
  }
}

/* Standard normal: one pair (cosine, sine) per block; words 0 and 1 make the radius, 2 and 3 the angle. */
DSC_FN void dsc_random_normal_f64(
    double *out, uint64_t seed, uint64_t stream, int64_t n, int64_t block_begin, int64_t block_end) {
  const int64_t blocks = dsc_random_blocks_64(n);
  const int64_t whole = dsc_random_whole(n, blocks, 2, block_begin, block_end);
  double *DSC_RESTRICT o0 = out, *DSC_RESTRICT o1 = o0 + dsc_random_stride(blocks, block_begin, whole);
  for (int64_t b = block_begin; b < whole; b++) {
    double cosine, sine;
    dsc_normal_pair_f64(dsc_random_block(seed, stream, (uint64_t)b), &cosine, &sine);
    o0[b] = cosine;
    o1[b] = sine;
  }
  for (int64_t b = whole; b < block_end; b++) {
    double sine;
    dsc_normal_pair_f64(dsc_random_block(seed, stream, (uint64_t)b), &out[b], &sine);
  }
}

/* ---- Shuffling ---- */

/* perm becomes a uniformly drawn permutation of 0 ..< n (n <= 2^31): Fisher and Yates, downwards; each bounded integer
 * is Lemire's product of a word and the bound, with the few words thrown away that would favour some results. Words are
 * taken from the stream in order. */
DSC_FN void dsc_shuffle(int32_t *perm, int64_t n, uint64_t seed, uint64_t stream) {
  uint32_t words[4] = {0, 0, 0, 0};
  uint64_t taken = 0;
  for (int64_t i = 0; i < n; i++)
    perm[i] = (int32_t)i;
  for (int64_t i = n - 1; i > 0; i--) {
    const uint32_t bound = (uint32_t)i + 1u;
    uint64_t product;
    uint32_t low;
    do {
      if ((taken & 3u) == 0) {
        const dsc_words w = dsc_random_block(seed, stream, taken >> 2);
        words[0] = w.w0;
        words[1] = w.w1;
        words[2] = w.w2;
        words[3] = w.w3;
      }
      product = (uint64_t)words[taken & 3u] * bound;
      low = (uint32_t)product;
      taken++;
    } while (low < bound && low < (0u - bound) % bound); /* the first test spares most divisions */
    const int64_t j = (int64_t)(product >> 32);
    const int32_t other = perm[j];
    perm[j] = perm[i];
    perm[i] = other;
  }
}

#endif
