/* The checks of tables: what stands in csv_cases.h, which pandas read too, and what pandas does not know of. */
#ifndef CHECK_CSV_H
#define CHECK_CSV_H

#include "csv_cases.h"

static dsc_csv good_csv(const char *text) {
  dsc_csv csv;
  dsc_error error;
  dsc_error_clear(&error);
  char *copy = (char *)malloc(strlen(text) + (*text == 0));
  memcpy(copy, text, strlen(text));
  CHECK(dsc_csv_parse(copy, (int64_t)strlen(text), "good.csv", &csv_options, &csv, &error) == DSC_OK, "%s",
      error.message);
  free(copy);
  return csv;
}

static void csv_target(const char *name, int64_t index, int32_t dtype) {
  csv_options.target = name != NULL ? DSC_CSV_TARGET_NAME : DSC_CSV_TARGET_INDEX;
  csv_options.target_name = name;
  csv_options.target_index = index;
  csv_options.target_dtype = dtype;
}

static void check_good_csv(void) {
  csv_options = dsc_csv_defaults();
  csv_options.missing = DSC_CSV_MISSING_NAN;
  dsc_csv csv = good_csv("\xEF\xBB\xBF"
                         "a,\"b \"\"q\"\"\nx\",c\r\n1, 2 ,\"3.5\"\r\n-4,nan,1e2\r\n\r\n\n");
  const float *f = (const float *)csv.features.data;
  CHECK(csv.rows == 2 && csv.columns == 3 && csv.features.shape[0] == 2 && csv.features.count == 6, "shape");
  CHECK(f[0] == 1 && f[1] == 2 && f[2] == 3.5f && f[3] == -4 && isnan(f[4]) && f[5] == 100, "values");
  CHECK(strcmp(csv.names[1], "b \"q\"\nx") == 0, "name: %s", csv.names[1]);
  dsc_csv_free(&csv);
  csv_options.missing = DSC_CSV_MISSING_REFUSED;
  csv_target("y", 0, DSC_I32);
  csv_options.dtype = DSC_F64;
  csv = good_csv("x,y,z\n0.1,7,0.3\n1,-2.0,3");
  const double *d = (const double *)csv.features.data;
  const int32_t *labels = (const int32_t *)csv.target.data;
  CHECK(csv.rows == 2 && csv.columns == 2 && d[0] == 0.1 && d[1] == 0.3 && d[3] == 3, "features");
  CHECK(csv.target.rank == 1 && csv.target.shape[0] == 2 && labels[0] == 7 && labels[1] == -2, "labels");
  CHECK(strcmp(csv.names[1], "z") == 0 && strcmp(csv.target_name, "y") == 0, "names");
  dsc_csv_free(&csv);
  csv_target(NULL, -1, DSC_F32);
  csv_options.separator = ';';
  csv = good_csv("1;2\n3;4\n");
  CHECK(csv.rows == 2 && csv.names == NULL && ((const float *)csv.target.data)[1] == 4 &&
          ((const double *)csv.features.data)[1] == 3,
      "by index");
  dsc_csv_free(&csv);
  csv_options = dsc_csv_defaults();
  csv_options.header = DSC_CSV_HEADER_YES;
  csv = good_csv("2020,2021\n1,2\n");
  CHECK(csv.rows == 1 && strcmp(csv.names[0], "2020") == 0, "numeric header");
  dsc_csv_free(&csv);
  csv_options = dsc_csv_defaults();
  csv = good_csv("5");
  CHECK(csv.rows == 1 && csv.columns == 1, "one number");
  dsc_csv_free(&csv);
}

