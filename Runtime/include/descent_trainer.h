/* A standalone trainer: everything but the step programs and the tables that describe them.
 * Takes a dsc_trainer, which an emitted main fills in, and the command line; reads the data, trains, prints a line for each
 * epoch and writes parameters and checkpoints. Gives the exit status: 0, 1 for a failure, 64 for a wrong command line.
 * Invariant: the numbers are those of the library that emitted the program, bit for bit, for any number of threads; files
 * are there whole or not at all; a failure is one line on the standard error.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_TRAINER_H
#define DESCENT_TRAINER_H

#include "descent_safetensors_writer.h"
#include "descent_trainer_data.h"
#include <time.h>

/* ---- a run ---- */

typedef struct {
  const dsc_trainer *trainer;
  dsc_trainer_options options;
  dsc_array inputs, targets, validation_inputs, validation_targets;
  void **parameters, **best, **state; /* one block of memory each, as the tables say */
  void **io;                          /* room for the arrays of any program */
  void *arena;
  int32_t *order;
  int64_t epoch; /* whose order it is; -1: none yet */
  int64_t step, bad;
  double loss, metric; /* sums since the last report */
  double best_loss, last_loss;
  int has_best, has_last, ends;
  int64_t since_best;
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
  free(s->io);
  free(s->arena);
  free(s->order);
}

/* Reads the data and allocates all memory of the run. */
DSC_FN int dsc_trainer_begin(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const int64_t threads = s->options.threads;
  int64_t arena = t->initialize.arena_bytes(threads);
  const int64_t train = t->train.arena_bytes(threads);
  if (dsc_trainer_load(t, &s->options, 0, &s->inputs, &s->targets, error) != DSC_OK)
    return error->code;
  if (t->validation != NULL && dsc_trainer_load(t, &s->options, 1, &s->validation_inputs, &s->validation_targets, error) != DSC_OK)
    return error->code;
  arena = train > arena ? train : arena;
  for (int64_t i = 0; i < t->evaluate_count; i++) {
    const int64_t evaluate = t->evaluate[i].arena_bytes(threads);
    arena = evaluate > arena ? evaluate : arena;
  }
  s->parameters = dsc_trainer_tensors(t->parameters, t->parameter_count, error);
  s->state = dsc_trainer_tensors(t->state, t->state_count, error);
  if (t->restores_best)
    s->best = dsc_trainer_tensors(t->parameters, t->parameter_count, error);
  s->io = (void **)dsc_trainer_memory((t->parameter_count + t->state_count + 8) * (int64_t)sizeof(void *), error);
  s->arena = dsc_trainer_memory(arena, error);
  if (t->shuffled)
    s->order = (int32_t *)dsc_trainer_memory(s->inputs.shape[0] * 4, error);
  s->epoch = s->bad = -1;
  return error->code;
}

DSC_FN int64_t dsc_trainer_put(void **io, int64_t at, void *const *list, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    io[at + i] = list[i];
  return at + count;
}

DSC_FN void dsc_trainer_initialize(dsc_trainer_state *s) {
  const dsc_trainer *t = s->trainer;
  int64_t seed = s->options.seed, n = 0;
  s->io[n++] = &seed;
  n = dsc_trainer_put(s->io, n, s->parameters, t->parameter_count);
  dsc_trainer_put(s->io, n, s->state, t->state_count);
  t->initialize.run(s->io, s->arena, 1, s->options.threads);
}

/* Runs steps of one epoch, all inside one parallel region. */
DSC_FN int dsc_trainer_steps(dsc_trainer_state *s, int64_t steps, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const int64_t epoch = s->step / t->steps_per_epoch;
  int64_t n = dsc_trainer_put(s->io, 0, s->parameters, t->parameter_count);
  n = dsc_trainer_put(s->io, n, s->state, t->state_count);
  s->io[n++] = &s->step;
  s->io[n++] = &s->bad;
  s->io[n++] = &s->loss;
  s->io[n++] = &s->metric;
  if (t->shuffled) {
    if (epoch != s->epoch)
      dsc_rows_epoch(s->order, s->inputs.shape[0], (uint64_t)s->options.seed, epoch);
    s->epoch = epoch;
    s->io[n++] = s->order;
  }
  s->io[n++] = s->inputs.data;
  s->io[n++] = s->targets.data;
  t->train.run(s->io, s->arena, steps, s->options.threads);
  if (s->bad >= 0)
    return dsc_fail(error, DSC_ERROR_FORMAT, "the loss became not a number in step %" PRId64
                    "; try a smaller learning rate, and see whether a label lies outside the classes", s->bad + 1);
  return DSC_OK;
}

