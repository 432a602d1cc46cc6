/* Decimal numbers, the same in every locale.
 * Takes text: [+-] digits [. digits] [e [+-] digits], or nan, inf, infinity in any case; no hexadecimal, no digit
 * separators; the decimal mark is the caller's, a point or a comma. Gives f32 or f64, rounded once, to nearest even (as
 * IEEE 754 asks for; W. D. Clinger, "How to read floating point numbers accurately", 1990, for the short ones).
 * Invariant: no byte at or after `end` is read. */
#ifndef DESCENT_NUMBER_H
#define DESCENT_NUMBER_H

#include "descent_base.h"
#include <stdio.h>
#include <stdlib.h>

enum { DSC_NUMBER_FINITE = 0, DSC_NUMBER_INFINITY = 1, DSC_NUMBER_NAN = 2 };

/* sign * mantissa * 10^exponent; `complete` is 0 where the digits from..<to did not fit the mantissa. */
typedef struct {
  uint64_t mantissa;
  int64_t exponent;
  const char *from, *to;
  int kind, negative, complete;
} dsc_decimal;

DSC_FN int dsc_is_digit(char c) { return (unsigned)(unsigned char)c - (unsigned)'0' < 10u; }

/* Takes `word` (lower case letters) in any case: the bytes after it, or null. */
DSC_FN const char *dsc_scan_word(const char *p, const char *end, const char *word) {
  for (; *word != 0; word++, p++)
    if (p == end || (*p | 0x20) != *word)
      return NULL;
  return p;
}

/* Reads a number at p, whose decimal mark is `point`: the byte after it, or null if there is none. */
DSC_INLINE const char *dsc_decimal_scan(const char *p, const char *end, char point, dsc_decimal *d) {
  d->mantissa = 0;
  d->exponent = 0;
  d->kind = DSC_NUMBER_FINITE;
  d->complete = 1;
  d->negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+'))
    p++;
  d->from = p;
  for (; p < end && dsc_is_digit(*p); p++)
    d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
  int64_t digits = p - d->from;
  if (p < end && *p == point) {
    const char *fraction = ++p;
    for (; p < end && dsc_is_digit(*p); p++)
      d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
    d->exponent = fraction - p;
    digits += p - fraction;
  }
  d->to = p;
  if (digits == 0) {
    const char *after = dsc_scan_word(d->from, end, "nan");
    d->kind = DSC_NUMBER_NAN;
    if (after != NULL)
      return after;
    d->kind = DSC_NUMBER_INFINITY;
    after = dsc_scan_word(d->from, end, "infinity");
    return after != NULL ? after : dsc_scan_word(d->from, end, "inf");
  }
  if (digits > 19) { /* leading zeros do not count */
    const char *q = d->from;
    for (; q < d->to && (*q == '0' || *q == point); q++)
      digits -= *q == '0';
    d->complete = digits <= 19;
  }
  if (p < end && (*p | 0x20) == 'e') {
    int64_t value = 0;
    const int negative = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
      p++;
    if (p == end || !dsc_is_digit(*p))
      return NULL;
    for (; p < end && dsc_is_digit(*p); p++)
      if (value < (int64_t)1 << 50)
        value = value * 10 + (*p - '0');
    d->exponent += negative ? -value : value;
  }
  return p;
}

/* Any finite decimal by the C library, which rounds correctly; written without a decimal point, so that no locale can
 * change it. No halfway point between two doubles has more than 767 digits, so 800 and one for the rest suffice. */
DSC_FN double dsc_decimal_slow(const dsc_decimal *d, int single) {
  char text[840];
  int used = 0, rest = 0;
  int64_t exponent = d->exponent;
  for (const char *p = d->from; p < d->to; p++) {
    if (!dsc_is_digit(*p) || (*p == '0' && used == 0))
      continue;
    if (used < 800)
      text[used++] = *p;
    else {
      rest |= *p != '0';
      exponent++;
    }
  }
  if (used == 0)
    return 0.0;
  if (rest) {
    text[used++] = '1';
    exponent--;
  }
  exponent = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : exponent;
  snprintf(text + used, sizeof text - (size_t)used, "e%d", (int)exponent);
  return single ? (double)strtof(text, NULL) : strtod(text, NULL);
}

#if defined(__SIZEOF_INT128__)
__extension__ typedef unsigned __int128 dsc_u128;

/* mantissa * 10^exponent, mantissa not 0, |exponent| <= 19, rounded to `bits` bits in integer arithmetic. */
DSC_FN double dsc_decimal_exact(uint64_t mantissa, int exponent, int bits) {
  uint64_t power = 1;
  int shift = 0, inexact = 0;
  dsc_u128 q = mantissa;
  for (int i = exponent < 0 ? -exponent : exponent; i > 0; i--)
    power *= 10;
  if (exponent < 0) { /* the numerator fills 128 bits, so the quotient has 63 or more */
    shift = 64 + __builtin_clzll(mantissa);
    q <<= shift;
    const dsc_u128 quotient = q / power;
    inexact = quotient * power != q;
    q = quotient;
  } else
    q *= power;
  const uint64_t high = (uint64_t)(q >> 64);
  const int length = high != 0 ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)q);
  if (length <= bits)
    return ldexp((double)(uint64_t)q, -shift);
  const int cut = length - bits;
  const dsc_u128 half = (dsc_u128)1 << (cut - 1);
  const dsc_u128 below = q & (half + half - 1);
  uint64_t kept = (uint64_t)(q >> cut);
  kept += below > half || (below == half && (inexact || (kept & 1) != 0));
  return ldexp((double)kept, cut - shift);
}
#endif

/* A finite decimal to `single` ? f32 : f64, to nearest even; infinity where it is out of range. */
DSC_INLINE double dsc_decimal_value(const dsc_decimal *d, int single) {
  static const double powers[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
      1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double value;
  if (d->kind != DSC_NUMBER_FINITE)
    return d->kind == DSC_NUMBER_NAN ? (double)NAN : d->negative ? -(double)INFINITY : (double)INFINITY;
  const int64_t e = d->exponent;
  int halfway = 0;
  if (d->complete && d->mantissa <= (uint64_t)1 << 53 && e >= -22 && e <= 22) {
    /* Clinger 1990: both factors are doubles, so one operation rounds once. A float rounded from it is right too,
     * unless the double stands just between two floats. */
    value = (double)d->mantissa;
    value = e < 0 ? value / powers[-e] : value * powers[e];
    uint64_t bits;
    memcpy(&bits, &value, 8);
    halfway = single && (bits & 0x1FFFFFFF) == 0x10000000;
    if (!halfway)
      return d->negative ? -value : value;
  }
#if defined(__SIZEOF_INT128__)
  if (d->complete && d->mantissa != 0 && e >= -19 && e <= 19)
    value = dsc_decimal_exact(d->mantissa, (int)e, single ? 24 : 53);
  else
#endif
    value = dsc_decimal_slow(d, single);
  return d->negative ? -value : value;
}

#endif
