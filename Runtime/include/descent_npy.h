/* NPY (NumPy enhancement proposal 1 and numpy.lib.format), versions 1, 2 and 3, plain or gzipped.
 * Takes a header, a Python dict with exactly 'descr', 'fortran_order' and 'shape', and raw values; gives a dsc_array.
 * Types: f4 f8 i4 i8 u1 b1 (values 0 and 1 alone), and by conversion f2 i1 i2 u2 u4 u8 (descent_stored.h), in either
 * byte order. Fortran order is rearranged to row-major.
 * Invariant: the header says how long the file is; a shorter or longer one is an error with the offset. The parser has
 * no recursion. The writer makes version 1 in the machine's byte order, the bytes that numpy.save makes.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_NPY_H
#define DESCENT_NPY_H

#include "descent_replace.h"
#include "descent_stored.h"

/* The header's text and a place in it; `start` is its offset in the file. */
typedef struct {
  const char *file;
  const char *text;
  int64_t at, size, start;
  dsc_error *error;
} dsc_npy_cursor;

typedef struct {
  int32_t stored, rank;
  int64_t shape[8];
  int big, fortran;
} dsc_npy_header;

DSC_FN int dsc_npy_expected(const dsc_npy_cursor *c, const char *what) {
  const int64_t left = c->size - c->at;
  return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "NPY header, byte %" PRId64 ": expected %s, found %s",
      c->start + c->at, what, left > 0 ? dsc_show(c->text + c->at, left < 16 ? left : 16).text : "its end");
}

DSC_FN char dsc_npy_peek(dsc_npy_cursor *c) {
  while (c->at < c->size &&
      (c->text[c->at] == ' ' || c->text[c->at] == '\n' || c->text[c->at] == '\t' || c->text[c->at] == '\r'))
    c->at++;
  return (char)(c->at < c->size ? c->text[c->at] : 0);
}

/* Takes the character if it is next: 1, else 0. */
DSC_FN int dsc_npy_accept(dsc_npy_cursor *c, char character) {
  const int found = dsc_npy_peek(c) == character;
  c->at += found;
  return found;
}

/* Takes a string in either kind of quotes, without escapes. */
DSC_FN int dsc_npy_string(dsc_npy_cursor *c, const char **text, int64_t *size, const char *what) {
  const char quote = dsc_npy_peek(c);
  *text = "";
  *size = 0;
  if (quote != '\'' && quote != '"')
    return dsc_npy_expected(c, what);
  const int64_t from = ++c->at;
  while (c->at < c->size && c->text[c->at] != quote && c->text[c->at] != '\\')
    c->at++;
  if (c->at == c->size || c->text[c->at] != quote)
    return dsc_npy_expected(c, "the closing quote of a string without escapes");
  *text = c->text + from;
  *size = c->at++ - from;
  return DSC_OK;
}

DSC_FN int dsc_npy_word(dsc_npy_cursor *c, const char *word) {
  const int64_t length = (int64_t)strlen(word);
  dsc_npy_peek(c);
  if (c->size - c->at < length || memcmp(c->text + c->at, word, (size_t)length) != 0)
    return 0;
  c->at += length;
  return 1;
}

DSC_FN int dsc_npy_descr(dsc_npy_cursor *c, dsc_npy_header *header) {
  static const struct {
    char name[3];
    int8_t stored;
  } types[12] = {{"f4", DSC_F32}, {"f8", DSC_F64}, {"i4", DSC_I32}, {"i8", DSC_I64}, {"u1", DSC_U8}, {"b1", DSC_BOOL},
      {"f2", DSC_STORED_F16}, {"i1", DSC_STORED_I8}, {"i2", DSC_STORED_I16}, {"u2", DSC_STORED_U16},
      {"u4", DSC_STORED_U32}, {"u8", DSC_STORED_U64}};
  const char *text;
  int64_t size;
  if (dsc_npy_peek(c) == '[')
    return dsc_fail_in(c->error, DSC_ERROR_UNSUPPORTED, c->file,
        "NPY header, byte %" PRId64 ": records are not supported; expected one type, such as '<f4'", c->start + c->at);
  const int code = dsc_npy_string(c, &text, &size, "the type as a string");
  if (code != DSC_OK)
    return code;
  for (int i = 0; size == 3 && i < 12; i++)
    if (memcmp(text + 1, types[i].name, 2) == 0) {
      /* One byte has no order; NumPy writes | for it, others < or >. */
      if (text[0] != '<' && text[0] != '>' && (text[0] != '|' || dsc_stored_info(types[i].stored).width > 1))
        break;
      header->stored = types[i].stored;
      header->big = text[0] == '>';
      return DSC_OK;
    }
  return dsc_fail_in(c->error, DSC_ERROR_UNSUPPORTED, c->file,
      "NPY header, byte %" PRId64 ": type %s; supported are f2 f4 f8 i2 i4 i8 u2 u4 u8 (with < or >), |i1, |u1, |b1",
      c->start + (text - c->text), dsc_show(text, size).text);
}

