/* The checks of files that NumPy and the safetensors package wrote (fixtures.py), and of the types that are read by
 * conversion. */
#ifndef CHECK_FIXTURES_H
#define CHECK_FIXTURES_H

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
    CHECK(value_at(a, i) == (double)(a->dtype == DSC_BOOL ? i & 1 : i), "%s: value %d is %g", name, (int)i,
        value_at(a, i));
}

/* ---- types that are read by conversion ---- */

/* -6, -5, ... or 0, 1, ..., and the extremes of the type, as fixtures.py makes them. */
static void expect_stored(const dsc_array *a, int32_t stored, const char *name) {
  static const struct {
    double first, least, greatest;
  } types[7] = {{-6, -65504, 65504}, {-6, -3.3895313892515355e38, 3.3895313892515355e38}, {-6, -128, 127},
      {-6, -32768, 32767}, {0, 0, 65535}, {0, 0, 4294967295}, {0, 0, 9223372036854775807.0}};
  const int t = stored - DSC_STORED_F16;
  char note[64];
  snprintf(note, sizeof note, "%s is read as %s", dsc_stored_info(stored).name, dsc_dtype_name(a->dtype));
  CHECK(a->stored == stored && a->dtype == dsc_stored_info(stored).dtype && a->count == 8 &&
          strcmp(dsc_stored_note(a).text, note) == 0,
      "%s: %s", name, dsc_stored_note(a).text);
  for (int64_t i = 0; i < a->count; i++) {
    const double wanted = i < 6 ? types[t].first + (double)i : i == 6 ? types[t].least : types[t].greatest;
    CHECK(value_at(a, i) == wanted, "%s: value %d is %.17g, expected %.17g", name, (int)i, value_at(a, i), wanted);
  }
}

/* Each of the 65,536 binary16, against the formula. */
static void check_halves(void) {
  for (uint32_t h = 0; h < 65536; h++) {
    const int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 1023);
    const float value = dsc_stored_half(h);
    const double size = exponent == 31 ? (fraction != 0 ? (double)NAN : (double)INFINITY)
        : exponent == 0                ? ldexp(fraction, -24)
                                       : ldexp(1024 + fraction, exponent - 25);
    CHECK((isnan(size) ? isnan(value) : fabs((double)value) == size) && (signbit(value) != 0) == (h >= 32768),
        "half %x is %g", h, (double)value);
  }
}

static void check_stored(void) {
  static const char *const names[8] = {
      "stored_f16", "stored_i8", "stored_i16", "stored_u16", "stored_u32", "stored_u64", "stored_fortran", ""};
  static const int32_t types[7] = {
      DSC_STORED_F16, DSC_STORED_I8, DSC_STORED_I16, DSC_STORED_U16, DSC_STORED_U32, DSC_STORED_U64, DSC_STORED_I16};
  dsc_array a;
  dsc_safetensors file;
  dsc_error error;
  char name[64];
  dsc_error_clear(&error);
  for (int i = 0; i < 7; i++)
    for (int big = 0; big < 2; big++) {
      snprintf(name, sizeof name, "%s%s.npy", names[i], big ? "_big" : "");
      if (big && (i == 1 || i == 6)) /* one byte has no order */
        continue;
      CHECK(dsc_npy_read(path_in(fixtures, name), &a, &error) == DSC_OK, "%s", error.message);
      expect_stored(&a, types[i], name);
      dsc_array_free(&a);
    }
  CHECK(dsc_safetensors_open(path_in(fixtures, "stored.safetensors"), &file, &error) == DSC_OK && file.count == 7, "%s",
      error.message);
  for (int32_t t = DSC_STORED_F16; t <= DSC_STORED_U64; t++) {
    const dsc_safetensors_entry *e = dsc_safetensors_find(&file, dsc_stored_info(t).name);
    CHECK(e != NULL && (uintptr_t)e->array.data % 8 == 0, "%s", dsc_stored_info(t).name);
    if (e != NULL)
      expect_stored(&e->array, t, e->name);
  }
  dsc_safetensors_free(&file);
  sample s = npy_sample(1, "{'descr': '>u8', 'fortran_order': False, 'shape': (2,), }", 0);
  put_big(&s, INT64_MAX, 8);
  put_big(&s, (uint64_t)INT64_MAX + 1, 8);
  HOSTILE(NPY, s, DSC_ERROR_UNSUPPORTED, "byte 75: a u64 of 2^63 or more, which i64 cannot hold");
  s = safetensors_sample("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U64\","
                         "\"shape\":[2],\"data_offsets\":[1,17]}}",
      17);
  s.data[s.size - 1] = 0x80;
  HOSTILE(SAFETENSORS, s, DSC_ERROR_UNSUPPORTED, "byte 124: a u64 of 2^63 or more");
  check_halves();
}

static void check_fixtures(void) {
  static const struct {
    const char *name;
    int32_t dtype, rank;
    int64_t shape[3];
  } files[] = {{"f4.npy", DSC_F32, 2, {2, 3, 0}}, {"f8.npy", DSC_F64, 2, {2, 3, 0}}, {"i4.npy", DSC_I32, 2, {2, 3, 0}},
      {"i8.npy", DSC_I64, 2, {2, 3, 0}}, {"u1.npy", DSC_U8, 2, {2, 3, 0}}, {"b1.npy", DSC_BOOL, 2, {2, 3, 0}},
      {"f4_big.npy", DSC_F32, 2, {2, 3, 0}}, {"i8_big.npy", DSC_I64, 2, {2, 3, 0}},
      {"fortran.npy", DSC_F64, 3, {2, 3, 4}}, {"version2.npy", DSC_I32, 2, {2, 3, 0}},
      {"version3.npy", DSC_I32, 2, {2, 3, 0}}, {"scalar.npy", DSC_F64, 0, {0, 0, 0}},
      {"vector.npy", DSC_F32, 1, {5, 0, 0}}, {"empty.npy", DSC_F32, 2, {0, 4, 0}},
      {"f4.npy.gz", DSC_F32, 2, {2, 3, 0}}};
  dsc_array a;
  dsc_safetensors file;
  dsc_error error;
  dsc_error_clear(&error);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    CHECK(dsc_npy_read(path_in(fixtures, files[i].name), &a, &error) == DSC_OK, "%s", error.message);
    CHECK(a.dtype == files[i].dtype && a.rank == files[i].rank &&
            memcmp(a.shape, files[i].shape, (size_t)a.rank * 8) == 0,
        "%s: type or shape", files[i].name);
    expect_counting(&a, files[i].name);
    if (strchr(files[i].name, '_') == NULL && files[i].rank < 3 && files[i].name[0] != 'v' &&
        strstr(files[i].name, ".gz") == NULL) { /* the writer makes numpy's bytes */
      CHECK(dsc_npy_write(path_in(work, "same.npy"), &a, &error) == DSC_OK, "%s", error.message);
      expect_same_files(path_in(work, "same.npy"), path_in(fixtures, files[i].name));
    }
    dsc_array_free(&a);
  }
  CHECK(dsc_safetensors_open(path_in(fixtures, "tensors.safetensors"), &file, &error) == DSC_OK && file.count == 8,
      "%s", error.message);
  for (int64_t i = 0; i < file.count; i++)
    expect_counting(&file.entries[i].array, file.entries[i].name);
  CHECK(dsc_safetensors_find(&file, "quote\"back\\slash\nline\xC3\xA9\xF0\x9F\x98\x80") != NULL,
      "a name with everything");
  CHECK(strcmp(dsc_safetensors_note(&file, "format"), "np") == 0, "metadata");
  dsc_safetensors_free(&file);
}

#endif
