/* Feeds mutated good files to the readers, for the sanitizers to watch. Takes the number of cases for each reader
 * (20000 by default) and a seed (42). Gives one line that says how many were accepted: some must be, some must not; and
 * a number made of all values and messages, which does not depend on the window that tables are read through. A refused
 * file must leave nothing allocated, name itself and have a code; an accepted one must be consistent. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static uint64_t state = 42;

static uint64_t random_below(uint64_t bound) { /* splitmix64 */
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return (z ^ z >> 31) % bound;
}

/* Changes, repeats, removes or inserts a few bytes; more often such as the formats care about. */
static void mutate(sample *s) {
  static const char likely[] = "0123456789,;\"\n\r-.eNA?{}[]():' \\u\xFF\x80\x7F";
  for (uint64_t n = random_below(4); n > 0 && s->size > 0; n--) {
    const int64_t at = (int64_t)random_below((uint64_t)s->size);
    int64_t length = 1 + (int64_t)random_below(8);
    length = at + length > s->size ? s->size - at : length;
    const uint8_t byte =
        random_below(3) == 0 ? (uint8_t)random_below(256) : (uint8_t)likely[random_below(sizeof likely)];
    switch (random_below(8)) {
    case 0:
      s->data[at] ^= (uint8_t)(1 << random_below(8));
      break;
    case 1:
      memset(s->data + at, byte, (size_t)length);
      break;
    case 2:
      s->size = random_below(4) == 0 ? at : s->size;
      break;
    case 3:
      memmove(s->data + at, s->data + at + length, (size_t)(s->size - at - length));
      s->size -= length;
      break;
    case 4:
      if (s->size + length <= (int64_t)sizeof s->data) {
        memmove(s->data + at + length, s->data + at, (size_t)(s->size - at));
        s->size += length;
      }
      break;
    case 5:
      memmove(s->data + random_below((uint64_t)(s->size - length + 1)), s->data + at, (size_t)length);
      break;
    default:
      s->data[at] = byte;
      break;
    }
  }
}

static void see(int code, const dsc_error *error, int64_t *accepted) {
  *accepted += code == DSC_OK;
  CHECK(code == error->code && (code == DSC_OK || strncmp(error->message, "f: ", 3) == 0), "code %d, error %d: %s",
      code, error->code, error->message);
  CHECK(code == DSC_OK || code == DSC_ERROR_FORMAT || code == DSC_ERROR_UNSUPPORTED || code == DSC_ERROR_LIMIT ||
          code == DSC_ERROR_USAGE,
      "code %d: %s", code, error->message);
}

/* A number made of bytes in their order (FNV-1a). */
static uint64_t touch_bytes(const void *data, int64_t size, uint64_t sum) {
  for (int64_t i = 0; i < size; i++)
    sum = (sum ^ ((const uint8_t *)data)[i]) * 0x100000001B3u;
  return sum;
}

static uint64_t touch(const dsc_array *a) { return touch_bytes(a->data, a->bytes, (uint64_t)a->stored + 1); }

static dsc_csv_options random_options(dsc_csv_column *skipped, dsc_csv_category *category) {
  static const char *const known[3] = {"x", "NA", ""};
  dsc_csv_options options = dsc_csv_defaults();
  options.header = (int32_t)random_below(3);
  options.dtype = (int32_t)random_below(2);
  options.target = (int32_t)random_below(3);
  options.target_name = "b";
  options.target_index = (int64_t)random_below(8) - 4;
  options.target_dtype = (int32_t)random_below(3);
  options.separator = random_below(4) == 0 ? ';' : ',';
  options.decimal = random_below(4) == 0 ? ',' : '.';
  options.missing = (int32_t)random_below(3);
  options.limit = random_below(8) == 0 ? (int64_t)random_below(60) : 0;
  skipped->name = random_below(2) == 0 ? "c" : NULL;
  skipped->index = (int64_t)random_below(5) - 2;
  options.skipped = skipped;
  options.skipped_count = random_below(3) == 0;
  options.chosen = skipped;
  options.chosen_count = options.skipped_count == 0 && random_below(3) == 0;
  category->column.name = random_below(2) == 0 ? "k" : NULL;
  category->column.index = (int64_t)random_below(5) - 2;
  category->labels = random_below(3) == 0 ? known : NULL;
  category->count = 3;
  options.categories = category;
  options.category_count = random_below(2) == 0;
  return options;
}

