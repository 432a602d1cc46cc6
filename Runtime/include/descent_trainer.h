/* A standalone trainer: everything but the step programs and the tables that describe them.
 * Takes a dsc_trainer, which an emitted main fills in, and the command line; reads the data, trains, prints a line for
 * each epoch and writes parameters and checkpoints. Gives the exit status: 0, 1 for a failure, 64 for a wrong command
 * line, 128 and the signal's number after a signal that ended it, with its files written.
 * Invariant: the numbers are those of the library that emitted the program, bit for bit, for any number of threads;
 * files are there whole or not at all; a failure is one line on the standard error.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_TRAINER_H
#define DESCENT_TRAINER_H

#include "descent_signals.h"
#include "descent_trainer_data.h"
#include <time.h>

/* ---- a run ---- */

/* What a run counts beside its state; the library's Counters. */
typedef struct {
  int64_t step; /* steps done; in an evaluation rows measured */
  int64_t first_bad_step; /* the first whose loss was not finite, or -1 */
  double loss_sum, metric_sum; /* since the last report */
} dsc_trainer_counters;

typedef struct {
  const dsc_trainer *trainer;
  dsc_trainer_options options;
  dsc_array inputs, targets, validation_inputs, validation_targets;
  void **parameters, **best, **state; /* one block of memory each, as the tables say */
  void **constants; /* in the file, as the table lists them */
  dsc_safetensors constants_file;
  void **io; /* room for the arrays of any program */
  void *arena;
  int32_t *order;
  int64_t epoch; /* whose order it is; -1: none yet */
  int64_t rows, first; /* of the data; the first step of the epoch at hand */
  int shuffled; /* as a checkpoint knows it: not where a batch is all rows, though a step might take more */
  int64_t steps_per_epoch; /* that of these rows */
  char *rate; /* the learning rate in words */
  dsc_trainer_counters counters;
  int64_t summed; /* steps in the sums */
  dsc_course course;
  dsc_run run; /* what a checkpoint says of it, with the two texts below */
  dsc_shown_data data, validation;
  dsc_checkpoint_tensor *tensors; /* the parameters, then the state */
} dsc_trainer_state;

DSC_FN double dsc_trainer_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

DSC_FN int64_t dsc_trainer_bytes(const dsc_trainer_tensor *tensor) {
  int64_t bytes = dsc_dtype_size(tensor->dtype);
  for (int i = 0; i < tensor->rank; i++)
    bytes *= tensor->shape[i];
  return bytes;
}

DSC_FN void *dsc_trainer_memory(int64_t bytes, dsc_error *error) {
  void *memory = dsc_allocate(bytes);
  if (memory == NULL)
    dsc_fail(error, DSC_ERROR_MEMORY, "no memory for %" PRId64 " bytes", bytes);
  else
    memset(memory, 0, bytes > 0 ? (size_t)bytes : 1);
  return memory;
}

/* Memory for the tensors of a table; null with an error. */
DSC_FN void **dsc_trainer_tensors(const dsc_trainer_tensor *tensors, int64_t count, dsc_error *error) {
  void **list = (void **)dsc_trainer_memory((count + 1) * (int64_t)sizeof(void *), error);
  for (int64_t i = 0; list != NULL && i < count; i++)
    list[i] = dsc_trainer_memory(dsc_trainer_bytes(&tensors[i]), error);
  return list;
}

DSC_FN void dsc_trainer_release(void **list, int64_t count) {
  for (int64_t i = 0; list != NULL && i < count; i++)
    free(list[i]);
  free(list);
}

DSC_FN void dsc_trainer_end(dsc_trainer_state *s) {
  dsc_array_free(&s->inputs);
  dsc_array_free(&s->targets);
  dsc_array_free(&s->validation_inputs);
  dsc_array_free(&s->validation_targets);
  dsc_trainer_release(s->parameters, s->trainer->parameter_count);
  dsc_trainer_release(s->best, s->trainer->parameter_count);
  dsc_trainer_release(s->state, s->trainer->state_count);
  dsc_safetensors_free(&s->constants_file);
  free(s->constants);
  free(s->tensors);
  free(s->io);
  free(s->arena);
  free(s->order);
  free(s->rate);
}