/* Means of loss and metric over the validation rows. */
DSC_FN void dsc_trainer_evaluate(dsc_trainer_state *s, double *loss, double *metric) {
  const dsc_trainer *t = s->trainer;
  const double rows = (double)s->validation_inputs.shape[0];
  int64_t step = 0, bad = -1, n = dsc_trainer_put(s->io, 0, s->parameters, t->parameter_count);
  *loss = *metric = 0;
  s->io[n++] = &step;
  s->io[n++] = &bad;
  s->io[n++] = loss;
  s->io[n++] = metric;
  s->io[n++] = s->validation_inputs.data;
  s->io[n++] = s->validation_targets.data;
  for (int64_t i = 0; i < t->evaluate_count; i++)
    t->evaluate[i].run(s->io, s->arena, t->evaluate[i].steps, s->options.threads);
  *loss /= rows;
  *metric /= rows;
}

/* ---- parameters and checkpoints ---- */

DSC_FN void dsc_trainer_add(dsc_safetensors_writer *writer, const dsc_trainer_tensor *tensors, void *const *values, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    dsc_safetensors_add(writer, tensors[i].name, tensors[i].dtype, tensors[i].rank, tensors[i].shape, values[i]);
}

/* Writes the parameters alone. */
DSC_FN int dsc_trainer_write(const dsc_trainer_state *s, const char *path, dsc_error *error) {
  dsc_safetensors_writer writer;
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "format", "descent-parameters-1");
  dsc_trainer_add(&writer, s->trainer->parameters, s->parameters, s->trainer->parameter_count);
  const int code = dsc_safetensors_write(&writer, path, error);
  dsc_safetensors_end(&writer);
  return code;
}

/* Writes everything that a resumed run needs, here or in the library that emitted this program. */
DSC_FN int dsc_trainer_save(const dsc_trainer_state *s, const char *path, dsc_error *error) {
  const dsc_trainer *t = s->trainer;
  const int64_t two = 2;
  const double sums[2] = {s->loss, s->metric};
  char seed[32], batch[32];
  dsc_safetensors_writer writer;
  snprintf(seed, sizeof seed, "%" PRId64, s->options.seed);
  snprintf(batch, sizeof batch, "%" PRId64, t->batch);
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "batch", batch);
  dsc_safetensors_metadata(&writer, "format", "descent-checkpoint-1");
  dsc_safetensors_metadata(&writer, "seed", seed);
  dsc_trainer_add(&writer, t->parameters, s->parameters, t->parameter_count);
  dsc_trainer_add(&writer, t->state, s->state, t->state_count);
  dsc_safetensors_add(&writer, "training.step", DSC_I64, 0, &two, &s->step);
  dsc_safetensors_add(&writer, "training.sums", DSC_F64, 1, &two, sums);
  const int code = dsc_safetensors_write(&writer, path, error);
  dsc_safetensors_end(&writer);
  return code;
}

/* Copies a tensor of a checkpoint to `to`. */
DSC_FN int dsc_trainer_get(const dsc_safetensors *file, const dsc_trainer_tensor *tensor, void *to, const char *path, dsc_error *error) {
  const dsc_safetensors_entry *entry = dsc_safetensors_find(file, tensor->name);
  const dsc_shown name = dsc_show(tensor->name, (int64_t)strlen(tensor->name));
  if (entry == NULL)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "has no tensor %s", name.text);
  if (!dsc_trainer_fits(&entry->array, tensor))
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "%s is %s; expected %s", name.text, dsc_trainer_type(entry->array.dtype, entry->array.rank, entry->array.shape).text, dsc_trainer_type(tensor->dtype, tensor->rank, tensor->shape).text);
  if (entry->array.bytes > 0)
    memcpy(to, entry->array.data, (size_t)entry->array.bytes);
  return DSC_OK;
}