DSC_FN int dsc_npy_shape(dsc_npy_cursor *c, dsc_npy_header *header) {
  int comma = 1;
  if (!dsc_npy_accept(c, '('))
    return dsc_npy_expected(c, "'(' of the shape");
  while (!dsc_npy_accept(c, ')')) {
    int64_t value = 0;
    if (!comma)
      return dsc_npy_expected(c, "',' or ')' in the shape");
    if (header->rank == DSC_MAX_RANK)
      return dsc_fail_in(c->error, DSC_ERROR_UNSUPPORTED, c->file, "NPY header, byte %" PRId64 ": more than %d axes",
          c->start + c->at, (int)DSC_MAX_RANK);
    const char first = dsc_npy_peek(c);
    if (first < '0' || first > '9')
      return dsc_npy_expected(c, "a size of 0 or more in the shape");
    for (; c->at < c->size && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++) {
      const int digit = c->text[c->at] - '0';
      if (value > (INT64_MAX - digit) / 10)
        return dsc_npy_expected(c, "a size below 2^63 in the shape");
      value = value * 10 + digit;
    }
    if (c->at < c->size && c->text[c->at] == 'L') /* Python 2 wrote its long integers so */
      c->at++;
    header->shape[header->rank++] = value;
    comma = dsc_npy_accept(c, ',');
  }
  if (header->rank == 1 && !comma)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "NPY header, byte %" PRId64 ": the shape is a number in brackets; expected a tuple, such as (3,)",
        c->start + c->at);
  return DSC_OK;
}

/* Parses the dict; each key stands exactly once, in any order. */
DSC_FN int dsc_npy_dict(dsc_npy_cursor *c, dsc_npy_header *header) {
  static const char keys[3][14] = {"descr", "fortran_order", "shape"};
  int seen = 0, comma = 1;
  memset(header, 0, sizeof *header);
  if (!dsc_npy_accept(c, '{'))
    return dsc_npy_expected(c, "'{'");
  while (!dsc_npy_accept(c, '}')) {
    const char *text;
    int64_t size;
    int key = 0;
    if (!comma)
      return dsc_npy_expected(c, "',' or '}'");
    int code = dsc_npy_string(c, &text, &size, "a key, 'descr', 'fortran_order' or 'shape'");
    if (code != DSC_OK)
      return code;
    while (key < 3 && (size != (int64_t)strlen(keys[key]) || memcmp(text, keys[key], (size_t)size) != 0))
      key++;
    if (key == 3 || (seen & 1 << key) != 0)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "NPY header, byte %" PRId64 ": %s key %s",
          c->start + (text - c->text), key == 3 ? "unknown" : "repeated", dsc_show(text, size).text);
    seen |= 1 << key;
    if (!dsc_npy_accept(c, ':'))
      return dsc_npy_expected(c, "':'");
    if (key == 1) {
      header->fortran = dsc_npy_word(c, "True");
      if (!header->fortran && !dsc_npy_word(c, "False"))
        code = dsc_npy_expected(c, "True or False");
    } else
      code = key == 0 ? dsc_npy_descr(c, header) : dsc_npy_shape(c, header);
    if (code != DSC_OK)
      return code;
    comma = dsc_npy_accept(c, ',');
  }
  dsc_npy_peek(c);
  if (c->at < c->size)
    return dsc_npy_expected(c, "blanks to the end of the header");
  for (int key = 0; key < 3; key++)
    if ((seen & 1 << key) == 0)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "NPY header, byte %" PRId64 ": key '%s' is missing",
          c->start + c->at, keys[key]);
  return DSC_OK;
}

/* Reads magic, version and header; `out` is described by it, without data yet. */
DSC_FN int dsc_npy_read_header(dsc_source *source, dsc_npy_header *header, dsc_array *out, dsc_error *error) {
  uint8_t head[12];
  int code = dsc_source_exactly(source, head, 8, "NPY magic and version", error);
  if (code != DSC_OK)
    return code;
  if (memcmp(head, "\x93NUMPY", 6) != 0)
    return dsc_fail_in(
        error, DSC_ERROR_FORMAT, source->path, "is no NPY file: expected 93 4e 55 4d 50 59 (\\x93NUMPY) at byte 0");
  if (head[6] < 1 || head[6] > 3 || head[7] != 0)
    return dsc_fail_in(error, DSC_ERROR_UNSUPPORTED, source->path,
        "NPY version %d.%d at byte 6; expected 1.0, 2.0 or 3.0", head[6], head[7]);
  code = dsc_source_exactly(source, head + 8, head[6] == 1 ? 2 : 4, "length of the NPY header", error);
  if (code != DSC_OK)
    return code;
  const uint32_t low = head[8] | (uint32_t)head[9] << 8;
  const int64_t size = (int64_t)(head[6] == 1 ? low : low | (uint32_t)head[10] << 16 | (uint32_t)head[11] << 24);
  if (size > 1 << 20)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, source->path,
        "the NPY header at byte 8 announces %" PRId64 " bytes; expected at most 1048576", size);
  code = dsc_source_promise(source, size, "NPY header", error);
  if (code != DSC_OK)
    return code;
  char *text = (char *)malloc((size_t)size + 1);
  if (text == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, source->path, "no memory for %" PRId64 " bytes", size);
  dsc_npy_cursor cursor;
  cursor.file = source->path;
  cursor.text = text;
  cursor.at = 0;
  cursor.size = size;
  cursor.start = source->offset;
  cursor.error = error;
  code = dsc_source_exactly(source, text, size, "NPY header", error);
  if (code == DSC_OK)
    code = dsc_npy_dict(&cursor, header);
  free(text);
  return code == DSC_OK
      ? dsc_array_describe(out, dsc_stored_info(header->stored).dtype, header->rank, header->shape, source->path, error)
      : code;
}