/* Describes tensors of a table as a checkpoint takes them. */
DSC_FN void dsc_trainer_describe(dsc_checkpoint_tensor *to, const dsc_trainer_tensor *tensors, void *const *memory,
    int64_t count, dsc_error *error) {
  for (int64_t i = 0; error->code == DSC_OK && i < count; i++) {
    to[i].name = tensors[i].name;
    dsc_array_describe(&to[i].array, tensors[i].dtype, tensors[i].rank, tensors[i].shape, tensors[i].name, error);
    to[i].array.data = memory[i];
  }
}

/* What a checkpoint says of the run. */
DSC_FN void dsc_trainer_describe_run(dsc_trainer_state *s) {
  const dsc_trainer *t = s->trainer;
  dsc_run *run = &s->run;
  snprintf(s->data.text, sizeof s->data.text, "none");
  s->validation = s->data;
  if (s->options.checkpoint != NULL || s->options.resume != NULL) {
    s->data = dsc_show_data(&s->inputs, &s->targets);
    if (t->validation != NULL)
      s->validation = dsc_show_data(&s->validation_inputs, &s->validation_targets);
  }
  run->program = s->options.step->checksum;
  run->optimizer = t->optimizer;
  run->learning_rate = s->rate;
  run->engine = "compiled";
  run->data = s->data.text;
  run->validation = s->validation.text;
  run->seed = s->options.seed;
  run->batch = s->options.step->batch;
  run->steps_per_epoch = s->steps_per_epoch;
  run->shuffled = s->shuffled;
  run->stopping = t->stopping;
}

/* The learning rate in words, as the library says it: the program's own, a number, or a schedule that is scaled. */
DSC_FN void dsc_trainer_name_rate(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const double rate = s->options.rate;
  const dsc_shown_number number = dsc_show_number(rate);
  const int is_own = !(rate < t->own_rate) && !(rate > t->own_rate);
  const int64_t size = (int64_t)(strlen(t->learning_rate) + sizeof number.text) + 16;
  s->rate = (char *)dsc_trainer_memory(size, error);
  if (s->rate != NULL)
    snprintf(s->rate, (size_t)size, "%s%s%s", is_own || !t->constant_rate ? t->learning_rate : "",
        is_own || t->constant_rate ? "" : ", scaled to ", is_own ? "" : number.text);
}

