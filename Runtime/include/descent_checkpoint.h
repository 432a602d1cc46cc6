/* Checkpoints: all that a training run needs to go on as if it had never been interrupted, and what the run was, so
 * that another one does not take it for its own.
 * Takes the tensors of a run in their places, its position and its early stopping; gives a safetensors file, and fills
 * the same places from one. The Swift library and a standalone trainer both write and read here.
 *
 *   __metadata__   format, version (of Descent, for people: nothing depends on it), and the facts of dsc_run_facts
 *   tensors        parameters and state by their names;
 *                  training.step i64[]; training.sums f64[3]: losses, metrics and steps since the last report;
 *                  with early stopping training.losses f64[2]: the best and the last epoch's, and training.stopping
 *                  i64[2]: epochs since the best one, DSC_ENDED_...; where the best are kept, best.NAME for each
 *                  parameter
 *
 * Invariant: numbers that are not finite never replace a file; a file that does not fit changes nothing.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_CHECKPOINT_H
#define DESCENT_CHECKPOINT_H

#include "descent_run_facts.h"
#include "descent_safetensors_writer.h"

#define DSC_CHECKPOINT_FORMAT "descent-checkpoint-2"
/* Optimizers count steps in f64. */
#define DSC_CHECKPOINT_MOST_STEPS ((int64_t)1 << 53)

typedef struct {
  const char *name;
  dsc_array array; /* in the run's own memory */
} dsc_checkpoint_tensor;

typedef struct {
  const char *version; /* of Descent */
  const dsc_run *run;
  const dsc_checkpoint_tensor *parameters, *state;
  int64_t parameter_count, state_count;
  void *const *best; /* memory like that of the parameters; null where the best are not kept */
  int64_t step;
  double sums[3]; /* of losses and of metrics since the last report, and of how many steps */
  dsc_stopping stopping;
} dsc_checkpoint;

/* ---- numbers that are not finite ---- */

/* An element of an array of f32 or f64. */
DSC_FN double dsc_real_at(const dsc_array *array, int64_t i) {
  return array->dtype == DSC_F32 ? (double)((const float *)array->data)[i] : ((const double *)array->data)[i];
}

DSC_FN int dsc_is_bad(double x, int infinity) { return !(fabs(x) < (double)INFINITY) && (infinity || x != x); }

/* The first element that is NaN, or infinite where `infinity` counts too; -1 where there is none. */
DSC_FN int64_t dsc_first_not_finite(const dsc_array *array, int infinity) {
  if (array->dtype != DSC_F32 && array->dtype != DSC_F64)
    return -1;
  for (int64_t from = 0; from < array->count; from += 1024) {
    const int64_t to = array->count - from < 1024 ? array->count : from + 1024;
    int bad = 0;
    for (int64_t i = from; i < to; i++)
      bad |= dsc_is_bad(dsc_real_at(array, i), infinity);
    for (int64_t i = from; bad && i < to; i++)
      if (dsc_is_bad(dsc_real_at(array, i), infinity))
        return i;
  }
  return -1;
}

/* Fails where one of the tensors has a number that is not finite. `kept` is a file that therefore stays as it is, or
 * null. */
DSC_FN int dsc_check_finite(const dsc_checkpoint_tensor *tensors, int64_t count, int infinity, int64_t step,
    const char *kept, dsc_error *error) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = dsc_first_not_finite(&tensors[i].array, infinity);
    if (at < 0)
      continue;
    const double x = dsc_real_at(&tensors[i].array, at);
    const char *what = x != x ? "NaN" : x > 0 ? "infinite" : "-infinite";
    return dsc_fail_in(error, DSC_ERROR_FORMAT, kept,
        "%selement %" PRId64 " of %s is %s after step %" PRId64 "; try a smaller learning rate",
        kept != NULL ? "kept as it was: " : "", at, dsc_show_text(tensors[i].name).text, what, step);
  }
  return DSC_OK;
}

/* ---- writing ---- */

/* best.NAME, to be given back with free; null where there is no memory. */
DSC_FN char *dsc_checkpoint_best_name(const char *name) {
  const size_t size = strlen(name) + sizeof "best.";
  char *text = (char *)malloc(size);
  if (text != NULL)
    snprintf(text, size, "best.%s", name);
  return text;
}

DSC_FN void dsc_checkpoint_add(
    dsc_safetensors_writer *writer, const char *name, const dsc_array *array, const void *data) {
  dsc_safetensors_add(writer, name, array->dtype, array->rank, array->shape, data);
}

