/* The checks of files: gzip and what grows beyond its limits, writing, a full disk. */
#ifndef CHECK_FILES_H
#define CHECK_FILES_H

/* Zeros after a member, which blocks on a tape leave, are let pass, and more members after them. */
static void check_gzip_tails(const sample *zipped) {
  dsc_csv csv;
  dsc_error error;
  sample s = *zipped;
  memset(s.data + s.size, 0, 600);
  s.size += 600;
  for (int members = 1; members < 3; members++) {
    dsc_error_clear(&error);
    CHECK(dsc_csv_parse(s.data, s.size, "f", &csv_options, &csv, &error) == DSC_OK && csv.rows == 2 * members, "%s",
        error.message);
    dsc_csv_free(&csv);
    const sample plain = text_sample("5,6\n7,8\n"), second = gzip_sample(&plain);
    put(&s, second.data, (size_t)second.size);
  }
  s = *zipped;
  put(&s, "\0\0x", 3);
  HOSTILE(CSV, s, DSC_ERROR_FORMAT, "bytes that are no gzip follow the compressed data, at byte");
  s.size = zipped->size;
  put(&s, "\0\x1F\x8B", 3);
  HOSTILE(CSV, s, DSC_ERROR_FORMAT, "the gzip stream is cut off at byte");
  uint32_t two = 2;
  s = idx_sample(8, 1, &two);
  put_text(&s, "ab");
  s = gzip_sample(&s);
  put(&s, "\0\0\0", 3);
  dsc_array a;
  CHECK(dsc_idx_parse(s.data, s.size, "f", &a, &error) == DSC_OK && a.count == 2, "%s", error.message);
  dsc_array_free(&a);
}

/* Writes `lines` copies of a line, after `first`, as gzip; the path. */
static const char *write_bomb(const char *first, const char *line, int lines) {
  static char piece[1 << 16];
  const int each = (int)strlen(line), copies = (int)sizeof piece / each;
  const char *path = path_in(work, "bomb.gz");
  for (int i = 0; i < copies; i++)
    memcpy(piece + i * each, line, (size_t)each);
  gzFile bomb = gzopen(path, "wb6");
  gzwrite(bomb, first, (unsigned)strlen(first));
  for (int left = lines; left > 0; left -= copies)
    gzwrite(bomb, piece, (unsigned)((left < copies ? left : copies) * each));
  gzclose(bomb);
  return path;
}

