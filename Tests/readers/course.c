/* Checks the course of a run, and what it is in words: hashes, numbers, and that a run which is interrupted anywhere
 * ends as one that never was. Gives one line; exits 1 after the first list of failures. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

/* ---- hashes ---- */

/* XXH64 of the first bytes (131 i + i / 7) mod 256, by xxHash itself: Tests/fixtures/hashes.py. */
static void check_hashes(void) {
  static const struct {
    int size;
    uint64_t value;
  } vectors[] = {
      {0, UINT64_C(0xef46db3751d8e999)},
      {1, UINT64_C(0xe934a84adb052768)},
      {3, UINT64_C(0xa83378d1eb86ec62)},
      {4, UINT64_C(0x9882e57ed36c4cfc)},
      {7, UINT64_C(0xf0aef407b44730f8)},
      {8, UINT64_C(0x6f799d7284a5cbe6)},
      {31, UINT64_C(0x3a4bddf524c48530)},
      {32, UINT64_C(0xa4d75ab355f13155)},
      {33, UINT64_C(0x445a4aaaffe45526)},
      {100, UINT64_C(0xcc9a8fc04f06d4a5)},
  };
  uint8_t bytes[100];
  for (int i = 0; i < 100; i++)
    bytes[i] = (uint8_t)(i * 131 + i / 7);
  CHECK(strcmp(dsc_hash_show(dsc_hash_of("abc", 3)).text, "44bc2cf5ad770999") == 0, "abc");
  for (size_t v = 0; v < sizeof vectors / sizeof vectors[0]; v++) {
    CHECK(dsc_hash_of(bytes, vectors[v].size) == vectors[v].value, "%d bytes", vectors[v].size);
    for (int piece = 1; piece < 40; piece++) {
      dsc_hash hash;
      dsc_hash_begin(&hash);
      for (int at = 0; at < vectors[v].size; at += piece)
        dsc_hash_add(&hash, bytes + at, at + piece < vectors[v].size ? piece : vectors[v].size - at);
      CHECK(dsc_hash_value(&hash) == vectors[v].value, "%d bytes in pieces of %d", vectors[v].size, piece);
    }
  }
}

/* ---- the course of a run ---- */

/* The loss of an epoch of a pretended run: falls, rises, settles. */
static double loss_of(int64_t epoch, int kind) {
  return kind == 0 ? 1.0 / (double)(1 + epoch) + (epoch > 6 ? 1 : 0)
      : kind == 1  ? 1 + 1.0 / (double)(1 << (epoch < 40 ? epoch : 40))
                   : (double)((epoch * 7 + 3) % 11);
}

/* What a checkpoint keeps of such a run. */
typedef struct {
  int64_t step, best_step;
  dsc_stopping stopping;
} kept_run;

static int same(const kept_run *a, const kept_run *b) {
  return a->step == b->step && a->best_step == b->best_step &&
      memcmp(&a->stopping, &b->stopping, sizeof a->stopping) == 0;
}

/* Goes on with a run, in slices of at most so many steps; gives what its last checkpoint kept. */
static kept_run run_on(
    kept_run c, const dsc_schedule *schedule, const dsc_stopping_rule *rule, int kind, int64_t most) {
  dsc_course course = dsc_course_begin(*schedule, *rule, c.stopping, c.step, 1);
  kept_run kept = c;
  int64_t steps;
  course.slice = most;
  while ((steps = dsc_course_next(&course, c.step)) > 0) {
    CHECK(steps <= most, "slices of %" PRId64, steps);
    c.step += steps;
    const int due = dsc_schedule_due(schedule, c.step);
    if ((due & DSC_DUE_KEEP_WITHIN) != 0)
      kept = c;
    if ((due & DSC_DUE_REPORT) != 0) {
      const double loss = loss_of((c.step - 1) / schedule->per_epoch, kind);
      if (dsc_stopping_epoch(&course.stopping, rule, loss, loss, 1 / (double)c.step))
        c.best_step = c.step;
      c.stopping = course.stopping;
    }
    if ((due & DSC_DUE_KEEP_BETWEEN) != 0)
      kept = c;
  }
  return kept.step < c.step ? c : kept;
}

