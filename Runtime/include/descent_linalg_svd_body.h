/* Singular values for elements of type DSC_T, a part of descent_linalg_body.h.
 * Contents: the singular value decomposition by one-sided Jacobi rotations; the pseudoinverse.
 * After Drmač and Veselić, New fast and accurate Jacobi SVD algorithm I, 2008: rotations make the rows of the triangular factor
 * orthogonal, so that small singular values have as many digits as the factor gives them. */

/* x becomes c x - s y, and y becomes s x + c y, with `half` = s / (1 + c): what a small turn adds has small errors. */
DSC_INLINE void DSC_NAME(_turn)(int64_t n, DSC_T s, DSC_T half, DSC_T *DSC_RESTRICT x, DSC_T *DSC_RESTRICT y) {
  for (int64_t i = 0; i < n; i++) {
    const DSC_T before = x[i];
    x[i] = DSC_FMA(-s, DSC_FMA(half, before, y[i]), before);
    y[i] = DSC_FMA(s, DSC_FMA(-half, y[i], before), y[i]);
  }
}

/* Turns the rows of g[n, n] until they are orthogonal and in descending order of their norms, whose squares are left in `squares`;
 * the rows of j[n, n] turn along. 0 where they do not converge. */
DSC_INLINE int DSC_NAME(_jacobi)(int64_t n, DSC_T *g, DSC_T *j, DSC_T *squares) {
  const DSC_T epsilon = sizeof(DSC_T) == 4 ? (DSC_T)1.1920928955078125e-7 : (DSC_T)2.220446049250313e-16;
  const DSC_T bound = epsilon * DSC_NAME(_root)((DSC_T)n);
  for (int sweep = 0; sweep < 60; sweep++) {
    int is_orthogonal = 1;
    for (int64_t i = 0; i < n; i++)
      squares[i] = DSC_NAME(_dot)(n, g + i * n, g + i * n);
    for (int64_t p = 0; p < n; p++) {
      int64_t largest = p;
      for (int64_t q = p + 1; q < n; q++)
        if (squares[q] > squares[largest])
          largest = q;
      if (largest != p) {
        const DSC_T square = squares[p];
        squares[p] = squares[largest];
        squares[largest] = square;
        DSC_NAME(_exchange)(n, g + p * n, g + largest * n);
        DSC_NAME(_exchange)(n, j + p * n, j + largest * n);
      }
      for (int64_t q = p + 1; q < n; q++) {
        const DSC_T product = DSC_NAME(_dot)(n, g + p * n, g + q * n);
        if (!(DSC_NAME(_size)(product) > bound * DSC_NAME(_root)(squares[p]) * DSC_NAME(_root)(squares[q])))
          continue;
        is_orthogonal = 0;
        const DSC_T zeta = (squares[q] - squares[p]) / (2 * product), size = DSC_NAME(_size)(zeta);
        /* Beyond the root of the range 1 + zeta² is zeta². */
        const DSC_T root = size > 1 / epsilon ? size : DSC_NAME(_root)(DSC_FMA(zeta, zeta, 1));
        const DSC_T t = (zeta < 0 ? (DSC_T)-1 : (DSC_T)1) / (size + root), c = 1 / DSC_NAME(_root)(DSC_FMA(t, t, 1));
        DSC_NAME(_turn)(n, c * t, c * t / (1 + c), g + p * n, g + q * n);
        DSC_NAME(_turn)(n, c * t, c * t / (1 + c), j + p * n, j + q * n);
        squares[p] = DSC_FMA(-t, product, squares[p]);
        squares[q] = DSC_FMA(t, product, squares[q]);
      }
    }
    if (is_orthogonal)
      return 1;
  }
  return 0;
}

/* Row k of g[n, n], of which the rows before are orthonormal, becomes a further one: of the unit vectors the one that is
 * farthest from them, made orthogonal twice. */
