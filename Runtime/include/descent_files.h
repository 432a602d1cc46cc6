/* Files: reading plain or gzipped bytes.
 * Takes a path or bytes in memory; gives bytes, with every size checked before memory is asked for.
 * Invariant: an error names the file and the offset.
 * gzip (RFC 1952) is told by its magic 1f 8b and read through zlib (link with -lz); -DDSC_HAVE_ZLIB=0 builds without.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include (open, O_CLOEXEC). */
#ifndef DESCENT_FILES_H
#define DESCENT_FILES_H

#include "descent_array.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DSC_HAVE_ZLIB
#define DSC_HAVE_ZLIB 1
#endif
#if DSC_HAVE_ZLIB
#include <zlib.h>
#endif

/* What may come of a source that does not say how much it holds, where the caller states no limit: 4 GiB of a pipe; of
 * gzip 64 MiB, or 100 times what is stored where that is more (deflate reaches 1032 times; text of numbers 3 to 20). */
#define DSC_GROWTH_LIMIT ((int64_t)1 << 32)
#define DSC_INFLATION_FLOOR ((int64_t)1 << 26)
#define DSC_INFLATION_LIMIT 100

/* Bytes coming in order from a file or from memory. */
typedef struct {
  const char *path; /* for messages; borrowed */
  const uint8_t *window; /* bytes at hand: window[at..<filled] */
  int64_t at, filled;
  uint8_t *owned; /* the window's memory when it is ours */
  int fd; /* -1: all bytes are in the window */
  void *inflater; /* z_stream of a gzipped source */
  int ended; /* the last gzip member is complete */
  int64_t stored; /* size of the file; -1 where it is unknown */
  int64_t raw; /* bytes taken from the file so far, as stored */
  int64_t offset; /* bytes given so far, after decompression */
  int64_t most; /* no more bytes than this can come */
  int code; /* why the last call that gave -1 failed */
} dsc_source;

DSC_FN void dsc_source_close(dsc_source *source) {
#if DSC_HAVE_ZLIB
  if (source->inflater != NULL)
    inflateEnd((z_stream *)source->inflater);
#endif
  free(source->inflater);
  free(source->owned);
  if (source->fd >= 0)
    close(source->fd);
  memset(source, 0, sizeof *source);
  source->fd = -1;
}

/* read(2) until something comes: bytes read, 0 at the end, -1 on failure. */
DSC_FN int64_t dsc_read_some(int fd, void *to, int64_t want) {
  const size_t piece = (size_t)(want < (1 << 30) ? want : 1 << 30);
  ssize_t got;
  do
    got = read(fd, to, piece);
  while (got < 0 && errno == EINTR);
  return (int64_t)got;
}

/* Makes sure that the window holds a byte, unless the input is at its end. */
DSC_FN int dsc_source_refill(dsc_source *source, dsc_error *error) {
  if (source->at < source->filled || source->fd < 0)
    return DSC_OK;
  const int64_t got = dsc_read_some(source->fd, source->owned, 1 << 16);
  if (got < 0)
    return dsc_fail_in(
        error, DSC_ERROR_IO, source->path, "reading failed at byte %" PRId64 ": %s", source->raw, strerror(errno));
  source->at = 0;
  source->filled = got;
  source->raw += got;
  return DSC_OK;
}

/* Whether bytes are the beginning of a gzip member. A safetensors file, too, may begin with its magic, as the length of
 * its header; but then byte 8 is '{', where gzip tells of the compressor (XFL), which is 0, 2 or 4. */
DSC_FN int dsc_is_gzip(const uint8_t *bytes, int64_t size) {
  return size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B && (size < 9 || bytes[8] != '{');
}

/* Looks at the first bytes; `stored` is the size of the file, -1 where it is unknown. */
DSC_FN int dsc_source_begin(dsc_source *source, int64_t stored, dsc_error *error) {
  source->stored = stored;
  source->most = stored >= 0 ? stored : DSC_GROWTH_LIMIT;
  if (!dsc_is_gzip(source->window, source->filled))
    return DSC_OK;
#if DSC_HAVE_ZLIB
  /* Deflate makes at most 1032 bytes out of one. */
  if (stored >= 0)
    source->most = stored > INT64_MAX / 1032 ? INT64_MAX : stored * 1032;
  z_stream *stream = (z_stream *)calloc(1, sizeof(z_stream));
  if (stream == NULL || inflateInit2(stream, 15 + 16) != Z_OK) {
    free(stream);
    return dsc_fail_in(error, DSC_ERROR_MEMORY, source->path, "no memory to decompress with");
  }
  source->inflater = stream;
  return DSC_OK;
#else
  return dsc_fail_in(error, DSC_ERROR_UNSUPPORTED, source->path,
      "is gzipped (1f 8b at byte 0), and this program was built without zlib (DSC_HAVE_ZLIB 0): decompress it with "
      "gunzip first");
#endif
}

