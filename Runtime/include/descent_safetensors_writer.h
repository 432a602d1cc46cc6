/* Writing safetensors (huggingface/safetensors, "Format").
 * Takes named tensors and pairs of strings, in the caller's order; gives one file, there whole or not at all, with
 * checksums (descent_safetensors_checksum.h) of the header and of each tensor.
 * Invariant: the same calls make the same bytes. The header names the tensors in the order they were added; their
 * values stand with the wide types first, so that each is aligned in the file without holes.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_SAFETENSORS_WRITER_H
#define DESCENT_SAFETENSORS_WRITER_H

#include "descent_replace.h"
#include "descent_safetensors.h"

/* Tensors and metadata on their way to a file. The first failure stays in `error`; later calls then do nothing. */
typedef struct {
  dsc_safetensors_entry *entries; /* names are copies; data is borrowed until the write */
  int64_t count;
  dsc_safetensors_pair *metadata; /* copies */
  int64_t metadata_count;
  char *header; /* the text made so far */
  int64_t used, capacity;
  dsc_error error;
} dsc_safetensors_writer;

DSC_FN void dsc_safetensors_begin(dsc_safetensors_writer *writer) { memset(writer, 0, sizeof *writer); }

/* Gives the writer's memory back. */
DSC_FN void dsc_safetensors_end(dsc_safetensors_writer *writer) {
  for (int64_t i = 0; i < writer->count; i++)
    free((void *)(uintptr_t)writer->entries[i].name);
  for (int64_t i = 0; i < writer->metadata_count; i++) {
    free((void *)(uintptr_t)writer->metadata[i].key);
    free((void *)(uintptr_t)writer->metadata[i].value);
  }
  free(writer->entries);
  free(writer->metadata);
  free(writer->header);
  memset(writer, 0, sizeof *writer);
}

/* A copy of a string that is UTF-8; null, with an error set, if it is not. */
DSC_FN char *dsc_safetensors_copy(dsc_safetensors_writer *writer, const char *text) {
  const int64_t size = (int64_t)strlen(text);
  for (int64_t i = 0, n; i < size; i += n)
    if ((n = dsc_utf8_length((const uint8_t *)text + i, size - i)) == 0) {
      dsc_fail(&writer->error, DSC_ERROR_USAGE, "%s is not UTF-8 at byte %" PRId64, dsc_show(text, size).text, i);
      return NULL;
    }
  char *copy = (char *)malloc((size_t)size + 1);
  if (copy == NULL)
    dsc_fail(&writer->error, DSC_ERROR_MEMORY, "no memory for a name of %" PRId64 " bytes", size);
  else
    memcpy(copy, text, (size_t)size + 1);
  return copy;
}

/* Adds a tensor; `data` must stay until the write. */
DSC_FN int dsc_safetensors_add(dsc_safetensors_writer *writer, const char *name, int32_t dtype, int32_t rank,
    const int64_t *shape, const void *data) {
  dsc_json_cursor c;
  memset(&c, 0, sizeof c);
  c.error = &writer->error;
  if (writer->error.code != DSC_OK)
    return writer->error.code;
  if (strcmp(name, "__metadata__") == 0)
    return dsc_fail(&writer->error, DSC_ERROR_USAGE, "no tensor can be named __metadata__");
  void *larger = dsc_safetensors_room(&c, writer->entries, writer->count, sizeof *writer->entries);
  if (larger == NULL)
    return writer->error.code;
  writer->entries = (dsc_safetensors_entry *)larger;
  dsc_safetensors_entry *entry = &writer->entries[writer->count];
  memset(entry, 0, sizeof *entry);
  const int code = dsc_array_describe(&entry->array, dtype, rank, shape, name, &writer->error);
  if (code != DSC_OK)
    return code;
  entry->array.data = (void *)(uintptr_t)data;
  entry->name = dsc_safetensors_copy(writer, name);
  if (entry->name == NULL)
    return writer->error.code;
  writer->count++;
  return DSC_OK;
}

