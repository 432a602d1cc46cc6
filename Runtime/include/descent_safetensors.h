/* safetensors (huggingface/safetensors, "Format"): named tensors in one file.
 * Takes 8 bytes of little-endian length, a JSON header of that length, and the tensors' little-endian values; gives
 * entries that point into memory of the reader's own. Checksums (descent_safetensors_checksum.h) are checked where
 * there are some, and are no metadata to the caller.
 * Types: F32 F64 I32 I64 U8 BOOL, and by conversion F16 BF16 I8 I16 U16 U32 U64 (descent_stored.h). No key may be
 * unknown or repeated; the parser has no recursion.
 * Invariant: every byte of the values belongs to exactly one tensor; every entry's data is aligned for its type.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_SAFETENSORS_H
#define DESCENT_SAFETENSORS_H

#include "descent_json.h"
#include "descent_safetensors_checksum.h"
#include "descent_stored.h"

/* The limit that the reference implementation sets for the header. */
#define DSC_SAFETENSORS_HEADER_LIMIT 100000000

typedef struct {
  const char *name; /* UTF-8 without zero bytes */
  dsc_array array; /* data points into the reader's memory: not for dsc_array_free */
  int64_t begin, end; /* bytes of the values, from the end of the header */
} dsc_safetensors_entry;

typedef struct {
  const char *key, *value;
} dsc_safetensors_pair;

typedef struct {
  dsc_safetensors_entry *entries; /* entries[count], in the header's order */
  int64_t count;
  dsc_safetensors_pair *metadata; /* metadata[metadata_count], in the header's order */
  int64_t metadata_count;
  int64_t *by_name; /* indices of entries in the order of their names' bytes */
  const char *checksums; /* those of the tensors, as 16 digits each; null: the file has none */
  char *header; /* the header's text, with strings decoded in place */
  uint8_t *values, *moved;
} dsc_safetensors;

/* The format's name of a stored type; one of the first six is that of an array's type. */
DSC_FN const char *dsc_safetensors_type(int32_t stored) {
  static const char names[DSC_STORED_TYPES][5] = {
      "F32", "F64", "I32", "I64", "U8", "BOOL", "F16", "BF16", "I8", "I16", "U16", "U32", "U64"};
  return names[stored];
}

/* ---- the header's JSON ---- */

/* Makes room for one more element of `size` bytes: the new memory, or null. */
DSC_FN void *dsc_safetensors_room(dsc_json_cursor *c, void *memory, int64_t count, size_t size) {
  if ((count & (count - 1)) != 0) /* grows when the count is 0 or a power of two */
    return memory;
  void *larger = realloc(memory, (size_t)(count == 0 ? 1 : count * 2) * size);
  if (larger == NULL)
    dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for the header's entries");
  return larger;
}

DSC_FN int dsc_safetensors_metadata_object(dsc_json_cursor *c, dsc_safetensors *out) {
  int code = dsc_json_take(c, '{', "'{' of __metadata__");
  if (code != DSC_OK || dsc_json_accept(c, '}'))
    return code;
  do {
    void *larger = dsc_safetensors_room(c, out->metadata, out->metadata_count, sizeof *out->metadata);
    if (larger == NULL)
      return DSC_ERROR_MEMORY;
    out->metadata = (dsc_safetensors_pair *)larger;
    dsc_safetensors_pair *pair = &out->metadata[out->metadata_count];
    code = dsc_json_string(c, &pair->key, "a key of __metadata__");
    if (code == DSC_OK)
      code = dsc_json_take(c, ':', "':'");
    if (code == DSC_OK)
      code = dsc_json_string(c, &pair->value, "a string, as all of __metadata__ is");
    if (code != DSC_OK)
      return code;
    out->metadata_count++;
  } while (dsc_json_accept(c, ','));
  return dsc_json_take(c, '}', "',' or '}' in __metadata__");
}

