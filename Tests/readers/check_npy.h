/* The checks of IDX and NPY. */
#ifndef CHECK_NPY_H
#define CHECK_NPY_H

static void check_idx(void) {
  const uint32_t sizes[9] = {2, 3, 1, 1, 1, 1, 1, 1, 1},
                 huge[8] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 1, 1, 1, 1};
  static const struct {
    int type, width, dtype;
  } types[6] = {
      {8, 1, DSC_U8}, {9, 1, DSC_I32}, {0xB, 2, DSC_I32}, {0xC, 4, DSC_I32}, {0xD, 4, DSC_F32}, {0xE, 8, DSC_F64}};
  for (int t = 0; t < 6; t++) {
    sample s = idx_sample(types[t].type, 2, sizes);
    for (int i = -2; i < 4; i++) {
      const float f = (float)i;
      const double d = (double)i;
      uint32_t fb;
      uint64_t db;
      memcpy(&fb, &f, 4);
      memcpy(&db, &d, 8);
      put_big(&s, types[t].type == 0xD ? fb : types[t].type == 0xE ? db : (uint64_t)i, types[t].width);
    }
    const sample zipped = gzip_sample(&s);
    for (int gz = 0; gz < 2; gz++) {
      dsc_array a;
      dsc_error error;
      dsc_error_clear(&error);
      CHECK(dsc_idx_parse(gz ? zipped.data : s.data, gz ? zipped.size : s.size, "good.idx", &a, &error) == DSC_OK, "%s",
          error.message);
      CHECK(a.dtype == types[t].dtype && a.rank == 2 && a.shape[0] == 2 && a.shape[1] == 3, "type %d", t);
      CHECK((a.stored != a.dtype) == (t == 1 || t == 2) &&
              strcmp(dsc_stored_note(&a).text,
                  t == 1       ? "i8 is read as i32"
                      : t == 2 ? "i16 is read as i32"
                               : "") == 0,
          "type %d: %s", t, dsc_stored_note(&a).text);
      for (int i = 0; i < 6; i++) {
        const double value = a.dtype == DSC_U8 ? (double)(int8_t)((uint8_t *)a.data)[i]
            : a.dtype == DSC_I32               ? (double)((int32_t *)a.data)[i]
            : a.dtype == DSC_F32               ? (double)((float *)a.data)[i]
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
  HOSTILE(IDX, idx_sample(8, 1, huge), DSC_ERROR_FORMAT,
      "ends at byte 8; expected 4294967295 bytes of IDX values from byte 8 on");
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
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", DSC_ERROR_FORMAT,
          "byte 61: expected a size of 0 or more in the shape, found \"-2, 3), }\""},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 3), }", DSC_ERROR_LIMIT,
          "multiply to more than"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967295, 4294967295), }", DSC_ERROR_LIMIT,
          "multiply to more than"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3), }", DSC_ERROR_FORMAT,
          "a size below 2^63"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }", DSC_ERROR_FORMAT,
          "expected 4000000000000 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", DSC_ERROR_UNSUPPORTED,
          "more than 8 axes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", DSC_ERROR_FORMAT, "expected a tuple"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 3), }", DSC_ERROR_FORMAT, "',' or ')'"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 3, }", DSC_ERROR_FORMAT, "'(' of the shape"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ((((((3,),),),),),) }", DSC_ERROR_FORMAT,
          "a size of 0 or more"},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_FORMAT, "expected 6 bytes of NPY values"},
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED,
          "byte 21: type \"<c8\"; supported are"},
      {"{'descr': '|u2', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "type \"|u2\""},
      {"{'descr': '|f4', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "type \"|f4\""},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED, "type \"|O\""},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", DSC_ERROR_UNSUPPORTED,
          "records are not supported"},
      {"{'descr': '<f4', 'fortran_order': 1, 'shape': (3,), }", DSC_ERROR_FORMAT, "True or False"},
      {"{'descr': '<f4', 'descr': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "repeated key \"descr\""},
      {"{'descr': '<f4', 'extra': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "unknown key \"extra\""},
      {"{'descr': '<f4', 'shape': (3,), }", DSC_ERROR_FORMAT, "key 'fortran_order' is missing"},
      {"{'descr': '<f4' 'shape': (3,), }", DSC_ERROR_FORMAT, "',' or '}'"},
      {"{'descr: <f4", DSC_ERROR_FORMAT, "the closing quote"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } x", DSC_ERROR_FORMAT,
          "blanks to the end of the header, found \"x\""},
      {"", DSC_ERROR_FORMAT, "expected '{', found its end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    hostile_at((int)i, NPY, npy_sample(1, cases[i].dict, 4), cases[i].code, cases[i].text);
  /* Without an element the sizes of the other axes may be any, in Fortran's order too. */
  s = npy_sample(
      1, "{'descr': '<f4', 'fortran_order': True, 'shape': (4611686018427387904, 4611686018427387904, 0), }", 0);
  CHECK(
      dsc_npy_parse(s.data, s.size, "empty", &a, &error) == DSC_OK && a.count == 0 && a.rank == 3, "%s", error.message);
  dsc_array_free(&a);
  /* cnpy writes the order of the machine for single bytes too. */
  s = npy_sample(1, "{'descr': '<u1', 'fortran_order': False, 'shape': (3,), }", 3);
  CHECK(dsc_npy_parse(s.data, s.size, "cnpy", &a, &error) == DSC_OK && a.dtype == DSC_U8 && a.count == 3, "%s",
      error.message);
  dsc_array_free(&a);
  s = npy_sample(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", 3);
  s.data[s.size - 1] = 2;
  HOSTILE(NPY, s, DSC_ERROR_FORMAT, "byte 69: a truth value of 2");
  /* Written and read back. */
  for (int32_t dtype = 0; dtype < 6; dtype++) {
    const int64_t shape[3] = {2, 1, 3};
    dsc_array b;
    const char *path = path_in(work, "back.npy");
    CHECK(dsc_array_allocate(&a, dtype,
              dtype == 5       ? 0
                  : dtype == 4 ? 1
                               : 3,
              shape, NULL, &error) == DSC_OK,
        "%s", error.message);
    memset(a.data, 1, (size_t)a.bytes);
    CHECK(dsc_npy_write(path, &a, &error) == DSC_OK && dsc_npy_read(path, &b, &error) == DSC_OK, "%s", error.message);
    CHECK(b.dtype == dtype && b.rank == a.rank && b.count == a.count && memcmp(a.data, b.data, (size_t)a.bytes) == 0,
        "round trip of %d", (int)dtype);
    dsc_array_free(&a);
    dsc_array_free(&b);
  }
}

#endif
