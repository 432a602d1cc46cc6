/* Checks the readers and writers of Runtime on good and on hostile files.
 * Takes a folder to work in, the folder of fixtures, and optionally a folder on a tiny filesystem (for a full disk).
 * Gives one line; exits 1 after the first list of failures. Each hostile file is read by path and from memory: both
 * must give the code asked for and the same message, which names the file and holds the text asked for. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

static const char *work, *fixtures;

enum { CSV, NPY, IDX, SAFETENSORS };

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
    code = bytes != NULL ? dsc_csv_parse(bytes, size, path, &csv_options, &csv, error)
                         : dsc_csv_read(path, &csv_options, &csv, error);
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
    code = bytes != NULL ? dsc_safetensors_parse(bytes, size, path, &tensors, error)
                         : dsc_safetensors_open(path, &tensors, error);
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
  /* A copy of the exact size lets the address sanitizer see a byte read too far. */
  uint8_t *copy = (uint8_t *)malloc((size_t)s.size + (s.size == 0));
  memcpy(copy, s.data, (size_t)s.size);
  CHECK(read_any(kind, copy, s.size, path, &by_memory) == code, "line %d: from memory: code %d, expected %d", line,
      by_memory.code, code);
  CHECK(strcmp(by_path.message, by_memory.message) == 0, "line %d: by path: %s; from memory: %s", line, by_path.message,
      by_memory.message);
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
  CHECK(strcmp(dsc_show("a\n\"\xC3\xA9\xFF", 6).text, "\"a\\x0a\"\xC3\xA9\\xff\"") == 0, "shown: %s",
      dsc_show("a\n\"\xC3\xA9\xFF", 6).text);
  CHECK(
      dsc_utf8_length((const uint8_t *)"\xED\xA0\x80", 3) == 0 && dsc_utf8_length((const uint8_t *)"\xC0\x80", 2) == 0,
      "strict UTF-8");
  CHECK(dsc_utf8_length((const uint8_t *)"\xF0\x9F\x98\x80", 4) == 4 &&
          dsc_utf8_length((const uint8_t *)"\xF0\x9F\x98\x80", 3) == 0,
      "four bytes");
}

static void check_arrays(void) {
  dsc_array array;
  dsc_error error;
  const int64_t huge[3] = {INT64_MAX / 8, 2, 1}, fits[2] = {INT64_MAX / 8, 1}, zero[3] = {INT64_MAX, INT64_MAX, 0},
                negative[1] = {-1};
  dsc_error_clear(&error);
  CHECK(dsc_array_describe(&array, DSC_F64, 3, huge, "a", &error) == DSC_ERROR_LIMIT, "overflow");
  CHECK(dsc_array_describe(&array, DSC_F64, 2, fits, "a", NULL) == DSC_OK && array.bytes == INT64_MAX / 8 * 8,
      "just fits");
  CHECK(dsc_array_describe(&array, DSC_F64, 3, zero, "a", NULL) == DSC_OK && array.count == 0, "empty");
  CHECK(dsc_array_describe(&array, DSC_F64, 1, negative, "a", NULL) == DSC_ERROR_FORMAT, "negative");
  CHECK(dsc_array_describe(&array, DSC_F64, 9, zero, "a", NULL) == DSC_ERROR_LIMIT, "rank 9");
  CHECK(dsc_array_describe(&array, 6, 0, zero, "a", NULL) == DSC_ERROR_USAGE, "type 6");
  CHECK(dsc_array_allocate(&array, DSC_F32, 0, NULL, "a", NULL) == DSC_OK && array.count == 1 &&
          (uintptr_t)array.data % 64 == 0,
      "scalar");
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
  CHECK(dsc_decimal_scan(text, end, '.', &d) == end, "not a number: %s", text);
  const double wide = dsc_decimal_value(&d, 0), c_wide = strtod(text, NULL);
  const float narrow = (float)dsc_decimal_value(&d, 1), c_narrow = strtof(text, NULL);
  /* The same with a comma for the point. */
  char other[1200];
  snprintf(other, sizeof other, "%s", text);
  if (strchr(other, '.') != NULL)
    *strchr(other, '.') = ',';
  CHECK(dsc_decimal_scan(other, other + strlen(other), ',', &d) == other + strlen(other), "not a number: %s", other);
  const double comma = dsc_decimal_value(&d, 0);
  CHECK(memcmp(&wide, &comma, 8) == 0 || (isnan(wide) && isnan(comma)), "f64 of %s: %.17g", other, comma);
  CHECK(memcmp(&wide, &c_wide, 8) == 0 || (isnan(wide) && isnan(c_wide)), "f64 of %s: %.17g, C has %.17g", text, wide,
      c_wide);
  CHECK(memcmp(&narrow, &c_narrow, 4) == 0 || (isnan(narrow) && isnan(c_narrow)), "f32 of %s: %.9g, C has %.9g", text,
      (double)narrow, (double)c_narrow);
}

/* Compares with the C library, bit for bit. */
static void check_numbers(int rounds) {
  static const char *const fixed[] = {"0", "-0", "1", "+1.5", ".5", "5.", "1e5", "1E+5", "1e-5", "1e22", "1e23",
      "9007199254740993", "9007199254740992", "9007199254740991", "16777217", "16777217.0000000000000000000001",
      "16777219", "33554433e1", "0.1", "1e308", "1.7976931348623157e308", "1e309", "-1e400", "4.9e-324",
      "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "3.4028235e38", "3.4028236e38", "1e39",
      "1.17549435e-38", "7e-46", "1.4e-45", "1e99999999999999999999", "1e-99999999999999999999",
      "0e99999999999999999999", "18446744073709551615", "18446744073709551616", "9999999999999999999",
      "99999999999999999999", "0.000000000000000000000000000000123456789", "00000000000000000000000000000001.5",
      "123456789012345678901234567890", "1.00000005960464477539062500000000000001", "1.000000059604644775390625", "nan",
      "NaN", "-inf", "Infinity"};
  static const char *const wrong[] = {"", "+", "-", ".", "e5", "1e", "1e+", "x", "+-1", "-.", "in", "na", "--1"};
  static const char hexadecimal[] = "0x10";
  char text[1200];
  dsc_decimal d;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
    check_number(fixed[i]);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    CHECK(dsc_decimal_scan(wrong[i], wrong[i] + strlen(wrong[i]), '.', &d) == NULL, "a number: %s", wrong[i]);
  CHECK(*dsc_decimal_scan(hexadecimal, hexadecimal + 4, '.', &d) == 'x', "hexadecimal");
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
      snprintf(text, sizeof text, "%.40g%s", ((double)single + (double)nextafterf(single, 1e30f)) / 2,
          fabsf(single) > 1e9f || fabsf(single) < 1e-9f ? ""
              : bits & 16                               ? "000000000000000000001"
                                                        : "");
      break;
    default:
      snprintf(text, sizeof text, "%.800g", value);
      break;
    }
    check_number(text);
  }
}

#include "check_csv.h"
#include "check_files.h"
#include "check_npy.h"
#include "check_safetensors.h"
#include "check_fixtures.h"

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
  check_csv_cases();
  check_labels();
  check_columns();
  check_chosen();
  check_large_csv();
  check_gzip();
  check_writing(argc > 3 ? argv[3] : NULL);
  check_idx();
  check_npy();
  check_hostile_safetensors();
  check_good_safetensors();
  check_length_like_gzip();
  check_safetensors_writer();
  check_fixtures();
  check_stored();
  printf("%d checks, %d failures\n", checks, failures);
  return failures > 0;
}
