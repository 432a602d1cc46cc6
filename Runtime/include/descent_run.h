/* The course of a training run: how many steps at a time, when to report, when to keep a checkpoint, when to stop.
 * Takes counts of steps, losses, norms; gives decisions. The Swift library and a standalone trainer both ask here, so
 * that a run ends at the same step wherever it runs, and after however many resumptions.
 * Invariant: what a decision depends on is in dsc_stopping, which a checkpoint keeps, and in the options of the run. */
#ifndef DESCENT_RUN_H
#define DESCENT_RUN_H

#include "descent_base.h"

/* ---- steps ---- */

typedef struct {
  int64_t per_epoch; /* steps of an epoch, at least 1 */
  int64_t last; /* the step after the last */
  int64_t every; /* steps between checkpoints; 0: at the end alone */
} dsc_schedule;

/* The most epochs and steps, of which INT64_MAX is no bound. */
DSC_FN dsc_schedule dsc_schedule_of(int64_t per_epoch, int64_t epochs, int64_t steps, int64_t every) {
  dsc_schedule schedule;
  const int64_t whole = epochs > INT64_MAX / per_epoch ? INT64_MAX : epochs * per_epoch;
  schedule.per_epoch = per_epoch;
  schedule.last = steps < whole ? steps : whole;
  schedule.every = every;
  return schedule;
}

/* Steps to run next, at most `most`: no further than the end of the epoch, the next checkpoint, and the end. */
DSC_FN int64_t dsc_schedule_next(const dsc_schedule *schedule, int64_t step, int64_t most) {
  int64_t steps = schedule->per_epoch - step % schedule->per_epoch;
  if (schedule->last - step < steps)
    steps = schedule->last - step;
  if (schedule->every > 0 && schedule->every - step % schedule->every < steps)
    steps = schedule->every - step % schedule->every;
  return steps < most ? steps : most;
}

/* What is due after a step, in this order. Within an epoch a checkpoint is kept before the sums are taken for a report,
 * so that a resumed run reports the whole epoch; between two epochs after the report, which may change what has been
 * the best epoch, and may end the run. */
enum { DSC_DUE_KEEP_WITHIN = 1, DSC_DUE_REPORT = 2, DSC_DUE_KEEP_BETWEEN = 4 };

DSC_FN int dsc_schedule_due(const dsc_schedule *schedule, int64_t step) {
  const int ends = step >= schedule->last, between = step % schedule->per_epoch == 0;
  const int keep = ends || (schedule->every > 0 && step % schedule->every == 0);
  return (keep && !between ? DSC_DUE_KEEP_WITHIN : 0) | (ends || between ? DSC_DUE_REPORT : 0) |
      (keep && between ? DSC_DUE_KEEP_BETWEEN : 0);
}

/* ---- early stopping ---- */

typedef struct {
  int64_t patience; /* epochs in a row without a better one; 0: any number */
  double tolerance; /* relative change of an epoch's loss; negative: none is too small */
  double gradient_norm; /* norm of the gradient; negative: none is too small */
  int keeps_best; /* the run's result is the best epoch's parameters */
} dsc_stopping_rule;

enum { DSC_ENDED_NOT = 0, DSC_ENDED_PATIENCE = 1, DSC_ENDED_TOLERANCE = 2, DSC_ENDED_GRADIENT = 3 };

typedef struct {
  double best_loss; /* the least score so far; infinity: there is no best epoch yet */
  double last_loss; /* the last epoch's loss; NaN: there was none */
  int64_t since_best; /* epochs since the best one, or since the beginning */
  int64_t ended; /* DSC_ENDED_...: why no further step is made */
} dsc_stopping;

DSC_FN dsc_stopping dsc_stopping_begin(void) {
  dsc_stopping stopping;
  stopping.best_loss = (double)INFINITY;
  stopping.last_loss = (double)NAN;
  stopping.since_best = 0;
  stopping.ended = DSC_ENDED_NOT;
  return stopping;
}

/* Whether anything here outlives an epoch. */
DSC_FN int dsc_stopping_is_on(const dsc_stopping_rule *rule) {
  return rule->keeps_best || rule->patience > 0 || rule->tolerance >= 0 || rule->gradient_norm >= 0;
}

/* Counts an epoch: its training loss, its score (the validation loss where there is one, else the training loss) and
 * the norm of its last gradient. Gives 1 if it is the best so far: its parameters are then to be kept. */
DSC_FN int dsc_stopping_epoch(
    dsc_stopping *stopping, const dsc_stopping_rule *rule, double loss, double score, double norm) {
  const double before = stopping->last_loss;
  const int is_best = score < stopping->best_loss;
  stopping->since_best = is_best ? 0 : stopping->since_best + 1;
  stopping->best_loss = is_best ? score : stopping->best_loss;
  stopping->last_loss = loss;
  if (rule->patience > 0 && stopping->since_best >= rule->patience)
    stopping->ended = DSC_ENDED_PATIENCE;
  else if (rule->tolerance >= 0 && fabs(loss - before) <= rule->tolerance * fabs(before))
    stopping->ended = DSC_ENDED_TOLERANCE;
  else if (rule->gradient_norm >= 0 && norm <= rule->gradient_norm)
    stopping->ended = DSC_ENDED_GRADIENT;
  return is_best;
}

/* ---- the course ---- */

/* What a run does next follows from this, from the step that it is at, and from how long steps take. */
typedef struct {
  dsc_schedule schedule;
  dsc_stopping_rule rule;
  dsc_stopping stopping;
  int64_t kept; /* the step of the checkpoint that there is; -1: there is none yet */
  int64_t slice; /* the most steps to run before signals are looked at again */
} dsc_course;

/* `stopping` and `step` are those of the beginning, or of the checkpoint that is resumed. `has_file`: the file where
 * checkpoints are kept is that one, or there is nothing to keep yet. */
DSC_FN dsc_course dsc_course_begin(
    dsc_schedule schedule, dsc_stopping_rule rule, dsc_stopping stopping, int64_t step, int has_file) {
  dsc_course course;
  course.schedule = schedule;
  course.rule = rule;
  course.stopping = stopping;
  course.kept = has_file ? step : -1;
  course.slice = 1;
  return course;
}

/* Steps to run next; 0: the run has ended. */
DSC_FN int64_t dsc_course_next(const dsc_course *course, int64_t step) {
  if (course->stopping.ended != DSC_ENDED_NOT || step >= course->schedule.last)
    return 0;
  return dsc_schedule_next(&course->schedule, step, course->slice);
}

/* Steps were run and took so long. The next slice is about a fifth of a second's: often enough for a person and for
 * signals, seldom enough not to be felt. */
DSC_FN void dsc_course_ran(dsc_course *course, int64_t steps, double seconds) {
  const double enough = 0.2 * (double)steps / (seconds > 1e-9 ? seconds : 1e-9), more = 4.0 * (double)course->slice;
  const double next = enough < more ? enough : more;
  course->slice = next < 1 ? 1 : next < 1e9 ? (int64_t)next : 1000000000;
}

/* Why a run has ended, for a person. */
DSC_FN const char *dsc_stopping_reason(int64_t ended) {
  switch (ended) {
  case DSC_ENDED_PATIENCE:
    return "no better epoch for as long as patience lasts";
  case DSC_ENDED_TOLERANCE:
    return "the loss has settled";
  case DSC_ENDED_GRADIENT:
    return "the gradient is small";
  default:
    return "";
  }
}

#endif
