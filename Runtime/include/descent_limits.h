/* What the system lets this process have: processors and memory.
 * Takes the root of the file system, "" but in tests, which bring files of their own; gives numbers. What cannot be
 * read bounds nothing.
 *   Linux: the processors online within the affinity mask, and the quotas of the control groups that the process is in,
 *   with all those above them: cpu.max and memory.max of version 2, cpu.cfs_quota_us and memory.limit_in_bytes of 1.
 *   Elsewhere: the processors online and the memory of the machine. */
#ifndef DESCENT_LIMITS_H
#define DESCENT_LIMITS_H

#include "descent_base.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef _OPENMP
#include <omp.h>
#endif

enum {
  DSC_LIMITS_PROCESSORS = 8192, /* as many as Linux can be built for */
  DSC_LIMITS_PATH = 1024
};

/* Digits at *p as a number, which stops at INT64_MAX; moves *p behind them. -1 where there are none. */
DSC_FN int64_t dsc_limits_number(const char **p) {
  int64_t value = -1;
  for (; **p >= '0' && **p <= '9'; ++*p) {
    const int64_t digit = **p - '0';
    value = value < 0 ? digit : value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
  }
  return value;
}

/* Opens root/folder/name; null where it is not there or the path is too long. */
DSC_FN FILE *dsc_limits_open(const char *root, const char *folder, const char *name) {
  char path[3 * DSC_LIMITS_PATH];
  const int length = snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
  return length > 0 && length < (int)sizeof path ? fopen(path, "r") : NULL;
}

/* The next line without its end, cut where it is longer than the room; 0 where there is none. */
DSC_FN int dsc_limits_line(FILE *file, char *line, int room) {
  if (fgets(line, room, file) == NULL)
    return 0;
  const size_t length = strcspn(line, "\n");
  if (line[length] == 0)
    for (int c = fgetc(file); c != EOF && c != '\n';)
      c = fgetc(file);
  line[length] = 0;
  return 1;
}

/* ---- processors ---- */

typedef struct {
  uint8_t bits[DSC_LIMITS_PROCESSORS / 8];
} dsc_limits_set;

/* The processors of a list such as 0-3,8; 0 where it is none. */
DSC_FN int dsc_limits_list(const char *text, dsc_limits_set *set) {
  memset(set, 0, sizeof *set);
  for (;;) {
    const int64_t first = dsc_limits_number(&text);
    int64_t last = first;
    if (*text == '-') {
      text++;
      last = dsc_limits_number(&text);
    }
    if (first < 0 || last < first)
      return 0;
    for (int64_t i = first; i <= last && i < DSC_LIMITS_PROCESSORS; i++)
      set->bits[i / 8] = (uint8_t)(set->bits[i / 8] | 1 << i % 8);
    if (*text++ != ',')
      return 1;
  }
}

/* The processors online that the affinity mask has; 0 where nothing tells. */
DSC_FN int64_t dsc_limits_affinity(const char *root) {
  static const char label[] = "Cpus_allowed_list:";
  char line[4096];
  dsc_limits_set allowed, online;
  int known = 0;
  FILE *file = dsc_limits_open(root, "/proc/self", "status");
  while (file != NULL && !known && dsc_limits_line(file, line, sizeof line)) {
    if (strncmp(line, label, sizeof label - 1) == 0)
      known = dsc_limits_list(line + sizeof label - 1 + strspn(line + sizeof label - 1, " \t"), &allowed);
  }
  if (file != NULL)
    fclose(file);
  if (!known)
    return 0;
  /* The mask may hold processors that are off. */
  file = dsc_limits_open(root, "/sys/devices/system/cpu", "online");
  if (file == NULL || !dsc_limits_line(file, line, sizeof line) || !dsc_limits_list(line, &online))
    online = allowed;
  if (file != NULL)
    fclose(file);
  int64_t count = 0;
  for (int i = 0; i < DSC_LIMITS_PROCESSORS; i++)
    count += allowed.bits[i / 8] & online.bits[i / 8] & 1 << i % 8 ? 1 : 0;
  return count;
}

/* ---- control groups ---- */

enum { DSC_LIMITS_CPU = 0, DSC_LIMITS_MEMORY = 1 };

/* A number that a file of a control group holds; `no` where there is none, as in "max" and -1. */
DSC_FN int64_t dsc_limits_value(const char *root, const char *folder, const char *name, int64_t no) {
  char line[128];
  const char *p = line;
  FILE *file = dsc_limits_open(root, folder, name);
  const int64_t value = file != NULL && dsc_limits_line(file, line, sizeof line) ? dsc_limits_number(&p) : -1;
  if (file != NULL)
    fclose(file);
  return value >= 0 ? value : no;
}

/* What one control group grants: whole processors, at least one, or bytes. */
DSC_FN int64_t dsc_limits_group(const char *root, const char *folder, int what, int version) {
  if (what == DSC_LIMITS_MEMORY)
    return dsc_limits_value(root, folder, version == 2 ? "memory.max" : "memory.limit_in_bytes", INT64_MAX);
  int64_t quota, period = 0;
  if (version == 2) {
    char line[128] = "";
    const char *p = line;
    FILE *file = dsc_limits_open(root, folder, "cpu.max");
    if (file != NULL && !dsc_limits_line(file, line, sizeof line))
      line[0] = 0;
    if (file != NULL)
      fclose(file);
    quota = dsc_limits_number(&p);
    if (*p == ' ' && *++p != 0)
      period = dsc_limits_number(&p);
  } else {
    quota = dsc_limits_value(root, folder, "cpu.cfs_quota_us", -1);
    period = dsc_limits_value(root, folder, "cpu.cfs_period_us", 0);
  }
  if (quota < 0 || period <= 0)
    return INT64_MAX;
  return quota >= period ? quota / period : 1;
}

