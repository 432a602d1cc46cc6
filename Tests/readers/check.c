/* Checks the readers and writers of Runtime on good and on hostile files.
 * Takes a folder to work in, the folder of fixtures, and optionally a folder on a tiny filesystem (for a full disk).
 * Gives one line; exits 1 after the first list of failures. Each hostile file is read by path and from memory: both must
 * give the code asked for and the same message, which names the file and holds the text asked for. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

static const char *work, *fixtures;

enum { CSV,
       NPY,
       IDX,
       SAFETENSORS };

static dsc_csv_options csv_options;

static const char *path_in(const char *folder, const char *name) {
  static char paths[8][512];
  static int next;
  char *path = paths[next++ & 7];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void write_plain(const char *path, const void *data, int64_t size) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL && fwrite(data, 1, (size_t)size, file) == (size_t)size, "cannot write %s", path);
  if (file != NULL)
    fclose(file);
}

/* Reads by path (bytes null) or from memory, and gives everything back. */
static int read_any(int kind, const void *bytes, int64_t size, const char *path, dsc_error *error) {
  dsc_csv csv;
  dsc_array array;
  dsc_safetensors tensors;
  int code = -1;
  switch (kind) {
  case CSV:
    code = bytes != NULL ? dsc_csv_parse(bytes, size, path, &csv_options, &csv, error) : dsc_csv_read(path, &csv_options, &csv, error);
    CHECK(code == 0 || (csv.features.data == NULL && csv.names == NULL), "CSV is not empty after a failure");
    dsc_csv_free(&csv);
    break;
  case NPY:
  case IDX:
    if (kind == NPY)
      code = bytes != NULL ? dsc_npy_parse(bytes, size, path, &array, error) : dsc_npy_read(path, &array, error);
    else
      code = bytes != NULL ? dsc_idx_parse(bytes, size, path, &array, error) : dsc_idx_read(path, &array, error);
    CHECK(code == 0 || array.data == NULL, "array is not empty after a failure");
    dsc_array_free(&array);
    break;
  case SAFETENSORS:
    code = bytes != NULL ? dsc_safetensors_parse(bytes, size, path, &tensors, error) : dsc_safetensors_open(path, &tensors, error);
    CHECK(code == 0 || tensors.entries == NULL, "safetensors is not empty after a failure");
    dsc_safetensors_free(&tensors);
    break;
  default:
    break;
  }
  return code;
}

static int show_messages;

static void hostile_at(int line, int kind, sample s, int code, const char *text) {
  const char *path = path_in(work, "hostile");
  dsc_error by_path, by_memory;
  dsc_error_clear(&by_path);
  dsc_error_clear(&by_memory);
  write_plain(path, s.data, s.size);
  const int found = read_any(kind, NULL, 0, path, &by_path);
  CHECK(found == code && by_path.code == code, "line %d: code %d, expected %d: %s", line, found, code, by_path.message);
  CHECK(strncmp(by_path.message, path, strlen(path)) == 0, "line %d: the file is not named: %s", line, by_path.message);
  CHECK(strstr(by_path.message, text) != NULL, "line %d: '%s' is not in: %s", line, text, by_path.message);
  if (show_messages)
    printf("%s\n", by_path.message + strlen(path) + 2);
  if (kind == CSV && s.size >= 2 && s.data[0] == 0x1F)
    return;
  /* A copy of the exact size lets the address sanitizer see a byte read too far. */
  uint8_t *copy = (uint8_t *)malloc((size_t)s.size + (s.size == 0));
  memcpy(copy, s.data, (size_t)s.size);
  CHECK(read_any(kind, copy, s.size, path, &by_memory) == code, "line %d: from memory: code %d, expected %d", line, by_memory.code, code);
  CHECK(strcmp(by_path.message, by_memory.message) == 0, "line %d: by path: %s; from memory: %s", line, by_path.message, by_memory.message);
  free(copy);
}

#define HOSTILE(kind, made, code, text) hostile_at(__LINE__, kind, made, code, text)

/* ---- errors ---- */

static void check_errors(void) {
  dsc_error error;
  char path[1000];
  dsc_error_clear(&error);
  CHECK(dsc_fail(&error, DSC_ERROR_IO, "first %d", 1) == DSC_ERROR_IO, "code");
  CHECK(dsc_fail(&error, DSC_ERROR_FORMAT, "second") == DSC_ERROR_IO, "the first error wins");
  CHECK(strcmp(dsc_error_message(&error), "first 1") == 0, "message: %s", error.message);
  CHECK(dsc_fail(NULL, DSC_ERROR_FORMAT, "nobody listens") == DSC_ERROR_FORMAT, "null error");
  memset(path, 'x', sizeof path);
  path[sizeof path - 1] = 0;
  dsc_error_clear(&error);
  dsc_fail_in(&error, DSC_ERROR_IO, path, "the end");
  CHECK(strlen(error.message) < 250 && strstr(error.message, "xxx: the end") != NULL, "long path: %s", error.message);
  CHECK(strcmp(dsc_show("a\n\"\xC3\xA9\xFF", 6).text, "\"a\\x0a\"\xC3\xA9\\xff\"") == 0, "shown: %s", dsc_show("a\n\"\xC3\xA9\xFF", 6).text);
  CHECK(dsc_utf8_length((const uint8_t *)"\xED\xA0\x80", 3) == 0 && dsc_utf8_length((const uint8_t *)"\xC0\x80", 2) == 0, "strict UTF-8");
  CHECK(dsc_utf8_length((const uint8_t *)"\xF0\x9F\x98\x80", 4) == 4 && dsc_utf8_length((const uint8_t *)"\xF0\x9F\x98\x80", 3) == 0, "four bytes");
}

