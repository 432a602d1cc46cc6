/* An array as text, as NumPy prints it.
 * Takes a dense row-major array; gives the text of print(a) in NumPy 2.4: rows and columns aligned, numbers in as few digits as
 * tell them from their neighbours and 8 behind the point at most, more than 1000 elements as three of either end of each axis.
 * Only the words of bools differ: true and false. A scalar has all its digits.
 * Source: numpy/_core/arrayprint.py, whose rules are told beside the code that keeps them. */
#ifndef DESCENT_PRINT_H
#define DESCENT_PRINT_H

#include "descent_array.h"

enum { DSC_PRINT_DIGITS = 8, DSC_PRINT_THRESHOLD = 1000, DSC_PRINT_EDGE = 3, DSC_PRINT_WIDTH = 75 };

/* Where text goes: memory of `room` bytes, of which `used` would be filled if there were enough. Blanks wait until something
 * follows, so that no line ends in them. */
typedef struct {
  char *text;
  int64_t room, used, blanks;
} dsc_sink;

DSC_FN void dsc_sink_byte(dsc_sink *to, char c) {
  if (to->used < to->room)
    to->text[to->used] = c;
  to->used++;
}

DSC_FN void dsc_sink_text(dsc_sink *to, const char *text) {
  for (; *text != 0; text++) {
    if (*text == ' ') {
      to->blanks++;
      continue;
    }
    for (; to->blanks > 0 && *text != '\n'; to->blanks--)
      dsc_sink_byte(to, ' ');
    to->blanks = 0;
    dsc_sink_byte(to, *text);
  }
}

/* A finite number: its digits, the first of which stands before the point, times 10^exponent. */
typedef struct {
  char digits[24];
  int count, exponent, negative;
} dsc_digits;

/* The number rounded to so many digits, to nearest even of what it is exactly. */
DSC_FN dsc_digits dsc_digits_rounded(double x, int count) {
  dsc_digits d;
  char text[64];
  snprintf(text, sizeof text, "%.*e", count - 1, fabs(x));
  const char *p = text;
  d.count = 0;
  for (; *p != 0 && *p != 'e'; p++) /* the mark between them is the locale's */
    if (*p >= '0' && *p <= '9')
      d.digits[d.count++] = *p;
  d.digits[d.count] = 0;
  d.exponent = *p == 'e' ? (int)strtol(p + 1, NULL, 10) : 0;
  d.negative = signbit(x) != 0;
  return d;
}

DSC_FN int dsc_digits_give(const dsc_digits *d, double x, int single) {
  char text[64];
  snprintf(text, sizeof text, "%se%d", d->digits, d->exponent - d->count + 1); /* no point, so no locale's */
  return (single ? (double)strtof(text, NULL) : strtod(text, NULL)) == fabs(x);
}

/* As few digits as are read back as this number. */
DSC_FN dsc_digits dsc_digits_shortest(double x, int single) {
  const int most = single ? 9 : 17;
  for (int count = 1; count < most; count++) {
    dsc_digits d = dsc_digits_rounded(x, count);
    if (dsc_digits_give(&d, x, single))
      return d;
    /* Below a power of two numbers lie closer than above it, and the next decimal may be the only one that is read back. */
    if (d.digits[count - 1] < '9') {
      d.digits[count - 1]++;
      if (dsc_digits_give(&d, x, single))
        return d;
    }
  }
  return dsc_digits_rounded(x, most);
}

/* Drops zeros at the end, but for a digit that stands before the point. */
DSC_FN void dsc_digits_trim(dsc_digits *d) {
  while (d->count > 1 && d->digits[d->count - 1] == '0')
    d->digits[--d->count] = 0;
}

/* With at most 8 digits behind the point, or, of mantissas, exactly or at most so many (`exactly` is -1 for the latter). */
DSC_FN dsc_digits dsc_digits_fixed(double x, int single) {
  dsc_digits d = dsc_digits_shortest(x, single);
  if (d.count - 1 - d.exponent > DSC_PRINT_DIGITS)
    d = dsc_digits_rounded(x, d.exponent + DSC_PRINT_DIGITS + 1);
  dsc_digits_trim(&d);
  return d;
}