/* Adds a pair of strings to __metadata__. */
DSC_FN int dsc_safetensors_metadata(dsc_safetensors_writer *writer, const char *key, const char *value) {
  dsc_json_cursor c;
  memset(&c, 0, sizeof c);
  c.error = &writer->error;
  if (writer->error.code != DSC_OK)
    return writer->error.code;
  if (dsc_checksum_owns(key))
    return dsc_fail(&writer->error, DSC_ERROR_USAGE, "key %s of __metadata__ is for the file's own checksums",
        dsc_show(key, (int64_t)strlen(key)).text);
  void *larger = dsc_safetensors_room(&c, writer->metadata, writer->metadata_count, sizeof *writer->metadata);
  if (larger == NULL)
    return writer->error.code;
  writer->metadata = (dsc_safetensors_pair *)larger;
  char *copy = dsc_safetensors_copy(writer, key);
  char *second = copy != NULL ? dsc_safetensors_copy(writer, value) : NULL;
  if (second == NULL) {
    free(copy);
    return writer->error.code;
  }
  writer->metadata[writer->metadata_count].key = copy;
  writer->metadata[writer->metadata_count++].value = second;
  return DSC_OK;
}

/* Appends to the header's text. */
DSC_FN void dsc_safetensors_put(dsc_safetensors_writer *writer, const char *text, int64_t size) {
  if (writer->error.code != DSC_OK)
    return;
  if (writer->used + size > DSC_SAFETENSORS_HEADER_LIMIT) {
    dsc_fail(&writer->error, DSC_ERROR_LIMIT, "the header is larger than %d bytes", DSC_SAFETENSORS_HEADER_LIMIT);
    return;
  }
  if (writer->used + size > writer->capacity) {
    const int64_t capacity = (writer->used + size) * 2 + 256;
    char *larger = (char *)realloc(writer->header, (size_t)capacity);
    if (larger == NULL) {
      dsc_fail(&writer->error, DSC_ERROR_MEMORY, "no memory for a header of %" PRId64 " bytes", capacity);
      return;
    }
    writer->header = larger;
    writer->capacity = capacity;
  }
  memcpy(writer->header + writer->used, text, (size_t)size);
  writer->used += size;
}

/* Appends a string in quotes, escaped as JSON asks for. */
DSC_FN void dsc_safetensors_put_string(dsc_safetensors_writer *writer, const char *text) {
  static const char special[8] = "\"\\\b\f\n\r\t", names[8] = "\"\\bfnrt";
  char made[8];
  dsc_safetensors_put(writer, "\"", 1);
  for (; *text != 0; text++) {
    const char *found = strchr(special, *text);
    if (found != NULL)
      dsc_safetensors_put(writer, made, snprintf(made, sizeof made, "\\%c", names[found - special]));
    else if ((unsigned char)*text < 0x20)
      dsc_safetensors_put(writer, made, snprintf(made, sizeof made, "\\u%04x", (unsigned)(unsigned char)*text));
    else
      dsc_safetensors_put(writer, text, 1);
  }
  dsc_safetensors_put(writer, "\"", 1);
}

DSC_FN void dsc_safetensors_put_entry(dsc_safetensors_writer *writer, const dsc_safetensors_entry *e) {
  char text[64];
  dsc_safetensors_put_string(writer, e->name);
  dsc_safetensors_put(writer, text,
      snprintf(text, sizeof text, ":{\"dtype\":\"%s\",\"shape\":[", dsc_safetensors_type(e->array.dtype)));
  for (int i = 0; i < e->array.rank; i++)
    dsc_safetensors_put(writer, text, snprintf(text, sizeof text, "%s%" PRId64, i > 0 ? "," : "", e->array.shape[i]));
  dsc_safetensors_put(writer, text, snprintf(text, sizeof text, "],\"data_offsets\":[%" PRId64, e->begin));
  dsc_safetensors_put(writer, text, snprintf(text, sizeof text, ",%" PRId64 "]}", e->end));
}

/* Makes the header: checksums and metadata first, then the tensors in the order they were added, blanks to a multiple
 * of 8 bytes. */
DSC_FN void dsc_safetensors_make_header(dsc_safetensors_writer *writer) {
  static const char start[] = DSC_CHECKSUM_START "0000000000000000\",\"" DSC_CHECKSUM_TENSORS_KEY "\":\"";
  writer->used = 0;
  dsc_safetensors_put(writer, start, (int64_t)sizeof start - 1);
  for (int64_t i = 0; i < writer->count; i++) {
    dsc_hash hash;
    dsc_hash_begin(&hash);
    dsc_hash_add_array(&hash, &writer->entries[i].array);
    dsc_safetensors_put(writer, " ", i > 0);
    dsc_safetensors_put(writer, dsc_hash_show(dsc_hash_value(&hash)).text, DSC_CHECKSUM_DIGITS);
  }
  dsc_safetensors_put(writer, "\"", 1);
  for (int64_t i = 0; i < writer->metadata_count; i++) {
    dsc_safetensors_put(writer, ",", 1);
    dsc_safetensors_put_string(writer, writer->metadata[i].key);
    dsc_safetensors_put(writer, ":", 1);
    dsc_safetensors_put_string(writer, writer->metadata[i].value);
  }
  dsc_safetensors_put(writer, "}", 1);
  for (int64_t i = 0; i < writer->count; i++) {
    dsc_safetensors_put(writer, ",", 1);
    dsc_safetensors_put_entry(writer, &writer->entries[i]);
  }
  dsc_safetensors_put(writer, "}", 1);
  while (writer->error.code == DSC_OK && writer->used % 8 != 0)
    dsc_safetensors_put(writer, " ", 1);
  if (writer->error.code == DSC_OK)
    memcpy(writer->header + DSC_CHECKSUM_AT, dsc_checksum_of_header(writer->header, writer->used).text,
        (size_t)DSC_CHECKSUM_DIGITS);
}