static void check_arrays(void) {
  dsc_array array;
  dsc_error error;
  const int64_t huge[3] = {INT64_MAX / 8, 2, 1}, fits[2] = {INT64_MAX / 8, 1}, zero[3] = {INT64_MAX, INT64_MAX, 0}, negative[1] = {-1};
  dsc_error_clear(&error);
  CHECK(dsc_array_describe(&array, DSC_F64, 3, huge, "a", &error) == DSC_ERROR_LIMIT, "overflow");
  CHECK(dsc_array_describe(&array, DSC_F64, 2, fits, "a", NULL) == DSC_OK && array.bytes == INT64_MAX / 8 * 8, "just fits");
  CHECK(dsc_array_describe(&array, DSC_F64, 3, zero, "a", NULL) == DSC_OK && array.count == 0, "empty");
  CHECK(dsc_array_describe(&array, DSC_F64, 1, negative, "a", NULL) == DSC_ERROR_FORMAT, "negative");
  CHECK(dsc_array_describe(&array, DSC_F64, 9, zero, "a", NULL) == DSC_ERROR_LIMIT, "rank 9");
  CHECK(dsc_array_describe(&array, 6, 0, zero, "a", NULL) == DSC_ERROR_USAGE, "type 6");
  CHECK(dsc_array_allocate(&array, DSC_F32, 0, NULL, "a", NULL) == DSC_OK && array.count == 1 && (uintptr_t)array.data % 64 == 0, "scalar");
  dsc_array_free(&array);
  dsc_array_free(&array);
}

/* ---- numbers ---- */

static uint64_t random_state = 1;