/* What a table holds beside its arrays. */
static uint64_t touch_csv(const dsc_csv *csv, const dsc_csv_options *options, int code) {
  uint64_t sum = touch(&csv->features) + touch(&csv->target) + (uint64_t)csv->dropped;
  for (int64_t i = 0; csv->names != NULL && i < csv->columns; i++)
    sum = touch_bytes(csv->names[i], (int64_t)strlen(csv->names[i]), sum);
  CHECK(code != DSC_OK || csv->label_count == options->category_count, "labels");
  for (int64_t i = 0; i < csv->label_count; i++)
    for (int64_t k = 0; k < csv->labels[i].count; k++) {
      sum = touch_bytes(csv->labels[i].texts[k], (int64_t)strlen(csv->labels[i].texts[k]), sum);
      CHECK(options->categories->labels != NULL || k == 0 ||
              strcmp(csv->labels[i].texts[k - 1], csv->labels[i].texts[k]) < 0,
          "labels are sorted");
    }
  return sum;
}

static uint64_t feed(int kind, const sample *s, int64_t *accepted) {
  dsc_error error;
  uint64_t sum = 0;
  dsc_error_clear(&error);
  uint8_t *copy = (uint8_t *)malloc((size_t)s->size + (s->size == 0));
  memcpy(copy, s->data, (size_t)s->size);
  if (kind == 0) {
    dsc_csv csv;
    dsc_csv_column skipped;
    dsc_csv_category category;
    const dsc_csv_options options = random_options(&skipped, &category);
    see(dsc_csv_parse(copy, s->size, "f", &options, &csv, &error), &error, accepted);
    CHECK(error.code != DSC_OK || (csv.rows > 0 && csv.features.count == csv.rows * csv.columns), "shape");
    sum = touch_csv(&csv, &options, error.code);
    dsc_csv_free(&csv);
    /* Of two faults, in the gzip stream or in what its text holds, the window decides which is seen first. */
    if (options.limit > 0 || (s->size > 1 && s->data[0] == 0x1F))
      error.message[0] = 0;
  } else if (kind < 3) {
    dsc_array a;
    see(kind == 1 ? dsc_npy_parse(copy, s->size, "f", &a, &error) : dsc_idx_parse(copy, s->size, "f", &a, &error),
        &error, accepted);
    sum = touch(&a);
    dsc_array_free(&a);
  } else {
    dsc_safetensors file;
    see(dsc_safetensors_parse(copy, s->size, "f", &file, &error), &error, accepted);
    for (int64_t i = 0; i < file.count; i++) {
      sum += touch(&file.entries[i].array);
      CHECK(dsc_safetensors_find(&file, file.entries[i].name) == &file.entries[i], "find");
    }
    dsc_safetensors_free(&file);
  }
  free(copy);
  return touch_bytes(error.message, (int64_t)strlen(error.message), sum);
}