DSC_FN int dsc_trainer_restore_from(dsc_trainer_state *s, const dsc_safetensors *file, const char *path, dsc_error *error) {
  static const dsc_trainer_tensor step = {"training.step", DSC_I64, 0, {0}}, sums = {"training.sums", DSC_F64, 1, {2}};
  const dsc_trainer *t = s->trainer;
  const char *format = dsc_safetensors_note(file, "format");
  const char *seed = dsc_safetensors_note(file, "seed"), *batch = dsc_safetensors_note(file, "batch");
  char wanted_seed[32], wanted_batch[32];
  double values[2] = {0, 0};
  int code = DSC_OK;
  if (format == NULL || strcmp(format, "descent-checkpoint-1") != 0)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "is no checkpoint of a training run");
  seed = seed != NULL ? seed : "?";
  batch = batch != NULL ? batch : "?";
  snprintf(wanted_seed, sizeof wanted_seed, "%" PRId64, s->options.seed);
  snprintf(wanted_batch, sizeof wanted_batch, "%" PRId64, t->batch);
  if (strcmp(seed, wanted_seed) != 0 || strcmp(batch, wanted_batch) != 0)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "was made with seed %s and batches of %s rows, not with seed \"%s\" and \"%s\"", dsc_show(seed, (int64_t)strlen(seed)).text, dsc_show(batch, (int64_t)strlen(batch)).text, wanted_seed, wanted_batch);
  for (int64_t i = 0; code == DSC_OK && i < t->parameter_count; i++)
    code = dsc_trainer_get(file, &t->parameters[i], s->parameters[i], path, error);
  for (int64_t i = 0; code == DSC_OK && i < t->state_count; i++)
    code = dsc_trainer_get(file, &t->state[i], s->state[i], path, error);
  if (code == DSC_OK)
    code = dsc_trainer_get(file, &step, &s->step, path, error);
  if (code == DSC_OK)
    code = dsc_trainer_get(file, &sums, values, path, error);
  if (code == DSC_OK && s->step < 0)
    code = dsc_fail_in(error, DSC_ERROR_FORMAT, path, "\"training.step\" is %" PRId64, s->step);
  if (code == DSC_OK && s->step % t->steps_per_epoch != 0) {
    s->loss = values[0];
    s->metric = values[1];
  }
  return code;
}