/* Reads the data and allocates all memory of the run. */
DSC_FN int dsc_trainer_begin(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const dsc_trainer_batch *step = s->options.step;
  const int64_t threads = s->options.threads;
  int64_t arena = t->initialize->arena_bytes(threads), left;
  const int64_t train = step->program->arena_bytes(threads);
  if (dsc_trainer_load_constants(t, &s->options, &s->constants_file, &s->constants, error) != DSC_OK)
    return error->code;
  if (dsc_trainer_load(t, &s->options, 0, &s->inputs, &s->targets, error) != DSC_OK)
    return error->code;
  if (t->validation != NULL &&
      dsc_trainer_load(t, &s->options, 1, &s->validation_inputs, &s->validation_targets, error) != DSC_OK)
    return error->code;
  s->rows = s->inputs.shape[0];
  s->shuffled = step->shuffled && s->rows > step->batch;
  s->steps_per_epoch = s->shuffled ? s->rows / step->batch : t->steps_per_epoch;
  arena = train > arena ? train : arena;
  left = t->validation != NULL ? s->validation_inputs.shape[0] : 0;
  for (int64_t i = 0; i < t->evaluate_count; i++) {
    const int64_t evaluate = left >= t->evaluate[i].rows ? t->evaluate[i].program->arena_bytes(threads) : 0;
    arena = evaluate > arena ? evaluate : arena;
    left %= t->evaluate[i].rows;
  }
  s->parameters = dsc_trainer_tensors(t->parameters, t->parameter_count, error);
  s->state = dsc_trainer_tensors(t->state, t->state_count, error);
  if (t->stopping.keeps_best)
    s->best = dsc_trainer_tensors(t->parameters, t->parameter_count, error);
  s->tensors = (dsc_checkpoint_tensor *)dsc_trainer_memory(
      (t->parameter_count + t->state_count) * (int64_t)sizeof *s->tensors, error);
  dsc_trainer_describe(s->tensors, t->parameters, s->parameters, t->parameter_count, error);
  dsc_trainer_describe(s->tensors + t->parameter_count, t->state, s->state, t->state_count, error);
  s->io = (void **)dsc_trainer_memory(
      (t->parameter_count + t->state_count + t->constant_count + 12) * (int64_t)sizeof(void *), error);
  s->arena = dsc_trainer_memory(arena, error);
  if (step->shuffled)
    s->order = (int32_t *)dsc_trainer_memory(s->rows * 4, error);
  for (int64_t i = 0; s->order != NULL && i < s->rows; i++)
    s->order[i] = (int32_t)i;
  dsc_trainer_name_rate(s, error);
  s->epoch = s->counters.first_bad_step = -1;
  s->course.stopping = dsc_stopping_begin();
  dsc_trainer_describe_run(s);
  return error->code;
}

DSC_FN int64_t dsc_trainer_put(void **io, int64_t at, void *const *list, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    io[at + i] = list[i];
  return at + count;
}

/* The counters in the order in which programs take them. */
DSC_FN int64_t dsc_trainer_put_counters(void **io, int64_t at, dsc_trainer_counters *counters) {
  void *const list[4] = {&counters->step, &counters->first_bad_step, &counters->loss_sum, &counters->metric_sum};
  return dsc_trainer_put(io, at, list, 4);
}

/* Runs steps of a program on io[0..<n], with its constants behind them. */
DSC_FN void dsc_trainer_run(dsc_trainer_state *s, const dsc_trainer_program *program, int64_t n, int64_t steps) {
  for (int64_t i = 0; i < program->constant_count; i++)
    s->io[n++] = s->constants[program->constants[i]];
  program->run(s->io, s->arena, steps, s->options.threads);
}

DSC_FN void dsc_trainer_initialize(dsc_trainer_state *s) {
  const dsc_trainer *t = s->trainer;
  int64_t seed = s->options.seed, n = 0;
  s->io[n++] = &seed;
  n = dsc_trainer_put(s->io, n, s->parameters, t->parameter_count);
  n = dsc_trainer_put(s->io, n, s->state, t->state_count);
  dsc_trainer_run(s, t->initialize, n, 1);
}

/* Runs steps of one epoch, all inside one parallel region. */
DSC_FN int dsc_trainer_steps(dsc_trainer_state *s, int64_t steps, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const dsc_trainer_batch *step = s->options.step;
  const int64_t epoch = s->counters.step / s->steps_per_epoch;
  /* Where a batch is all rows every step begins with the first. */
  const int64_t together = step->shuffled && !s->shuffled ? 1 : steps;
  int64_t n = dsc_trainer_put(s->io, 0, s->parameters, t->parameter_count);
  n = dsc_trainer_put(s->io, n, s->state, t->state_count);
  n = dsc_trainer_put_counters(s->io, n, &s->counters);
  s->io[n++] = &s->options.rate;
  if (step->shuffled) {
    if (s->shuffled && epoch != s->epoch)
      dsc_rows_epoch(s->order, s->rows, (uint64_t)s->options.seed, epoch);
    s->epoch = epoch;
    s->io[n++] = &s->first;
    s->io[n++] = &s->rows;
    s->io[n++] = s->order;
  }
  s->io[n++] = s->inputs.data;
  s->io[n++] = s->targets.data;
  for (int64_t ran = 0; ran < steps; ran += together) {
    s->first = s->shuffled ? epoch * s->steps_per_epoch : s->counters.step;
    dsc_trainer_run(s, step->program, n, together);
  }
  s->summed += steps;
  if (s->counters.first_bad_step >= 0)
    return dsc_fail(error, DSC_ERROR_FORMAT,
        "the loss is infinite or NaN in step %" PRId64
        "; try a smaller learning rate%s; train --check-nan of the program that this trainer was made by "
        "names the operation",
        s->counters.first_bad_step + 1,
        t->data->target.dtype == DSC_F32 || t->data->target.dtype == DSC_F64
            ? ""
            : ", and see whether a label lies outside the classes");
  return DSC_OK;
}

