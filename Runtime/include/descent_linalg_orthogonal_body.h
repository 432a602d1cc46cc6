/* Orthogonal factors for elements of type DSC_T, a part of descent_linalg_body.h.
 * Contents: Householder's reflectors, alone and in blocks; QR; symmetric eigenvalues.
 * After LAPACK's larfg, larft, larfb, geqrf and steqr (Anderson et al., LAPACK Users' Guide, 1999), and Golub and van Loan,
 * Matrix Computations, 2013, sections 5.1, 5.2, 8.3. */

/* ---- reflectors ---- */

/* The greatest of n absolute values; NaN if one is. */
DSC_INLINE DSC_T DSC_NAME(_greatest)(int64_t n, const DSC_T *x, int64_t stride) {
  DSC_T greatest = 0;
  for (int64_t i = 0; i < n; i++) {
    const DSC_T size = DSC_NAME(_size)(x[i * stride]);
    if (size > greatest || size != size)
      greatest = size;
  }
  return greatest;
}

/* The Euclidean norm of n numbers, of their quotients by the greatest; sums of 64 terms are added up. */
DSC_FN DSC_T DSC_NAME(_norm)(int64_t n, const DSC_T *x, int64_t stride) {
  const DSC_T greatest = DSC_NAME(_greatest)(n, x, stride);
  if (greatest == 0)
    return 0;
  DSC_T total = 0;
  for (int64_t first = 0; first < n; first += DSC_LINALG_BLOCK) {
    const int64_t end = dsc_min_i64(first + DSC_LINALG_BLOCK, n);
    DSC_T sum = 0;
    for (int64_t i = first; i < end; i++) {
      const DSC_T quotient = x[i * stride] / greatest;
      sum = DSC_FMA(quotient, quotient, sum);
    }
    total += sum;
  }
  return greatest * DSC_NAME(_root)(total);
}

/* H = I - tau v vᵀ with H x = beta e₁ and v₀ = 1: x₀ becomes beta, the rest of x that of v. Gives tau. */
DSC_INLINE DSC_T DSC_NAME(_reflector)(int64_t n, DSC_T *x, int64_t stride) {
  const DSC_T rest = DSC_NAME(_norm)(n - 1, x + stride, stride), alpha = x[0];
  if (rest == 0)
    return 0;
  const DSC_T parts[2] = {alpha, rest};
  const DSC_T length = DSC_NAME(_norm)(2, parts, 1), beta = alpha < 0 ? length : -length;
  x[0] = beta;
  for (int64_t i = 1; i < n; i++)
    x[i * stride] /= alpha - beta;
  return (beta - alpha) / beta;
}

/* Reflectors of columns 0 ..< columns of w, whose rows lie `width` apart: upper triangle R, below it the vectors, each tau. */
DSC_INLINE void DSC_NAME(_qr_panel)(int64_t rows, int64_t columns, int64_t width, DSC_T *w, DSC_T *tau) {
  DSC_T total[DSC_LINALG_PANEL], sum[DSC_LINALG_PANEL];
  for (int64_t k = 0; k < columns; k++) {
    DSC_T *top = w + k * width + k;
    tau[k] = DSC_NAME(_reflector)(rows - k, top, width);
    const int64_t rest = columns - k - 1;
    for (int64_t j = 0; j < rest; j++)
      total[j] = top[j + 1];
    for (int64_t first = k + 1; first < rows; first += DSC_LINALG_BLOCK) {
      const int64_t end = dsc_min_i64(first + DSC_LINALG_BLOCK, rows);
      for (int64_t j = 0; j < rest; j++)
        sum[j] = 0;
      for (int64_t i = first; i < end; i++)
        DSC_NAME(_subtract_row)(rest, -w[i * width + k], w + i * width + k + 1, sum);
      for (int64_t j = 0; j < rest; j++)
        total[j] += sum[j];
    }
    for (int64_t j = 0; j < rest; j++) {
      total[j] *= tau[k];
      top[j + 1] -= total[j];
    }
    for (int64_t i = k + 1; i < rows; i++)
      DSC_NAME(_subtract_row)(rest, w[i * width + k], total, w + i * width + k + 1);
  }
}

/* C becomes (I - V T Vᵀ) C, or with Tᵀ where `is_transposed`: the product of `count` reflectors or of them in the opposite
 * order. Their vectors are below the diagonal of w, each with 1 on it; C has as many rows, and `columns` columns. */
