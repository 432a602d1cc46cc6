/* Writing a file so that it is there whole or not at all.
 * Takes a path and bytes; they go to a temporary file beside it, `.NAME.PROCESS-ATTEMPT.tmp`, which is renamed when it
 * is complete and on the disk.
 * Invariant: a failed write leaves no temporary file and the old file as it was; what a killed process left is removed
 * by the next one that asks whether the same file can be written (dsc_replace_probe), and a living one's never.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include (fsync, lstat, fchmod). */
#ifndef DESCENT_REPLACE_H
#define DESCENT_REPLACE_H

#include "descent_files.h"
#include <dirent.h>
#include <signal.h>
#include <sys/file.h>

/* A file being replaced: bytes go to a temporary file beside it until dsc_replace_commit renames that. */
typedef struct {
  int fd;
  char *path, *temporary;
  int64_t offset;
} dsc_replacement;

/* ---- temporary files, and whose they are ---- */

/* Holds an open temporary file for as long as this process lives: 1, or 0 where another holds it. A file system without
 * locks is taken for one where nobody does. */
DSC_FN int dsc_replace_hold(int fd) {
#ifdef LOCK_NB
  return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
#else
  (void)fd;
  return 1;
#endif
}

/* The process that a file's name says it is a temporary file of, for a file named `base`; 0: it is none. */
DSC_FN long dsc_replace_owner(const char *name, const char *base) {
  char prefix[192];
  long process = 0;
  const size_t length = (size_t)snprintf(prefix, sizeof prefix, ".%.180s.", base);
  if (strncmp(name, prefix, length) != 0)
    return 0;
  name += length;
  while (*name >= '0' && *name <= '9' && process < 1L << 30)
    process = process * 10 + (*name++ - '0');
  if (*name++ != '-' || *name < '0' || *name > '9')
    return 0;
  while (*name >= '0' && *name <= '9')
    name++;
  return strcmp(name, ".tmp") == 0 ? process : 0;
}

/* Removes the temporary file `name` in `folder` unless somebody may be writing it: it is another user's, its process
 * lives, or it is held by a process that is not seen from here (another container's, say). */
DSC_FN void dsc_replace_sweep_one(int folder, const char *name, long process) {
  struct stat status;
  if (process != (long)getpid() && (kill((pid_t)process, 0) == 0 || errno != ESRCH))
    return;
  const int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && dsc_replace_hold(fd))
    unlinkat(folder, name, 0);
  close(fd);
}

/* The folder of a path, as `./` or with its slash; to be freed. Null: no memory. */
DSC_FN char *dsc_replace_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  const size_t kept = slash != NULL ? (size_t)(slash - path) + 1 : 2;
  char *name = (char *)malloc(kept + 1);
  if (name != NULL) {
    memcpy(name, slash != NULL ? path : "./", kept);
    name[kept] = 0;
  }
  return name;
}

/* Removes what processes that ended while they wrote `path` left beside it. */
DSC_FN void dsc_replace_sweep(const char *path) {
  const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
  char *name = dsc_replace_folder(path);
  DIR *folder = name != NULL ? opendir(name) : NULL;
  free(name);
  if (folder == NULL)
    return;
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    const long process = dsc_replace_owner(entry->d_name, base);
    if (process > 0)
      dsc_replace_sweep_one(dirfd(folder), entry->d_name, process);
  }
  closedir(folder);
}

/* ---- replacing ---- */

/* Drops what was written so far and removes the temporary file; the old file stays. */
DSC_FN void dsc_replace_abandon(dsc_replacement *replacement) {
  if (replacement->temporary != NULL)
    unlink(replacement->temporary);
  if (replacement->fd >= 0)
    close(replacement->fd);
  free(replacement->temporary);
  free(replacement->path);
  memset(replacement, 0, sizeof *replacement);
  replacement->fd = -1;
}

/* Makes the temporary file of a replacement, whose names have room; -1 with errno. */
DSC_FN int dsc_replace_open(char *temporary, size_t room, const char *path, const char *base) {
  struct stat status;
  for (int attempt = 0; attempt < 10000; attempt++) {
    snprintf(temporary, room, "%.*s.%.180s.%ld-%d.tmp", (int)(base - path), path, base, (long)getpid(), attempt);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST && errno != EINTR)
      return -1;
    if (fd < 0)
      continue;
    /* One who sweeps may have come between: then this name is lost. */
    if (dsc_replace_hold(fd) && fstat(fd, &status) == 0 && status.st_nlink > 0)
      return fd;
    close(fd);
  }
  errno = EEXIST;
  return -1;
}

/* Starts to replace `path`. A symbolic link is replaced itself; anything but a regular file is refused. On failure
 * there is nothing to abandon. */