static uint64_t random_bits(void) { /* splitmix64 */
  uint64_t z = random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static void check_number(const char *text) {
  dsc_decimal d;
  const char *end = text + strlen(text);
  CHECK(dsc_decimal_scan(text, end, &d) == end, "not a number: %s", text);
  const double wide = dsc_decimal_value(&d, 0), c_wide = strtod(text, NULL);
  const float narrow = (float)dsc_decimal_value(&d, 1), c_narrow = strtof(text, NULL);
  CHECK(memcmp(&wide, &c_wide, 8) == 0 || (isnan(wide) && isnan(c_wide)), "f64 of %s: %.17g, C has %.17g", text, wide, c_wide);
  CHECK(memcmp(&narrow, &c_narrow, 4) == 0 || (isnan(narrow) && isnan(c_narrow)), "f32 of %s: %.9g, C has %.9g", text, (double)narrow, (double)c_narrow);
}

/* Compares with the C library, bit for bit. */
static void check_numbers(int rounds) {
  static const char *const fixed[] = {"0", "-0", "1", "+1.5", ".5", "5.", "1e5", "1E+5", "1e-5", "1e22", "1e23", "9007199254740993", "9007199254740992", "9007199254740991",
                                      "16777217", "16777217.0000000000000000000001", "16777219", "33554433e1", "0.1", "1e308", "1.7976931348623157e308", "1e309", "-1e400", "4.9e-324", "2.4703282292062327e-324",
                                      "2.4703282292062328e-324", "1e-400", "3.4028235e38", "3.4028236e38", "1e39", "1.17549435e-38", "7e-46", "1.4e-45", "1e99999999999999999999", "1e-99999999999999999999",
                                      "0e99999999999999999999", "18446744073709551615", "18446744073709551616", "9999999999999999999", "99999999999999999999", "0.000000000000000000000000000000123456789",
                                      "00000000000000000000000000000001.5", "123456789012345678901234567890", "1.00000005960464477539062500000000000001", "1.000000059604644775390625", "nan", "NaN", "-inf", "Infinity"};
  static const char *const wrong[] = {"", "+", "-", ".", "e5", "1e", "1e+", "x", "+-1", "-.", "in", "na", "--1"};
  static const char hexadecimal[] = "0x10";
  char text[1200];
  dsc_decimal d;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
    check_number(fixed[i]);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    CHECK(dsc_decimal_scan(wrong[i], wrong[i] + strlen(wrong[i]), &d) == NULL, "a number: %s", wrong[i]);
  CHECK(*dsc_decimal_scan(hexadecimal, hexadecimal + 4, &d) == 'x', "hexadecimal");
  memset(text, '0', sizeof text);
  memcpy(text, "1.", 2);
  memcpy(text + 1190, "1", 2);
  check_number(text);
  for (int i = 0; i < rounds; i++) {
    const uint64_t bits = random_bits();
    double value;
    float single;
    memcpy(&value, &bits, 8);
    memcpy(&single, &bits, 4);
    if (!isfinite(value) || !isfinite(single))
      continue;
    switch (bits >> 8 & 7) {
    case 0:
      snprintf(text, sizeof text, "%.17g", value);
      break;
    case 1:
      snprintf(text, sizeof text, "%.9g", (double)single);
      break;
    case 2:
      snprintf(text, sizeof text, "%.*f", (int)(bits % 19), (double)(int64_t)(bits >> 20) / 1048576.0);
      break;
    case 3:
      snprintf(text, sizeof text, "%.18e", (double)single);
      break;
    case 4:
      snprintf(text, sizeof text, "%" PRIu64 "e%d", bits >> (bits & 63), (int)(bits % 50) - 25);
      break;
    case 5:
      snprintf(text, sizeof text, "%.*g", (int)(bits % 30) + 1, (double)single);
      break;
    case 6: /* just between two floats, and a hair beside */
      snprintf(text, sizeof text, "%.40g%s", ((double)single + (double)nextafterf(single, 1e30f)) / 2, fabsf(single) > 1e9f || fabsf(single) < 1e-9f ? "" : bits & 16 ? "000000000000000000001"
                                                                                                                                                                      : "");
      break;
    default:
      snprintf(text, sizeof text, "%.800g", value);
      break;
    }
    check_number(text);
  }
}

/* ---- CSV ---- */

static dsc_csv good_csv(const char *text) {
  dsc_csv csv;
  dsc_error error;
  dsc_error_clear(&error);
  char *copy = (char *)malloc(strlen(text) + (*text == 0));
  memcpy(copy, text, strlen(text));
  CHECK(dsc_csv_parse(copy, (int64_t)strlen(text), "good.csv", &csv_options, &csv, &error) == DSC_OK, "%s", error.message);
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
  dsc_csv csv = good_csv("\xEF\xBB\xBF"
                         "a,\"b \"\"q\"\"\nx\",c\r\n1, 2 ,\"3.5\"\r\n-4,nan,1e2\r\n\r\n\n");
  const float *f = (const float *)csv.features.data;
  CHECK(csv.rows == 2 && csv.columns == 3 && csv.features.shape[0] == 2 && csv.features.count == 6, "shape");
  CHECK(f[0] == 1 && f[1] == 2 && f[2] == 3.5f && f[3] == -4 && isnan(f[4]) && f[5] == 100, "values");
  CHECK(strcmp(csv.names[1], "b \"q\"\nx") == 0, "name: %s", csv.names[1]);
  dsc_csv_free(&csv);
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
  CHECK(csv.rows == 2 && csv.names == NULL && ((const float *)csv.target.data)[1] == 4 && ((const double *)csv.features.data)[1] == 3, "by index");
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
  HOSTILE(CSV, text_sample("a,b\n1,2\n3,x\ty\n"), DSC_ERROR_FORMAT, "line 3, column 2 (\"b\"): expected a number, found \"x\\x09y\"");
  HOSTILE(CSV, text_sample("a,b\n1,\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"b\"): expected a number, found an empty field");
  HOSTILE(CSV, text_sample("1,2\n,"), DSC_ERROR_FORMAT, "line 2, column 1: expected a number, found an empty field");
  HOSTILE(CSV, text_sample("1,2\n3,0x10"), DSC_ERROR_FORMAT, "line 2, column 2: expected a number, found \"0x10\"");
  HOSTILE(CSV, text_sample("1,2\n3,4\r5,6\n"), DSC_ERROR_FORMAT, "line 2, column 2: expected a number, found \"4\\x0d5\"");
  HOSTILE(CSV, text_sample("1,2\n3,4\r"), DSC_ERROR_FORMAT, "line 2, column 2: expected a number, found \"4\\x0d\"");
  HOSTILE(CSV, text_sample("1,2\n3,1e999\n"), DSC_ERROR_FORMAT, "line 2, column 2: the number is beyond the range of f32");
  HOSTILE(CSV, text_sample("1,2\n3,4e38\n"), DSC_ERROR_FORMAT, "line 2, column 2: the number is beyond the range of f32");
  HOSTILE(CSV, text_sample("a,\"b\n1,2\n3,4\n"), DSC_ERROR_FORMAT, "line 1, column 2: the quote that opens here is never closed");
  HOSTILE(CSV, text_sample("a,b\n1,\"2\n3,4\n"), DSC_ERROR_FORMAT, "line 2, column 2: the quote that opens here is never closed");
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
  HOSTILE(CSV, text_sample("a,y\n1,2.5\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"y\"): expected a whole number of 32 bits, found 2.5");
  HOSTILE(CSV, text_sample("a,y\n1,3e9\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"y\"): expected a whole number");
  HOSTILE(CSV, text_sample("a,y\n1,nan\n"), DSC_ERROR_FORMAT, "line 2, column 2 (\"y\"): expected a whole number");
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

/* ---- files ---- */

static void check_gzip(void) {
  sample plain = text_sample("a,b\n1,2\n3,4\n"), zipped = gzip_sample(&plain), twice = zipped, cut = zipped, tail = zipped, damaged = zipped;
  dsc_csv csv;
  dsc_error error;
  csv_options = dsc_csv_defaults();
  const char *path = path_in(work, "two.csv.gz");
  plain = text_sample("5,6\n");
  const sample second = gzip_sample(&plain);
  put(&twice, second.data, (size_t)second.size);
  write_plain(path, twice.data, twice.size);
  dsc_error_clear(&error);
  CHECK(dsc_csv_read(path, &csv_options, &csv, &error) == DSC_OK && csv.rows == 3 && ((const float *)csv.features.data)[5] == 6, "two members: %s", error.message);
  dsc_csv_free(&csv);
  for (cut.size = zipped.size - 1; cut.size > 2; cut.size--)
    HOSTILE(CSV, cut, DSC_ERROR_FORMAT, "the gzip stream is cut off at byte");
  put_text(&tail, "garbage");
  HOSTILE(CSV, tail, DSC_ERROR_FORMAT, "bytes that are no gzip follow");
  damaged.data[damaged.size - 5] ^= 1;
  HOSTILE(CSV, damaged, DSC_ERROR_FORMAT, "gzip data is damaged near byte");
  /* A bomb: a gzip file of 12 MB of zeros against a limit of 1 MB, and against the announced size of IDX. */
  path = path_in(work, "bomb.gz");
  gzFile bomb = gzopen(path, "wb9");
  static char zeros[1 << 16];
  for (int i = 0; i < 192; i++)
    gzwrite(bomb, zeros, sizeof zeros);
  gzclose(bomb);
  dsc_bytes bytes;
  dsc_error_clear(&error);
  CHECK(dsc_read_file(path, 1 << 20, &bytes, &error) == DSC_ERROR_LIMIT && bytes.data == NULL, "bomb: %s", error.message);
  CHECK(strstr(error.message, "larger than 1048576 bytes (decompressed)") != NULL, "bomb: %s", error.message);
  CHECK(dsc_read_file(path, 192 << 16, &bytes, NULL) == DSC_OK && bytes.size == 192 << 16, "a limit of the exact size");
  dsc_bytes_free(&bytes);
}

static int entries_in(const char *folder) {
  int count = 0;
  DIR *open_folder = opendir(folder);
  while (open_folder != NULL && readdir(open_folder) != NULL)
    count++;
  if (open_folder != NULL)
    closedir(open_folder);
  return count;
}

static void expect_file(const char *path, const char *text) {
  dsc_bytes bytes;
  dsc_error error;
  dsc_error_clear(&error);
  CHECK(dsc_read_file(path, 0, &bytes, &error) == DSC_OK && strcmp((const char *)bytes.data, text) == 0, "%s holds '%s', expected '%s' %s", path, bytes.data != NULL ? (const char *)bytes.data : "", text, error.message);
  dsc_bytes_free(&bytes);
}

/* A disk that fills up (or a limit that stands for it): one error, the old file whole, nothing beside it. */
static void check_full(const char *folder, const char *reason) {
  const char *path = path_in(folder, "kept");
  static char large[1 << 20];
  dsc_error error;
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path, "old", 3, &error) == DSC_OK, "%s", error.message);
  const int before = entries_in(folder);
  CHECK(dsc_write_file(path, large, sizeof large, &error) == DSC_ERROR_IO, "a full disk is seen");
  CHECK(strstr(error.message, reason) != NULL && strstr(error.message, path) == error.message, "%s", error.message);
  CHECK(entries_in(folder) == before, "a temporary file is left");
  expect_file(path, "old");
  if (show_messages)
    printf("%s\n", error.message);
}

static void check_writing(const char *tiny) {
  const char *path = path_in(work, "written");
  dsc_error error;
  dsc_bytes bytes;
  struct stat status;
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path, "one", 3, &error) == DSC_OK, "%s", error.message);
  expect_file(path, "one");
  chmod(path, 0640);
  CHECK(dsc_write_file(path, "two", 3, &error) == DSC_OK && stat(path, &status) == 0 && (status.st_mode & 0777) == 0640, "permissions are kept");
  expect_file(path, "two");
  char here[512];
  CHECK(getcwd(here, sizeof here) != NULL && chdir(work) == 0 && dsc_write_file("bare", "x", 1, &error) == DSC_OK && chdir(here) == 0, "a bare name: %s", error.message);
  CHECK(dsc_write_file("/dev/full", "x", 1, &error) == DSC_ERROR_USAGE && strstr(error.message, "/dev/full: is not a regular file") != NULL, "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_write_file(work, "x", 1, &error) == DSC_ERROR_USAGE, "a folder: %s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path_in(work, "missing/file"), "x", 1, &error) == DSC_ERROR_IO && strstr(error.message, "No such file") != NULL, "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_read_file(path_in(work, "missing"), 0, &bytes, &error) == DSC_ERROR_IO && strstr(error.message, "cannot be opened: No such file") != NULL, "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_read_file(work, 0, &bytes, &error) == DSC_ERROR_IO && strstr(error.message, "is a directory") != NULL, "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_read_file("/dev/zero", 1 << 20, &bytes, &error) == DSC_ERROR_LIMIT, "%s", error.message);
  CHECK(dsc_read_file(path, 2, &bytes, NULL) == DSC_ERROR_LIMIT && dsc_read_file(path, 3, &bytes, NULL) == DSC_OK, "limit");
  dsc_bytes_free(&bytes);
  struct rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = limit;
  small.rlim_cur = 100000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  check_full(work, "File too large");
  setrlimit(RLIMIT_FSIZE, &limit);
  if (tiny != NULL)
    check_full(tiny, "No space left on device");
}

/* ---- IDX ---- */

static void check_idx(void) {
  const uint32_t sizes[9] = {2, 3, 1, 1, 1, 1, 1, 1, 1}, huge[8] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 1, 1, 1};
  static const struct {
    int type, width, dtype;
  } types[6] = {{8, 1, DSC_U8}, {9, 1, DSC_I32}, {0xB, 2, DSC_I32}, {0xC, 4, DSC_I32}, {0xD, 4, DSC_F32}, {0xE, 8, DSC_F64}};
  for (int t = 0; t < 6; t++) {
    sample s = idx_sample(types[t].type, 2, sizes);
    for (int i = -2; i < 4; i++) {
      const float f = (float)i;
      const double d = (double)i;
      uint32_t fb;
      uint64_t db;
      memcpy(&fb, &f, 4);
      memcpy(&db, &d, 8);
      put_big(&s, types[t].type == 0xD ? fb : types[t].type == 0xE ? db
                                                                   : (uint64_t)i,
              types[t].width);
    }
    const sample zipped = gzip_sample(&s);
    for (int gz = 0; gz < 2; gz++) {
      dsc_array a;
      dsc_error error;
      dsc_error_clear(&error);
      CHECK(dsc_idx_parse(gz ? zipped.data : s.data, gz ? zipped.size : s.size, "good.idx", &a, &error) == DSC_OK, "%s", error.message);
      CHECK(a.dtype == types[t].dtype && a.rank == 2 && a.shape[0] == 2 && a.shape[1] == 3, "type %d", t);
      for (int i = 0; i < 6; i++) {
        const double value = a.dtype == DSC_U8 ? (double)(int8_t)((uint8_t *)a.data)[i] : a.dtype == DSC_I32 ? (double)((int32_t *)a.data)[i]
                                                                                      : a.dtype == DSC_F32   ? (double)((float *)a.data)[i]
                                                                                                             : ((double *)a.data)[i];
        CHECK(value == i - 2, "type %d value %d is %g", t, i, value);
      }
      dsc_array_free(&a);
    }
  }
  sample good = idx_sample(8, 2, sizes);
  put_text(&good, "abcdef");
  sample s = good;
  s.data[0] = 1;
  HOSTILE(IDX, s, DSC_ERROR_FORMAT, "bytes 0 and 1 are 01 00");
  HOSTILE(IDX, idx_sample(7, 2, sizes), DSC_ERROR_FORMAT, "unknown IDX type 07 at byte 2");
  HOSTILE(IDX, idx_sample(8, 0, sizes), DSC_ERROR_FORMAT, "rank 0 at byte 3");
  HOSTILE(IDX, idx_sample(8, 9, sizes), DSC_ERROR_FORMAT, "rank 9 at byte 3");
  HOSTILE(IDX, idx_sample(8, 2, huge), DSC_ERROR_LIMIT, "the sizes at byte 4 are absurd");
  HOSTILE(IDX, idx_sample(8, 1, huge), DSC_ERROR_FORMAT, "ends at byte 8; expected 4294967295 bytes of IDX values from byte 8 on");
  HOSTILE(IDX, idx_sample(0xE, 4, huge), DSC_ERROR_LIMIT, "the sizes at byte 4 are absurd");
  s = good;
  put_text(&s, "g");
  HOSTILE(IDX, s, DSC_ERROR_FORMAT, "expected the end of the file at byte 18");
  s = gzip_sample(&s);
  HOSTILE(IDX, s, DSC_ERROR_FORMAT, "expected the end of the file at byte 18 (decompressed)");
  for (s = good; s.size > 0;) {
    s.size--;
    char text[64];
    snprintf(text, sizeof text, "ends at byte %d; expected", (int)s.size);
    HOSTILE(IDX, s, DSC_ERROR_FORMAT, text);
    if (s.size == 12) {
      const sample zipped = gzip_sample(&s);
      HOSTILE(IDX, zipped, DSC_ERROR_FORMAT, "ends at byte 12 (decompressed); expected 6 bytes");
    }
  }
  s = idx_sample(8, 1, huge);
  HOSTILE(IDX, gzip_sample(&s), DSC_ERROR_FORMAT, "more than its compressed size can hold");
  s = gzip_sample(&good);
  s.size -= 9;
  HOSTILE(IDX, s, DSC_ERROR_FORMAT, "the gzip stream is cut off at byte");
}

