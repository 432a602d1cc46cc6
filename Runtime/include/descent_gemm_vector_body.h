/* A vector of DSC_T and its operations: load, store, fill, add, fused multiply-add. A part of descent_gemm_body.h. */
#if DSC_GEMM_VECTOR
typedef DSC_T DSC_NAME(_vector) __attribute__((vector_size(DSC_GEMM_VECTOR)));
typedef DSC_T DSC_NAME(_unaligned) __attribute__((vector_size(DSC_GEMM_VECTOR), aligned(sizeof(DSC_T)), may_alias));
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_load)(const DSC_T *p) { return *(const DSC_NAME(_unaligned) *)(const void *)p; }
DSC_INLINE void DSC_NAME(_store)(DSC_T *p, DSC_NAME(_vector) v) { *(DSC_NAME(_unaligned) *)(void *)p = v; }
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_fill)(DSC_T x) {
  const DSC_NAME(_vector) zero = {0};
  return x - zero;
}
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_add)(DSC_NAME(_vector) a, DSC_NAME(_vector) b) { return a + b; }
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_fma)(DSC_NAME(_vector) a, DSC_NAME(_vector) b, DSC_NAME(_vector) c) {
  return DSC_VECTOR_FMA(a, b, c);
}
#else
typedef struct {
  DSC_T lane[4];
} DSC_NAME(_vector);
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_load)(const DSC_T *p) {
  DSC_NAME(_vector) v;
  memcpy(v.lane, p, sizeof v.lane);
  return v;
}
DSC_INLINE void DSC_NAME(_store)(DSC_T *p, DSC_NAME(_vector) v) { memcpy(p, v.lane, sizeof v.lane); }
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_fill)(DSC_T x) {
  DSC_NAME(_vector) v;
  for (int i = 0; i < 4; i++)
    v.lane[i] = x;
  return v;
}
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_add)(DSC_NAME(_vector) a, DSC_NAME(_vector) b) {
  for (int i = 0; i < 4; i++)
    a.lane[i] += b.lane[i];
  return a;
}
DSC_INLINE DSC_NAME(_vector) DSC_NAME(_fma)(DSC_NAME(_vector) a, DSC_NAME(_vector) b, DSC_NAME(_vector) c) {
  for (int i = 0; i < 4; i++)
    c.lane[i] = DSC_FMA(a.lane[i], b.lane[i], c.lane[i]);
  return c;
}
#endif