DSC_FN void dsc_checkpoint_add_best(dsc_safetensors_writer *writer, const dsc_checkpoint *c) {
  for (int64_t i = 0; c->best != NULL && i < c->parameter_count; i++) {
    char *name = dsc_checkpoint_best_name(c->parameters[i].name);
    if (name == NULL)
      dsc_fail(&writer->error, DSC_ERROR_MEMORY, "no memory for the name of a tensor");
    else
      dsc_checkpoint_add(writer, name, &c->parameters[i].array, c->best[i]);
    free(name);
  }
}

/* Writes the file, unless a parameter is not finite or the state has a NaN: an infinity may be meant there. */
DSC_FN int dsc_checkpoint_write(const dsc_checkpoint *c, const char *path, dsc_error *error) {
  static const int64_t sizes[2] = {2, 3};
  const int keeps = c->best != NULL;
  const double losses[2] = {keeps ? c->stopping.best_loss : (double)INFINITY, c->stopping.last_loss};
  const int64_t stopping[2] = {keeps ? c->stopping.since_best : 0, c->stopping.ended};
  dsc_run_fact facts[DSC_RUN_FACTS];
  dsc_safetensors_writer writer;
  int code = dsc_check_finite(c->parameters, c->parameter_count, 1, c->step, path, error);
  if (code == DSC_OK)
    code = dsc_check_finite(c->state, c->state_count, 0, c->step, path, error);
  if (code != DSC_OK)
    return code;
  dsc_safetensors_begin(&writer);
  dsc_safetensors_metadata(&writer, "format", DSC_CHECKPOINT_FORMAT);
  dsc_safetensors_metadata(&writer, "version", c->version);
  dsc_run_facts(c->run, facts);
  for (int i = 0; i < DSC_RUN_FACTS; i++)
    dsc_safetensors_metadata(&writer, facts[i].key, facts[i].text);
  for (int64_t i = 0; i < c->parameter_count; i++)
    dsc_checkpoint_add(&writer, c->parameters[i].name, &c->parameters[i].array, c->parameters[i].array.data);
  for (int64_t i = 0; i < c->state_count; i++)
    dsc_checkpoint_add(&writer, c->state[i].name, &c->state[i].array, c->state[i].array.data);
  dsc_checkpoint_add_best(&writer, c);
  if (dsc_stopping_is_on(&c->run->stopping)) {
    dsc_safetensors_add(&writer, "training.losses", DSC_F64, 1, &sizes[0], losses);
    dsc_safetensors_add(&writer, "training.stopping", DSC_I64, 1, &sizes[0], stopping);
  }
  dsc_safetensors_add(&writer, "training.step", DSC_I64, 0, NULL, &c->step);
  dsc_safetensors_add(&writer, "training.sums", DSC_F64, 1, &sizes[1], c->sums);
  code = dsc_safetensors_write(&writer, path, error);
  dsc_safetensors_end(&writer);
  return code;
}

/* ---- reading ---- */

/* Finds a tensor of the type of `like`. */
DSC_FN int dsc_checkpoint_find(const dsc_safetensors *file, const char *name, const dsc_array *like, const void **data,
    const char *path, dsc_error *error) {
  const dsc_safetensors_entry *entry = dsc_safetensors_find(file, name);
  const dsc_shown shown = dsc_show_text(name);
  if (entry == NULL)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "has no tensor %s", shown.text);
  const dsc_array *found = &entry->array;
  if (found->dtype != like->dtype || found->rank != like->rank ||
      memcmp(found->shape, like->shape, (size_t)like->rank * sizeof(int64_t)) != 0)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "%s is %s; expected %s", shown.text,
        dsc_show_type(found->dtype, found->rank, found->shape).text,
        dsc_show_type(like->dtype, like->rank, like->shape).text);
  if (found->stored != found->dtype)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "%s is stored as %s; expected the type of the run", shown.text,
        dsc_stored_info(found->stored).name);
  *data = found->data;
  return DSC_OK;
}

/* Finds one of the tensors that every run has, of `count` elements (0: a scalar). */
DSC_FN int dsc_checkpoint_find_own(const dsc_safetensors *file, const char *name, int32_t dtype, int64_t count,
    const void **data, const char *path, dsc_error *error) {
  dsc_array like;
  const int code = dsc_array_describe(&like, dtype, count > 0, &count, name, error);
  return code == DSC_OK ? dsc_checkpoint_find(file, name, &like, data, path, error) : code;
}

DSC_FN int dsc_checkpoint_is_of_stopping(const char *name) {
  return strncmp(name, "best.", 5) == 0 || strcmp(name, "training.losses") == 0 ||
      strcmp(name, "training.stopping") == 0;
}