/* Column-major to row-major, in new memory. There is an element, so no product of sizes overflows. */
DSC_FN int dsc_npy_from_fortran(dsc_array *array, const char *file, dsc_error *error) {
  const int64_t size = dsc_dtype_size(array->dtype);
  int64_t index[8] = {0}, stride[8] = {0}, from = 0, step = size;
  uint8_t *sorted = (uint8_t *)dsc_allocate(array->bytes);
  const uint8_t *data = (const uint8_t *)array->data;
  if (sorted == NULL)
    return dsc_fail_in(
        error, DSC_ERROR_MEMORY, file, "no memory for %" PRId64 " bytes to reorder the array in", array->bytes);
  for (int i = 0; i < array->rank; i++) {
    index[i] = 0;
    stride[i] = step;
    step *= array->shape[i];
  }
  for (int64_t i = 0; i < array->count; i++) {
    memcpy(sorted + i * size, data + from, (size_t)size);
    for (int axis = array->rank - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < array->shape[axis])
        break;
      from -= stride[axis] * array->shape[axis];
      index[axis] = 0;
    }
  }
  free(array->data);
  array->data = sorted;
  return DSC_OK;
}

DSC_FN int dsc_npy_read_source(dsc_source *source, dsc_array *out, dsc_error *error) {
  dsc_npy_header header;
  memset(&header, 0, sizeof header);
  int code = dsc_npy_read_header(source, &header, out, error);
  if (code == DSC_OK)
    code = dsc_stored_read(source, header.stored, header.big, "NPY values", out, error);
  if (code != DSC_OK)
    return code;
  return header.fortran && out->rank > 1 && out->count > 0 ? dsc_npy_from_fortran(out, source->path, error) : DSC_OK;
}

/* Reads an NPY file, plain or gzipped. On failure `out` is empty; else give it back with dsc_array_free. */
DSC_FN int dsc_npy_read(const char *path, dsc_array *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_open(&source, path, error);
  if (code != DSC_OK)
    return code;
  code = dsc_npy_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_array_free(out);
  dsc_source_close(&source);
  return code;
}

/* The same from bytes in memory; `file` is the name for messages. */
DSC_FN int dsc_npy_parse(const void *bytes, int64_t size, const char *file, dsc_array *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_memory(&source, bytes, size, file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_npy_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_array_free(out);
  dsc_source_close(&source);
  return code;
}

/* Writes an NPY file, version 1, whole or not at all. */
DSC_FN int dsc_npy_write(const char *path, const dsc_array *array, dsc_error *error) {
  static const char types[6][3] = {"f4", "f8", "i4", "i8", "u1", "b1"};
  char head[384];
  dsc_array checked;
  dsc_replacement file;
  int code = dsc_array_describe(&checked, array->dtype, array->rank, array->shape, path, error);
  if (code != DSC_OK)
    return code;
  const char order = dsc_dtype_size(array->dtype) == 1 ? '|' : dsc_host_is_little() ? '<' : '>';
  int used =
      10 + snprintf(head + 10, 200, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order, types[array->dtype]);
  for (int i = 0; i < array->rank; i++)
    used +=
        snprintf(head + used, 32, "%s%" PRId64 "%s", i > 0 ? ", " : "", array->shape[i], array->rank == 1 ? "," : "");
  used += snprintf(head + used, 8, "), }");
  while ((used + 1) % 64 != 0)
    head[used++] = ' ';
  head[used++] = '\n';
  memcpy(head, "\x93NUMPY\x01\x00", 8);
  head[8] = (char)((used - 10) & 255);
  head[9] = (char)((used - 10) >> 8);
  code = dsc_replace_begin(&file, path, error);
  if (code == DSC_OK)
    code = dsc_replace_write(&file, head, used, error);
  if (code == DSC_OK)
    code = dsc_replace_write(&file, array->data, checked.bytes, error);
  if (code == DSC_OK)
    code = dsc_replace_commit(&file, error);
  return code;
}

#endif