DSC_FN int dsc_trainer_restore(dsc_trainer_state *s, const char *path, dsc_error *error) {
  dsc_safetensors file;
  int code = dsc_safetensors_open(path, &file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_trainer_restore_from(s, &file, path, error);
  dsc_safetensors_free(&file);
  return code;
}

/* Fails now, and not after hours of training, where a file cannot be written. */
DSC_FN int dsc_trainer_probe(const char *path, dsc_error *error) {
  dsc_replacement file;
  if (path == NULL)
    return DSC_OK;
  const int code = dsc_replace_begin(&file, path, error);
  if (code == DSC_OK)
    dsc_replace_abandon(&file);
  return code;
}

/* ---- the loop ---- */

/* Tells of `done` steps of an epoch, and sets the sums to zero. */
DSC_FN void dsc_trainer_report(dsc_trainer_state *s, int64_t done, int64_t epochs, double seconds, int64_t ran) {
  const dsc_trainer *t = s->trainer;
  const int64_t epoch = (s->step - 1) / t->steps_per_epoch + 1;
  const double loss = s->loss / (double)done, metric = s->metric / (double)done;
  double score = loss;
  s->loss = s->metric = 0;
  printf("epoch %" PRId64 "/%" PRId64 "  loss %.6g", epoch, epochs, loss);
  if (t->metric != NULL)
    printf(" %s %.6g", t->metric, metric);
  if (t->validation != NULL) {
    double validation_loss, validation_metric;
    dsc_trainer_evaluate(s, &validation_loss, &validation_metric);
    score = validation_loss;
    printf("  validation loss %.6g", validation_loss);
    if (t->metric != NULL)
      printf(" %s %.6g", t->metric, validation_metric);
  }
  printf("  %.1f us/step  %.2f s\n", seconds / (double)ran * 1e6, seconds);
  fflush(stdout);
  s->since_best++;
  if (s->best != NULL && (s->has_best ? score < s->best_loss : score < (double)INFINITY)) {
    for (int64_t i = 0; i < t->parameter_count; i++)
      memcpy(s->best[i], s->parameters[i], (size_t)dsc_trainer_bytes(&t->parameters[i]));
    s->best_loss = score;
    s->has_best = 1;
    s->since_best = 0;
  }
  const char *why = NULL;
  if (t->patience > 0 && s->since_best >= t->patience)
    why = "no better epoch for as long as patience lasts";
  else if (t->tolerance >= 0 && s->has_last && fabs(loss - s->last_loss) <= t->tolerance * fabs(s->last_loss))
    why = "the loss has settled";
  else if (t->gradient_norm >= 0 && *(const double *)s->state[t->gradient_norm_state] <= t->gradient_norm)
    why = "the gradient is small";
  s->last_loss = loss;
  s->has_last = 1;
  if (why != NULL) {
    printf("ended early: %s\n", why);
    s->ends = 1;
  }
}

DSC_FN int dsc_trainer_loop(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer_options *o = &s->options;
  const int64_t per = s->trainer->steps_per_epoch;
  const int64_t whole = o->epochs > INT64_MAX / per ? INT64_MAX : o->epochs * per;
  const int64_t last = o->steps > 0 ? o->steps : whole, epochs = (last - 1) / per + 1;
  int64_t ran = 0, written = s->step;
  double seconds = 0;
  int code = DSC_OK;
  if (s->step >= last)
    printf("nothing left to do: %" PRId64 " steps had been done\n", s->step);
  while (code == DSC_OK && s->step < last && !s->ends) {
    const double start = dsc_trainer_seconds();
    const int64_t from = s->step, to_epoch = per - from % per, to_end = last - from;
    int64_t steps = to_epoch < to_end ? to_epoch : to_end;
    if (o->every > 0 && o->every - from % o->every < steps)
      steps = o->every - from % o->every;
    code = dsc_trainer_steps(s, steps, error);
    seconds += dsc_trainer_seconds() - start;
    ran += steps;
    /* Before the sums are taken for the report, so that a resumed run reports the whole epoch. */
    if (code == DSC_OK && o->checkpoint != NULL && (s->step >= last || (o->every > 0 && s->step % o->every == 0))) {
      code = dsc_trainer_save(s, o->checkpoint, error);
      written = s->step;
    }
    const int64_t done = s->step % per == 0 ? per : s->step % per;
    if (code == DSC_OK && (done == per || s->step >= last)) {
      dsc_trainer_report(s, done, epochs, seconds, ran);
      seconds = 0;
      ran = 0;
    }
  }
  if (code == DSC_OK && o->checkpoint != NULL && written < s->step)
    code = dsc_trainer_save(s, o->checkpoint, error);
  return code;
}

DSC_FN int dsc_trainer_train(dsc_trainer_state *s, dsc_error *error) {
  const dsc_trainer_options *o = &s->options;
  if (dsc_contracts())
    return dsc_fail(error, DSC_ERROR_USAGE, "built with products and sums contracted, which gives other results; build it with -ffp-contract=off");
  int code = dsc_trainer_probe(o->output, error);
  if (code == DSC_OK)
    code = dsc_trainer_probe(o->checkpoint, error);
  if (code == DSC_OK)
    code = dsc_trainer_begin(s, error);
  if (code != DSC_OK)
    return code;
  dsc_trainer_initialize(s);
  if (o->resume != NULL)
    code = dsc_trainer_restore(s, o->resume, error);
  if (code == DSC_OK)
    code = dsc_trainer_loop(s, error);
  if (code != DSC_OK)
    return code;
  for (int64_t i = 0; s->has_best && i < s->trainer->parameter_count; i++)
    memcpy(s->parameters[i], s->best[i], (size_t)dsc_trainer_bytes(&s->trainer->parameters[i]));
  code = dsc_trainer_write(s, o->output, error);
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
  int code = status == 0 ? dsc_trainer_train(&state, &error) : DSC_OK;
  dsc_trainer_end(&state);
  if (code == DSC_OK && (fflush(stdout) != 0 || ferror(stdout)))
    code = dsc_fail(&error, DSC_ERROR_IO, "the standard output cannot be written: %s", strerror(errno));
  if (code != DSC_OK)
    fprintf(stderr, "trainer: %s\n", dsc_error_message(&error));
  return code == DSC_OK ? 0 : 1;
}

#endif