/* Takes {"dtype": ..., "shape": [...], "data_offsets": [...]}, each key exactly once. */
DSC_FN int dsc_safetensors_info(dsc_json_cursor *c, dsc_safetensors_entry *entry) {
  static const char keys[3][13] = {"dtype", "shape", "data_offsets"};
  const char *text, *type = "";
  int64_t shape[8], offsets[2];
  int32_t rank = 0, count = 0;
  int seen = 0;
  const dsc_shown name = dsc_show(entry->name, (int64_t)strlen(entry->name));
  int code = dsc_json_take(c, '{', "'{' of a tensor");
  if (code != DSC_OK)
    return code;
  do {
    int key = 0;
    code = dsc_json_string(c, &text, "\"dtype\", \"shape\" or \"data_offsets\"");
    if (code != DSC_OK)
      return code;
    while (key < 3 && strcmp(text, keys[key]) != 0)
      key++;
    if (key == 3 || (seen & 1 << key) != 0)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "header, byte %" PRId64 ": %s key %s in tensor %s",
          8 + (int64_t)(text - c->text), key == 3 ? "unknown" : "repeated", dsc_show(text, (int64_t)strlen(text)).text,
          name.text);
    seen |= 1 << key;
    code = dsc_json_take(c, ':', "':'");
    if (code == DSC_OK)
      code = key == 0 ? dsc_json_string(c, &type, "a type as a string")
          : key == 1  ? dsc_json_integers(c, shape, 8, &rank)
                      : dsc_json_integers(c, offsets, 2, &count);
    if (code != DSC_OK)
      return code;
  } while (dsc_json_accept(c, ','));
  code = dsc_json_take(c, '}', "',' or '}' in a tensor");
  if (code != DSC_OK)
    return code;
  if (seen != 7 || count != 2)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "header, byte %" PRId64 ": tensor %s lacks %s", 8 + c->at,
        name.text,
        (seen & 1) == 0       ? "its dtype"
            : (seen & 2) == 0 ? "its shape"
                              : "two data_offsets");
  int32_t stored = 0;
  while (stored < DSC_STORED_TYPES && strcmp(type, dsc_safetensors_type(stored)) != 0)
    stored++;
  if (stored == DSC_STORED_TYPES)
    return dsc_fail_in(c->error, DSC_ERROR_UNSUPPORTED, c->file,
        "header, byte %" PRId64
        ": tensor %s has type %s; supported are F16 BF16 F32 F64 I8 I16 I32 I64 U8 U16 U32 U64 BOOL",
        8 + c->at, name.text, dsc_show(type, (int64_t)strlen(type)).text);
  entry->begin = offsets[0];
  entry->end = offsets[1];
  dsc_error inner;
  dsc_error_clear(&inner);
  if (dsc_array_describe(&entry->array, dsc_stored_info(stored).dtype, rank, shape, NULL, &inner) != DSC_OK)
    return dsc_fail_in(
        c->error, inner.code, c->file, "header, byte %" PRId64 ": tensor %s: %s", 8 + c->at, name.text, inner.message);
  entry->array.stored = stored;
  return DSC_OK;
}

DSC_FN int dsc_safetensors_header(dsc_json_cursor *c, dsc_safetensors *out) {
  int metadata = 0;
  if (c->size == 0 || c->text[0] != '{')
    return dsc_json_expected(c, "'{'");
  c->at = 1;
  int more = !dsc_json_accept(c, '}');
  while (more) {
    const char *name;
    int code = dsc_json_string(c, &name, "the name of a tensor");
    if (code == DSC_OK)
      code = dsc_json_take(c, ':', "':'");
    if (code != DSC_OK)
      return code;
    if (strcmp(name, "__metadata__") == 0) {
      if (metadata++)
        return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file, "header, byte %" PRId64 ": a second __metadata__",
            8 + (int64_t)(name - c->text));
      code = dsc_safetensors_metadata_object(c, out);
    } else {
      void *larger = dsc_safetensors_room(c, out->entries, out->count, sizeof *out->entries);
      if (larger == NULL)
        return DSC_ERROR_MEMORY;
      out->entries = (dsc_safetensors_entry *)larger;
      memset(&out->entries[out->count], 0, sizeof *out->entries);
      out->entries[out->count].name = name;
      code = dsc_safetensors_info(c, &out->entries[out->count++]);
    }
    if (code != DSC_OK)
      return code;
    more = dsc_json_accept(c, ',');
    if (!more && (code = dsc_json_take(c, '}', "',' or '}'")) != DSC_OK)
      return code;
  }
  dsc_json_peek(c);
  return c->at == c->size ? DSC_OK : dsc_json_expected(c, "blanks to the end of the header");
}

/* ---- reading ---- */