/* ---- NPY ---- */

static void check_npy(void) {
  const char *good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  dsc_array a;
  dsc_error error;
  dsc_error_clear(&error);
  const sample order = npy_sample(3, "{\"shape\":(1L,),'fortran_order':True,'descr':'|u1'}", 1);
  CHECK(dsc_npy_parse(order.data, order.size, "good.npy", &a, &error) == DSC_OK && a.rank == 1, "%s", error.message);
  dsc_array_free(&a);
  sample s = npy_sample(1, good, 24);
  s.size--;
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "ends at byte 93; expected 24 bytes of NPY values from byte 70 on");
  s.size += 2;
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "expected the end of the file at byte 94");
  s = npy_sample(1, good, 24);
  s.data[0] = 'x';
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "is no NPY file");
  HOSTILE(NPY, npy_sample(4, good, 24), DSC_ERROR_UNSUPPORTED, "NPY version 4.0 at byte 6");
  s = npy_sample(2, good, 24);
  s.data[11] = 0x7F;
  HOSTILE(NPY, s, DSC_ERROR_LIMIT, "the NPY header at byte 8 announces 2130706492 bytes");
  s = npy_sample(1, good, 0);
  s.data[9] = 0xFF;
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "ends at byte 70; expected 65340 bytes of NPY header from byte 10 on");
  for (s = npy_sample(1, good, 0); s.size > 0;) {
    s.size--;
    HOSTILE(NPY, s, DSC_ERROR_FORMAT, "expected");
  }
  static const struct {
    const char *dict;
    int code;
    const char *text;
  } cases[] = {
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", DSC_ERROR_FORMAT, "byte 61: expected a size of 0 or more in the shape, found \"-2, 3), }\""},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 3), }", DSC_ERROR_LIMIT, "multiply to more than"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967295, 4294967295), }", DSC_ERROR_LIMIT, "multiply to more than"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }", DSC_ERROR_FORMAT, "a size below 2^63"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }", DSC_ERROR_FORMAT, "expected 4000000000000 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", DSC_ERROR_UNSUPPORTED, "more than 8 axes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", DSC_ERROR_FORMAT, "expected a tuple"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 3), }", DSC_ERROR_FORMAT, "',' or ')'"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 3, }", DSC_ERROR_FORMAT, "'(' of the shape"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ((((((3,),),),),),) }", DSC_ERROR_FORMAT, "a size of 0 or more"},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "byte 21: type \"<f2\"; supported are"},
      {"{'descr': '|f4', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "type \"|f4\""},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "type \"|O\""},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "records are not supported"},
      {"{'descr': '<f4', 'fortran_order': 1, 'shape': (3,), }", DSC_ERROR_FORMAT, "True or False"},
      {"{'descr': '<f4', 'descr': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "repeated key \"descr\""},
      {"{'descr': '<f4', 'extra': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "unknown key \"extra\""},
      {"{'descr': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "key 'fortran_order' is missing"},
      {"{'descr': '<f4' 'shape': (3,), }", DSC_ERROR_FORMAT, "',' or '}'"},
      {"{'descr: <f4", DSC_ERROR_FORMAT, "the closing quote"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } x", DSC_ERROR_FORMAT, "blanks to the end of the header, found \"x\""},
      {"", DSC_ERROR_FORMAT, "expected '{', found its end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    hostile_at((int)i, NPY, npy_sample(1, cases[i].dict, 4), cases[i].code, cases[i].text);
  s = npy_sample(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", 3);
  s.data[s.size - 1] = 2;
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "byte 69: a truth value of 2");
  /* Written and read back. */
  for (int32_t dtype = 0; dtype < 6; dtype++) {
    const int64_t shape[3] = {2, 1, 3};
    dsc_array b;
    const char *path = path_in(work, "back.npy");
    CHECK(dsc_array_allocate(&a, dtype, dtype == 5 ? 0 : dtype == 4 ? 1
                                                                    : 3,
                             shape, NULL, &error) == DSC_OK,
          "%s", error.message);
    memset(a.data, 1, (size_t)a.bytes);
    CHECK(dsc_npy_write(path, &a, &error) == DSC_OK && dsc_npy_read(path, &b, &error) == DSC_OK, "%s", error.message);
    CHECK(b.dtype == dtype && b.rank == a.rank && b.count == a.count && memcmp(a.data, b.data, (size_t)a.bytes) == 0, "round trip of %d", (int)dtype);
    dsc_array_free(&a);
    dsc_array_free(&b);
  }
}