DSC_NOINLINE void DSC_NAME(_reflect)(int64_t rows, int64_t count, const DSC_T *w, int64_t width, const DSC_T *tau,
    int is_transposed, int64_t columns, DSC_T *c, int64_t c_row, DSC_T *scratch) {
  enum { most = DSC_LINALG_PANEL };
  DSC_T *v = scratch, *t = v + rows * most, *product = t + most * most, *factor = product + columns * most;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < count; k++)
      v[i * count + k] = i < k ? 0 : i == k ? 1 : w[i * width + k];
  /* Column k of T: tau, and above it -tau T (Vᵀ v). */
  DSC_T gram[most * most];
  memset(gram, 0, sizeof gram);
  memset(t, 0, sizeof gram);
  DSC_NAME(_add_product)
  (1, count, count, rows, DSC_NAME(_at)(v, 1, count), DSC_NAME(_at)(v, count, 1), gram, most, 0);
  for (int64_t k = 0; k < count; k++) {
    t[k * most + k] = tau[k];
    for (int64_t i = 0; i < k; i++) {
      DSC_T sum = 0;
      for (int64_t j = i; j < k; j++)
        sum = DSC_FMA(t[i * most + j], gram[j * most + k], sum);
      t[i * most + k] = -tau[k] * sum;
    }
  }
  memset(product, 0, (size_t)(2 * columns * most) * sizeof(DSC_T));
  DSC_NAME(_add_product)
  (1, count, columns, rows, DSC_NAME(_at)(v, 1, count), DSC_NAME(_at)(c, c_row, 1), product, columns, 0);
  DSC_NAME(_add_product)
  (1, count, columns, count, is_transposed ? DSC_NAME(_at)(t, 1, most) : DSC_NAME(_at)(t, most, 1),
      DSC_NAME(_at)(product, columns, 1), factor, columns, 0);
  DSC_NAME(_add_product)
  (-1, rows, columns, count, DSC_NAME(_at)(v, count, 1), DSC_NAME(_at)(factor, columns, 1), c, c_row, 0);
}

/* C becomes the product of `count` reflectors times C, block by block from the last; vector k begins at w[k width + k]. */
DSC_FN void DSC_NAME(_reflect_all)(int64_t rows, int64_t count, const DSC_T *w, int64_t width, const DSC_T *tau,
    int64_t columns, DSC_T *c, int64_t c_row, DSC_T *scratch) {
  const int64_t blocks = (count + DSC_LINALG_PANEL - 1) / DSC_LINALG_PANEL;
  for (int64_t block = blocks - 1; block >= 0; block--) {
    const int64_t first = block * DSC_LINALG_PANEL, some = dsc_min_i64(DSC_LINALG_PANEL, count - first);
    DSC_NAME(_reflect)
    (rows - first, some, w + first * width + first, width, tau + first, 0, columns, c + first * c_row, c_row, scratch);
  }
}

/* ---- QR ---- */

/* q[m, n] with orthonormal columns and the upper triangular r[n, n] with q r = w[m, n], m >= n; of w nothing is left. */
DSC_NOINLINE void DSC_NAME(_orthogonalise)(
    int64_t m, int64_t n, DSC_T *w, DSC_T *q, int64_t q_row, DSC_T *r, int64_t r_row, DSC_T *scratch) {
  DSC_T *tau = scratch, *rest = scratch + n;
  for (int64_t first = 0; first < n; first += DSC_LINALG_PANEL) {
    const int64_t count = dsc_min_i64(DSC_LINALG_PANEL, n - first), end = first + count;
    DSC_T *corner = w + first * n + first;
    DSC_NAME(_qr_panel)(m - first, count, n, corner, tau + first);
    if (end < n)
      DSC_NAME(_reflect)(m - first, count, corner, n, tau + first, 1, n - end, corner + count, n, rest);
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      r[i * r_row + j] = j < i ? 0 : w[i * n + j];
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++)
      q[i * q_row + j] = i == j;
  DSC_NAME(_reflect_all)(m, n, w, n, tau, n, q, q_row, rest);
}

