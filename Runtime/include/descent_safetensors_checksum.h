/* The checksums of a safetensors file, by which every changed bit is found.
 * A file that has them begins, after its 8 bytes of length, with
 *
 *   {"__metadata__":{"descent.checksum":"<16 digits>","descent.checksums":"<16 digits> <16 digits> ...", ...
 *
 * XXH64 of the length and of the header without those first digits, and of each tensor's bytes in the header's order.
 * Invariant: a file of another program, which has no such keys, is read as it is; one with a part of them is damaged.
 * */
#ifndef DESCENT_SAFETENSORS_CHECKSUM_H
#define DESCENT_SAFETENSORS_CHECKSUM_H

#include "descent_hash.h"

/* Where the first digits begin in the header's text. */
#define DSC_CHECKSUM_START "{\"__metadata__\":{\"descent.checksum\":\""
#define DSC_CHECKSUM_HEADER_KEY "descent.checksum"
#define DSC_CHECKSUM_TENSORS_KEY "descent.checksums"
enum { DSC_CHECKSUM_AT = (int)sizeof DSC_CHECKSUM_START - 1, DSC_CHECKSUM_DIGITS = 16 };

/* Whether a key of the metadata is one that checksums have for themselves. */
DSC_FN int dsc_checksum_owns(const char *key) {
  return strncmp(key, DSC_CHECKSUM_HEADER_KEY, sizeof DSC_CHECKSUM_HEADER_KEY - 1) == 0;
}

/* Whether a header says its own checksum. */
DSC_FN int dsc_checksum_begins(const char *header, int64_t size) {
  return size > DSC_CHECKSUM_AT + DSC_CHECKSUM_DIGITS &&
      memcmp(header, DSC_CHECKSUM_START, (size_t)DSC_CHECKSUM_AT) == 0;
}

/* The checksum that such a header ought to have. */
DSC_FN dsc_hash_digits dsc_checksum_of_header(const char *header, int64_t size) {
  const int64_t after = DSC_CHECKSUM_AT + DSC_CHECKSUM_DIGITS;
  uint8_t length[8];
  dsc_hash hash;
  for (int i = 0; i < 8; i++)
    length[i] = (uint8_t)((uint64_t)size >> 8 * i);
  dsc_hash_begin(&hash);
  dsc_hash_add(&hash, length, 8);
  dsc_hash_add(&hash, header, DSC_CHECKSUM_AT);
  dsc_hash_add(&hash, header + after, size - after);
  return dsc_hash_show(dsc_hash_value(&hash));
}

/* Fails unless the digits at `found` are those of `expected`; `what` is the header or a tensor. */
DSC_FN int dsc_checksum_check(
    const char *found, dsc_hash_digits expected, const char *what, const char *file, dsc_error *error) {
  if (memcmp(found, expected.text, (size_t)DSC_CHECKSUM_DIGITS) == 0)
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
      "%s is damaged: its bytes have the checksum %s, not %s as the file says", what, expected.text,
      dsc_show(found, DSC_CHECKSUM_DIGITS).text);
}

#endif