/* Means of loss and metric over the validation rows. */
DSC_FN void dsc_trainer_evaluate(dsc_trainer_state *s, double *loss, double *metric) {
  const dsc_trainer *t = s->trainer;
  const int64_t rows = s->validation_inputs.shape[0];
  dsc_trainer_counters counters = {0, -1, 0, 0};
  int64_t count = rows, n = dsc_trainer_put(s->io, 0, s->parameters, t->parameter_count);
  n = dsc_trainer_put_counters(s->io, n, &counters);
  s->io[n++] = &count;
  s->io[n++] = s->validation_inputs.data;
  s->io[n++] = s->validation_targets.data;
  for (int64_t i = 0; i < t->evaluate_count; i++) {
    const int64_t left = rows - counters.step;
    if (left >= t->evaluate[i].rows)
      dsc_trainer_run(s, t->evaluate[i].program, n, left / t->evaluate[i].rows);
  }
  *loss = counters.loss_sum / (double)rows;
  *metric = counters.metric_sum / (double)rows;
}

/* ---- parameters and checkpoints ---- */

/* Writes the parameters alone. */
DSC_FN int dsc_trainer_write(const dsc_trainer_state *s, const char *path, dsc_error *error) {
  const int64_t count = s->trainer->parameter_count;
  dsc_safetensors_writer writer;
  int code = dsc_check_finite(s->tensors, count, 1, s->counters.step, path, error);
  if (code != DSC_OK)
    return code;
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "format", "descent-parameters-1");
  for (int64_t i = 0; i < count; i++)
    dsc_checkpoint_add(&writer, s->tensors[i].name, &s->tensors[i].array, s->parameters[i]);
  code = dsc_safetensors_write(&writer, path, error);
  dsc_safetensors_end(&writer);
  return code;
}

/* The run as a checkpoint sees it. */
DSC_FN dsc_checkpoint dsc_trainer_checkpoint(const dsc_trainer_state *s) {
  dsc_checkpoint c;
  c.version = s->trainer->version;
  c.run = &s->run;
  c.parameters = s->tensors;
  c.parameter_count = s->trainer->parameter_count;
  c.state = s->tensors + c.parameter_count;
  c.state_count = s->trainer->state_count;
  c.best = s->best;
  c.step = s->counters.step;
  c.sums[0] = s->counters.loss_sum;
  c.sums[1] = s->counters.metric_sum;
  c.sums[2] = (double)s->summed;
  c.stopping = s->course.stopping;
  return c;
}

/* Writes everything that a resumed run needs, here or in the library that emitted this program. */
DSC_FN int dsc_trainer_save(dsc_trainer_state *s, dsc_error *error) {
  const dsc_checkpoint c = dsc_trainer_checkpoint(s);
  if (s->options.checkpoint == NULL || s->course.kept >= s->counters.step)
    return DSC_OK;
  s->course.kept = s->counters.step;
  return dsc_checkpoint_write(&c, s->options.checkpoint, error);
}