static void check_hostile_csv(void) {
  csv_options = dsc_csv_defaults();
  HOSTILE(CSV, text_sample(""), DSC_ERROR_FORMAT, "line 1: the file is empty");
  HOSTILE(CSV, text_sample("\xEF\xBB\xBF"), DSC_ERROR_FORMAT, "line 1: the file is empty");
  HOSTILE(CSV, text_sample("\n1,2\n"), DSC_ERROR_FORMAT, "line 1: a blank line");
  HOSTILE(CSV, text_sample("a,b\n"), DSC_ERROR_FORMAT, "line 2: no rows");
  HOSTILE(CSV, text_sample("a,b\n\n\n"), DSC_ERROR_FORMAT, "no rows");
  HOSTILE(CSV, text_sample("a,b\n1,2\n3\n"), DSC_ERROR_FORMAT, "line 3: 1 column; expected 2");
  HOSTILE(CSV, text_sample("a,b\n1,2\n3,4,5,6\n"), DSC_ERROR_FORMAT, "line 3: 4 columns; expected 2");
  HOSTILE(CSV, text_sample("a,b\n1,2,\n"), DSC_ERROR_FORMAT, "line 2: 3 columns; expected 2");
  HOSTILE(CSV, text_sample("a,b\n1,2\n\n3,4\n"), DSC_ERROR_FORMAT, "line 3: a blank line between records");
  HOSTILE(CSV, text_sample("a,b\n1,2\n3,x\ty\n"), DSC_ERROR_FORMAT,
      "line 3, column 2 (\"b\"): expected a number, found \"x\\x09y\"");
  HOSTILE(CSV, text_sample("a,b\n1,\n"), DSC_ERROR_FORMAT,
      "line 2, column 2 (\"b\"): expected a number, found an empty field");
  HOSTILE(CSV, text_sample("1,2\n,"), DSC_ERROR_FORMAT, "line 2, column 1: expected a number, found an empty field");
  HOSTILE(CSV, text_sample("1,2\n3,0x10"), DSC_ERROR_FORMAT, "line 2, column 2: expected a number, found \"0x10\"");
  HOSTILE(CSV, text_sample("1,2\r3,4\r5,x\r"), DSC_ERROR_FORMAT, "line 3, column 2: expected a number, found \"x\"");
  HOSTILE(CSV, text_sample("\"a\r\nb\rc\",d\r1,x"), DSC_ERROR_FORMAT,
      "line 4, column 2 (\"d\"): expected a number, found \"x\"");
  HOSTILE(
      CSV, text_sample("1,2\n3,1e999\n"), DSC_ERROR_FORMAT, "line 2, column 2: the number is beyond the range of f32");
  HOSTILE(
      CSV, text_sample("1,2\n3,4e38\n"), DSC_ERROR_FORMAT, "line 2, column 2: the number is beyond the range of f32");
  HOSTILE(CSV, text_sample("a,\"b\n1,2\n3,4\n"), DSC_ERROR_FORMAT,
      "line 1, column 2: the quote that opens here is never closed");
  HOSTILE(CSV, text_sample("a,b\n1,\"2\n3,4\n"), DSC_ERROR_FORMAT,
      "line 2, column 2: the quote that opens here is never closed");
  HOSTILE(CSV, text_sample("a,b\n1,\"2\"3\n"), DSC_ERROR_FORMAT, "line 2, column 2: text follows the closing quote");
  HOSTILE(CSV, text_sample("a,b\n1,2\"3\"\n"), DSC_ERROR_FORMAT, "line 2, column 2: a quote inside an unquoted field");
  HOSTILE(CSV, text_sample("a,\"b\n\n\"\n1,x\n"), DSC_ERROR_FORMAT, "line 4, column 2 (\"b\\x0a\\x0a\")");
  HOSTILE(CSV, text_sample("a,1\n1,2\n"), DSC_ERROR_FORMAT, "line 1: 1 of 2 columns are numbers");
  csv_options.header = DSC_CSV_HEADER_NO;
  HOSTILE(CSV, text_sample("a,b\n1,2\n"), DSC_ERROR_FORMAT, "line 1, column 1: expected a number, found \"a\"");
  csv_options.header = DSC_CSV_HEADER_YES;
  sample zero = text_sample("a,b?\n1,2\n");
  zero.data[3] = 0;
  HOSTILE(CSV, zero, DSC_ERROR_FORMAT, "line 1, column 2: a zero byte");
  csv_target("y", 0, DSC_I32);
  HOSTILE(CSV, text_sample("a,b\n1,2\n"), DSC_ERROR_USAGE, "no column is named \"y\"");
  HOSTILE(CSV, text_sample("y,a,y\n1,2,3\n"), DSC_ERROR_FORMAT, "line 1: columns 1 and 3 are both named \"y\"");
  HOSTILE(CSV, text_sample("y\n1\n"), DSC_ERROR_FORMAT, "line 1: the target is the only column");
  HOSTILE(CSV, text_sample("a,y\n1,2.5\n"), DSC_ERROR_FORMAT,
      "line 2, column 2 (\"y\"): expected a whole number of 32 bits, found 2.5");
  HOSTILE(CSV, text_sample("a,y\n1,3e9\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"y\"): expected a whole number");
  HOSTILE(
      CSV, text_sample("a,y\n1,nan\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"y\"): expected a number, found \"nan\"");
  csv_options.header = DSC_CSV_HEADER_NO;
  HOSTILE(CSV, text_sample("1,2\n"), DSC_ERROR_USAGE, "has no header");
  csv_target(NULL, 2, DSC_I32);
  HOSTILE(CSV, text_sample("1,2\n"), DSC_ERROR_USAGE, "target column 2 does not exist: the file has 2 columns");
  csv_target(NULL, -3, DSC_I32);
  HOSTILE(CSV, text_sample("1,2\n"), DSC_ERROR_USAGE, "target column -3 does not exist");
  csv_target(NULL, -1, DSC_U8);
  HOSTILE(CSV, text_sample("1,2\n"), DSC_ERROR_USAGE, "not as u8");
  csv_options = dsc_csv_defaults();
  csv_options.separator = '"';
  HOSTILE(CSV, text_sample("1,2\n"), DSC_ERROR_USAGE, "cannot separate columns");
  csv_options = dsc_csv_defaults();
}

/* ---- against pandas ---- */

static dsc_csv_options case_options(const csv_case *one, dsc_csv_category *categories) {
  dsc_csv_options options = dsc_csv_defaults();
  options.header = one->header;
  options.separator = one->separator;
  options.decimal = one->decimal;
  options.missing = one->missing;
  options.dtype = DSC_F64;
  options.skipped = one->skipped;
  options.skipped_count = one->skipped_count;
  for (int i = 0; i < one->category_count; i++) {
    categories[i].column = one->categories[i];
    categories[i].labels = NULL;
    categories[i].count = 0;
  }
  options.categories = categories;
  options.category_count = one->category_count;
  return options;
}

static void check_case(const csv_case *one) {
  dsc_csv csv;
  dsc_error error;
  dsc_error_clear(&error);
  char *copy = (char *)malloc((size_t)one->size + (one->size == 0)), names[256] = "", labels[256] = "";
  memcpy(copy, one->text, (size_t)one->size);
  CHECK(dsc_csv_parse(copy, one->size, one->name, &csv_options, &csv, &error) == DSC_OK, "%s", error.message);
  CHECK(csv.rows == one->rows && csv.columns == one->columns && csv.dropped == one->dropped,
      "%s: %d rows, %d columns, %d dropped", one->name, (int)csv.rows, (int)csv.columns, (int)csv.dropped);
  for (int64_t i = 0; i < csv.features.count; i++) {
    const double value = ((const double *)csv.features.data)[i], wanted = one->values[i];
    CHECK(value == wanted || (isnan(value) && isnan(wanted)), "%s: value %d is %.17g, pandas has %.17g", one->name,
        (int)i, value, wanted);
  }
  for (int64_t i = 0; csv.names != NULL && i < csv.columns; i++)
    strcat(strcat(names, csv.names[i]), "|");
  for (int64_t i = 0; i < csv.label_count; i++)
    for (int64_t k = 0; k < csv.labels[i].count; k++)
      strcat(strcat(labels, csv.labels[i].texts[k]), "|");
  CHECK(strcmp(names, one->names) == 0 && strcmp(labels, one->labels) == 0, "%s: names %s, labels %s", one->name, names,
      labels);
  dsc_csv_free(&csv);
  free(copy);
}

static void check_csv_cases(void) {
  for (size_t i = 0; i < sizeof csv_cases / sizeof *csv_cases; i++) {
    const csv_case *one = &csv_cases[i];
    dsc_csv_category categories[2];
    csv_options = case_options(one, categories);
    if (one->refused == NULL) {
      check_case(one);
      continue;
    }
    sample s = text_sample("");
    put(&s, one->text, (size_t)one->size);
    hostile_at(
        (int)i, CSV, s, strncmp(one->name, "UTF-16", 6) == 0 ? DSC_ERROR_UNSUPPORTED : DSC_ERROR_FORMAT, one->refused);
  }
  csv_options = dsc_csv_defaults();
}

/* ---- categories ---- */

static void csv_category(dsc_csv_category *to, const char *name, const char *const *labels, int64_t count) {
  to->column.name = name;
  to->column.index = 0;
  to->labels = labels;
  to->count = count;
  csv_options.categories = to;
  csv_options.category_count = 1;
}

/* Labels as the target; labels that are known beforehand; those of rows that are left out. */
static void check_labels(void) {
  static const char *const sizes[3] = {"small", "medium", "NA"}, *const twice[3] = {"a", "b", "a"},
                           *const broken[1] = {"\xFF"};
  dsc_csv_category category;
  csv_options = dsc_csv_defaults();
  csv_target("size", 0, DSC_I32);
  csv_category(&category, "size", NULL, 0);
  dsc_csv csv = good_csv("x,size\n1,small\n2,NA\n3,medium\n4,small\n");
  const int32_t *target = (const int32_t *)csv.target.data;
  CHECK(csv.target_labels == 0 && csv.labels[0].count == 3 && strcmp(csv.labels[0].texts[0], "NA") == 0 &&
          strcmp(csv.labels[0].texts[2], "small") == 0,
      "labels of the target");
  CHECK(target[0] == 2 && target[1] == 0 && target[2] == 1 && target[3] == 2, "numbers of the target");
  dsc_csv_free(&csv);
  csv_category(&category, "size", sizes, 3);
  csv_options.missing = DSC_CSV_MISSING_DROPPED;
  csv = good_csv("x,size\n1,medium\n,unheard of\n2,\n3,NA\n");
  target = (const int32_t *)csv.target.data;
  CHECK(csv.rows == 2 && csv.dropped == 2 && target[0] == 1 && target[1] == 2 && csv.labels[0].count == 3,
      "known labels");
  dsc_csv_free(&csv);
  HOSTILE(CSV, text_sample("x,size\n1,medium\n2,tiny\n"), DSC_ERROR_FORMAT,
      "line 3, column 2 (\"size\"): the label \"tiny\" is none of the 3 that are known: \"small\" 0, \"medium\" 1, "
      "\"NA\" 2");
  csv_options.missing = DSC_CSV_MISSING_NAN;
  HOSTILE(CSV, text_sample("x,size\n1,medium\n2,\n"), DSC_ERROR_FORMAT,
      "line 3, column 2 (\"size\"): a missing value, which is no whole number");
  csv_options.missing = DSC_CSV_MISSING_REFUSED;
  HOSTILE(CSV, text_sample("x,size\n1,medium\n2,\n"), DSC_ERROR_FORMAT,
      "line 3, column 2 (\"size\"): expected a label, found an empty field");
  csv_category(&category, "size", twice, 3);
  HOSTILE(CSV, text_sample("x,size\n1,a\n"), DSC_ERROR_USAGE, "the label \"a\" is given twice, as number 0 and 2");
  csv_category(&category, "size", broken, 1);
  HOSTILE(CSV, text_sample("x,size\n1,a\n"), DSC_ERROR_FORMAT, "a known label: the label \"\\xff\" is not UTF-8");
  csv_options = dsc_csv_defaults();
  csv_category(&category, "c", NULL, 0);
  sample zero = text_sample("x,c\n1,a?b\n");
  zero.data[7] = 0;
  HOSTILE(
      CSV, zero, DSC_ERROR_FORMAT, "line 2, column 2 (\"c\"): the label \"a\\x00b\" is not UTF-8 without zero bytes");
  sample s = text_sample("x,c\n1,");
  memset(s.data + s.size, 'a', 1001);
  s.size += 1001;
  HOSTILE(CSV, s, DSC_ERROR_LIMIT, "line 2, column 2 (\"c\"): a label of 1001 bytes; expected at most 1000");
  csv_options = dsc_csv_defaults();
}

static void check_columns(void) {
  static const dsc_csv_column chosen[3] = {{"b", 0}, {NULL, -1}, {"none", 0}};
  dsc_csv_category category;
  csv_options = dsc_csv_defaults();
  csv_options.skipped = chosen;
  csv_options.skipped_count = 2;
  csv_target("c", 0, DSC_F64);
  dsc_csv csv = good_csv("a,b,c,d\n1,x,3,y\n4,,6,\n");
  CHECK(csv.columns == 1 && strcmp(csv.names[0], "a") == 0 && strcmp(csv.target_name, "c") == 0 &&
          ((const double *)csv.target.data)[1] == 6,
      "skipped beside a target");
  dsc_csv_free(&csv);
  csv_target("b", 0, DSC_F64);
  HOSTILE(CSV, text_sample("a,b,c\n1,2,3\n"), DSC_ERROR_USAGE, "column 2 is the target and is to be skipped");
  csv_options.target = DSC_CSV_TARGET_NONE;
  csv_category(&category, "b", NULL, 0);
  HOSTILE(CSV, text_sample("a,b,c\n1,2,3\n"), DSC_ERROR_USAGE, "column 2 holds categories and is to be skipped");
  dsc_csv_category both[2] = {category, category};
  csv_options.skipped_count = 0;
  csv_options.categories = both;
  csv_options.category_count = 2;
  HOSTILE(
      CSV, text_sample("a,b,c\n1,2,3\n"), DSC_ERROR_USAGE, "column 2 holds categories and is named twice among them");
  csv_options.category_count = 0;
  csv_options.skipped = chosen + 1;
  csv_options.skipped_count = 2;
  HOSTILE(CSV, text_sample("a,b,c\n1,2,3\n"), DSC_ERROR_USAGE,
      "no column is named \"none\"; line 1 has 3 columns, the last one \"c\"");
  csv_options.skipped_count = 1;
  HOSTILE(CSV, text_sample("a\n1\n"), DSC_ERROR_FORMAT, "line 1: no column is left for the features");
  csv_options = dsc_csv_defaults();
  csv_options.decimal = ',';
  HOSTILE(CSV, text_sample("1\n"), DSC_ERROR_USAGE,
      "character 44 cannot be the decimal mark; expected '.' or ',', other than the separator");
  csv_options = dsc_csv_defaults();
}

/* Features that are chosen, in another order than the file's, a category among them and further columns of text. */
static void check_chosen(void) {
  static const dsc_csv_column chosen[3] = {{"d", 0}, {"a", 0}, {NULL, 0}};
  dsc_csv_category category;
  csv_options = dsc_csv_defaults();
  csv_options.chosen = chosen;
  csv_options.chosen_count = 2;
  csv_category(&category, "d", NULL, 0);
  csv_target("c", 0, DSC_F64);
  dsc_csv csv = good_csv("a,b,c,d\n1,x,3,no\n4,,6,yes\n7,z,9,ah\n");
  const float *x = (const float *)csv.features.data;
  CHECK(csv.columns == 2 && strcmp(csv.names[0], "d") == 0 && strcmp(csv.names[1], "a") == 0 && x[0] == 1 &&
          x[1] == 1 && x[2] == 2 && x[3] == 4 && x[4] == 0 && x[5] == 7 && ((const double *)csv.target.data)[2] == 9,
      "chosen in another order");
  dsc_csv_free(&csv);
  csv_options.chosen_count = 3;
  HOSTILE(CSV, text_sample("a,b,c,d\n1,2,3,4\n"), DSC_ERROR_USAGE,
      "column 1 is chosen as a feature and is named twice among them");
  csv_options.chosen_count = 2;
  csv_target("a", 0, DSC_F64);
  HOSTILE(CSV, text_sample("a,b,c,d\n1,2,3,4\n"), DSC_ERROR_USAGE, "column 1 is chosen as a feature and is the target");
  csv_options.target = DSC_CSV_TARGET_NONE;
  csv_category(&category, "b", NULL, 0);
  HOSTILE(CSV, text_sample("a,b,c,d\n1,2,3,4\n"), DSC_ERROR_USAGE,
      "column 2 holds categories and is not among the columns that are chosen");
  csv_options.category_count = 0;
  HOSTILE(CSV, text_sample("a,b,c\n1,2,3\n"), DSC_ERROR_USAGE, "no column is named \"d\"");
  csv_options.skipped = chosen;
  csv_options.skipped_count = 1;
  HOSTILE(CSV, text_sample("a,b,c,d\n1,2,3,4\n"), DSC_ERROR_USAGE, "the features are chosen");
  csv_options = dsc_csv_defaults();
}

/* Many rows, in more than one window and block: numbers, labels by their bytes, rows left out; and too many labels. */
static void check_large_csv(void) {
  enum { ROWS = 100000 };
  char *text = (char *)malloc((size_t)ROWS * 40);
  dsc_csv_category category;
  dsc_csv csv;
  dsc_error error;
  int64_t size = 0, right = 0;
  dsc_error_clear(&error);
  csv_options = dsc_csv_defaults();
  csv_options.missing = DSC_CSV_MISSING_DROPPED;
  for (int i = 0; i < ROWS; i++)
    size += i % 100 == 7 ? sprintf(text + size, "\"%d\",\"x\ny\",\r\n", i)
                         : sprintf(text + size, "%d,\"k\n%02d\",%d.5%s", i, i % 37, -i - 1, i % 2 == 0 ? "\n" : "\r\n");
  csv_category(&category, NULL, NULL, 0);
  category.column.index = 1;
  csv_target(NULL, -1, DSC_F64);
  csv_options.header = DSC_CSV_HEADER_NO;
  CHECK(dsc_csv_parse(text, size, "large", &csv_options, &csv, &error) == DSC_OK && csv.rows == ROWS - ROWS / 100 &&
          csv.dropped == ROWS / 100 && csv.labels[0].count == 37,
      "%s", error.message);
  for (int64_t i = 0, row = 0; i < ROWS; i++) {
    const float *x = (const float *)csv.features.data + 2 * row;
    if (i % 100 == 7)
      continue;
    right += x[0] == (float)i && x[1] == (float)(i % 37) && ((const double *)csv.target.data)[row] == -(double)i - 1.5;
    row++;
  }
  CHECK(right == csv.rows && strcmp(csv.labels[0].texts[36], "k\n36") == 0, "%d rows are right", (int)right);
  dsc_csv_free(&csv);
  size = 0;
  for (int i = 0, n = 0; i <= DSC_LABELS; i++, n = (n + 40503) % 65536)
    size += sprintf(text + size, "1,%d\n", i == DSC_LABELS ? -1 : n);
  csv_options.target = DSC_CSV_TARGET_NONE;
  CHECK(dsc_csv_parse(text, size, "large", &csv_options, &csv, &error) == DSC_ERROR_LIMIT &&
          strstr(error.message, "line 65537, column 2: more than 65536 different labels") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  CHECK(
      dsc_csv_parse(text, size - 5, "large", &csv_options, &csv, &error) == DSC_OK && csv.labels[0].count == DSC_LABELS,
      "%s", error.message);
  dsc_csv_free(&csv);
  free(text);
  csv_options = dsc_csv_defaults();
}

#endif