/* What grows beyond its limit is refused before more is read: gzip by its size, a record, a pipe by what is stated. */
static void check_bombs(void) {
  dsc_csv csv;
  dsc_source source;
  dsc_error error;
  csv_options = dsc_csv_defaults();
  dsc_error_clear(&error);
  const char *path = write_bomb("", "1,2\n", 20000000);
  CHECK(dsc_csv_read(path, &csv_options, &csv, &error) == DSC_ERROR_LIMIT && csv.features.data == NULL, "bomb: %s",
      error.message);
  CHECK(strstr(error.message,
            "is larger than 67108864 bytes (decompressed), the limit for a gzipped file of its size") != NULL,
      "bomb: %s", error.message);
  dsc_error_clear(&error);
  csv_options.limit = 80000000;
  CHECK(dsc_csv_read(path, &csv_options, &csv, &error) == DSC_OK && csv.rows == 20000000 &&
          ((const float *)csv.features.data)[39999999] == 2,
      "a limit of the exact size: %s", error.message);
  dsc_csv_free(&csv);
  csv_options.limit--;
  CHECK(dsc_csv_read(path, &csv_options, &csv, &error) == DSC_ERROR_LIMIT &&
          strstr(error.message, "is larger than 79999999 bytes (decompressed), the limit for this file") != NULL,
      "%s", error.message);
  csv_options.limit = 0;
  /* A bad record early on: nothing behind the window is decompressed. */
  path = write_bomb("1,2\n3,x\n", "1,2\n", 20000000);
  dsc_error_clear(&error);
  CHECK(dsc_source_open(&source, path, &error) == DSC_OK &&
          dsc_csv_read_source(&source, &csv_options, &csv, &error) == DSC_ERROR_FORMAT,
      "%s", error.message);
  CHECK(source.offset <= DSC_CSV_PIECE && strstr(error.message, "line 2, column 2") != NULL, "%d bytes: %s",
      (int)source.offset, error.message);
  dsc_source_close(&source);
  dsc_error_clear(&error);
  csv_options.limit = 1 << 20;
  CHECK(dsc_csv_read("/dev/zero", &csv_options, &csv, &error) == DSC_ERROR_LIMIT &&
          strstr(error.message, "larger than 1048576 bytes, the limit for this file") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  csv_options.limit = 0;
  CHECK(dsc_csv_read("/dev/zero", &csv_options, &csv, &error) == DSC_ERROR_LIMIT &&
          strstr(error.message, "line 1: a record of more than 67108864 bytes") != NULL,
      "%s", error.message);
}

static void check_gzip(void) {
  sample plain = text_sample("a,b\n1,2\n3,4\n"), zipped = gzip_sample(&plain), twice = zipped, cut = zipped,
         tail = zipped, damaged = zipped;
  dsc_csv csv;
  dsc_error error;
  csv_options = dsc_csv_defaults();
  const char *path = path_in(work, "two.csv.gz");
  plain = text_sample("5,6\n");
  const sample second = gzip_sample(&plain);
  put(&twice, second.data, (size_t)second.size);
  write_plain(path, twice.data, twice.size);
  dsc_error_clear(&error);
  CHECK(dsc_csv_read(path, &csv_options, &csv, &error) == DSC_OK && csv.rows == 3 &&
          ((const float *)csv.features.data)[5] == 6,
      "two members: %s", error.message);
  dsc_csv_free(&csv);
  for (cut.size = zipped.size - 1; cut.size > 2; cut.size--)
    HOSTILE(CSV, cut, DSC_ERROR_FORMAT, "the gzip stream is cut off at byte");
  put_text(&tail, "garbage");
  HOSTILE(CSV, tail, DSC_ERROR_FORMAT, "bytes that are no gzip follow");
  damaged.data[damaged.size - 5] ^= 1;
  HOSTILE(CSV, damaged, DSC_ERROR_FORMAT, "gzip data is damaged near byte");
  check_gzip_tails(&zipped);
  check_bombs();
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

/* A whole file, with a zero byte after it; to be freed. */
static char *read_whole(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  char *data = (char *)malloc(1 << 16);
  *size = file != NULL ? fread(data, 1, (1 << 16) - 1, file) : 0;
  CHECK(file != NULL, "cannot read %s", path);
  if (file != NULL)
    fclose(file);
  data[*size] = 0;
  return data;
}

static void expect_file(const char *path, const char *text) {
  size_t size;
  char *data = read_whole(path, &size);
  CHECK(strcmp(data, text) == 0, "%s holds '%s', expected '%s'", path, data, text);
  free(data);
}

static void expect_same_files(const char *path, const char *other) {
  size_t size, other_size;
  char *data = read_whole(path, &size), *other_data = read_whole(other, &other_size);
  CHECK(size == other_size && memcmp(data, other_data, size) == 0, "%s and %s differ", path, other);
  free(data);
  free(other_data);
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
  dsc_source source;
  struct stat status;
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path, "one", 3, &error) == DSC_OK, "%s", error.message);
  expect_file(path, "one");
  chmod(path, 0640);
  CHECK(dsc_write_file(path, "two", 3, &error) == DSC_OK && stat(path, &status) == 0 && (status.st_mode & 0777) == 0640,
      "permissions are kept");
  expect_file(path, "two");
  char here[512];
  CHECK(getcwd(here, sizeof here) != NULL && chdir(work) == 0 && dsc_write_file("bare", "x", 1, &error) == DSC_OK &&
          chdir(here) == 0,
      "a bare name: %s", error.message);
  CHECK(dsc_write_file("/dev/full", "x", 1, &error) == DSC_ERROR_USAGE &&
          strstr(error.message, "/dev/full: is not a regular file") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_write_file(work, "x", 1, &error) == DSC_ERROR_USAGE, "a folder: %s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path_in(work, "missing/file"), "x", 1, &error) == DSC_ERROR_IO &&
          strstr(error.message, "No such file") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_source_open(&source, path_in(work, "missing"), &error) == DSC_ERROR_IO &&
          strstr(error.message, "cannot be opened: No such file") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  CHECK(dsc_source_open(&source, work, &error) == DSC_ERROR_IO && strstr(error.message, "is a directory") != NULL, "%s",
      error.message);
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

#endif
