/* Writing files whole or not at all: which places are refused before anything is written, what ended processes leave
 * and living ones hold, and what a file system may answer to fsync. Takes a folder to work in; prints what fails.
 * Some processes of its own are killed in the midst of a write. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Stands for the system's: answers `sync_file` for a file and `sync_folder` for a folder. */
static int sync_file, sync_folder;
static int answering_fsync(int fd) {
  struct stat status;
  errno = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) ? sync_folder : sync_file;
  return errno == 0 ? 0 : -1;
}
#define fsync answering_fsync

#include "check.h"

static const char *work;
static dsc_error error;

static const char *path_in(const char *name) {
  static char path[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", work, name);
  return path[next];
}

static int is_there(const char *name) {
  struct stat status;
  return lstat(path_in(name), &status) == 0;
}

static void make(const char *name) {
  const int fd = open(path_in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && write(fd, "part", 4) == 4 && close(fd) == 0, "%s", name);
}

/* ---- fsync ---- */

static void check_sync(void) {
  static const int passed[] = {0, EINVAL, EOPNOTSUPP, ENOTSUP, ENOSYS}, failed[] = {EIO, ENOSPC, EDQUOT};
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
    sync_file = passed[i];
    sync_folder = passed[i];
    dsc_error_clear(&error);
    CHECK(dsc_write_file(path_in("synced"), "x", 1, &error) == DSC_OK, "fsync says %d: %s", passed[i], error.message);
  }
  sync_file = 0;
  sync_folder = EBADF;
  CHECK(dsc_write_file(path_in("synced"), "y", 1, &error) == DSC_OK, "fsync of a folder says EBADF: %s", error.message);
  for (size_t i = 0; i < sizeof failed / sizeof *failed; i++) {
    sync_file = 0;
    sync_folder = failed[i];
    dsc_error_clear(&error);
    CHECK(dsc_write_file(path_in("synced"), "y", 1, &error) == DSC_ERROR_IO &&
            strstr(error.message, "is written, but") != NULL,
        "%s", error.message);
    sync_file = failed[i];
    dsc_error_clear(&error);
    CHECK(dsc_write_file(path_in("synced"), "z", 1, &error) == DSC_ERROR_IO &&
            strstr(error.message, "as it was before") != NULL,
        "%s", error.message);
  }
  sync_file = EBADF;
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path_in("synced"), "z", 1, &error) == DSC_ERROR_IO, "fsync of a file says EBADF: %s",
      error.message);
  sync_file = sync_folder = 0;
  dsc_error_clear(&error);
}

/* ---- places ---- */

static void refused(const char *path, const char *words) {
  dsc_error_clear(&error);
  CHECK(
      dsc_replace_probe(path, &error) != DSC_OK && strstr(error.message, words) != NULL, "%s: %s", path, error.message);
  dsc_error_clear(&error);
}

static void check_places(void) {
  char name[400];
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = 0;
  refused(work, "not a regular file");
  refused("/dev/full", "not a regular file");
  refused("/dev/null/x", "Not a directory");
  refused(path_in("none/x"), "No such file");
  refused(path_in("none/"), "is not a file name");
  refused(path_in(name), "File name too long");
  CHECK(mkfifo(path_in("fifo"), 0600) == 0, "mkfifo: %s", strerror(errno));
  refused(path_in("fifo"), "not a regular file");
  /* A folder that may not be written, to one who is not the superuser. */
  CHECK(mkdir(path_in("closed"), 0555) == 0, "mkdir: %s", strerror(errno));
  if (geteuid() != 0 || seteuid(65534) == 0) {
    refused(path_in("closed/x"), "Permission denied");
    CHECK(geteuid() == getuid() || seteuid(getuid()) == 0, "seteuid: %s", strerror(errno));
  }
  CHECK(dsc_replace_probe(path_in("new"), &error) == DSC_OK && !is_there("new"), "%s", error.message);
  make("old");
  CHECK(dsc_replace_probe(path_in("old"), &error) == DSC_OK && is_there("old"), "%s", error.message);
  CHECK(chdir(work) == 0 && dsc_replace_probe("bare", &error) == DSC_OK, "%s", error.message);
  /* What is read as a whole must be a file: nobody writes to this pipe. */
  dsc_safetensors file;
  alarm(20);
  CHECK(dsc_safetensors_open(path_in("fifo"), &file, &error) == DSC_ERROR_IO &&
          strstr(error.message, "is a pipe") != NULL,
      "%s", error.message);
  dsc_error_clear(&error);
  CHECK(
      dsc_safetensors_open("/dev/zero", &file, &error) == DSC_ERROR_IO && strstr(error.message, "is a device") != NULL,
      "%s", error.message);
  alarm(0);
  dsc_error_clear(&error);
}