/* Gives each tensor its place: wide types first, so that all are aligned without holes; refuses names that repeat. */
DSC_FN int dsc_safetensors_layout(dsc_safetensors_writer *writer) {
  static const int8_t widths[3] = {8, 4, 1};
  int64_t end = 0;
  for (int w = 0; w < 3; w++)
    for (int64_t i = 0; i < writer->count; i++) {
      dsc_safetensors_entry *e = &writer->entries[i];
      if (dsc_dtype_size(e->array.dtype) != widths[w])
        continue;
      if (e->array.bytes > INT64_MAX - (1 << 30) - end)
        return dsc_fail(&writer->error, DSC_ERROR_LIMIT, "the tensors are larger than any file");
      e->begin = end;
      e->end = end += e->array.bytes;
    }
  const int64_t most = writer->count > writer->metadata_count ? writer->count : writer->metadata_count;
  void **sorted = (void **)malloc((size_t)(most + 1) * sizeof(void *));
  if (sorted == NULL)
    return dsc_fail(&writer->error, DSC_ERROR_MEMORY, "no memory for %" PRId64 " names", most);
  const int code = dsc_safetensors_check_names(writer->entries, writer->count, writer->metadata, writer->metadata_count,
      NULL, sorted, DSC_ERROR_USAGE, NULL, &writer->error);
  free(sorted);
  return code;
}

/* Writes values in little-endian order. */
DSC_FN int dsc_safetensors_write_values(dsc_replacement *file, const dsc_array *array, dsc_error *error) {
  const int64_t size = dsc_dtype_size(array->dtype);
  const uint8_t *data = (const uint8_t *)array->data;
  if (dsc_host_is_little() || size == 1)
    return dsc_replace_write(file, data, array->bytes, error);
  uint8_t piece[4096];
  int code = DSC_OK;
  for (int64_t at = 0; code == DSC_OK && at < array->bytes; at += (int64_t)sizeof piece) {
    const int64_t left = array->bytes - at, n = left < (int64_t)sizeof piece ? left : (int64_t)sizeof piece;
    memcpy(piece, data + at, (size_t)n);
    dsc_swap_bytes(piece, n / size, size);
    code = dsc_replace_write(file, piece, n, error);
  }
  return code;
}

/* Writes the file, whole or not at all. The writer stays as it is, for another write or dsc_safetensors_end. */
DSC_FN int dsc_safetensors_write(dsc_safetensors_writer *writer, const char *path, dsc_error *error) {
  static const int8_t widths[3] = {8, 4, 1};
  uint8_t length[8];
  dsc_replacement file;
  if (writer->error.code == DSC_OK && dsc_safetensors_layout(writer) == DSC_OK)
    dsc_safetensors_make_header(writer);
  if (writer->error.code != DSC_OK)
    return dsc_fail_in(error, writer->error.code, path, "%s", writer->error.message);
  for (int i = 0; i < 8; i++)
    length[i] = (uint8_t)((uint64_t)writer->used >> 8 * i);
  int code = dsc_replace_begin(&file, path, error);
  if (code == DSC_OK)
    code = dsc_replace_write(&file, length, 8, error);
  if (code == DSC_OK)
    code = dsc_replace_write(&file, writer->header, writer->used, error);
  for (int w = 0; w < 3; w++)
    for (int64_t i = 0; code == DSC_OK && i < writer->count; i++)
      if (dsc_dtype_size(writer->entries[i].array.dtype) == widths[w])
        code = dsc_safetensors_write_values(&file, &writer->entries[i].array, error);
  if (code == DSC_OK)
    code = dsc_replace_commit(&file, error);
  return code;
}

#endif
