/* The checks of safetensors, read and written. */
#ifndef CHECK_SAFETENSORS_H
#define CHECK_SAFETENSORS_H

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
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},}", 4, DSC_ERROR_FORMAT,
          "expected the name of a tensor, found \"}\""},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}", 4, DSC_ERROR_FORMAT,
          "',' or '}', found its end"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3, DSC_ERROR_FORMAT,
          "ends at byte 65; expected 4 bytes of tensors from byte 62 on"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5, DSC_ERROR_FORMAT,
          "expected the end of the file at byte 66"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, DSC_ERROR_FORMAT,
          "tensor \"a\" has data_offsets [0,8]; expected 4 bytes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, DSC_ERROR_FORMAT,
          "tensor \"a\" has data_offsets [4,0]"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, DSC_ERROR_FORMAT,
          "tensor \"a\" begins at byte 4 of the values, after a hole; expected byte 0"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_"
       "offsets\":[4,12]}}",
          12, DSC_ERROR_FORMAT, "tensor \"b\" begins at byte 4 of the values, inside another tensor; expected byte 8"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
       "offsets\":[0,4]}}",
          4, DSC_ERROR_FORMAT, "inside another tensor"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[1],"
       "\"data_offsets\":[4,8]}}",
          8, DSC_ERROR_FORMAT, "two tensors are named \"a\""},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, DSC_ERROR_FORMAT, "key \"k\" twice"},
      {"{\"__metadata__\":{\"k\":\"1\"},\"__metadata__\":{}}", 0, DSC_ERROR_FORMAT, "byte 35: a second __metadata__"},
      {"{\"__metadata__\":{\"k\":1}}", 0, DSC_ERROR_FORMAT,
          "byte 29: expected a string, as all of __metadata__ is, found \"1}}\""},
      {"{\"__metadata__\":{\"k\":{\"k\":\"v\"}}}", 0, DSC_ERROR_FORMAT, "expected a string"},
      {"{\"a\":{\"dtype\":\"F8_E5M2\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_UNSUPPORTED,
          "tensor \"a\" has type \"F8_E5M2\""},
      {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, DSC_ERROR_FORMAT,
          "tensor \"a\" has data_offsets [0,4]; expected 2 bytes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967295,4294967295,4294967295],\"data_offsets\":[0,4]}}", 4,
          DSC_ERROR_LIMIT, "tensor \"a\": the sizes of the axes multiply"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,9223372036854775807]}}", 4,
          DSC_ERROR_LIMIT, "larger than any file"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1000000000000],\"data_offsets\":[0,1000000000000]}}", 4, DSC_ERROR_FORMAT,
          "expected 1000000000000 bytes of tensors"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775808],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "a whole number below 2^63"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "a whole number of 0 or more, found \"-1]"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "without leading zeros"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "',' or ']', found \".0]"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_UNSUPPORTED,
          "more than 8 numbers"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, DSC_ERROR_UNSUPPORTED,
          "more than 2 numbers"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, DSC_ERROR_FORMAT,
          "tensor \"a\" lacks two data_offsets"},
      {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT, "tensor \"a\" lacks its shape"},
      {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "repeated key \"dtype\""},
      {"{\"a\":{\"dtype\":\"U8\",\"more\":[[[[[[]]]]]],\"data_offsets\":[0,1]}}", 1, DSC_ERROR_FORMAT,
          "byte 28: unknown key \"more\" in tensor \"a\""},
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
  HOSTILE(SAFETENSORS, s, DSC_ERROR_LIMIT,
      "byte 0 announces a header of 18374686479671623682 bytes; expected at most 100000000");
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
  const sample s = safetensors_sample("{\"a\":{\"shape\":[3],\"dtype\":\"U8\",\"data_offsets\":[0,3]} , "
                                      "\"b\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[3,11]},\n\"e\":{"
                                      "\"dtype\":\"F64\",\"shape\":[0,7],\"data_offsets\":[3,3]}}   ",
      11);
  dsc_safetensors file;
  dsc_error error;
  dsc_error_clear(&error);
  CHECK(dsc_safetensors_parse(s.data, s.size, "good", &file, &error) == DSC_OK && file.count == 3, "%s", error.message);
  const dsc_safetensors_entry *b = dsc_safetensors_find(&file, "b");
  CHECK(b != NULL && (uintptr_t)b->array.data % 4 == 0 && memcmp(b->array.data, "\1\0\1\0\1\0\1\0", 8) == 0 &&
          b->array.shape[0] == 2,
      "moved");
  CHECK(dsc_safetensors_find(&file, "c") == NULL && dsc_safetensors_find(&file, "e")->array.count == 0, "find");
  dsc_safetensors_free(&file);
}

