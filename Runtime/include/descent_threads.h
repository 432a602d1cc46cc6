/* Threads of OpenMP, tried before they are needed: its runtimes end the process where one cannot be made, and a stack
 * that is too small ends it without a word.
 * Takes how many are wanted; gives an error that says what is in the way.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_THREADS_H
#define DESCENT_THREADS_H

#include "descent_error.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
  DSC_MOST_THREADS = 1024,
  /* What a thread needs: 128 KiB of rows in a chunk, and its frames, largest where a compiler does not optimise. */
  DSC_STACK_BYTES = 512 * 1024,
  DSC_USUAL_STACK_BYTES = 4 * 1024 * 1024
};

/* The bytes that text such as "16K" or " 2 M" asks for, in `unit` bytes where it names none; 0 where it asks for
 * nothing. */
DSC_FN int64_t dsc_stack_size(const char *text, int64_t unit) {
  static const char letters[] = "bBkKmMgGtT";
  int64_t value = 0;
  text += strspn(text, " \t");
  for (; *text >= '0' && *text <= '9'; text++)
    value = value > INT64_MAX / 16 ? value : value * 10 + (*text - '0');
  text += strspn(text, " \t");
  const char *letter = *text != 0 ? strchr(letters, *text) : NULL;
  if (letter != NULL) {
    unit = INT64_C(1) << 10 * ((letter - letters) / 2);
    text++;
  }
  if (text[strspn(text, " \t")] != 0)
    return 0;
  return value > INT64_MAX / unit ? INT64_MAX : value * unit;
}

/* The variables by which a user sets the stacks of OpenMP's threads, and the units of their numbers. */
DSC_FN const char *dsc_stack_variable(int i, int64_t *unit) {
  static const char *const names[3] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};
  *unit = i == 2 ? 1 : 1024;
  return i < 3 ? names[i] : NULL;
}

DSC_FN void *dsc_threads_wait(void *gate) {
  pthread_mutex_lock((pthread_mutex_t *)gate);
  pthread_mutex_unlock((pthread_mutex_t *)gate);
  return NULL;
}

/* Makes up to `count` threads that are there at the same time and end again; tells how many there were, and the reason
 * for less. */
DSC_FN int64_t dsc_threads_made(int64_t count, int64_t stack, int *reason) {
  pthread_t *const list = (pthread_t *)malloc((size_t)(count > 0 ? count : 1) * sizeof(pthread_t));
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_attr_t attributes;
  int64_t made = 0;
  *reason = list == NULL ? ENOMEM : pthread_attr_init(&attributes);
  if (*reason == 0) {
    /* More than the system can tell a size apart from is refused by it. */
    *reason =
        (uint64_t)stack > (uint64_t)(SIZE_MAX / 2) ? ENOMEM : pthread_attr_setstacksize(&attributes, (size_t)stack);
    pthread_mutex_lock(&gate);
    while (*reason == 0 && made < count) {
      *reason = pthread_create(&list[made], &attributes, dsc_threads_wait, &gate);
      made += *reason == 0;
    }
    pthread_mutex_unlock(&gate);
    for (int64_t i = 0; i < made; i++)
      pthread_join(list[i], NULL);
    pthread_attr_destroy(&attributes);
  }
  free(list);
  return made;
}

/* Fails unless `threads` threads can be made and have the stacks that they need. */
DSC_FN int dsc_threads_check(int64_t threads, dsc_error *error) {
  struct rlimit limit;
  int64_t stack = DSC_USUAL_STACK_BYTES, unit;
  const char *name;
  int reason;
  if (threads < 1 || threads > DSC_MOST_THREADS)
    return dsc_fail(error, DSC_ERROR_USAGE, "%" PRId64 " threads; expected 1...%d", threads, (int)DSC_MOST_THREADS);
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    if (limit.rlim_cur < DSC_STACK_BYTES)
      return dsc_fail(error, DSC_ERROR_LIMIT,
          "the stack may have no more than %" PRIu64 " bytes, and %d are needed; raise what ulimit -s bounds",
          (uint64_t)limit.rlim_cur, (int)DSC_STACK_BYTES);
    if (limit.rlim_cur > (rlim_t)stack)
      stack = (int64_t)limit.rlim_cur;
  }
  for (int i = 0; threads > 1 && (name = dsc_stack_variable(i, &unit)) != NULL; i++) {
    const char *text = getenv(name);
    const int64_t asked = text != NULL ? dsc_stack_size(text, unit) : 0;
    if (asked > 0 && asked < DSC_STACK_BYTES)
      return dsc_fail(error, DSC_ERROR_LIMIT,
          "%s gives each thread %" PRId64 " bytes of stack, and %d are needed; unset it or set it to 1M", name, asked,
          (int)DSC_STACK_BYTES);
    if (asked > stack)
      stack = asked;
  }
  const int64_t made = dsc_threads_made(threads - 1, stack, &reason);
  if (made < threads - 1)
    return dsc_fail(error, DSC_ERROR_LIMIT,
        "%" PRId64 " threads are wanted and no more than %" PRId64 " can be made, each with a stack of %" PRId64
        " bytes (%s); ask for fewer, or raise what ulimit -u and -v bound",
        threads, made + 1, stack, strerror(reason));
  return DSC_OK;
}

#endif