DSC_FN dsc_digits dsc_digits_mantissa(double x, int single, int exactly) {
  dsc_digits d = dsc_digits_shortest(x, single);
  if (exactly >= 0)
    return d.count == exactly + 1 ? d : dsc_digits_rounded(x, exactly + 1);
  if (d.count - 1 > DSC_PRINT_DIGITS)
    d = dsc_digits_rounded(x, DSC_PRINT_DIGITS + 1);
  dsc_digits_trim(&d);
  return d;
}

/* The text of one element, blanks around it included. */
typedef struct {
  char text[96];
} dsc_word;

/* How the elements of one array are written. */
typedef struct {
  int32_t dtype;
  int exponential;
  int left, right; /* characters before and behind the point */
  int mantissa, wide; /* with exponents: digits behind the point, and of the exponent */
  int finite, others, below; /* which there are: finite numbers, others, and minus infinity */
  double least, greatest; /* of the absolute values that are not 0 */
} dsc_print_format;

DSC_FN double dsc_print_real(const void *data, int32_t dtype, int64_t i) {
  return dtype == DSC_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

DSC_FN int64_t dsc_print_integer(const void *data, int32_t dtype, int64_t i) {
  return dtype == DSC_I32 ? ((const int32_t *)data)[i]
      : dtype == DSC_I64  ? ((const int64_t *)data)[i]
                          : ((const uint8_t *)data)[i];
}

DSC_FN int dsc_print_greater(int a, int b) { return a > b ? a : b; }

/* Digits with a point: at least `left` characters before it, blanks up to `right` behind it. */
DSC_FN dsc_word dsc_print_fixed(const dsc_digits *d, int left, int right) {
  dsc_word w;
  char number[64];
  int used = 0, point;
  if (d->negative)
    number[used++] = '-';
  if (d->exponent < 0)
    number[used++] = '0';
  for (int i = 0; i <= d->exponent; i++)
    number[used++] = i < d->count ? d->digits[i] : '0';
  point = used;
  number[used++] = '.';
  for (int i = d->exponent + 1; i < d->count; i++)
    number[used++] = i < 0 ? '0' : d->digits[i];
  number[used] = 0;
  snprintf(w.text, sizeof w.text, "%*s%s%*s", dsc_print_greater(left - point, 0), "", number,
      dsc_print_greater(right - (used - point - 1), 0), "");
  return w;
}

DSC_FN dsc_word dsc_print_exponential(const dsc_digits *d, int left, int wide) {
  dsc_word w;
  snprintf(w.text, sizeof w.text, "%*s%c.%se%c%0*d", left - 1, d->negative ? "-" : "", d->digits[0], d->digits + 1,
      d->exponent < 0 ? '-' : '+', wide, abs(d->exponent));
  return w;
}

DSC_FN dsc_word dsc_print_element(const dsc_print_format *f, const void *data, int64_t i) {
  dsc_word w;
  if (f->dtype == DSC_BOOL) {
    snprintf(w.text, sizeof w.text, "%*s", f->left, ((const uint8_t *)data)[i] != 0 ? "true" : "false");
    return w;
  }
  if (f->dtype != DSC_F32 && f->dtype != DSC_F64) {
    snprintf(w.text, sizeof w.text, "%*" PRId64, f->left, dsc_print_integer(data, f->dtype, i));
    return w;
  }
  const double x = dsc_print_real(data, f->dtype, i);
  if (!isfinite(x)) {
    snprintf(w.text, sizeof w.text, "%*s", f->left + f->right + 1, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return w;
  }
  if (f->exponential) {
    const dsc_digits d = dsc_digits_mantissa(x, f->dtype == DSC_F32, f->mantissa);
    return dsc_print_exponential(&d, f->left, f->wide);
  }
  const dsc_digits d = dsc_digits_fixed(x, f->dtype == DSC_F32);
  return dsc_print_fixed(&d, f->left, f->right);
}

/* First pass over the elements that are printed: how large they are. */
DSC_FN void dsc_print_size(dsc_print_format *f, const void *data, int64_t i) {
  if (f->dtype != DSC_F32 && f->dtype != DSC_F64)
    return;
  const double x = dsc_print_real(data, f->dtype, i);
  if (!isfinite(x)) {
    f->others = 1;
    f->below |= x < 0;
    return;
  }
  f->finite = 1;
  if (x != 0) {
    f->greatest = fmax(f->greatest, fabs(x));
    f->least = f->least == 0 ? fabs(x) : fmin(f->least, fabs(x));
  }
}

/* Second pass, when it is known whether there are exponents: how wide they are. */
DSC_FN void dsc_print_widen(dsc_print_format *f, const void *data, int64_t i) {
  if (f->dtype != DSC_F32 && f->dtype != DSC_F64) {
    const dsc_word w = dsc_print_element(f, data, i);
    f->left = dsc_print_greater(f->left, (int)strlen(w.text));
    return;
  }
  const double x = dsc_print_real(data, f->dtype, i);
  if (!isfinite(x))
    return;
  if (f->exponential) {
    const dsc_digits d = dsc_digits_mantissa(x, f->dtype == DSC_F32, -1);
    f->left = dsc_print_greater(f->left, 1 + d.negative);
    f->mantissa = dsc_print_greater(f->mantissa, d.count - 1);
    f->wide = dsc_print_greater(f->wide, abs(d.exponent) > 99 ? 3 : 2);
  } else {
    const dsc_digits d = dsc_digits_fixed(x, f->dtype == DSC_F32);
    f->left = dsc_print_greater(f->left, 1 + d.negative + dsc_print_greater(d.exponent, 0));
    f->right = dsc_print_greater(f->right, d.count - 1 - d.exponent);
  }
}

typedef void dsc_print_pass(dsc_print_format *f, const void *data, int64_t i);

/* Calls `pass` with each element that is printed, of a part of the array that begins at `from`. */
DSC_FN void dsc_print_each(dsc_print_format *f, dsc_print_pass *pass, const void *data, int32_t rank,
    const int64_t *shape, int64_t from, int64_t part, int summarized) {
  if (rank == 0) {
    pass(f, data, from);
    return;
  }
  part /= shape[0];
  for (int64_t i = 0; i < shape[0]; i++) {
    if (summarized && i == DSC_PRINT_EDGE && shape[0] > 2 * DSC_PRINT_EDGE)
      i = shape[0] - DSC_PRINT_EDGE;
    dsc_print_each(f, pass, data, rank - 1, shape + 1, from + i * part, part, summarized);
  }
}

/* How the elements are written: with exponents from 10^8 on (of f32 from 10^6, as it holds 6 digits), below 10^-4, and where
 * the greatest is more than 1000 times the least. */
DSC_FN dsc_print_format dsc_print_choose(
    int32_t dtype, const void *data, int32_t rank, const int64_t *shape, int64_t count, int summarized) {
  dsc_print_format f;
  memset(&f, 0, sizeof f);
  f.dtype = dtype;
  f.left = dtype == DSC_BOOL ? 5 : 0; /* both words as wide as the longer one, even where it is not there */
  dsc_print_each(&f, dsc_print_size, data, rank, shape, 0, count, summarized);
  if (f.greatest > 0)
    f.exponential = dtype == DSC_F32
        ? f.greatest >= 1e6 || (float)f.least < 1e-4f || (float)f.greatest / (float)f.least > 1000.0f
        : f.greatest >= 1e8 || f.least < 1e-4 || f.greatest / f.least > 1000.0;
  dsc_print_each(&f, dsc_print_widen, data, rank, shape, 0, count, summarized);
  if (f.exponential)
    f.right = f.wide + 2 + f.mantissa;
  if (f.others)
    f.left = dsc_print_greater(f.left, 3 + f.below - (f.right + 1));
  return f;
}

/* A scalar: all its digits, with an exponent from 10^16 on (of f32 from 10^6) and below 10^-4. */
DSC_FN dsc_word dsc_print_scalar(int32_t dtype, const void *data) {
  dsc_print_format f;
  memset(&f, 0, sizeof f);
  f.dtype = dtype;
  const double x = dtype == DSC_F32 || dtype == DSC_F64 ? dsc_print_real(data, dtype, 0) : (double)NAN;
  if (!isfinite(x))
    return dsc_print_element(&f, data, 0);
  dsc_digits d = dsc_digits_shortest(x, dtype == DSC_F32);
  dsc_digits_trim(&d);
  const double size = fabs(x);
  dsc_word w;
  if (size == 0 || (size >= 1e-4 && size < (dtype == DSC_F32 ? 1e6 : 1e16))) {
    w = dsc_print_fixed(&d, 0, 0);
    const size_t length = strlen(w.text);
    if (w.text[length - 1] == '.')
      memcpy(w.text + length, "0", 2);
  } else {
    w = dsc_print_exponential(&d, 1 + d.negative, 2);
    char *point = strchr(w.text, '.');
    if (d.count == 1)
      memmove(point, point + 1, strlen(point));
  }
  return w;
}

/* Adds a word to a row; where it has no room, on a further line that begins as the row does. */
DSC_FN void dsc_print_word(dsc_sink *to, const char *word, int64_t *column, int indent, int first) {
  const int64_t wide = (int64_t)strlen(word);
  if (!first) {
    dsc_sink_text(to, " ");
    ++*column;
  }
  if (*column + wide > DSC_PRINT_WIDTH - indent && *column > indent) {
    dsc_sink_text(to, "\n");
    to->blanks = indent;
    *column = indent;
  }
  dsc_sink_text(to, word);
  *column += wide;
}

/* A part of the array, `depth` axes down. */
DSC_FN void dsc_print_part(dsc_sink *to, const dsc_print_format *f, const void *data, int32_t rank,
    const int64_t *shape, int64_t from, int64_t part, int summarized, int depth) {
  int64_t column = depth + 1;
  part /= shape[0];
  dsc_sink_text(to, "[");
  for (int64_t i = 0; i < shape[0]; i++) {
    const int skips = summarized && i == DSC_PRINT_EDGE && shape[0] > 2 * DSC_PRINT_EDGE;
    for (int once = skips; once >= 0; once--) { /* dots, then the element behind them */
      if (rank == 1) {
        const dsc_word w = dsc_print_element(f, data, from + i * part);
        dsc_print_word(to, once ? "..." : w.text, &column, depth + 1, i == 0);
      } else {
        for (int lines = i == 0 ? 0 : rank - 1; lines > 0; lines--)
          dsc_sink_text(to, "\n");
        to->blanks = i == 0 ? to->blanks : depth + 1;
        if (once)
          dsc_sink_text(to, "...");
        else
          dsc_print_part(to, f, data, rank - 1, shape + 1, from + i * part, part, summarized, depth + 1);
      }
      if (once)
        i = shape[0] - DSC_PRINT_EDGE;
    }
  }
  dsc_sink_text(to, "]");
}

/* Prints an array of rank 0 to DSC_MAX_RANK, without an end of line. */
DSC_FN void dsc_print_array(dsc_sink *to, int32_t dtype, int32_t rank, const int64_t *shape, const void *data) {
  int64_t count = 1;
  for (int i = 0; i < rank; i++)
    count *= shape[i];
  if (rank == 0) {
    const dsc_word w = dsc_print_scalar(dtype, data);
    dsc_sink_text(to, w.text);
  } else if (count == 0) {
    dsc_sink_text(to, "[]");
  } else {
    const int summarized = count > DSC_PRINT_THRESHOLD;
    const dsc_print_format f = dsc_print_choose(dtype, data, rank, shape, count, summarized);
    dsc_print_part(to, &f, data, rank, shape, 0, count, summarized, 0);
  }
}

/* Prints an array to the standard error under a name: a scalar beside it, else its type and, from the next line on, the
 * numbers. All in one call, so that other threads print before or after it. */
DSC_FN void dsc_print_named(const char *name, int32_t dtype, int32_t rank, const int64_t *shape, const void *data) {
  dsc_sink to;
  memset(&to, 0, sizeof to);
  dsc_print_array(&to, dtype, rank, shape, data);
  to.room = to.used;
  to.text = (char *)malloc((size_t)to.room + 1);
  if (to.text == NULL) {
    fprintf(stderr, "%s: no memory to print %s\n", name, dsc_show_type(dtype, rank, shape).text);
    return;
  }
  to.used = 0;
  dsc_print_array(&to, dtype, rank, shape, data);
  to.text[to.used] = 0;
  if (rank == 0)
    fprintf(stderr, "%s: %s\n", name, to.text);
  else
    fprintf(stderr, "%s: %s\n%s\n", name, dsc_show_type(dtype, rank, shape).text, to.text);
  free(to.text);
}

#endif