DSC_FN int dsc_trainer_restore(dsc_trainer_state *s, dsc_error *error) {
  dsc_checkpoint c = dsc_trainer_checkpoint(s);
  dsc_run_differences differences;
  const int code = dsc_checkpoint_read(&c, s->options.resume, s->options.resume_anyway, &differences, error);
  if (code != DSC_OK)
    return code;
  if (differences.text[0] != 0)
    printf("going on from another run, which was made with %s\n", differences.text);
  s->counters.step = c.step;
  s->counters.loss_sum = c.sums[0];
  s->counters.metric_sum = c.sums[1];
  s->summed = (int64_t)c.sums[2];
  s->course.stopping = c.stopping;
  return DSC_OK;
}

/* ---- the loop ---- */

/* Time spent in the steps since the last report. */
typedef struct {
  int64_t steps;
  double seconds;
} dsc_trainer_clock;

/* Tells of the steps since the last report, sets the sums to zero, and counts the epoch. */
DSC_FN int dsc_trainer_report(dsc_trainer_state *s, dsc_trainer_clock *clock, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const int64_t epoch = (s->counters.step - 1) / s->steps_per_epoch + 1,
                epochs = (s->course.schedule.last - 1) / s->steps_per_epoch + 1;
  const double loss = s->counters.loss_sum / (double)s->summed, metric = s->counters.metric_sum / (double)s->summed;
  double score = loss;
  s->counters.loss_sum = s->counters.metric_sum = 0;
  s->summed = 0;
  printf("epoch %" PRId64 "/%" PRId64 "  loss %.6g", epoch, epochs, loss);
  if (t->metric != NULL)
    printf(" %s %.6g", t->metric, metric);
  if (t->validation != NULL) {
    double validation_metric;
    dsc_trainer_evaluate(s, &score, &validation_metric);
    printf("  validation loss %.6g", score);
    if (t->metric != NULL)
      printf(" %s %.6g", t->metric, validation_metric);
  }
  printf("  %.1f us/step  %.2f s\n", clock->seconds / (double)clock->steps * 1e6, clock->seconds);
  fflush(stdout);
  clock->steps = 0;
  clock->seconds = 0;
  const double norm = t->stopping.gradient_norm >= 0 ? *(const double *)s->state[t->gradient_norm_state] : 0;
  const int is_best = dsc_stopping_epoch(&s->course.stopping, &s->course.rule, loss, score, norm);
  if (s->course.stopping.ended != DSC_ENDED_NOT)
    printf("ended early: %s\n", dsc_stopping_reason(s->course.stopping.ended));
  if (s->best == NULL || !is_best)
    return DSC_OK;
  for (int64_t i = 0; i < t->parameter_count; i++)
    memcpy(s->best[i], s->parameters[i], (size_t)dsc_trainer_bytes(&t->parameters[i]));
  return dsc_check_finite(s->tensors, t->parameter_count, 1, s->counters.step, NULL, error);
}

/* Where the run begins: its schedule, and whether the file that it keeps is the one it was resumed from. */
DSC_FN void dsc_trainer_set_out(dsc_trainer_state *s) {
  const dsc_trainer_options *o = &s->options;
  const dsc_schedule schedule = dsc_schedule_of(
      s->steps_per_epoch, o->epochs > 0 ? o->epochs : INT64_MAX, o->steps > 0 ? o->steps : INT64_MAX, o->every);
  const int has_file = o->resume == NULL || (o->checkpoint != NULL && strcmp(o->resume, o->checkpoint) == 0);
  s->course = dsc_course_begin(schedule, s->trainer->stopping, s->course.stopping, s->counters.step, has_file);
  if (s->course.stopping.ended != DSC_ENDED_NOT)
    printf("nothing left to do: the run had ended early after %" PRId64 " steps: %s\n", s->counters.step,
        dsc_stopping_reason(s->course.stopping.ended));
  else if (s->counters.step >= schedule.last)
    printf("nothing left to do: %" PRId64 " steps had been done\n", s->counters.step);
}

