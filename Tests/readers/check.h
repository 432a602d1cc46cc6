/* What check.c, fuzz.c and replace.c share: counting failures, making files, making good samples of each format. */
#ifndef CHECK_H
#define CHECK_H

#include "DescentRuntime.h"

static int checks, failures;

#define CHECK(condition, ...)                         \
  do {                                                \
    checks++;                                         \
    if (!(condition)) {                               \
      failures++;                                     \
      fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
      fprintf(stderr, __VA_ARGS__);                   \
      fputc('\n', stderr);                            \
    }                                                 \
  } while (0)

/* Bytes under construction, of bounded size. */
typedef struct {
  uint8_t data[4096];
  int64_t size;
} sample;

static void put(sample *s, const void *bytes, size_t size) {
  memcpy(s->data + s->size, bytes, size);
  s->size += (int64_t)size;
}

static void put_text(sample *s, const char *text) { put(s, text, strlen(text)); }

DSC_FN sample text_sample(const char *text) {
  sample s;
  memset(&s, 0, sizeof s);
  put_text(&s, text);
  return s;
}

static void put_big(sample *s, uint64_t value, int width) {
  for (int i = width - 1; i >= 0; i--)
    s->data[s->size++] = (uint8_t)(value >> 8 * i);
}

static void put_little(sample *s, uint64_t value, int width) {
  for (int i = 0; i < width; i++)
    s->data[s->size++] = (uint8_t)(value >> 8 * i);
}

/* An IDX header: type, rank, sizes. */
DSC_FN sample idx_sample(int type, int rank, const uint32_t *sizes) {
  sample s;
  memset(&s, 0, sizeof s);
  put_big(&s, (uint64_t)(type << 8 | rank), 4);
  for (int i = 0; i < rank && i < 16; i++)
    put_big(&s, sizes[i], 4);
  return s;
}

/* An NPY file of the given version and dict, with `values` bytes 0, 1, 0, 1... after it. */
DSC_FN sample npy_sample(int version, const char *dict, int values) {
  sample s;
  memset(&s, 0, sizeof s);
  put(&s, "\x93NUMPY", 6);
  put_little(&s, (uint64_t)version, 2);
  put_little(&s, strlen(dict), version == 1 ? 2 : 4);
  put_text(&s, dict);
  for (int i = 0; i < values; i++)
    s.data[s.size++] = (uint8_t)(i & 1);
  return s;
}

/* A safetensors file of the given header, with `values` bytes 0, 1, 0, 1... after it. */
DSC_FN sample safetensors_sample(const char *header, int values) {
  sample s;
  memset(&s, 0, sizeof s);
  put_little(&s, strlen(header), 8);
  put_text(&s, header);
  for (int i = 0; i < values; i++)
    s.data[s.size++] = (uint8_t)(i & 1);
  return s;
}

/* The sample, gzipped. */
DSC_FN sample gzip_sample(const sample *plain) {
  sample s;
  z_stream stream;
  memset(&s, 0, sizeof s);
  memset(&stream, 0, sizeof stream);
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = (Bytef *)(uintptr_t)plain->data;
  stream.avail_in = (uInt)plain->size;
  stream.next_out = s.data;
  stream.avail_out = sizeof s.data;
  deflate(&stream, Z_FINISH);
  s.size = (int64_t)stream.total_out;
  deflateEnd(&stream);
  return s;
}

#endif