/* The length of a header may be gzip's magic, with and without what follows it in a gzip file: 0x8b1f and 0x88b1f
 * bytes. */
static void check_length_like_gzip(void) {
  static const int64_t lengths[3] = {0x8B1F, 0x088B1F, 0x088B1F + 16};
  for (int i = 0; i < 3; i++) {
    const int64_t size = 8 + lengths[i] + 4;
    char *text = (char *)calloc((size_t)size + 16, 1);
    dsc_safetensors file;
    dsc_error error;
    dsc_error_clear(&error);
    for (int k = 0; k < 8; k++)
      text[k] = (char)(lengths[i] >> 8 * k & 255);
    const int used = snprintf(text + 8, 100, "{\"a\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}");
    memset(text + 8 + used, ' ', (size_t)(lengths[i] - used));
    text[size - 4] = 7;
    write_plain(path_in(work, "length"), text, size);
    for (int path = 0; path < 2; path++) {
      CHECK((path ? dsc_safetensors_open(path_in(work, "length"), &file, &error)
                  : dsc_safetensors_parse(text, size, "f", &file, &error)) == DSC_OK &&
              file.count == 1 && *(const int32_t *)file.entries[0].array.data == 7,
          "%s", error.message);
      dsc_safetensors_free(&file);
    }
    free(text);
  }
}

static void check_safetensors_writer(void) {
  static const char *const names[5] = {
      "layers.0.weight", "a \"quoted\" \\ name", "new\nline\ttab\x01", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "last"};
  static const int32_t dtypes[5] = {DSC_BOOL, DSC_F32, DSC_I64, DSC_F64, DSC_U8};
  const int64_t shape[3] = {1, 3, 1};
  static uint64_t data[5][3];
  dsc_safetensors_writer writer;
  dsc_safetensors file;
  dsc_error error;
  const char *path = path_in(work, "written.safetensors"), *again = path_in(work, "again.safetensors");
  dsc_error_clear(&error);
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "format", "descent");
  dsc_safetensors_metadata(&writer, "k\"\n", "v\\\x1F\xC3\xA9");
  for (int i = 0; i < 5; i++) {
    memset(data[i], i == 0 ? 1 : i, sizeof data[i]);
    dsc_safetensors_add(&writer, names[i], dtypes[i], i == 4 ? 0 : 3, shape, data[i]);
  }
  CHECK(
      dsc_safetensors_write(&writer, path, &error) == DSC_OK && dsc_safetensors_write(&writer, again, &error) == DSC_OK,
      "%s", error.message);
  expect_same_files(path, again);
  CHECK(dsc_safetensors_open(path, &file, &error) == DSC_OK && file.count == 5, "%s", error.message);
  for (int i = 0; i < 5; i++) {
    const dsc_safetensors_entry *e = dsc_safetensors_find(&file, names[i]);
    CHECK(e == &file.entries[i] && e->array.dtype == dtypes[i] &&
            memcmp(e->array.data, data[i], (size_t)e->array.bytes) == 0,
        "entry %d", i);
    CHECK(e->begin % dsc_dtype_size(dtypes[i]) == 0, "aligned in the file");
  }
  CHECK(
      strcmp(dsc_safetensors_note(&file, "k\"\n"), "v\\\x1F\xC3\xA9") == 0 && dsc_safetensors_note(&file, "x") == NULL,
      "metadata");
  dsc_safetensors_free(&file);
  dsc_safetensors_add(&writer, "last", DSC_U8, 0, NULL, data[0]);
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_ERROR_USAGE &&
          strstr(error.message, "two tensors are named \"last\"") != NULL,
      "%s", error.message);
  dsc_safetensors_end(&writer);
  dsc_error_clear(&error);
  dsc_safetensors_begin(&writer);
  CHECK(dsc_safetensors_add(&writer, "bad\xFF", DSC_U8, 0, NULL, data[0]) == DSC_ERROR_USAGE &&
          dsc_safetensors_add(&writer, "good", DSC_U8, 0, NULL, data[0]) != DSC_OK,
      "UTF-8");
  CHECK(dsc_safetensors_write(&writer, path, &error) == DSC_ERROR_USAGE &&
          strstr(error.message, "is not UTF-8 at byte 3") != NULL,
      "%s", error.message);
  dsc_safetensors_end(&writer);
}

#endif