/* y[m + n, n]: q[m, n], and below it r[n, n], of a[m, n], m >= n. The diagonal of r has the signs that LAPACK gives it. */
DSC_INLINE void DSC_NAME(_qr)(int64_t m, int64_t n, const DSC_T *a, DSC_T *y, DSC_T *scratch) {
  memcpy(scratch, a, (size_t)(m * n) * sizeof(DSC_T));
  DSC_NAME(_orthogonalise)(m, n, scratch, y, n, y + m * n, n, scratch + m * n);
}

/* ---- symmetric eigenvalues ---- */

/* A power of two by which numbers up to `greatest` become at most 1. */
DSC_INLINE DSC_T DSC_NAME(_scale)(DSC_T greatest) {
  int exponent = 0;
  (void)frexp((double)greatest, &exponent);
  return (DSC_T)ldexp(1.0, -exponent);
}

/* Σ x y, in 16 partial sums that meet in a tree. */
DSC_INLINE DSC_T DSC_NAME(_dot)(int64_t n, const DSC_T *x, const DSC_T *y) {
  enum { lanes = DSC_LINALG_LANES };
  DSC_T sum[lanes] = {0};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t l = 0; l < lanes; l++)
      sum[l] = DSC_FMA(x[i + l], y[i + l], sum[l]);
  for (int64_t l = 0; i + l < n; l++)
    sum[l] = DSC_FMA(x[i + l], y[i + l], sum[l]);
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    for (int64_t l = 0; l < half; l++)
      sum[l] += sum[l + half];
  return sum[0];
}

/* x becomes c x - s y, and y becomes s x + c y. */
DSC_INLINE void DSC_NAME(_rotate)(int64_t n, DSC_T c, DSC_T s, DSC_T *DSC_RESTRICT x, DSC_T *DSC_RESTRICT y) {
  for (int64_t i = 0; i < n; i++) {
    const DSC_T before = x[i];
    x[i] = DSC_FMA(c, before, -(s * y[i]));
    y[i] = DSC_FMA(s, before, c * y[i]);
  }
}

/* The symmetric w[n, n] becomes tridiagonal under reflectors: diagonal d, beside it e; vector k in column k of v from row k + 1
 * on. `p` has 2 n elements. */
DSC_INLINE void DSC_NAME(_tridiagonalise)(int64_t n, DSC_T *w, DSC_T *v, DSC_T *d, DSC_T *e, DSC_T *tau, DSC_T *p) {
  DSC_T *x = p + n;
  for (int64_t k = 0; k < n; k++) {
    d[k] = w[k * n + k];
    const int64_t rest = n - k - 1;
    if (rest == 0)
      break;
    memcpy(x, w + k * n + k + 1, (size_t)rest * sizeof(DSC_T));
    tau[k] = DSC_NAME(_reflector)(rest, x, 1);
    e[k] = x[0];
    x[0] = 1;
    for (int64_t i = 0; i < rest; i++)
      v[(k + 1 + i) * n + k] = x[i];
    if (tau[k] == 0)
      continue;
    /* A becomes A - x pᵀ - p xᵀ with p = tau A x - (tau / 2) (tau xᵀ A x) x. */
    DSC_T *a = w + (k + 1) * n + k + 1;
    memset(p, 0, (size_t)rest * sizeof(DSC_T));
    for (int64_t i = 0; i < rest; i++)
      DSC_NAME(_subtract_row)(rest, -x[i], a + i * n, p);
    for (int64_t i = 0; i < rest; i++)
      p[i] *= tau[k];
    DSC_NAME(_subtract_row)(rest, tau[k] * DSC_NAME(_dot)(rest, p, x) / 2, x, p);
    for (int64_t i = 0; i < rest; i++)
      for (int64_t j = 0; j < rest; j++)
        a[i * n + j] = DSC_FMA(-x[i], p[j], DSC_FMA(-p[i], x[j], a[i * n + j]));
  }
}

/* The eigenvalues of a symmetric tridiagonal matrix in d by implicit QL steps, whose rotations go over the rows of z, n numbers
 * each; e is used up. 0 where they do not converge. */