/* Fails where the file has a tensor that this run has no place for. */
DSC_FN int dsc_checkpoint_no_others(
    const dsc_checkpoint *c, const dsc_safetensors *file, const char *path, dsc_error *error) {
  int64_t known = c->parameter_count + c->state_count + 2;
  for (int64_t i = 0; i < file->count; i++)
    known += dsc_checkpoint_is_of_stopping(file->entries[i].name);
  for (int64_t i = 0; known < file->count && i < file->count; i++) {
    const char *name = file->entries[i].name;
    int found =
        dsc_checkpoint_is_of_stopping(name) || strcmp(name, "training.step") == 0 || strcmp(name, "training.sums") == 0;
    for (int64_t k = 0; !found && k < c->parameter_count; k++)
      found = strcmp(name, c->parameters[k].name) == 0;
    for (int64_t k = 0; !found && k < c->state_count; k++)
      found = strcmp(name, c->state[k].name) == 0;
    if (!found)
      return dsc_fail_in(
          error, DSC_ERROR_FORMAT, path, "has a tensor %s, which this run does not know", dsc_show_text(name).text);
  }
  return DSC_OK;
}

/* Takes step and sums. */
DSC_FN int dsc_checkpoint_take_position(
    dsc_checkpoint *c, const dsc_safetensors *file, const char *path, dsc_error *error) {
  const void *step = NULL, *sums = NULL;
  int code = dsc_checkpoint_find_own(file, "training.step", DSC_I64, 0, &step, path, error);
  if (code == DSC_OK)
    code = dsc_checkpoint_find_own(file, "training.sums", DSC_F64, 3, &sums, path, error);
  if (code != DSC_OK)
    return code;
  memcpy(&c->step, step, sizeof c->step);
  memcpy(c->sums, sums, sizeof c->sums);
  if (c->step < 0 || c->step > DSC_CHECKPOINT_MOST_STEPS)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "\"training.step\" is %" PRId64 "; expected 0...%" PRId64,
        c->step, DSC_CHECKPOINT_MOST_STEPS);
  if (!(c->sums[2] >= 0 && c->sums[2] <= (double)c->step && c->sums[2] == floor(c->sums[2])))
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path,
        "\"training.sums\" are of %g steps; expected a number in 0...%" PRId64, c->sums[2], c->step);
  return DSC_OK;
}

/* Takes the early stopping's losses and counts where this run has it; a file of another run may be without. */
DSC_FN int dsc_checkpoint_take_stopping(
    dsc_checkpoint *c, const dsc_safetensors *file, int differs, const char *path, dsc_error *error) {
  const void *losses = NULL, *counts = NULL;
  double values[2];
  int64_t numbers[2];
  c->stopping = dsc_stopping_begin();
  if (!dsc_stopping_is_on(&c->run->stopping) || (differs && dsc_safetensors_find(file, "training.stopping") == NULL))
    return DSC_OK;
  int code = dsc_checkpoint_find_own(file, "training.losses", DSC_F64, 2, &losses, path, error);
  if (code == DSC_OK)
    code = dsc_checkpoint_find_own(file, "training.stopping", DSC_I64, 2, &counts, path, error);
  if (code != DSC_OK)
    return code;
  memcpy(values, losses, sizeof values);
  memcpy(numbers, counts, sizeof numbers);
  if (values[0] != values[0] || numbers[0] < 0 || numbers[0] > c->step || numbers[1] < DSC_ENDED_NOT ||
      numbers[1] > DSC_ENDED_GRADIENT)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path,
        "\"training.losses\" and \"training.stopping\" are [%g,%g] and [%" PRId64 ",%" PRId64
        "], which no run leaves behind",
        values[0], values[1], numbers[0], numbers[1]);
  c->stopping.best_loss = values[0];
  c->stopping.last_loss = values[1];
  c->stopping.since_best = numbers[0];
  c->stopping.ended = numbers[1];
  /* Whoever goes on with another run wants it to go on. */
  if (differs && c->stopping.ended != DSC_ENDED_NOT)
    c->stopping.since_best = c->stopping.ended = 0;
  return DSC_OK;
}

/* The best parameters: found (1), not in the file of another run or of no use to this one (0), an error (-1). */
DSC_FN int dsc_checkpoint_find_best(const dsc_checkpoint *c, const dsc_safetensors *file, int differs,
    const void **data, const char *path, dsc_error *error) {
  int64_t found = 0;
  int code = DSC_OK;
  for (int64_t i = 0; c->best != NULL && code == DSC_OK && i < c->parameter_count; i++) {
    char *name = dsc_checkpoint_best_name(c->parameters[i].name);
    if (name == NULL)
      code = dsc_fail_in(error, DSC_ERROR_MEMORY, path, "no memory for the name of a tensor");
    else if (!differs || dsc_safetensors_find(file, name) != NULL) {
      code = dsc_checkpoint_find(file, name, &c->parameters[i].array, &data[i], path, error);
      found++;
    }
    free(name);
  }
  return code != DSC_OK ? -1 : c->best != NULL && found == c->parameter_count;
}

