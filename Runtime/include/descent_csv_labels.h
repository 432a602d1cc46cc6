/* Categories: texts as numbers.
 * Takes texts one after another; gives the number of each. Texts that are known beforehand keep their numbers and allow
 * no other; else the numbers follow, when all are read, from the order of the texts' bytes, not from that of the rows.
 * Invariant: a label is UTF-8 of at most DSC_LABEL_BYTES bytes, none of them zero; there are at most DSC_LABELS. */
#ifndef DESCENT_CSV_LABELS_H
#define DESCENT_CSV_LABELS_H

#include "descent_error.h"
#include <inttypes.h>
#include <stdlib.h>

#define DSC_LABELS 65536
#define DSC_LABEL_BYTES 1000

typedef struct {
  char **texts; /* texts[count], by their numbers */
  int64_t count, room;
  int32_t *sorted; /* numbers in the order of their texts */
  uint8_t *used; /* whether a row that was kept has the label */
  int known; /* the texts were given beforehand */
} dsc_labels_table;

DSC_FN void dsc_labels_free(dsc_labels_table *t) {
  for (int64_t i = 0; i < t->count; i++)
    free(t->texts[i]);
  free(t->texts);
  free(t->sorted);
  free(t->used);
  memset(t, 0, sizeof *t);
}

/* Where a text stands, or would stand, among the sorted: *found says which. */
DSC_FN int64_t dsc_labels_place(const dsc_labels_table *t, const char *text, int64_t size, int *found) {
  int64_t low = 0, high = t->count;
  *found = 0;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const char *other = t->texts[t->sorted[middle]];
    int order = strncmp(other, text, (size_t)size);
    if (order == 0)
      order = other[size] != 0;
    *found |= order == 0;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Makes room for one more label: 1, or 0 where there is no memory. */
DSC_FN int dsc_labels_grow(dsc_labels_table *t) {
  const int64_t room = t->room == 0 ? 16 : t->room * 2;
  if (t->count < t->room)
    return 1;
  char **texts = (char **)realloc(t->texts, (size_t)room * sizeof(char *));
  t->texts = texts != NULL ? texts : t->texts;
  int32_t *sorted = texts != NULL ? (int32_t *)realloc(t->sorted, (size_t)room * sizeof(int32_t)) : NULL;
  t->sorted = sorted != NULL ? sorted : t->sorted;
  uint8_t *used = sorted != NULL ? (uint8_t *)realloc(t->used, (size_t)room) : NULL;
  t->used = used != NULL ? used : t->used;
  t->room = used != NULL ? room : t->room;
  return used != NULL;
}

/* Why a text has no number. */
enum {
  DSC_LABEL_UNKNOWN = -1, /* it is none of those that are known */
  DSC_LABEL_BYTES_BAD = -2,
  DSC_LABEL_LONG = -3,
  DSC_LABEL_MANY = -4,
  DSC_LABEL_MEMORY = -5
};

/* The number of a label, or DSC_LABEL_... */
DSC_FN int32_t dsc_labels_number(dsc_labels_table *t, const char *text, int64_t size) {
  int found;
  if (size > DSC_LABEL_BYTES)
    return DSC_LABEL_LONG;
  for (int64_t i = 0; i < size;) {
    const int n = text[i] == 0 ? 0 : dsc_utf8_length((const uint8_t *)text + i, size - i);
    if (n == 0)
      return DSC_LABEL_BYTES_BAD;
    i += n;
  }
  const int64_t place = dsc_labels_place(t, text, size, &found);
  if (found)
    return t->sorted[place];
  if (t->known)
    return DSC_LABEL_UNKNOWN;
  if (t->count == DSC_LABELS)
    return DSC_LABEL_MANY;
  char *copy = dsc_labels_grow(t) ? (char *)malloc((size_t)size + 1) : NULL;
  if (copy == NULL)
    return DSC_LABEL_MEMORY;
  memcpy(copy, text, (size_t)size);
  copy[size] = 0;
  memmove(t->sorted + place + 1, t->sorted + place, (size_t)(t->count - place) * sizeof(int32_t));
  t->sorted[place] = (int32_t)t->count;
  t->used[t->count] = 0;
  t->texts[t->count] = copy;
  return (int32_t)t->count++;
}

/* The error that a text cannot be a label. */
DSC_FN int dsc_labels_fail(
    int32_t why, const char *text, int64_t size, const char *where, const char *file, dsc_error *error) {
  if (why == DSC_LABEL_MEMORY)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, file, "%s: no memory for one more label", where);
  if (why == DSC_LABEL_MANY)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "%s: more than %d different labels", where, DSC_LABELS);
  if (why == DSC_LABEL_LONG)
    return dsc_fail_in(error, DSC_ERROR_LIMIT, file, "%s: a label of %" PRId64 " bytes; expected at most %d", where,
        size, DSC_LABEL_BYTES);
  return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "%s: the label %s is not UTF-8 without zero bytes", where,
      dsc_show(text, size).text);
}

/* '"red" 0, "green" 1' for a message: those that fit. */
DSC_FN dsc_shown_path dsc_labels_show(const dsc_labels_table *t) {
  dsc_shown_path shown;
  const int room = (int)sizeof shown.text;
  int used = 0;
  shown.text[0] = 0;
  for (int64_t i = 0; i < t->count; i++) {
    const int more = snprintf(shown.text + used, (size_t)(room - used), "%s%s %" PRId64, i > 0 ? ", " : "",
        dsc_show(t->texts[i], (int64_t)strlen(t->texts[i])).text, i);
    if (used + more > room - 6) {
      snprintf(shown.text + used, (size_t)(room - used), ", ...");
      break;
    }
    used += more;
  }
  return shown;
}

/* Numbers the labels that rows have by the order of their bytes, and drops the others; known ones stay as they are.
 * Gives the new number of each old one, to be freed; null where there is no memory. */
DSC_FN int32_t *dsc_labels_sort(dsc_labels_table *t) {
  int32_t *numbers = (int32_t *)malloc((size_t)(t->count + 1) * sizeof(int32_t));
  char **texts = (char **)malloc((size_t)(t->count + 1) * sizeof(char *));
  int64_t count = 0;
  for (int64_t i = 0; numbers != NULL && texts != NULL && i < t->count; i++) {
    const int32_t old = t->known ? (int32_t)i : t->sorted[i];
    numbers[old] = (int32_t)count;
    if (t->known || t->used[old])
      texts[count++] = t->texts[old];
    else
      free(t->texts[old]);
  }
  if (numbers == NULL || texts == NULL) {
    free(numbers);
    free(texts);
    return NULL;
  }
  free(t->texts);
  t->texts = texts;
  t->count = count;
  return numbers;
}

#endif
