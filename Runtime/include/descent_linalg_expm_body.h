/* The matrix exponential for elements of type DSC_T, a part of descent_linalg_body.h. After Higham, The scaling and squaring method
 * for the matrix exponential revisited, 2005: the Padé approximant of degree 13 of x / 2^s, squared s times. */

/* c[n, n] = a b. */
DSC_INLINE void DSC_NAME(_multiply)(int64_t n, const DSC_T *a, const DSC_T *b, DSC_T *c) {
  memset(c, 0, (size_t)(n * n) * sizeof(DSC_T));
  DSC_NAME(_add_product)(1, n, n, n, DSC_NAME(_at)(a, n, 1), DSC_NAME(_at)(b, n, 1), c, n, 0);
}

/* y = e^a of a[n, n]; NaN where a number of a is not finite. */
DSC_NOINLINE void DSC_NAME(_expm)(int64_t n, const DSC_T *a, DSC_T *y, DSC_T *scratch) {
  static const double c[14] = {64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800,
      129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1};
  const int64_t count = n * n;
  DSC_T *x = scratch, *x2 = x + count, *x4 = x2 + count, *x6 = x4 + count, *odd = x6 + count, *even = odd + count,
        *other = even + count, *factors = other + count;
  double norm = 0;
  for (int64_t j = 0; j < n; j++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
      sum += fabs((double)a[i * n + j]);
    norm = sum > norm || sum != sum ? sum : norm;
  }
  if (norm - norm != 0) {
    for (int64_t i = 0; i < count; i++)
      y[i] = (DSC_T)NAN;
    return;
  }
  int squarings = 0;
  for (; norm > 5.371920351148152; norm /= 2)
    squarings++;
  for (int64_t i = 0; i < count; i++)
    x[i] = a[i] * (DSC_T)ldexp(1.0, -squarings);
  DSC_NAME(_multiply)(n, x, x, x2);
  DSC_NAME(_multiply)(n, x2, x2, x4);
  DSC_NAME(_multiply)(n, x4, x2, x6);
  /* even = Σ c[2i] x^2i, and odd = x Σ c[2i + 1] x^2i. */
  for (int64_t i = 0; i < count; i++)
    other[i] = DSC_FMA((DSC_T)c[13], x6[i], DSC_FMA((DSC_T)c[11], x4[i], (DSC_T)c[9] * x2[i]));
  DSC_NAME(_multiply)(n, x6, other, even);
  for (int64_t i = 0; i < count; i++)
    other[i] = even[i] + DSC_FMA((DSC_T)c[7], x6[i], DSC_FMA((DSC_T)c[5], x4[i], (DSC_T)c[3] * x2[i])) +
        (i % (n + 1) == 0 ? (DSC_T)c[1] : 0);
  DSC_NAME(_multiply)(n, x, other, odd);
  for (int64_t i = 0; i < count; i++)
    other[i] = DSC_FMA((DSC_T)c[12], x6[i], DSC_FMA((DSC_T)c[10], x4[i], (DSC_T)c[8] * x2[i]));
  DSC_NAME(_multiply)(n, x6, other, even);
  for (int64_t i = 0; i < count; i++) {
    even[i] += DSC_FMA((DSC_T)c[6], x6[i], DSC_FMA((DSC_T)c[4], x4[i], (DSC_T)c[2] * x2[i])) +
        (i % (n + 1) == 0 ? (DSC_T)c[0] : 0);
    x[i] = even[i] - odd[i];
    x2[i] = even[i] + odd[i];
  }
  DSC_NAME(_solve)(n, n, 0, x, x2, y, factors);
  for (; squarings > 0; squarings--) {
    memcpy(x, y, (size_t)count * sizeof(DSC_T));
    DSC_NAME(_multiply)(n, x, x, y);
  }
}