/* Whether a list with commas has a word. */
DSC_FN int dsc_limits_has(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *p = list; p != NULL; p = strchr(p, ',')) {
    p += *p == ',';
    if (strncmp(p, word, length) == 0 && (p[length] == 0 || p[length] == ','))
      return 1;
  }
  return 0;
}

/* Where the hierarchy of a controller is mounted (version 2 where it is null): fills in the folder, and the group that
 * the folder stands for. A line: 36 25 0:31 GROUP FOLDER rw,nosuid shared:9 - cgroup cgroup rw,cpu */
DSC_FN int dsc_limits_mount(const char *root, const char *controller, char *folder, char *group) {
  char line[4096], type[16], options[256];
  int found = 0;
  FILE *file = dsc_limits_open(root, "/proc/self", "mountinfo");
  while (file != NULL && !found && dsc_limits_line(file, line, sizeof line)) {
    const char *rest = strstr(line, " - ");
    if (rest == NULL || sscanf(rest, " - %15s %*s %255s", type, options) != 2)
      continue;
    if (strcmp(type, controller == NULL ? "cgroup2" : "cgroup") != 0)
      continue;
    if (controller == NULL || dsc_limits_has(options, controller))
      found = sscanf(line, "%*s %*s %*s %1023s %1023s", group, folder) == 2;
  }
  if (file != NULL)
    fclose(file);
  return found;
}

/* The least that the groups from `path` up to the root of the mounted hierarchy grant. */
DSC_FN int64_t dsc_limits_groups(const char *root, const char *path, const char *controller, int what) {
  char folder[2 * DSC_LIMITS_PATH], top[DSC_LIMITS_PATH], group[DSC_LIMITS_PATH];
  if (!dsc_limits_mount(root, controller, top, group))
    return INT64_MAX;
  /* In a container the folder may stand for the group itself, and the path be one of the host's. */
  const size_t length = strcmp(group, "/") == 0 ? 0 : strlen(group);
  if (strncmp(path, group, length) == 0 && (path[length] == 0 || path[length] == '/'))
    path += length;
  if (strstr(path, "/..") != NULL || path[0] != '/')
    path = "";
  const int64_t begin = (int64_t)strlen(top);
  int64_t end = snprintf(folder, sizeof folder, "%s%s", top, path), least = INT64_MAX;
  if (end >= (int64_t)sizeof folder)
    return INT64_MAX;
  for (;;) {
    const int64_t grant = dsc_limits_group(root, folder, what, controller == NULL ? 2 : 1);
    least = grant < least ? grant : least;
    if (end <= begin)
      return least;
    while (end > begin && folder[end - 1] != '/')
      end--;
    folder[end > begin ? --end : end] = 0;
  }
}

/* The least that any hierarchy grants. */
DSC_FN int64_t dsc_limits_granted(const char *root, int what) {
  const char *const controller = what == DSC_LIMITS_CPU ? "cpu" : "memory";
  char line[4096];
  int64_t least = INT64_MAX;
  FILE *file = dsc_limits_open(root, "/proc/self", "cgroup");
  while (file != NULL && dsc_limits_line(file, line, sizeof line)) {
    /* A line: 4:cpu,cpuacct:/path, or 0::/path in version 2. */
    char *list = strchr(line, ':'), *path = list == NULL ? NULL : strchr(list + 1, ':');
    if (path == NULL)
      continue;
    *path++ = 0;
    const int second = list[1] == 0;
    if (!second && !dsc_limits_has(list + 1, controller))
      continue;
    const int64_t grant = dsc_limits_groups(root, path, second ? NULL : controller, what);
    least = grant < least ? grant : least;
  }
  if (file != NULL)
    fclose(file);
  return least;
}

/* ---- the answers ---- */

/* The processors that this process may use at the same time: at least 1. */
DSC_FN int64_t dsc_processors(const char *root) {
#ifdef _OPENMP
  /* It may have bound this thread to one of them by now. */
  int64_t count = omp_get_num_procs();
#else
  int64_t count = dsc_limits_affinity(root);
#endif
#ifdef _SC_NPROCESSORS_ONLN
  if (count <= 0)
    count = (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
#endif
  const int64_t granted = dsc_limits_granted(root, DSC_LIMITS_CPU);
  count = granted < count ? granted : count;
  return count > 0 ? count : 1;
}

/* Bytes beyond which no memory can be had: what the machine has or the control groups grant, with all that it can swap.
 * */
DSC_FN int64_t dsc_memory_bound(const char *root) {
  char line[256];
  int64_t total = -1, swap = 0;
  FILE *file = dsc_limits_open(root, "/proc", "meminfo");
  while (file != NULL && dsc_limits_line(file, line, sizeof line)) {
    const char *p = line + strcspn(line, "0123456789");
    if (strncmp(line, "MemTotal:", 9) == 0)
      total = dsc_limits_number(&p);
    else if (strncmp(line, "SwapTotal:", 10) == 0)
      swap = dsc_limits_number(&p);
  }
  if (file != NULL)
    fclose(file);
  if (total < 0 || total > INT64_MAX >> 11 || swap < 0 || swap > INT64_MAX >> 11)
    return INT64_MAX;
  const int64_t granted = dsc_limits_granted(root, DSC_LIMITS_MEMORY);
  return (granted < total * 1024 ? granted : total * 1024) + swap * 1024;
}

#endif