/* ---- safetensors ---- */

static void check_hostile_safetensors(void) {
  static const struct {
    const char *header;
    int values, code;
    const char *text;
  } cases[] = {
      {"", 0, DSC_ERROR_FORMAT, "header, byte 8: expected '{', found its end"},
      {" {}", 0, DSC_ERROR_FORMAT, "byte 8: expected '{'"},
      {"{", 0, DSC_ERROR_FORMAT, "byte 9: expected the name of a tensor, found its end"},
      {"{}x", 0, DSC_ERROR_FORMAT, "byte 10: expected blanks to the end"},
      {"{}", 1, DSC_ERROR_FORMAT, "expected the end of the file at byte 10"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},}", 4, DSC_ERROR_FORMAT, "expected the name of a tensor, found \"}\""},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}", 4, DSC_ERROR_FORMAT, "',' or '}', found its end"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3, DSC_ERROR_FORMAT, "ends at byte 65; expected 4 bytes of tensors from byte 62 on"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5, DSC_ERROR_FORMAT, "expected the end of the file at byte 66"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, DSC_ERROR_FORMAT, "tensor \"a\" has data_offsets [0,8]; expected 4 bytes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, DSC_ERROR_FORMAT, "tensor \"a\" has data_offsets [4,0]"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, DSC_ERROR_FORMAT, "tensor \"a\" begins at byte 4 of the values, after a hole; expected byte 0"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, DSC_ERROR_FORMAT, "tensor \"b\" begins at byte 4 of the values, inside another tensor; expected byte 8"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, DSC_ERROR_FORMAT, "inside another tensor"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, DSC_ERROR_FORMAT, "two tensors are named \"a\""},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, DSC_ERROR_FORMAT, "key \"k\" twice"},
      {"{\"__metadata__\":{\"k\":\"1\"},\"__metadata__\":{}}", 0, DSC_ERROR_FORMAT, "byte 35: a second __metadata__"},
      {"{\"__metadata__\":{\"k\":1}}", 0, DSC_ERROR_FORMAT, "byte 29: expected a string, as all of __metadata__ is, found \"1}}\""},
      {"{\"__metadata__\":{\"k\":{\"k\":\"v\"}}}", 0, DSC_ERROR_FORMAT, "expected a string"},
      {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, DSC_ERROR_UNSUPPORTED, "tensor \"a\" has type \"BF16\""},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967295,4294967295,4294967295],\"data_offsets\":[0,4]}}", 4, DSC_ERROR_LIMIT, "tensor \"a\": the sizes of the axes multiply"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,9223372036854775807]}}", 4, DSC_ERROR_LIMIT, "larger than any file"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1000000000000],\"data_offsets\":[0,1000000000000]}}", 4, DSC_ERROR_FORMAT, "expected 1000000000000 bytes of tensors"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "a whole number below 2^63"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "a whole number of 0 or more, found \"-1]"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "without leading zeros"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "',' or ']', found \".0]"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_UNSUPPORTED, "more than 8 numbers"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, DSC_ERROR_UNSUPPORTED, "more than 2 numbers"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, DSC_ERROR_FORMAT, "tensor \"a\" lacks two data_offsets"},
      {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "tensor \"a\" lacks its shape"},
      {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "repeated key \"dtype\""},
      {"{\"a\":{\"dtype\":\"U8\",\"more\":[[[[[[]]]]]],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "byte 28: unknown key \"more\" in tensor \"a\""},
      {"{\"a\":[[[[[[[[[[]]]]]]]]]]}", 1, DSC_ERROR_FORMAT, "byte 13: expected '{' of a tensor"},
      {"{\"a\\u0000b\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected an escape of JSON other than \\u0000"},
      {"{\"a\\ud800\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected an escape"},
      {"{\"a\\ud800\\u0041\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected an escape"},
      {"{\"a\\x\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected an escape"},
      {"{\"a\\u12", 0, DSC_ERROR_FORMAT, "byte 11: expected an escape"},
      {"{\"a\nb\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected a character of a string in UTF-8"},
      {"{\"a\xFF\":{}}", 0, DSC_ERROR_FORMAT, "byte 11: expected a character of a string in UTF-8"},
      {"{\"abc", 0, DSC_ERROR_FORMAT, "byte 13: expected the closing quote"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    hostile_at((int)i, SAFETENSORS, safetensors_sample(cases[i].header, cases[i].values), cases[i].code, cases[i].text);
  sample s = safetensors_sample("{}", 0);
  s.data[7] = 0xFF;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_LIMIT, "byte 0 announces a header of 18374686479671623682 bytes; expected at most 100000000");
  s = safetensors_sample("{}", 0);
  s.data[3] = 5;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_FORMAT, "ends at byte 10; expected 83886082 bytes of header from byte 8 on");
  s.size = 5;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_FORMAT, "ends at byte 5; expected 8 bytes of the header's length");
  s = safetensors_sample("{\"a\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
  s.data[s.size - 1] = 7;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_FORMAT, "byte 64: a truth value of 7");
  /* Deep nesting, as deep as the sample can hold. */
  s = safetensors_sample("", 0);
  memset(s.data + 8, '[', 4000);
  s.data[8] = '{';
  s.data[0] = 4000 & 255;
  s.data[1] = 4000 >> 8;
  s.size = 4008;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_FORMAT, "byte 9: expected the name of a tensor");
}