/* Slices grow with the time that steps take, by four at most, to a fifth of a second. */
static void check_slices(void) {
  const dsc_stopping_rule rule = {0, -1, -1, 0};
  const dsc_schedule schedule = dsc_schedule_of(1000000, 1, INT64_MAX, 0);
  dsc_course course = dsc_course_begin(schedule, rule, dsc_stopping_begin(), 12, 0);
  CHECK(course.kept == -1 && dsc_course_begin(schedule, rule, dsc_stopping_begin(), 12, 1).kept == 12, "kept");
  CHECK(dsc_course_next(&course, 12) == 1 && dsc_course_next(&course, 1000000) == 0, "the first slice");
  for (int64_t slice = 4; slice < 20000; slice *= 4) {
    dsc_course_ran(&course, course.slice, (double)course.slice * 1e-5);
    CHECK(course.slice == slice, "%" PRId64 ", not %" PRId64, course.slice, slice);
  }
  dsc_course_ran(&course, course.slice, (double)course.slice * 1e-5);
  CHECK(course.slice > 19990 && course.slice <= 20000, "%" PRId64, course.slice);
  dsc_course_ran(&course, 10, 100);
  CHECK(course.slice == 1, "%" PRId64, course.slice);
  dsc_course_ran(&course, 1, 0);
  CHECK(course.slice == 4, "%" PRId64, course.slice);
  course.stopping.ended = DSC_ENDED_TOLERANCE;
  CHECK(dsc_course_next(&course, 12) == 0, "a run that has ended");
}

/* Runs of every length of epoch, ended by each rule, interrupted after every step, with checkpoints on the way or not.
 */
static void check_courses(void) {
  for (int64_t per = 1; per <= 4; per++)
    for (int kind = 0; kind < 3; kind++)
      for (int which = 0; which < 4; which++) {
        const dsc_stopping_rule rule = {which == 0 ? 3 : 0, which == 1 ? 1e-3 : -1, which == 2 ? 0.04 : -1, which != 3};
        kept_run start;
        memset(&start, 0, sizeof start);
        start.stopping = dsc_stopping_begin();
        const dsc_schedule whole = dsc_schedule_of(per, 30, INT64_MAX, 0);
        const kept_run end = run_on(start, &whole, &rule, kind, INT64_MAX);
        for (int64_t stop = 1; stop < 30 * per; stop++) {
          const dsc_schedule part = dsc_schedule_of(per, INT64_MAX, stop, stop % 3);
          const kept_run kept = run_on(start, &part, &rule, kind, 1 + stop % 5);
          const kept_run resumed = run_on(kept, &whole, &rule, kind, INT64_MAX);
          CHECK(same(&resumed, &end),
              "per %" PRId64 ", kind %d, rule %d, interrupted at %" PRId64 ": %" PRId64 " and %" PRId64, per, kind,
              which, stop, resumed.step, end.step);
        }
      }
  const dsc_schedule huge = dsc_schedule_of(1000, INT64_MAX, INT64_MAX, 0), few = dsc_schedule_of(7, 3, 10, 4);
  CHECK(huge.last == INT64_MAX && few.last == 10 && dsc_schedule_of(7, 3, 100, 0).last == 21, "last steps");
  CHECK(dsc_schedule_next(&few, 0, 100) == 4 && dsc_schedule_next(&few, 4, 100) == 3 &&
          dsc_schedule_next(&few, 8, 100) == 2,
      "slices");
  CHECK(dsc_schedule_due(&few, 4) == DSC_DUE_KEEP_WITHIN && dsc_schedule_due(&few, 7) == DSC_DUE_REPORT &&
          dsc_schedule_due(&few, 10) == (DSC_DUE_KEEP_WITHIN | DSC_DUE_REPORT),
      "due");
}

static void check_words(void) {
  static const struct {
    double number;
    const char *text;
  } numbers[] = {{0.01, "0.01"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {1e-8, "1e-08"}, {5, "5"}, {0, "0"},
      {-2.5, "-2.5"}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    CHECK(strcmp(dsc_show_number(numbers[i].number).text, numbers[i].text) == 0, "%s",
        dsc_show_number(numbers[i].number).text);
  const int64_t two[2] = {2, 3};
  float x[6] = {1, 2, 3, 4, 5, 6};
  int32_t y[2] = {0, 1};
  dsc_array inputs, targets;
  dsc_array_describe(&inputs, DSC_F32, 2, two, NULL, NULL);
  dsc_array_describe(&targets, DSC_I32, 1, two, NULL, NULL);
  inputs.data = x;
  targets.data = y;
  /* XXH64 of the 32 bytes: Tests/fixtures/hashes.py. */
  CHECK(strcmp(dsc_show_data(&inputs, &targets).text, "2 rows of f32[3] and i32[], b3f160cdbd911406") == 0, "%s",
      dsc_show_data(&inputs, &targets).text);
  char text[160];
  const dsc_stopping_rule none = {0, -1, -1, 0}, all = {5, 0.001, 0.1, 1};
  dsc_stopping_text(&none, text, sizeof text);
  CHECK(strcmp(text, "none") == 0, "%s", text);
  dsc_stopping_text(&all, text, sizeof text);
  CHECK(strcmp(text, "patience 5, tolerance 0.001, gradient norm 0.1, keeps the best") == 0, "%s", text);
}

int main(void) {
  check_hashes();
  check_courses();
  check_slices();
  check_words();
  printf("%d checks of runs, %d failures\n", checks, failures);
  return failures > 0;
}