DSC_INLINE int DSC_NAME(_implicit_ql)(int64_t n, DSC_T *d, DSC_T *e, DSC_T *z) {
  const DSC_T epsilon = sizeof(DSC_T) == 4 ? (DSC_T)1.1920928955078125e-7 : (DSC_T)2.220446049250313e-16;
  DSC_T norm = 0;
  for (int64_t i = 0; i < n; i++) {
    const DSC_T size = DSC_NAME(_size)(d[i]) + (i < n - 1 ? DSC_NAME(_size)(e[i]) : 0);
    norm = size > norm ? size : norm;
  }
  for (int64_t l = 0; l < n; l++)
    for (int turn = 0;; turn++) {
      int64_t m = l;
      while (m < n - 1 && DSC_NAME(_size)(e[m]) > epsilon * norm)
        m++;
      if (m == l)
        break;
      if (turn == 80)
        return 0;
      const DSC_T half = (d[l + 1] - d[l]) / (2 * e[l]), length = DSC_NAME(_root)(DSC_FMA(half, half, 1));
      DSC_T g = d[m] - d[l] + e[l] / (half + (half < 0 ? -length : length)), s = 1, c = 1, shift = 0;
      int64_t i = m - 1;
      for (; i >= l; i--) {
        const DSC_T f = s * e[i], b = c * e[i], radius = DSC_NAME(_root)(DSC_FMA(f, f, g * g));
        e[i + 1] = radius;
        if (radius == 0) {
          d[i + 1] -= shift;
          e[m] = 0;
          break;
        }
        s = f / radius;
        c = g / radius;
        g = d[i + 1] - shift;
        const DSC_T r = DSC_FMA(d[i] - g, s, 2 * c * b);
        shift = s * r;
        d[i + 1] = g + shift;
        g = DSC_FMA(c, r, -b);
        DSC_NAME(_rotate)(n, c, s, z + i * n, z + (i + 1) * n);
      }
      if (i >= l)
        continue;
      d[l] -= shift;
      e[l] = g;
      e[m] = 0;
    }
  return 1;
}

/* -1 where the first of n numbers that is at least half as large as the greatest is negative: the sign that vectors are given. */
DSC_INLINE DSC_T DSC_NAME(_lead)(int64_t n, const DSC_T *x, int64_t stride) {
  const DSC_T least = DSC_NAME(_greatest)(n, x, stride) / 2;
  int64_t i = 0;
  while (i < n - 1 && DSC_NAME(_size)(x[i * stride]) < least)
    i++;
  return x[i * stride] < 0 ? (DSC_T)-1 : (DSC_T)1;
}

/* y[n + 1, n]: in ascending order the eigenvalues of the symmetric matrix whose lower triangle is that of a[n, n], and below
 * them as columns the eigenvectors. NaN where a has a number that is not finite. */
DSC_NOINLINE void DSC_NAME(_eigh)(int64_t n, const DSC_T *a, DSC_T *y, DSC_T *scratch) {
  DSC_T *w = scratch, *v = w + n * n, *d = v + n * n, *e = d + n, *tau = e + n, *p = tau + n, *rest = p + 2 * n;
  DSC_T *vectors = y + n;
  DSC_T greatest = 0;
  for (int64_t i = 0; i < n; i++) {
    const DSC_T size = DSC_NAME(_greatest)(i + 1, a + i * n, 1);
    greatest = size > greatest || size != size ? size : greatest;
  }
  const DSC_T scale = DSC_NAME(_scale)(greatest);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      w[i * n + j] = scale * (j < i ? a[i * n + j] : a[j * n + i]);
      vectors[i * n + j] = i == j;
    }
  int is_done = greatest - greatest == 0;
  if (is_done) {
    DSC_NAME(_tridiagonalise)(n, w, v, d, e, tau, p);
    if (n > 1)
      DSC_NAME(_reflect_all)(n - 1, n - 1, v + n, n, tau, n, vectors + n, n, rest);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++)
        w[j * n + i] = vectors[i * n + j];
    is_done = DSC_NAME(_implicit_ql)(n, d, e, w);
  }
  /* In each turn the least of those that are left; the places of the others keep their order. */
  for (int64_t k = 0; k < n; k++) {
    int64_t least = k;
    for (int64_t i = k + 1; i < n; i++)
      if (d[i] < d[least])
        least = i;
    const DSC_T value = d[least], sign = DSC_NAME(_lead)(n, w + least * n, 1);
    y[k] = is_done ? value / scale : (DSC_T)NAN;
    for (int64_t i = 0; i < n; i++)
      vectors[i * n + k] = is_done ? sign * w[least * n + i] : (DSC_T)NAN;
    if (least != k) {
      d[least] = d[k];
      memcpy(w + least * n, w + k * n, (size_t)n * sizeof(DSC_T));
    }
  }
}