DSC_FN int dsc_safetensors_order_names(const void *a, const void *b) {
  return strcmp((*(const dsc_safetensors_entry *const *)a)->name, (*(const dsc_safetensors_entry *const *)b)->name);
}

DSC_FN int dsc_safetensors_order_places(const void *a, const void *b) {
  const dsc_safetensors_entry *x = *(const dsc_safetensors_entry *const *)a,
                              *y = *(const dsc_safetensors_entry *const *)b;
  const int begins = (x->begin > y->begin) - (x->begin < y->begin);
  return begins != 0 ? begins : (x->end > y->end) - (x->end < y->end);
}

DSC_FN int dsc_safetensors_order_keys(const void *a, const void *b) {
  return strcmp((*(const dsc_safetensors_pair *const *)a)->key, (*(const dsc_safetensors_pair *const *)b)->key);
}

/* Checks that the tensors tile the values; `start` is where these begin in the file, `size` how long they are. */
DSC_FN int dsc_safetensors_check_places(
    dsc_safetensors_entry **sorted, int64_t count, int64_t start, int64_t *size, const char *file, dsc_error *error) {
  int64_t end = 0;
  if (count > 0)
    qsort(sorted, (size_t)count, sizeof *sorted, dsc_safetensors_order_places);
  for (int64_t i = 0; i < count; i++) {
    const dsc_safetensors_entry *e = sorted[i];
    const dsc_shown name = dsc_show(e->name, (int64_t)strlen(e->name));
    const int64_t stored = e->array.count * dsc_stored_info(e->array.stored).width;
    if (e->begin > e->end || e->end - e->begin != stored)
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "tensor %s has data_offsets [%" PRId64 ",%" PRId64 "]; expected %" PRId64 " bytes for its type and shape",
          name.text, e->begin, e->end, stored);
    if (e->begin != end)
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "tensor %s begins at byte %" PRId64 " of the values, %s; expected byte %" PRId64, name.text, e->begin,
          e->begin < end ? "inside another tensor" : "after a hole", end);
    end = e->end;
  }
  if (end > INT64_MAX - start)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "the tensors are larger than any file");
  *size = end;
  return DSC_OK;
}

/* Refuses a name or a key that stands twice. Gives the indices of the entries by name, unless by_name is null. `sorted`
 * has room for a pointer per entry or per pair, whichever are more. */
DSC_FN int dsc_safetensors_check_names(dsc_safetensors_entry *list, int64_t count, dsc_safetensors_pair *metadata,
    int64_t metadata_count, int64_t *by_name, void **sorted, int refusal, const char *file, dsc_error *error) {
  dsc_safetensors_entry **entries = (dsc_safetensors_entry **)sorted;
  dsc_safetensors_pair **pairs = (dsc_safetensors_pair **)sorted;
  for (int64_t i = 0; i < metadata_count; i++)
    pairs[i] = &metadata[i];
  if (metadata_count > 0)
    qsort(pairs, (size_t)metadata_count, sizeof *pairs, dsc_safetensors_order_keys);
  for (int64_t i = 1; i < metadata_count; i++)
    if (strcmp(pairs[i]->key, pairs[i - 1]->key) == 0)
      return dsc_fail_in(error, refusal, file, "__metadata__ has key %s twice",
          dsc_show(pairs[i]->key, (int64_t)strlen(pairs[i]->key)).text);
  for (int64_t i = 0; i < count; i++)
    entries[i] = &list[i];
  if (count > 0)
    qsort(entries, (size_t)count, sizeof *entries, dsc_safetensors_order_names);
  for (int64_t i = 0; i < count; i++) {
    if (by_name != NULL)
      by_name[i] = entries[i] - list;
    if (i > 0 && strcmp(entries[i]->name, entries[i - 1]->name) == 0)
      return dsc_fail_in(error, refusal, file, "two tensors are named %s",
          dsc_show(entries[i]->name, (int64_t)strlen(entries[i]->name)).text);
  }
  return DSC_OK;
}

/* The bytes that an entry needs of its own, 0 where it can stay where it was read: converted, or not aligned in the
 * file. */
DSC_FN int64_t dsc_safetensors_needs(const dsc_safetensors_entry *e) {
  const int stays = e->array.stored == e->array.dtype && e->begin % dsc_dtype_size(e->array.dtype) == 0;
  return stays || e->array.bytes == 0 ? 0 : (e->array.bytes - 1) / 8 * 8 + 8;
}