int main(int argc, char **argv) {
  enum { SEEDS = 8 };
  const int cases = argc > 1 ? atoi(argv[1]) : 20000;
  const uint32_t sizes[3] = {2, 3, 2};
  static sample seeds[4][SEEDS];
  uint64_t sum = 0;
  state = argc > 2 ? (uint64_t)atoll(argv[2]) : 42;
  seeds[0][0] = text_sample("a,\"b\",c\n1,2,3.25\r\n-4e1,5,\"6\"\nnan,8,inf\n");
  seeds[0][1] = text_sample("1.5,2,3\n4,5,6\n\n");
  seeds[0][2] = text_sample("\xEF\xBB\xBF"
                            "x,b\n0.1234567890123456789,3\n1e-300,-2\n123456789012345678901234567890,1\n");
  seeds[0][3] = text_sample("\"a\"\"\n\",b,c,d\n1,2,3,4\n\"5\",6, 7 ,8");
  seeds[0][4] = text_sample("a,b,k\r1,2,x\r\"3\",,\"y\"\rNA,5,y\r6,7,?\r8,9,x\r");
  seeds[0][5] = text_sample("c;b;k\nleft out;1,5;\"x\"\n\"out;\r\n\";2;NA\n;3,25;x\n");
  seeds[0][6] = gzip_sample(&seeds[0][4]);
  put(&seeds[0][6], "\0\0\0\0", 4);
  seeds[0][7] = text_sample("1,NA,x\r\n2,,y\r\n3,nan,x\r\n");
  seeds[1][0] = npy_sample(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 24);
  seeds[1][1] = npy_sample(2, "{'descr': '>i8', 'fortran_order': False, 'shape': (3,), }\n", 24);
  seeds[1][2] = npy_sample(3, "{'descr': '|b1', 'fortran_order': True, 'shape': (2, 1, 2), }", 4);
  seeds[1][3] = gzip_sample(&seeds[1][0]);
  seeds[1][4] = npy_sample(1, "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3), }\n", 12);
  seeds[1][5] = npy_sample(1, "{'descr': '>u8', 'fortran_order': False, 'shape': (3,), }\n", 24);
  seeds[1][6] =
      npy_sample(1, "{'descr': '|i1', 'fortran_order': True, 'shape': (3,9223372036854775807,4294967296,0), }\n", 0);
  seeds[1][7] = npy_sample(1, "{'descr': '<u2', 'fortran_order': False, 'shape': (), }\n", 2);
  seeds[2][0] = idx_sample(0x0B, 2, sizes);
  seeds[2][1] = idx_sample(0x0D, 3, sizes);
  seeds[2][2] = idx_sample(0x08, 1, sizes);
  put_text(&seeds[2][0], "abcdefghijkl");
  put_text(&seeds[2][1], "abcdefghijklabcdefghijklabcdefghijklabcdefghijkl");
  put_text(&seeds[2][2], "ab");
  seeds[2][3] = gzip_sample(&seeds[2][1]);
  seeds[2][4] = idx_sample(0x09, 3, sizes);
  put_text(&seeds[2][4], "abcdefghijkl");
  for (int i = 5; i < SEEDS; i++)
    seeds[2][i] = seeds[2][i - 5];
  seeds[3][0] =
      safetensors_sample("{\"__metadata__\":{\"k\":\"v\\u00e9\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_"
                         "offsets\":[0,8]},\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]}}",
          9);
  seeds[3][1] = safetensors_sample("{\"\\ud83d\\ude00\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]},"
                                   "\"y\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[3,11]}} ",
      11);
  seeds[3][2] = safetensors_sample("{}", 0);
  seeds[3][3] = gzip_sample(&seeds[3][0]);
  seeds[3][4] = safetensors_sample("{\"a\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[1,5]},\"b\":{\"dtype\":"
                                   "\"I8\",\"shape\":[],\"data_offsets\":[0,1]}}",
      5);
  seeds[3][5] = safetensors_sample("{\"a\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]},\"b\":{\"dtype\":"
                                   "\"U16\",\"shape\":[2],\"data_offsets\":[6,10]}}",
      10);
  seeds[3][6] = safetensors_sample("{\"a\":{\"dtype\":\"U64\",\"shape\":[2],\"data_offsets\":[0,16]},\"b\":{\"dtype\":"
                                   "\"I16\",\"shape\":[0],\"data_offsets\":[16,16]}}",
      16);
  seeds[3][7] = safetensors_sample("{\"a\":{\"dtype\":\"U32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}", 8);
  for (int kind = 0; kind < 4; kind++) {
    int64_t accepted = 0;
    for (int i = 0; i < cases; i++) {
      sample s = seeds[kind][random_below(SEEDS)];
      mutate(&s);
      sum = sum * 31 + feed(kind, &s, &accepted);
    }
    printf("%s%s %d of %d", kind > 0 ? ", " : "accepted: ",
        kind == 0       ? "CSV"
            : kind == 1 ? "NPY"
            : kind == 2 ? "IDX"
                        : "safetensors",
        (int)accepted, cases);
    CHECK(accepted > 0 && accepted < cases, "the cases of reader %d are too alike", kind);
  }
  printf(" (%016" PRIx64 ")\n", sum);
  return failures > 0;
}