DSC_FN int dsc_replace_begin(dsc_replacement *replacement, const char *path, dsc_error *error) {
  struct stat old;
  const size_t length = strlen(path);
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  const int exists = lstat(path, &old) == 0, why = errno;
  int code = DSC_OK;
  memset(replacement, 0, sizeof *replacement);
  replacement->fd = -1;
  if (*base == 0)
    return dsc_fail_in(error, DSC_ERROR_USAGE, path, "is not a file name to write to");
  if (!exists && why != ENOENT)
    return dsc_fail_in(error, DSC_ERROR_IO, path, "cannot be written: %s", strerror(why));
  if (exists && !S_ISREG(old.st_mode) && !S_ISLNK(old.st_mode))
    return dsc_fail_in(error, DSC_ERROR_USAGE, path, "is not a regular file and is not replaced");
  replacement->path = (char *)malloc(length + 1);
  replacement->temporary = (char *)malloc(length + 64);
  if (replacement->path == NULL || replacement->temporary == NULL) {
    free(replacement->temporary);
    replacement->temporary = NULL;
    code = dsc_fail_in(error, DSC_ERROR_MEMORY, path, "no memory for a name of %" PRId64 " bytes", (int64_t)length);
  } else {
    memcpy(replacement->path, path, length + 1);
    replacement->fd = dsc_replace_open(replacement->temporary, length + 64, path, base);
    if (replacement->fd < 0) {
      code = dsc_fail_in(error, DSC_ERROR_IO, path, "no file can be made beside it (%s): %s",
          dsc_show_path(replacement->temporary).text, strerror(errno));
      free(replacement->temporary);
      replacement->temporary = NULL;
    } else if (exists && S_ISREG(old.st_mode) && fchmod(replacement->fd, old.st_mode & 0777) != 0) {
      code = dsc_fail_in(error, DSC_ERROR_IO, path, "its permissions cannot be kept: %s", strerror(errno));
    }
  }
  if (code != DSC_OK)
    dsc_replace_abandon(replacement);
  return code;
}

/* Fails now, and not after hours of work, where `path` cannot be replaced; sweeps beside it. */
DSC_FN int dsc_replace_probe(const char *path, dsc_error *error) {
  dsc_replacement file;
  const int code = dsc_replace_begin(&file, path, error);
  if (code == DSC_OK) {
    dsc_replace_abandon(&file);
    dsc_replace_sweep(path);
  }
  return code;
}

/* Writes bytes. On failure everything is dropped, as by dsc_replace_abandon. */
DSC_FN int dsc_replace_write(dsc_replacement *replacement, const void *data, int64_t size, dsc_error *error) {
  const uint8_t *from = (const uint8_t *)data;
  if (replacement->fd < 0)
    return dsc_fail(error, DSC_ERROR_USAGE, "write to a file that is not open");
  while (size > 0) {
    const ssize_t put = write(replacement->fd, from, (size_t)(size < (1 << 30) ? size : 1 << 30));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0) {
      const int code = dsc_fail_in(error, DSC_ERROR_IO, replacement->path,
          "writing failed at byte %" PRId64 ": %s; the file is as it was before", replacement->offset,
          put < 0 ? strerror(errno) : "nothing was taken");
      dsc_replace_abandon(replacement);
      return code;
    }
    from += put;
    size -= (int64_t)put;
    replacement->offset += (int64_t)put;
  }
  return DSC_OK;
}

/* Puts what was written on the disk; 0, or -1 with errno. A file system that knows no such thing has done what it can.
 * */
DSC_FN int dsc_sync(int fd) {
#if defined(F_FULLFSYNC)
  if (fcntl(fd, F_FULLFSYNC) == 0)
    return 0;
#endif
  int result;
  do
    result = fsync(fd);
  while (result != 0 && errno == EINTR);
  return result != 0 && (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOTSUP || errno == ENOSYS) ? 0 : result;
}

/* Makes a rename in the directory of `path` last. A directory that may be written and not read, or one of a file system
 * that syncs no directories (EBADF on some), is let pass: the file itself is on the disk. */
DSC_FN int dsc_sync_directory(const char *path, dsc_error *error) {
  char *name = dsc_replace_folder(path);
  if (name == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, path, "no memory for the name of its directory");
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  const int failed = fd < 0 ? errno != EACCES && errno != EPERM : dsc_sync(fd) != 0 && errno != EBADF;
  const int why = errno;
  if (fd >= 0)
    close(fd);
  free(name);
  return failed
      ? dsc_fail_in(error, DSC_ERROR_IO, path, "is written, but its directory cannot be synced: %s", strerror(why))
      : DSC_OK;
}

/* fsync, rename over the old file, fsync the directory. Closes the replacement whether it fails or not. */
DSC_FN int dsc_replace_commit(dsc_replacement *replacement, dsc_error *error) {
  const char *step = NULL;
  int code = DSC_OK;
  const int fd = replacement->fd;
  if (fd < 0)
    return dsc_fail(error, DSC_ERROR_USAGE, "commit of a file that is not open");
  if (dsc_sync(fd) != 0)
    step = "fsync";
  const int why = errno;
  /* Closed before the rename, as that may fail too; held until after it. */
  replacement->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (close(fd) != 0 && step == NULL)
    step = "close";
  else if (step != NULL)
    errno = why;
  if (step == NULL && rename(replacement->temporary, replacement->path) != 0)
    step = "rename";
  if (step != NULL)
    code = dsc_fail_in(error, DSC_ERROR_IO, replacement->path,
        "%s failed after byte %" PRId64 ": %s; the file is as it was before", step, replacement->offset,
        strerror(errno));
  else {
    free(replacement->temporary);
    replacement->temporary = NULL;
    code = dsc_sync_directory(replacement->path, error);
  }
  dsc_replace_abandon(replacement);
  return code;
}

/* Replaces a file by `size` bytes, whole or not at all. */
DSC_FN int dsc_write_file(const char *path, const void *data, int64_t size, dsc_error *error) {
  dsc_replacement replacement;
  int code = dsc_replace_begin(&replacement, path, error);
  if (code == DSC_OK)
    code = dsc_replace_write(&replacement, data, size, error);
  if (code == DSC_OK)
    code = dsc_replace_commit(&replacement, error);
  return code;
}

#endif