/* Sets the entries' pointers, converting values and moving those that the file does not align; checks truth values;
 * swaps on a big-endian machine. `start` is where the values begin in the file. */
DSC_FN int dsc_safetensors_place(dsc_safetensors *out, int64_t start, const char *file, dsc_error *error) {
  int64_t room = 0, used = 0;
  for (int64_t i = 0; i < out->count; i++) {
    const int64_t needed = dsc_safetensors_needs(&out->entries[i]);
    if (needed > INT64_MAX - 7 - room)
      return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "the tensors are larger than any memory");
    room += needed;
  }
  if (room > 0 && (out->moved = (uint8_t *)dsc_allocate(room)) == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, file, "no memory for %" PRId64 " bytes", room);
  for (int64_t i = 0; i < out->count; i++) {
    dsc_safetensors_entry *e = &out->entries[i];
    const int64_t needed = dsc_safetensors_needs(e), stored = e->end - e->begin;
    uint8_t *data = out->values + e->begin;
    if (needed > 0) {
      data = out->moved + used;
      memcpy(data + (e->array.bytes - stored), out->values + e->begin, (size_t)stored);
      used += needed;
    }
    e->array.data = data;
    const int64_t bad = dsc_stored_convert(data, e->array.count, e->array.stored, 0);
    if (bad >= 0)
      return dsc_stored_beyond(start + e->begin + bad * 8, file, error);
    const int code = dsc_stored_check_truths(&e->array, start + e->begin, file, error);
    if (code != DSC_OK)
      return code;
  }
  return DSC_OK;
}

/* Takes the checksums out of the metadata; `sealed`: the header has said and proved its own. */
DSC_FN int dsc_safetensors_take_checksums(dsc_safetensors *out, int sealed, const char *file, dsc_error *error) {
  int64_t kept = 0;
  for (int64_t i = 0; i < out->metadata_count; i++) {
    const dsc_safetensors_pair pair = out->metadata[i];
    if (!dsc_checksum_owns(pair.key))
      out->metadata[kept++] = pair;
    else if (sealed && i == 1 && strcmp(pair.key, DSC_CHECKSUM_TENSORS_KEY) == 0)
      out->checksums = pair.value;
    else if (!sealed || i != 0)
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "the header is damaged, or another program has rewritten it: key %s of __metadata__ is not in its place",
          dsc_show(pair.key, (int64_t)strlen(pair.key)).text);
  }
  out->metadata_count = kept;
  const int64_t expected = out->count > 0 ? out->count * (DSC_CHECKSUM_DIGITS + 1) - 1 : 0;
  if (sealed && (out->checksums == NULL || (int64_t)strlen(out->checksums) != expected))
    return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "the header has no %s of its %" PRId64 " tensors",
        DSC_CHECKSUM_TENSORS_KEY, out->count);
  return DSC_OK;
}

/* Checks the bytes of the tensors, as they are in the file. */
DSC_FN int dsc_safetensors_check_values(const dsc_safetensors *out, const char *file, dsc_error *error) {
  int code = DSC_OK;
  for (int64_t i = 0; code == DSC_OK && out->checksums != NULL && i < out->count; i++) {
    const dsc_safetensors_entry *e = &out->entries[i];
    char what[128];
    snprintf(what, sizeof what, "tensor %s", dsc_show(e->name, (int64_t)strlen(e->name)).text);
    code = dsc_checksum_check(out->checksums + i * (DSC_CHECKSUM_DIGITS + 1),
        dsc_hash_show(dsc_hash_of(out->values + e->begin, e->end - e->begin)), what, file, error);
  }
  return code;
}