DSC_INLINE void DSC_NAME(_complete)(int64_t n, int64_t k, DSC_T *g) {
  int64_t best = 0;
  DSC_T least = 0;
  for (int64_t i = 0; i < n; i++) {
    DSC_T sum = 0;
    for (int64_t row = 0; row < k; row++)
      sum = DSC_FMA(g[row * n + i], g[row * n + i], sum);
    if (i == 0 || sum < least) {
      best = i;
      least = sum;
    }
  }
  DSC_T *x = g + k * n;
  for (int64_t i = 0; i < n; i++)
    x[i] = i == best;
  for (int turn = 0; turn < 2; turn++)
    for (int64_t row = 0; row < k; row++)
      DSC_NAME(_subtract_row)(n, DSC_NAME(_dot)(n, x, g + row * n), g + row * n, x);
  const DSC_T norm = DSC_NAME(_norm)(n, x, 1);
  for (int64_t i = 0; i < n; i++)
    x[i] /= norm;
}

/* y[m + 1 + n, k], k the lesser of m and n: as columns the left singular vectors of a[m, n], below them in descending order the
 * singular values, below those as columns the right singular vectors. NaN where a has a number that is not finite. */
DSC_NOINLINE void DSC_NAME(_svd)(int64_t m, int64_t n, const DSC_T *a, DSC_T *y, DSC_T *scratch) {
  const int is_wide = m < n;
  const int64_t tall = is_wide ? n : m, k = is_wide ? m : n;
  DSC_T *w = scratch, *q = w + tall * k, *left = q + tall * k, *g = left + tall * k, *turns = g + k * k,
        *values = turns + k * k;
  const DSC_T greatest = DSC_NAME(_greatest)(m * n, a, 1), scale = DSC_NAME(_scale)(greatest);
  for (int64_t i = 0; i < tall; i++)
    for (int64_t j = 0; j < k; j++)
      w[i * k + j] = scale * (is_wide ? a[j * n + i] : a[i * n + j]);
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j < k; j++)
      turns[i * k + j] = i == j;
  int is_done = greatest - greatest == 0;
  if (is_done) {
    DSC_NAME(_orthogonalise)(tall, k, w, q, k, g, k, values + k);
    is_done = DSC_NAME(_jacobi)(k, g, turns, values);
  }
  if (!is_done) {
    for (int64_t i = 0; i < (m + 1 + n) * k; i++)
      y[i] = (DSC_T)NAN;
    return;
  }
  /* The factor is (turns)ᵀ diag(values) g. */
  memset(left, 0, (size_t)(tall * k) * sizeof(DSC_T));
  DSC_NAME(_add_product)(1, tall, k, k, DSC_NAME(_at)(q, k, 1), DSC_NAME(_at)(turns, 1, k), left, k, 0);
  for (int64_t i = 0; i < k; i++) {
    values[i] = DSC_NAME(_norm)(k, g + i * k, 1);
    if (values[i] == 0) {
      DSC_NAME(_complete)(k, i, g);
      continue;
    }
    for (int64_t j = 0; j < k; j++)
      g[i * k + j] /= values[i];
  }
  DSC_T *us = y, *vs = y + (m + 1) * k, *others = is_wide ? us : vs, *first = is_wide ? vs : us;
  for (int64_t j = 0; j < k; j++) {
    const DSC_T sign = is_wide ? DSC_NAME(_lead)(tall, left + j, k) : DSC_NAME(_lead)(k, g + j * k, 1);
    y[m * k + j] = values[j] / scale;
    for (int64_t i = 0; i < tall; i++)
      first[i * k + j] = sign * left[i * k + j];
    for (int64_t i = 0; i < k; i++)
      others[i * k + j] = sign * g[j * k + i];
  }
}

/* y[n, m], the pseudoinverse of a[m, n]: singular values up to `tolerance` times the greatest count as 0. */
DSC_INLINE void DSC_NAME(_pinv)(int64_t m, int64_t n, double tolerance, const DSC_T *a, DSC_T *y, DSC_T *scratch) {
  const int64_t k = dsc_min_i64(m, n);
  DSC_T *u = scratch, *values = u + m * k, *v = values + k;
  DSC_NAME(_svd)(m, n, a, u, v + n * k);
  const DSC_T bound = (DSC_T)tolerance * values[0];
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < k; j++)
      v[i * k + j] = values[j] <= bound ? 0 : v[i * k + j] / values[j];
  memset(y, 0, (size_t)(n * m) * sizeof(DSC_T));
  DSC_NAME(_add_product)(1, n, m, k, DSC_NAME(_at)(v, k, 1), DSC_NAME(_at)(u, 1, k), y, m, 0);
}
