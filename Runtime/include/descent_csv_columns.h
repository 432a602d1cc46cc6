/* The columns of a table: which there are, what they are called, and what becomes of each.
 * Takes the first record and the caller's options; gives a role for each column, or an error that says what to choose.
 * A first record is a header where a column is chosen by name; else where none of the columns that are to be numbers
 * holds one. Where all do it is a row of numbers, unless they may as well be names, such as years: that is an error. */
#ifndef DESCENT_CSV_COLUMNS_H
#define DESCENT_CSV_COLUMNS_H

#include "descent_array.h"
#include "descent_csv_labels.h"
#include "descent_csv_text.h"

enum { DSC_CSV_HEADER_NO = 0, DSC_CSV_HEADER_YES = 1, DSC_CSV_HEADER_DETECT = 2 };
enum { DSC_CSV_TARGET_NONE = 0, DSC_CSV_TARGET_NAME = 1, DSC_CSV_TARGET_INDEX = 2 };
enum {
  DSC_CSV_MISSING_REFUSED = 0, /* a missing value is an error */
  DSC_CSV_MISSING_NAN = 1, /* it is NaN */
  DSC_CSV_MISSING_DROPPED = 2 /* its row is left out, as one with a NaN is */
};

/* A column by its name, or where that is null by its number: 0 is the first, -1 the last. */
typedef struct {
  const char *name;
  int64_t index;
} dsc_csv_column;

/* A column of texts that become numbers. */
typedef struct {
  dsc_csv_column column;
  const char *const *labels; /* labels[count], in the order of their numbers; null: those of the file, sorted */
  int64_t count;
} dsc_csv_category;

typedef struct {
  int32_t header; /* DSC_CSV_HEADER_... */
  int32_t separator; /* ',' by default, or ';', '|', tab */
  int32_t dtype; /* of the features: DSC_F32 or DSC_F64 */
  int32_t target; /* DSC_CSV_TARGET_... */
  const char *target_name; /* for TARGET_NAME; needs a header */
  int64_t target_index; /* for TARGET_INDEX; negative from the end */
  int32_t target_dtype; /* DSC_F32, DSC_F64, or DSC_I32 for whole numbers */
  int64_t limit; /* bytes of text that may come, after decompression; 0: as in dsc_source_check_growth */
  int32_t decimal; /* '.' by default, or ',' */
  int32_t missing; /* DSC_CSV_MISSING_... */
  const dsc_csv_column *skipped; /* skipped[skipped_count]: columns that are not read */
  int64_t skipped_count;
  const dsc_csv_category *categories; /* categories[category_count] */
  int64_t category_count;
  const dsc_csv_column *chosen; /* chosen[chosen_count]: the features, in this order; 0: all columns that are left */
  int64_t chosen_count;
} dsc_csv_options;

/* Roles of columns; 0 and more: the number of a category. */
enum { DSC_CSV_NUMBER = -1, DSC_CSV_SKIPPED = -2 };

typedef struct {
  int64_t count, features; /* columns of the file, and how many of them are features */
  int64_t target; /* -1: none */
  int32_t *roles; /* roles[count] */
  int64_t *places; /* places[count]: which feature a column is; of no meaning for the target and what is skipped */
  char **names; /* names[count]; null without a header */
} dsc_csv_columns;

DSC_FN void dsc_csv_columns_free(dsc_csv_columns *t) {
  for (int64_t i = 0; t->names != NULL && i < t->count; i++)
    free(t->names[i]);
  free(t->names);
  free(t->roles);
  free(t->places);
}

/* 'line 3, column 2 ("name")', for messages. */
DSC_FN dsc_shown_path dsc_csv_where(const dsc_csv_columns *t, int64_t line, int64_t column) {
  dsc_shown_path shown;
  const char *name = t->names != NULL ? t->names[column] : NULL;
  snprintf(shown.text, sizeof shown.text, "line %" PRId64 ", column %" PRId64, line, column + 1);
  const size_t used = strlen(shown.text);
  if (name != NULL)
    snprintf(shown.text + used, sizeof shown.text - used, " (%.90s)", dsc_show(name, (int64_t)strlen(name)).text);
  return shown;
}

/* Counts the fields of the first record, and stays before it. */
DSC_FN int dsc_csv_count_columns(dsc_csv_cursor *c, int64_t *count) {
  const char *from = c->p, *text;
  int64_t size;
  for (*count = 0;;) {
    const int code = dsc_csv_field(c, *count, &text, &size);
    if (code != DSC_OK) {
      c->p = from;
      c->line = 1;
      return code;
    }
    *count += 1;
    if (dsc_csv_record_ends(c))
      break;
    c->p++;
  }
  c->p = from;
  c->line = 1;
  return DSC_OK;
}