static void check_good_safetensors(void) {
  /* b is not aligned in the file: its data must be moved. */
  const sample s = safetensors_sample("{\"a\":{\"shape\":[3],\"dtype\":\"U8\",\"data_offsets\":[0,3]} , \"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[3,11]},\n\"e\":{\"dtype\":\"F64\",\"shape\":[0,7],\"data_offsets\":[3,3]}}   ", 11);
  dsc_safetensors file;
  dsc_error error;
  dsc_error_clear(&error);
  CHECK(dsc_safetensors_parse(s.data, s.size, "good", &file, &error) == DSC_OK && file.count == 3, "%s", error.message);
  const dsc_safetensors_entry *b = dsc_safetensors_find(&file, "b");
  CHECK(b != NULL && (uintptr_t)b->array.data % 4 == 0 && memcmp(b->array.data, "\1\0\1\0\1\0\1\0", 8) == 0 && b->array.shape[0] == 2, "moved");
  CHECK(dsc_safetensors_find(&file, "c") == NULL && dsc_safetensors_find(&file, "e")->array.count == 0, "find");
  dsc_safetensors_free(&file);
}

static void check_safetensors_writer(void) {
  static const char *const names[5] = {"layers.0.weight", "a \"quoted\" \\ name", "new\nline\ttab\x01", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "last"};
  static const int32_t dtypes[5] = {DSC_BOOL, DSC_F32, DSC_I64, DSC_F64, DSC_U8};
  const int64_t shape[3] = {1, 3, 1};
  static uint64_t data[5][3];
  dsc_safetensors_writer writer;
  dsc_safetensors file;
  dsc_error error;
  dsc_bytes once, again;
  const char *path = path_in(work, "written.safetensors");
  dsc_error_clear(&error);
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "format", "descent");
  dsc_safetensors_metadata(&writer, "k\"\n", "v\\\x1F\xC3\xA9");
  for (int i = 0; i < 5; i++) {
    memset(data[i], i == 0 ? 1 : i, sizeof data[i]);
    dsc_safetensors_add(&writer, names[i], dtypes[i], i == 4 ? 0 : 3, shape, data[i]);
  }
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_OK && dsc_read_file(path, 0, &once, &error) == DSC_OK, "%s", error.message);
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_OK && dsc_read_file(path, 0, &again, &error) == DSC_OK, "%s", error.message);
  CHECK(once.size == again.size && memcmp(once.data, again.data, (size_t)once.size) == 0 && once.data[0] % 8 == 0, "the same bytes");
  CHECK(dsc_safetensors_open(path, &file, &error) == DSC_OK && file.count == 5, "%s", error.message);
  for (int i = 0; i < 5; i++) {
    const dsc_safetensors_entry *e = dsc_safetensors_find(&file, names[i]);
    CHECK(e == &file.entries[i] && e->array.dtype == dtypes[i] && memcmp(e->array.data, data[i], (size_t)e->array.bytes) == 0, "entry %d", i);
    CHECK(e->begin % dsc_dtype_size(dtypes[i]) == 0, "aligned in the file");
  }
  CHECK(strcmp(dsc_safetensors_note(&file, "k\"\n"), "v\\\x1F\xC3\xA9") == 0 && dsc_safetensors_note(&file, "x") == NULL, "metadata");
  dsc_safetensors_free(&file);
  dsc_bytes_free(&once);
  dsc_bytes_free(&again);
  dsc_safetensors_add(&writer, "last", DSC_U8, 0, NULL, data[0]);
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_ERROR_USAGE && strstr(error.message, "two tensors are named \"last\"") != NULL, "%s", error.message);
  dsc_safetensors_end(&writer);
  dsc_error_clear(&error);
  dsc_safetensors_begin(&writer);
  CHECK(dsc_safetensors_add(&writer, "bad\xFF", DSC_U8, 0, NULL, data[0]) == DSC_ERROR_USAGE && dsc_safetensors_add(&writer, "good", DSC_U8, 0, NULL, data[0]) != DSC_OK, "UTF-8");
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_ERROR_USAGE && strstr(error.message, "is not UTF-8 at byte 3") != NULL, "%s", error.message);
  dsc_safetensors_end(&writer);
}