/* Opens a file, plain or gzipped. On failure there is nothing to close. */
DSC_FN int dsc_source_open(dsc_source *source, const char *path, dsc_error *error) {
  struct stat status;
  int code;
  memset(source, 0, sizeof *source);
  source->path = path;
  source->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (source->fd < 0)
    return dsc_fail_in(error, DSC_ERROR_IO, path, "cannot be opened: %s", strerror(errno));
  if (fstat(source->fd, &status) != 0)
    code = dsc_fail_in(error, DSC_ERROR_IO, path, "cannot be examined: %s", strerror(errno));
  else if (S_ISDIR(status.st_mode))
    code = dsc_fail_in(error, DSC_ERROR_IO, path, "is a directory; expected a file");
  else if ((source->owned = (uint8_t *)malloc(1 << 16)) == NULL)
    code = dsc_fail_in(error, DSC_ERROR_MEMORY, path, "no memory for a buffer of 65536 bytes");
  else {
    source->window = source->owned;
    code = dsc_source_refill(source, error);
    /* A pipe may hand over a few bytes at first: ask again, so that a gzip header can be told. */
    while (code == DSC_OK && source->filled > 0 && source->filled < 9) {
      const int64_t got = dsc_read_some(source->fd, source->owned + source->filled, (1 << 16) - source->filled);
      if (got <= 0)
        break;
      source->filled += got;
      source->raw += got;
    }
    if (code == DSC_OK)
      code = dsc_source_begin(source, S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1, error);
  }
  if (code != DSC_OK)
    dsc_source_close(source);
  return code;
}

/* The same for bytes in memory, which are borrowed; `path` is for messages. */
DSC_FN int dsc_source_memory(dsc_source *source, const void *bytes, int64_t size, const char *path, dsc_error *error) {
  memset(source, 0, sizeof *source);
  source->path = path;
  source->fd = -1;
  source->window = (const uint8_t *)bytes;
  source->filled = source->raw = size;
  const int code = dsc_source_begin(source, size, error);
  if (code != DSC_OK)
    dsc_source_close(source);
  return code;
}

#if DSC_HAVE_ZLIB
/* Decompresses up to `want` bytes: bytes given, 0 at the end, -1 on failure. */
DSC_FN int64_t dsc_source_inflate(dsc_source *source, uint8_t *to, int64_t want, dsc_error *error) {
  z_stream *stream = (z_stream *)source->inflater;
  const int64_t piece = want < (1 << 30) ? want : 1 << 30;
  stream->next_out = to;
  stream->avail_out = (uInt)piece;
  while (stream->avail_out > 0 && (int64_t)stream->avail_out == piece) {
    if ((source->code = dsc_source_refill(source, error)) != DSC_OK)
      return -1;
    const int64_t left = source->filled - source->at;
    const int64_t stored = source->raw - left;
    if (left == 0) {
      if (source->ended)
        return 0;
      source->code = dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
          "the gzip stream is cut off at byte %" PRId64 " of the file (byte %" PRId64 " decompressed)", stored,
          source->offset);
      return -1;
    }
    if (source->ended) { /* one member is complete: zeros, which pad it, or another may follow, nothing else */
      if (source->window[source->at] == 0) {
        source->at++;
        continue;
      }
      if (source->window[source->at] != 0x1F || inflateReset(stream) != Z_OK) {
        source->code = dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
            "bytes that are no gzip follow the compressed data, at byte %" PRId64 " of the file", stored);
        return -1;
      }
      source->ended = 0;
    }
    const uInt given = (uInt)(left < (1 << 30) ? left : 1 << 30);
    stream->next_in = (Bytef *)(uintptr_t)(source->window + source->at);
    stream->avail_in = given;
    const int state = inflate(stream, Z_NO_FLUSH);
    source->at += (int64_t)(given - stream->avail_in);
    if (state == Z_STREAM_END)
      source->ended = 1;
    else if (state == Z_MEM_ERROR) {
      source->code = dsc_fail_in(error, DSC_ERROR_MEMORY, source->path, "no memory to decompress with");
      return -1;
    } else if (state != Z_OK && state != Z_BUF_ERROR) {
      source->code = dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
          "the gzip data is damaged near byte %" PRId64 " of the file: %s", source->raw - (source->filled - source->at),
          stream->msg != NULL ? stream->msg : "no further detail");
      return -1;
    }
  }
  return piece - (int64_t)stream->avail_out;
}
#endif

/* Gives up to `want` bytes: their number, fewer than `want` only at the end; -1 on failure, with
 * source->code saying why. */