/* Finds everything, or fails; `data` has room for the parameters, the state and the best parameters. Nothing of the run
 * is changed but step, sums and stopping of `c`. */
DSC_FN int dsc_checkpoint_take(dsc_checkpoint *c, const dsc_safetensors *file, int differs, const void **data,
    int *has_best, const char *path, dsc_error *error) {
  int64_t n = 0;
  int code = DSC_OK;
  for (int64_t i = 0; code == DSC_OK && i < c->parameter_count; i++)
    code = dsc_checkpoint_find(file, c->parameters[i].name, &c->parameters[i].array, &data[n++], path, error);
  for (int64_t i = 0; code == DSC_OK && i < c->state_count; i++)
    code = dsc_checkpoint_find(file, c->state[i].name, &c->state[i].array, &data[n++], path, error);
  if (code == DSC_OK)
    code = dsc_checkpoint_take_position(c, file, path, error);
  if (code == DSC_OK)
    code = dsc_checkpoint_take_stopping(c, file, differs, path, error);
  if (code == DSC_OK)
    code = dsc_checkpoint_no_others(c, file, path, error);
  if (code != DSC_OK)
    return code;
  *has_best = dsc_checkpoint_find_best(c, file, differs, data + n, path, error);
  if (*has_best < 0)
    return error->code;
  /* The best loss was another measure, or its parameters are gone: the search for the best begins anew. */
  if (!*has_best || (differs && !dsc_run_measures_alike(c->run, file))) {
    c->stopping.best_loss = (double)INFINITY;
    c->stopping.since_best = 0;
  }
  return DSC_OK;
}

DSC_FN void dsc_checkpoint_copy(const dsc_array *array, void *to, const void *from) {
  if (array->bytes > 0)
    memcpy(to, from, (size_t)array->bytes);
}

DSC_FN int dsc_checkpoint_read_from(dsc_checkpoint *c, const dsc_safetensors *file, int anyway,
    dsc_run_differences *differences, const char *path, dsc_error *error) {
  const int64_t count = c->parameter_count * 2 + c->state_count;
  const char *format = dsc_safetensors_note(file, "format");
  int has_best = 0;
  if (format != NULL && strcmp(format, "descent-checkpoint-1") == 0)
    return dsc_fail_in(error, DSC_ERROR_UNSUPPORTED, path,
        "is a checkpoint of the first format, which neither has checksums nor says what its run was; "
        "its parameters can still become C (emit inference --weights)");
  if (format == NULL || strcmp(format, DSC_CHECKPOINT_FORMAT) != 0 || file->checksums == NULL)
    return dsc_fail_in(
        error, DSC_ERROR_FORMAT, path, "is no checkpoint of a training run (format %s)", DSC_CHECKPOINT_FORMAT);
  const void **data = (const void **)malloc((size_t)(count + 1) * sizeof(void *));
  if (data == NULL)
    return dsc_fail_in(error, DSC_ERROR_MEMORY, path, "no memory for %" PRId64 " tensors", count);
  *differences = dsc_run_compare(c->run, file);
  const int differs = differences->text[0] != 0;
  dsc_error fit;
  dsc_error_clear(&fit);
  int code = dsc_checkpoint_take(c, file, differs, data, &has_best, path, &fit);
  if (differs && !anyway)
    code = dsc_fail_in(error, DSC_ERROR_FORMAT, path, "the checkpoint was made with %s%s", differences->text,
        code == DSC_OK ? "; --resume-anyway goes on from it all the same" : "");
  else if (code != DSC_OK)
    code = dsc_fail(error, code, "%s", fit.message);
  for (int64_t i = 0; code == DSC_OK && i < c->parameter_count; i++) {
    dsc_checkpoint_copy(&c->parameters[i].array, c->parameters[i].array.data, data[i]);
    if (has_best)
      dsc_checkpoint_copy(&c->parameters[i].array, c->best[i], data[c->parameter_count + c->state_count + i]);
  }
  for (int64_t i = 0; code == DSC_OK && i < c->state_count; i++)
    dsc_checkpoint_copy(&c->state[i].array, c->state[i].array.data, data[c->parameter_count + i]);
  free((void *)data);
  return code;
}

/* Fills the run's memory, step, sums and stopping from a file, which must be of the same run; with `anyway` of any that
 * has the same tensors. `differences` says in what it is of another one. */
DSC_FN int dsc_checkpoint_read(
    dsc_checkpoint *c, const char *path, int anyway, dsc_run_differences *differences, dsc_error *error) {
  dsc_safetensors file;
  memset(differences, 0, sizeof *differences);
  int code = dsc_safetensors_open(path, &file, error);
  if (code != DSC_OK)
    return code;
  code = dsc_checkpoint_read_from(c, &file, anyway, differences, path, error);
  dsc_safetensors_free(&file);
  return code;
}

#endif