/* Reads the names of the columns, which the window holds whole. */
DSC_FN int dsc_csv_read_names(dsc_csv_cursor *c, dsc_csv_columns *t) {
  t->names = (char **)calloc((size_t)t->count, sizeof(char *));
  if (t->names == NULL)
    return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " names", t->count);
  for (int64_t column = 0; column < t->count; column++) {
    const char *text;
    int64_t size;
    const int code = dsc_csv_field(c, column, &text, &size);
    if (code != DSC_OK)
      return code;
    if (size > 0 && memchr(text, 0, (size_t)size) != NULL)
      return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
          "line %" PRId64 ", column %" PRId64 ": a zero byte in the name of a column", c->line, column + 1);
    if ((t->names[column] = (char *)malloc((size_t)size + 1)) == NULL)
      return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " bytes", size);
    if (size > 0)
      memcpy(t->names[column], text, (size_t)size);
    t->names[column][size] = 0;
    if (column + 1 < t->count)
      c->p++;
  }
  dsc_csv_next_line(c);
  return DSC_OK;
}

/* Finds a column that was chosen as `what`. */
DSC_FN int dsc_csv_find(
    const dsc_csv_cursor *c, const dsc_csv_columns *t, dsc_csv_column wanted, const char *what, int64_t *found) {
  *found = -1;
  if (wanted.name == NULL) {
    *found = wanted.index < 0 ? wanted.index + t->count : wanted.index;
    if (*found >= 0 && *found < t->count)
      return DSC_OK;
    return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file,
        "%s column %" PRId64 " does not exist: the file has %" PRId64 " columns", what, wanted.index, t->count);
  }
  const dsc_shown shown = dsc_show(wanted.name, (int64_t)strlen(wanted.name));
  if (t->names == NULL)
    return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "%s column %s is given by name, but the file has no header",
        what, shown.text);
  for (int64_t i = 0; i < t->count; i++)
    if (strcmp(t->names[i], wanted.name) == 0) {
      if (*found >= 0)
        return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
            "line 1: columns %" PRId64 " and %" PRId64 " are both named %s, the %s column", *found + 1, i + 1,
            shown.text, what);
      *found = i;
    }
  if (*found >= 0)
    return DSC_OK;
  const char *last = t->names[t->count - 1];
  return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file,
      "no column is named %s; line 1 has %" PRId64 " columns, the last one %s", shown.text, t->count,
      dsc_show(last, (int64_t)strlen(last)).text);
}

/* Makes the chosen columns features, in their order, and skips the others. */
DSC_FN int dsc_csv_choose(const dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv_columns *t) {
  int64_t found;
  for (int64_t i = 0; options->chosen_count > 0 && i < t->count; i++)
    t->roles[i] = i == t->target ? DSC_CSV_NUMBER : DSC_CSV_SKIPPED;
  for (int64_t i = 0; i < options->chosen_count; i++) {
    const int code = dsc_csv_find(c, t, options->chosen[i], "chosen", &found);
    if (code != DSC_OK)
      return code;
    if (t->roles[found] != DSC_CSV_SKIPPED)
      return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "column %" PRId64 " is chosen as a feature and is %s",
          found + 1, found == t->target ? "the target" : "named twice among them");
    t->roles[found] = DSC_CSV_NUMBER;
    t->places[found] = i;
  }
  return DSC_OK;
}

/* Skips columns. */
DSC_FN int dsc_csv_skip(const dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv_columns *t) {
  int64_t found;
  for (int64_t i = 0; i < options->skipped_count; i++) {
    const int code = dsc_csv_find(c, t, options->skipped[i], "skipped", &found);
    if (code != DSC_OK)
      return code;
    if (found == t->target)
      return dsc_fail_in(
          c->error, DSC_ERROR_USAGE, c->file, "column %" PRId64 " is the target and is to be skipped", found + 1);
    t->roles[found] = DSC_CSV_SKIPPED;
  }
  return DSC_OK;
}

/* Says which columns hold categories. */
DSC_FN int dsc_csv_categorize(const dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv_columns *t) {
  int64_t found;
  for (int64_t i = 0; i < options->category_count; i++) {
    const int code = dsc_csv_find(c, t, options->categories[i].column, "category", &found);
    if (code != DSC_OK)
      return code;
    if (t->roles[found] != DSC_CSV_NUMBER)
      return dsc_fail_in(c->error, DSC_ERROR_USAGE, c->file, "column %" PRId64 " holds categories and is %s", found + 1,
          t->roles[found] >= 0            ? "named twice among them"
              : options->chosen_count > 0 ? "not among the columns that are chosen"
                                          : "to be skipped");
    t->roles[found] = (int32_t)i;
  }
  return DSC_OK;
}