DSC_FN int dsc_safetensors_read_source(dsc_source *source, dsc_safetensors *out, dsc_error *error) {
  const char *file = source->path;
  uint8_t head[8];
  uint64_t length = 0;
  int64_t size = 0;
  int code = dsc_source_exactly(source, head, 8, "the header's length", error);
  if (code != DSC_OK)
    return code;
  for (int i = 7; i >= 0; i--)
    length = length << 8 | head[i];
  if (length > DSC_SAFETENSORS_HEADER_LIMIT)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, file,
        "byte 0 announces a header of %" PRIu64 " bytes; expected at most %d", length, DSC_SAFETENSORS_HEADER_LIMIT);
  dsc_json_cursor cursor;
  cursor.file = file;
  cursor.at = 0;
  cursor.size = (int64_t)length;
  cursor.error = error;
  code = dsc_source_promise(source, cursor.size, "header", error);
  if (code != DSC_OK)
    return code;
  cursor.text = out->header = (char *)malloc((size_t)length + 1);
  if (out->header == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, file, "no memory for %" PRId64 " bytes", cursor.size);
  code = dsc_source_exactly(source, out->header, cursor.size, "header", error);
  const int sealed = code == DSC_OK && dsc_checksum_begins(out->header, cursor.size);
  if (sealed)
    code = dsc_checksum_check(
        out->header + DSC_CHECKSUM_AT, dsc_checksum_of_header(out->header, cursor.size), "the header", file, error);
  if (code == DSC_OK)
    code = dsc_safetensors_header(&cursor, out);
  if (code == DSC_OK)
    code = dsc_safetensors_take_checksums(out, sealed, file, error);
  if (code != DSC_OK)
    return code;
  const int64_t start = source->offset, most = out->count > out->metadata_count ? out->count : out->metadata_count;
  void **sorted = (void **)malloc((size_t)(most + 1) * sizeof(void *));
  out->by_name = (int64_t *)malloc((size_t)(out->count + 1) * sizeof(int64_t));
  if (sorted == NULL || out->by_name == NULL)
    code = dsc_fail_in(error, DSC_ERROR_MEMORY, file, "no memory for %" PRId64 " entries", most);
  if (code == DSC_OK)
    code = dsc_safetensors_check_names(out->entries, out->count, out->metadata, out->metadata_count, out->by_name,
        sorted, DSC_ERROR_FORMAT, file, error);
  if (code == DSC_OK)
    code = dsc_safetensors_check_places((dsc_safetensors_entry **)sorted, out->count, start, &size, file, error);
  free(sorted);
  if (code == DSC_OK)
    code = dsc_source_promise(source, size, "tensors", error);
  if (code != DSC_OK)
    return code;
  out->values = (uint8_t *)dsc_allocate(size);
  if (out->values == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, file, "no memory for %" PRId64 " bytes", size);
  code = dsc_source_exactly(source, out->values, size, "tensors", error);
  if (code == DSC_OK)
    code = dsc_source_finish(source, error);
  if (code == DSC_OK)
    code = dsc_safetensors_check_values(out, file, error);
  return code == DSC_OK ? dsc_safetensors_place(out, start, file, error) : code;
}

DSC_FN void dsc_safetensors_free(dsc_safetensors *file) {
  free(file->entries);
  free(file->metadata);
  free(file->by_name);
  free(file->header);
  free(file->values);
  free(file->moved);
  memset(file, 0, sizeof *file);
}

/* Reads a file. On failure `out` is empty; else give it back with dsc_safetensors_free. */
DSC_FN int dsc_safetensors_open(const char *path, dsc_safetensors *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_expect_regular(path, error);
  if (code == DSC_OK)
    code = dsc_source_open(&source, path, error);
  if (code != DSC_OK)
    return code;
  code = dsc_safetensors_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_safetensors_free(out);
  dsc_source_close(&source);
  return code;
}

/* The same from bytes in memory, which are copied; `file` is the name for messages. */
DSC_FN int dsc_safetensors_parse(
    const void *bytes, int64_t size, const char *file, dsc_safetensors *out, dsc_error *error) {
  dsc_source source;
  memset(out, 0, sizeof *out);
  int code = dsc_source_memory(&source, bytes, size, file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_safetensors_read_source(&source, out, error);
  if (code != DSC_OK)
    dsc_safetensors_free(out);
  dsc_source_close(&source);
  return code;
}

/* The entry of that name, or null. */
DSC_FN const dsc_safetensors_entry *dsc_safetensors_find(const dsc_safetensors *file, const char *name) {
  int64_t low = 0, high = file->count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const dsc_safetensors_entry *entry = &file->entries[file->by_name[middle]];
    const int order = strcmp(entry->name, name);
    if (order == 0)
      return entry;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* The metadata under that key, or null. */
DSC_FN const char *dsc_safetensors_note(const dsc_safetensors *file, const char *key) {
  for (int64_t i = 0; i < file->metadata_count; i++)
    if (strcmp(file->metadata[i].key, key) == 0)
      return file->metadata[i].value;
  return NULL;
}

#endif