DSC_FN int64_t dsc_source_read(dsc_source *source, void *to, int64_t want, dsc_error *error) {
  uint8_t *out = (uint8_t *)to;
  int64_t given = 0;
  while (given < want) {
    int64_t got;
    const int64_t left = source->filled - source->at;
#if DSC_HAVE_ZLIB
    if (source->inflater != NULL) {
      got = dsc_source_inflate(source, out + given, want - given, error);
      if (got < 0)
        return -1;
    } else
#endif
        if (left > 0) {
      got = left < want - given ? left : want - given;
      memcpy(out + given, source->window + source->at, (size_t)got);
      source->at += got;
    } else if (source->fd < 0) {
      got = 0;
    } else {
      got = dsc_read_some(source->fd, out + given, want - given);
      if (got < 0) {
        source->code = dsc_fail_in(
            error, DSC_ERROR_IO, source->path, "reading failed at byte %" PRId64 ": %s", source->raw, strerror(errno));
        return -1;
      }
      source->raw += got;
    }
    if (got == 0)
      break;
    given += got;
    source->offset += got;
  }
  return given;
}

DSC_FN const char *dsc_source_unit(const dsc_source *source) {
  return source->inflater != NULL ? " (decompressed)" : "";
}

/* Gives exactly `want` bytes, or fails saying where the file ends and that `what` was expected. */
DSC_FN int dsc_source_exactly(dsc_source *source, void *to, int64_t want, const char *what, dsc_error *error) {
  const int64_t from = source->offset;
  const int64_t got = dsc_source_read(source, to, want, error);
  if (got < 0)
    return source->code;
  if (got < want)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
        "ends at byte %" PRId64 "%s; expected %" PRId64 " bytes of %s from byte %" PRId64 " on", source->offset,
        dsc_source_unit(source), want, what, from);
  return DSC_OK;
}

/* Before memory is asked for: fails unless `want` more bytes can come at all. */
DSC_FN int dsc_source_promise(const dsc_source *source, int64_t want, const char *what, dsc_error *error) {
  if (want <= source->most - source->offset)
    return DSC_OK;
  if (source->inflater != NULL)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
        "announces %" PRId64 " bytes of %s at byte %" PRId64 " (decompressed), more than its compressed size can hold",
        want, what, source->offset);
  return dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
      "ends at byte %" PRId64 "; expected %" PRId64 " bytes of %s from byte %" PRId64 " on", source->most, want, what,
      source->offset);
}

/* Fails unless the source is at its end. */
DSC_FN int dsc_source_finish(dsc_source *source, dsc_error *error) {
  uint8_t extra;
  const int64_t end = source->offset;
  const int64_t got = dsc_source_read(source, &extra, 1, error);
  if (got < 0)
    return source->code;
  if (got > 0)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, source->path,
        "goes on after its last value; expected the end of the file at byte %" PRId64 "%s", end,
        dsc_source_unit(source));
  return DSC_OK;
}

/* Fails where more than `limit` bytes have come; without a limit (0) where a source that does not say how much it holds
 * goes beyond DSC_GROWTH_LIMIT or what DSC_INFLATION_LIMIT allows. */
DSC_FN int dsc_source_check_growth(const dsc_source *source, int64_t limit, dsc_error *error) {
  const int64_t stored = source->stored >= 0 ? source->stored : source->raw;
  int64_t most = limit > 0 ? limit : source->stored >= 0 ? INT64_MAX : DSC_GROWTH_LIMIT;
  if (limit <= 0 && source->inflater != NULL) {
    most = stored < INT64_MAX / DSC_INFLATION_LIMIT ? stored * DSC_INFLATION_LIMIT : INT64_MAX;
    most = most > DSC_INFLATION_FLOOR ? most : DSC_INFLATION_FLOOR;
  }
  if (source->offset <= most)
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_LIMIT, source->path, "is larger than %" PRId64 " bytes%s, the limit %s", most,
      dsc_source_unit(source),
      limit > 0                      ? "for this file"
          : source->inflater == NULL ? "for a pipe where no other is stated"
                                     : "for a gzipped file of its size where no other is stated: decompress it first");
}

/* Fails at once for what is no regular file: a pipe that nobody writes to would be waited for, a device has no end. */
DSC_FN int dsc_expect_regular(const char *path, dsc_error *error) {
  struct stat status;
  if (stat(path, &status) != 0)
    return dsc_fail_in(error, DSC_ERROR_IO, path, "cannot be opened: %s", strerror(errno));
  if (S_ISREG(status.st_mode))
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_IO, path, "is a %s; expected a file",
      S_ISDIR(status.st_mode)        ? "directory"
          : S_ISFIFO(status.st_mode) ? "pipe"
                                     : "device or socket");
}

#endif