/* Gives each column its role and its place. */
DSC_FN int dsc_csv_assign(const dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv_columns *t) {
  const dsc_csv_column target = {
      options->target == DSC_CSV_TARGET_NAME ? options->target_name : NULL, options->target_index};
  int code = DSC_OK;
  t->target = -1;
  t->roles = (int32_t *)malloc((size_t)t->count * sizeof(int32_t));
  t->places = (int64_t *)calloc((size_t)t->count, sizeof(int64_t));
  if (t->roles == NULL || t->places == NULL)
    return dsc_fail_in(c->error, DSC_ERROR_MEMORY, c->file, "no memory for %" PRId64 " columns", t->count);
  for (int64_t i = 0; i < t->count; i++)
    t->roles[i] = DSC_CSV_NUMBER;
  if (options->target != DSC_CSV_TARGET_NONE)
    code = dsc_csv_find(c, t, target, "target", &t->target);
  if (code == DSC_OK)
    code = dsc_csv_choose(c, options, t);
  if (code == DSC_OK)
    code = dsc_csv_skip(c, options, t);
  if (code == DSC_OK)
    code = dsc_csv_categorize(c, options, t);
  t->features = 0;
  for (int64_t i = 0; code == DSC_OK && i < t->count; i++)
    if (i != t->target && t->roles[i] != DSC_CSV_SKIPPED) {
      t->places[i] = options->chosen_count > 0 ? t->places[i] : t->features;
      t->features++;
    }
  if (code == DSC_OK && t->features == 0)
    code = dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        t->target >= 0 ? "line 1: the target is the only column; expected features beside it"
                       : "line 1: no column is left for the features");
  return code;
}

/* Whether the options choose a column by its name, so that there must be a header. */
DSC_FN int dsc_csv_uses_names(const dsc_csv_options *options) {
  int uses = options->target == DSC_CSV_TARGET_NAME;
  for (int64_t i = 0; i < options->skipped_count; i++)
    uses |= options->skipped[i].name != NULL;
  for (int64_t i = 0; i < options->chosen_count; i++)
    uses |= options->chosen[i].name != NULL;
  for (int64_t i = 0; i < options->category_count; i++)
    uses |= options->categories[i].column.name != NULL;
  return uses;
}

/* Numbers of a first record that may be names of columns: years that rise or fall, and 0, 1, 2, ... of eight columns or
 * more, which is what a data frame without names is written with. */
typedef struct {
  double first, last;
  int64_t count;
  int rising, falling, counting;
} dsc_csv_sequence;

DSC_FN void dsc_csv_continue(dsc_csv_sequence *s, const char *text, int64_t size, double value) {
  const int year = size == 4 && dsc_is_digit(text[0]) && text[0] != '0' && dsc_is_digit(text[1]) &&
      dsc_is_digit(text[2]) && dsc_is_digit(text[3]);
  s->counting &= value == (double)s->count;
  s->rising &= year && value < 3000 && (s->count == 0 || value > s->last);
  s->falling &= year && value < 3000 && (s->count == 0 || value < s->last);
  s->first = s->count == 0 ? value : s->first;
  s->last = value;
  s->count++;
}

/* Tells from the first record, whose columns have their roles by number, whether it is a header. Stays before it. */
DSC_FN int dsc_csv_detect(dsc_csv_cursor *c, const dsc_csv_options *options, const dsc_csv_columns *t, int *header) {
  const char *from = c->p;
  dsc_csv_sequence sequence = {0, 0, 0, 1, 1, 1};
  int64_t words = 0;
  for (int64_t column = 0; column < t->count; column++) {
    const char *text;
    int64_t size;
    dsc_decimal d;
    const int code = dsc_csv_field(c, column, &text, &size);
    if (code != DSC_OK)
      return code;
    if (t->roles[column] != DSC_CSV_NUMBER)
      ;
    else if (dsc_csv_number(text, text + size, c->point, &d))
      dsc_csv_continue(&sequence, text, size, dsc_decimal_value(&d, 0));
    else
      words += options->missing == DSC_CSV_MISSING_REFUSED || !dsc_csv_is_missing(text, size);
    c->p += column + 1 < t->count;
  }
  c->p = from;
  c->line = 1;
  *header = sequence.count == 0 && words > 0;
  if (sequence.count > 0 ? words > 0 : words == 0)
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "line 1: %" PRId64 " of %" PRId64
        " columns are numbers, so it is unclear whether this is a header; say header: .yes or header: .no",
        sequence.count, t->count);
  if ((sequence.count >= 2 && (sequence.rising || sequence.falling)) || (sequence.count >= 8 && sequence.counting))
    return dsc_fail_in(c->error, DSC_ERROR_FORMAT, c->file,
        "line 1: %.0f to %.0f may be the names of the columns or a row of numbers; say header: .yes or header: .no",
        sequence.first, sequence.last);
  return DSC_OK;
}

/* Finds out all about the columns from the first record, and goes over it where it is a header. */
DSC_FN int dsc_csv_find_columns(dsc_csv_cursor *c, const dsc_csv_options *options, dsc_csv_columns *t) {
  int header = options->header == DSC_CSV_HEADER_YES ||
      (options->header == DSC_CSV_HEADER_DETECT && dsc_csv_uses_names(options));
  int code;
  while ((code = dsc_csv_count_columns(c, &t->count)) == DSC_CSV_MORE && (code = dsc_csv_fill(c)) == DSC_OK)
    ;
  if (code == DSC_OK && header)
    code = dsc_csv_read_names(c, t);
  if (code == DSC_OK)
    code = dsc_csv_assign(c, options, t);
  if (code == DSC_OK && options->header == DSC_CSV_HEADER_DETECT && !header) {
    code = dsc_csv_detect(c, options, t, &header);
    if (code == DSC_OK && header)
      code = dsc_csv_read_names(c, t);
  }
  return code;
}

#endif
