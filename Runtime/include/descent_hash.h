/* Checksums: XXH64 with seed 0 (Yann Collet, "xxHash fast digest algorithm", version 0.1.1).
 * Takes bytes in pieces of any size; gives 64 bits. For faults of disks and memory and for telling one run from
 * another, not against somebody who makes files on purpose.
 * Invariant: the same bytes give the same number on every machine, however they are cut into pieces. */
#ifndef DESCENT_HASH_H
#define DESCENT_HASH_H

#include "descent_array.h"

typedef struct {
  uint64_t lanes[4];
  uint64_t size; /* bytes so far */
  uint8_t held[32]; /* held[0..<size % 32]: those that fill no stripe yet */
} dsc_hash;

#define DSC_HASH_1 UINT64_C(0x9E3779B185EBCA87)
#define DSC_HASH_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define DSC_HASH_3 UINT64_C(0x165667B19E3779F9)
#define DSC_HASH_4 UINT64_C(0x85EBCA77C2B2AE63)
#define DSC_HASH_5 UINT64_C(0x27D4EB2F165667C5)

DSC_FN uint64_t dsc_hash_turn(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

/* A little-endian number of 4 or 8 bytes. */
DSC_FN uint64_t dsc_hash_word(const uint8_t *p, int width) {
  uint64_t word = 0;
  for (int i = width - 1; i >= 0; i--)
    word = word << 8 | p[i];
  return word;
}

DSC_FN uint64_t dsc_hash_round(uint64_t lane, uint64_t word) {
  return dsc_hash_turn(lane + word * DSC_HASH_2, 31) * DSC_HASH_1;
}

DSC_FN void dsc_hash_stripe(dsc_hash *hash, const uint8_t *p) {
  for (int i = 0; i < 4; i++)
    hash->lanes[i] = dsc_hash_round(hash->lanes[i], dsc_hash_word(p + 8 * i, 8));
}

DSC_FN void dsc_hash_begin(dsc_hash *hash) {
  memset(hash, 0, sizeof *hash);
  hash->lanes[0] = DSC_HASH_1 + DSC_HASH_2;
  hash->lanes[1] = DSC_HASH_2;
  hash->lanes[3] = 0 - DSC_HASH_1;
}

DSC_FN void dsc_hash_add(dsc_hash *hash, const void *bytes, int64_t size) {
  const uint8_t *p = (const uint8_t *)bytes;
  const int64_t used = (int64_t)(hash->size % 32);
  if (size <= 0)
    return;
  hash->size += (uint64_t)size;
  if (used > 0) {
    const int64_t n = size < 32 - used ? size : 32 - used;
    memcpy(hash->held + used, p, (size_t)n);
    p += n;
    size -= n;
    if (used + n < 32)
      return;
    dsc_hash_stripe(hash, hash->held);
  }
  for (; size >= 32; p += 32, size -= 32)
    dsc_hash_stripe(hash, p);
  if (size > 0)
    memcpy(hash->held, p, (size_t)size);
}

/* The number of all bytes so far; more may follow. */
DSC_FN uint64_t dsc_hash_value(const dsc_hash *hash) {
  static const int8_t turns[4] = {1, 7, 12, 18};
  const uint8_t *p = hash->held, *end = p + hash->size % 32;
  uint64_t h = DSC_HASH_5;
  if (hash->size >= 32) {
    h = 0;
    for (int i = 0; i < 4; i++)
      h += dsc_hash_turn(hash->lanes[i], turns[i]);
    for (int i = 0; i < 4; i++)
      h = (h ^ dsc_hash_round(0, hash->lanes[i])) * DSC_HASH_1 + DSC_HASH_4;
  }
  h += hash->size;
  for (; end - p >= 8; p += 8)
    h = dsc_hash_turn(h ^ dsc_hash_round(0, dsc_hash_word(p, 8)), 27) * DSC_HASH_1 + DSC_HASH_4;
  if (end - p >= 4) {
    h = dsc_hash_turn(h ^ dsc_hash_word(p, 4) * DSC_HASH_1, 23) * DSC_HASH_2 + DSC_HASH_3;
    p += 4;
  }
  for (; p < end; p++)
    h = dsc_hash_turn(h ^ *p * DSC_HASH_5, 11) * DSC_HASH_1;
  h = (h ^ h >> 33) * DSC_HASH_2;
  h = (h ^ h >> 29) * DSC_HASH_3;
  return h ^ h >> 32;
}

/* The number of these bytes. */
DSC_FN uint64_t dsc_hash_of(const void *bytes, int64_t size) {
  dsc_hash hash;
  dsc_hash_begin(&hash);
  dsc_hash_add(&hash, bytes, size);
  return dsc_hash_value(&hash);
}

/* Adds the elements of an array in little-endian order, as files have them. */
DSC_FN void dsc_hash_add_array(dsc_hash *hash, const dsc_array *array) {
  const int64_t width = dsc_dtype_size(array->dtype);
  const uint8_t *data = (const uint8_t *)array->data;
  if (dsc_host_is_little() || width == 1) {
    dsc_hash_add(hash, data, array->bytes);
    return;
  }
  uint8_t piece[4096];
  for (int64_t at = 0; at < array->bytes; at += (int64_t)sizeof piece) {
    const int64_t left = array->bytes - at, n = left < (int64_t)sizeof piece ? left : (int64_t)sizeof piece;
    memcpy(piece, data + at, (size_t)n);
    dsc_swap_bytes(piece, n / width, width);
    dsc_hash_add(hash, piece, n);
  }
}

/* A number as 16 hexadecimal digits. */
typedef struct {
  char text[17];
} dsc_hash_digits;

DSC_FN dsc_hash_digits dsc_hash_show(uint64_t value) {
  dsc_hash_digits digits;
  snprintf(digits.text, sizeof digits.text, "%016" PRIx64, value);
  return digits;
}

#endif