/* A folder that may be written and not read cannot be synced; the file is there all the same. */
static void check_blind_folder(void) {
  const char *folder = path_in("blind"), *file = path_in("blind/x");
  if (mkdir(folder, 0700) != 0 || chmod(folder, 0333) != 0 || (geteuid() == 0 && seteuid(65534) != 0))
    return;
  CHECK(dsc_write_file(file, "x", 1, &error) == DSC_OK, "%s", error.message);
  CHECK(geteuid() == getuid() || seteuid(getuid()) == 0, "seteuid: %s", strerror(errno));
}

/* ---- what killed processes leave ---- */

/* A process that has begun to replace `path`; it waits to be killed. */
static pid_t writer(const char *path) {
  int ready[2];
  char byte;
  CHECK(pipe(ready) == 0, "pipe: %s", strerror(errno));
  const pid_t process = fork();
  if (process == 0) {
    dsc_replacement file;
    if (dsc_replace_begin(&file, path, &error) != DSC_OK || dsc_replace_write(&file, "part", 4, &error) != DSC_OK)
      _exit(1);
    if (write(ready[1], "x", 1) == 1)
      pause();
    _exit(1);
  }
  close(ready[1]);
  CHECK(process > 0 && read(ready[0], &byte, 1) == 1, "no writer");
  close(ready[0]);
  return process;
}

static void end(pid_t process) {
  int status;
  CHECK(kill(process, SIGKILL) == 0 && waitpid(process, &status, 0) == process, "kill: %s", strerror(errno));
}

static void check_sweeping(void) {
  char living[64], left[64], unseen[64], name[64], path[512];
  snprintf(path, sizeof path, "%s", path_in("c"));
  const pid_t first = writer(path);
  snprintf(living, sizeof living, ".c.%ld-0.tmp", (long)first);
  CHECK(is_there(living), "%s is not there", living);
  CHECK(dsc_replace_probe(path, &error) == DSC_OK && is_there(living), "a living process's file was swept: %s",
      error.message);
  end(first);
  CHECK(is_there(living), "%s went away by itself", living);
  /* Names that are nobody's temporary file for c. */
  static const char *const others[] = {".c.x-0.tmp", ".c.1.tmp", ".c.d.999999999-0.tmp", ".c.999999999-0.tmp.old",
      "c.999999999-0.tmp", ".d.999999999-0.tmp", ".c.0-0.tmp"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    make(others[i]);
  CHECK(symlink("nowhere", path_in(".c.999999999-7.tmp")) == 0, "symlink: %s", strerror(errno));
  CHECK(dsc_replace_probe(path, &error) == DSC_OK && !is_there(living), "a killed process's file stayed: %s",
      error.message);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    CHECK(is_there(others[i]), "%s was swept", others[i]);
  CHECK(is_there(".c.999999999-7.tmp"), "a link was swept");
  /* A process that is not seen from here, as in another container: its number means nobody, and it holds its file. */
  const pid_t second = writer(path);
  snprintf(name, sizeof name, ".c.%ld-0.tmp", (long)second);
  snprintf(unseen, sizeof unseen, ".c.999999998-0.tmp");
  CHECK(rename(path_in(name), path_in(unseen)) == 0, "rename: %s", strerror(errno));
  CHECK(dsc_replace_probe(path, &error) == DSC_OK && is_there(unseen), "a file that is held was swept: %s",
      error.message);
  end(second);
  CHECK(dsc_replace_probe(path, &error) == DSC_OK && !is_there(unseen), "a file that nobody holds stayed: %s",
      error.message);
  /* This process's own number: left by one that had it before, and in use. */
  snprintf(left, sizeof left, ".c.%ld-9.tmp", (long)getpid());
  make(left);
  dsc_replacement own;
  CHECK(dsc_replace_begin(&own, path, &error) == DSC_OK, "%s", error.message);
  CHECK(dsc_replace_probe(path, &error) == DSC_OK && !is_there(left), "%s stayed: %s", left, error.message);
  CHECK(dsc_replace_write(&own, "whole", 5, &error) == DSC_OK && dsc_replace_commit(&own, &error) == DSC_OK &&
          is_there("c"),
      "%s", error.message);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: replace FOLDER\n");
    return 2;
  }
  work = argv[1];
  dsc_error_clear(&error);
  check_sync();
  check_places();
  check_blind_folder();
  check_sweeping();
  printf("%d checks, %d failures\n", checks, failures);
  return failures > 0;
}