/* ---- fixtures of numpy and of the safetensors package ---- */

static double value_at(const dsc_array *a, int64_t i) {
  switch (a->dtype) {
  case DSC_F32:
    return (double)((const float *)a->data)[i];
  case DSC_F64:
    return ((const double *)a->data)[i];
  case DSC_I32:
    return (double)((const int32_t *)a->data)[i];
  case DSC_I64:
    return (double)((const int64_t *)a->data)[i];
  default:
    return (double)((const uint8_t *)a->data)[i];
  }
}

/* Every fixture holds 0, 1, 2... in row-major order (truth values: odd numbers are true). */
static void expect_counting(const dsc_array *a, const char *name) {
  for (int64_t i = 0; i < a->count; i++)
    CHECK(value_at(a, i) == (double)(a->dtype == DSC_BOOL ? i & 1 : i), "%s: value %d is %g", name, (int)i, value_at(a, i));
}

static void check_fixtures(void) {
  static const struct {
    const char *name;
    int32_t dtype, rank;
    int64_t shape[3];
  } files[] = {
      {"f4.npy", DSC_F32, 2, {2, 3, 0}}, {"f8.npy", DSC_F64, 2, {2, 3, 0}}, {"i4.npy", DSC_I32, 2, {2, 3, 0}}, {"i8.npy", DSC_I64, 2, {2, 3, 0}}, {"u1.npy", DSC_U8, 2, {2, 3, 0}}, {"b1.npy", DSC_BOOL, 2, {2, 3, 0}}, {"f4_big.npy", DSC_F32, 2, {2, 3, 0}}, {"i8_big.npy", DSC_I64, 2, {2, 3, 0}}, {"fortran.npy", DSC_F64, 3, {2, 3, 4}}, {"version2.npy", DSC_I32, 2, {2, 3, 0}}, {"version3.npy", DSC_I32, 2, {2, 3, 0}}, {"scalar.npy", DSC_F64, 0, {0, 0, 0}}, {"vector.npy", DSC_F32, 1, {5, 0, 0}}, {"empty.npy", DSC_F32, 2, {0, 4, 0}}, {"f4.npy.gz", DSC_F32, 2, {2, 3, 0}}};
  dsc_array a;
  dsc_safetensors file;
  dsc_error error;
  dsc_error_clear(&error);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    CHECK(dsc_npy_read(path_in(fixtures, files[i].name), &a, &error) == DSC_OK, "%s", error.message);
    CHECK(a.dtype == files[i].dtype && a.rank == files[i].rank && memcmp(a.shape, files[i].shape, (size_t)a.rank * 8) == 0, "%s: type or shape", files[i].name);
    expect_counting(&a, files[i].name);
    if (strchr(files[i].name, '_') == NULL && files[i].rank < 3 && files[i].name[0] != 'v' && strstr(files[i].name, ".gz") == NULL) { /* the writer makes numpy's bytes */
      dsc_bytes ours, theirs;
      CHECK(dsc_npy_write(path_in(work, "same.npy"), &a, &error) == DSC_OK && dsc_read_file(path_in(work, "same.npy"), 0, &ours, &error) == DSC_OK && dsc_read_file(path_in(fixtures, files[i].name), 0, &theirs, &error) == DSC_OK, "%s", error.message);
      CHECK(ours.size == theirs.size && memcmp(ours.data, theirs.data, (size_t)ours.size) == 0, "%s: other bytes than numpy's", files[i].name);
      dsc_bytes_free(&ours);
      dsc_bytes_free(&theirs);
    }
    dsc_array_free(&a);
  }
  CHECK(dsc_safetensors_open(path_in(fixtures, "tensors.safetensors"), &file, &error) == DSC_OK && file.count == 8, "%s", error.message);
  for (int64_t i = 0; i < file.count; i++)
    expect_counting(&file.entries[i].array, file.entries[i].name);
  CHECK(dsc_safetensors_find(&file, "quote\"back\\slash\nline\xC3\xA9\xF0\x9F\x98\x80") != NULL, "a name with everything");
  CHECK(strcmp(dsc_safetensors_note(&file, "format"), "np") == 0, "metadata");
  dsc_safetensors_free(&file);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: check WORK FIXTURES [TINY]\n");
    return 2;
  }
  work = argv[1];
  fixtures = argv[2];
  show_messages = getenv("SHOW") != NULL;
  check_errors();
  check_arrays();
  check_numbers(200000);
  /* The readers do not depend on the locale; a comma for a decimal point, where the machine has such a one. */
  if (setlocale(LC_ALL, "de_DE.UTF-8") != NULL || setlocale(LC_ALL, "de_DE") != NULL) {
    check_good_csv();
    setlocale(LC_ALL, "C");
  }
  check_good_csv();
  check_hostile_csv();
  check_gzip();
  check_writing(argc > 3 ? argv[3] : NULL);
  check_idx();
  check_npy();
  check_hostile_safetensors();
  check_good_safetensors();
  check_safetensors_writer();
  check_fixtures();
  printf("%d checks, %d failures\n", checks, failures);
  return failures > 0;
}