DSC_FN int dsc_trainer_loop(dsc_trainer_state *s, dsc_error *error) {
  dsc_trainer_clock clock = {0, 0};
  int64_t steps;
  int code = DSC_OK;
  dsc_trainer_set_out(s);
  while (code == DSC_OK && dsc_signal_caught == 0 && (steps = dsc_course_next(&s->course, s->counters.step)) > 0) {
    const double start = dsc_trainer_seconds();
    code = dsc_trainer_steps(s, steps, error);
    const double took = dsc_trainer_seconds() - start;
    dsc_course_ran(&s->course, steps, took);
    clock.seconds += took;
    clock.steps += steps;
    const int due = dsc_schedule_due(&s->course.schedule, s->counters.step);
    if (code == DSC_OK && (due & DSC_DUE_KEEP_WITHIN) != 0)
      code = dsc_trainer_save(s, error);
    if (code == DSC_OK && (due & DSC_DUE_REPORT) != 0)
      code = dsc_trainer_report(s, &clock, error);
    if (code == DSC_OK && (due & DSC_DUE_KEEP_BETWEEN) != 0)
      code = dsc_trainer_save(s, error);
  }
  return code == DSC_OK ? dsc_trainer_save(s, error) : code;
}

DSC_FN int dsc_trainer_train(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer_options *o = &s->options;
  if (dsc_contracts())
    return dsc_fail(error, DSC_ERROR_USAGE,
        "built with products and sums contracted, which gives other results; build it with -ffp-contract=off");
  int code = dsc_replace_probe(o->output, error);
  if (code == DSC_OK && o->checkpoint != NULL)
    code = dsc_replace_probe(o->checkpoint, error);
  if (code == DSC_OK)
    code = dsc_trainer_begin(s, error);
  if (code != DSC_OK)
    return code;
  dsc_trainer_initialize(s);
  if (o->resume != NULL)
    code = dsc_trainer_restore(s, error);
  dsc_signals_watch();
  if (code == DSC_OK)
    code = dsc_trainer_loop(s, error);
  if (code != DSC_OK)
    return code;
  for (int64_t i = 0;
       s->best != NULL && s->course.stopping.best_loss < (double)INFINITY && i < s->trainer->parameter_count; i++)
    memcpy(s->parameters[i], s->best[i], (size_t)dsc_trainer_bytes(&s->trainer->parameters[i]));
  code = dsc_trainer_write(s, o->output, error);
  if (code == DSC_OK && dsc_signal_caught != 0)
    printf("interrupted after step %" PRId64 "%s%s\n", s->counters.step,
        o->checkpoint != NULL ? "; it goes on with --resume " : "", o->checkpoint != NULL ? o->checkpoint : "");
  if (code == DSC_OK)
    printf("parameters: %s\n", o->output);
  return code;
}

/* The program: what main returns. */
DSC_FN int dsc_trainer_main(const dsc_trainer *trainer, int argc, char **argv) {
  dsc_trainer_state state;
  dsc_error error;
  memset(&state, 0, sizeof state);
  dsc_error_clear(&error);
  state.trainer = trainer;
  const int status = dsc_trainer_parse(trainer, argc, argv, &state.options);
  if (status > 0)
    return status;
  int code = status == 0 ? dsc_threads_check(state.options.threads, &error) : DSC_OK;
  if (status == 0 && code == DSC_OK)
    code = dsc_trainer_train(&state, &error);
  dsc_trainer_end(&state);
  const int closed = fflush(stdout) != 0 || ferror(stdout);
  /* To a reader that has gone nothing needs to be said. */
  if (code == DSC_OK && closed && dsc_signal_caught != SIGPIPE)
    code = dsc_fail(&error, DSC_ERROR_IO, "the standard output cannot be written: %s", strerror(errno));
  if (code != DSC_OK) {
    fprintf(stderr, "trainer: %s\n", dsc_error_message(&error));
    return 1;
  }
  return dsc_signal_caught != 0 ? 128 + (int)dsc_signal_caught : 0;
}

#endif
