/* The rows that a standalone trainer learns from and is tested on, and large constants of its program.
 * Takes the description of a source; gives arrays of the types that the programs take, or an error that names the file.
 * */
#ifndef DESCENT_TRAINER_DATA_H
#define DESCENT_TRAINER_DATA_H

#include "descent_idx.h"
#include "descent_npy.h"
#include "descent_safetensors.h"
#include "descent_trainer_options.h"

/* ---- the data ---- */

/* Whether rows of the array are those that the table says. */
DSC_FN int dsc_trainer_fits(const dsc_array *array, const dsc_trainer_tensor *tensor) {
  return array->dtype == tensor->dtype && array->rank == tensor->rank && array->rank > 0 &&
      memcmp(array->shape + 1, tensor->shape + 1, (size_t)(tensor->rank - 1) * sizeof(int64_t)) == 0;
}

/* The type of any number of such rows: f32[rows,784]. */
DSC_FN dsc_shown dsc_trainer_show_rows(const dsc_trainer_tensor *tensor) {
  dsc_shown shown;
  const int room = (int)sizeof shown.text;
  int used = snprintf(shown.text, sizeof shown.text, "%s[rows", dsc_dtype_name(tensor->dtype));
  for (int i = 1; i < tensor->rank && used < room; i++)
    used += snprintf(shown.text + used, (size_t)(room - used), ",%" PRId64, tensor->shape[i]);
  if (used < room)
    snprintf(shown.text + used, (size_t)(room - used), "]");
  return shown;
}

/* The same of targets, which may be labels of any type of whole numbers: labels 0...9 [rows]. */
DSC_FN dsc_shown dsc_trainer_show_targets(const dsc_data_source *source) {
  dsc_shown shown = dsc_trainer_show_rows(&source->target);
  if (source->classes > 0) {
    char type[sizeof shown.text];
    const char *shape = strchr(shown.text, '[');
    snprintf(type, sizeof type, "labels 0...%" PRId64 " %.60s", source->classes - 1, shape != NULL ? shape : "");
    memcpy(shown.text, type, sizeof type);
  }
  return shown;
}

DSC_FN int dsc_trainer_expect(
    const dsc_array *array, const dsc_trainer_tensor *tensor, const char *file, dsc_error *error) {
  if (dsc_trainer_fits(array, tensor))
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "%s are %s; this trainer was built for %s", tensor->name,
      dsc_show_type(array->dtype, array->rank, array->shape).text, dsc_trainer_show_rows(tensor).text);
}

/* Whether a run can have this many rows to train on. */
DSC_FN int dsc_trainer_enough(
    const dsc_trainer *trainer, const dsc_trainer_batch *step, int64_t rows, const char *file, dsc_error *error) {
  if (!step->shuffled && rows != step->batch)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
        "%" PRId64 " rows; this step takes all rows at once and was built for %" PRId64
        " of them (any number is taken by a trainer that is emitted with a --batch of fewer)",
        rows, step->batch);
  for (int64_t i = 0; step->shuffled && rows < step->batch && i < trainer->batch_count; i++)
    if (trainer->batches[i].shuffled && trainer->batches[i].batch <= rows)
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
          "%" PRId64 " rows are less than a batch of %" PRId64 "; --batch %" PRId64 " would do", rows, step->batch,
          trainer->batches[i].batch);
  if (step->shuffled && rows < step->batch)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, file,
        "%" PRId64 " rows are less than a batch of %" PRId64 "; at least as many are needed", rows, step->batch);
  return DSC_OK;
}

/* Replaces an array by the rows of these numbers. */
DSC_FN int dsc_trainer_take(dsc_array *array, const int32_t *rows, int64_t count, const char *file, dsc_error *error) {
  dsc_array taken;
  int64_t shape[8];
  memcpy(shape, array->shape, sizeof shape);
  const int64_t row_bytes = shape[0] > 0 ? array->bytes / shape[0] : 0;
  shape[0] = count;
  const int code = dsc_array_allocate(&taken, array->dtype, array->rank, shape, file, error);
  if (code != DSC_OK)
    return code;
  dsc_rows_gather(taken.data, array->data, rows, count, row_bytes);
  dsc_array_free(array);
  *array = taken;
  return DSC_OK;
}

/* Which rows the steps keep, in rows[0..<*count]; `order` is scratch of the same size. */
DSC_FN int dsc_trainer_choose(
    const dsc_data_source *source, int32_t *rows, int32_t *order, int64_t *count, const char *file, dsc_error *error) {
  for (int64_t i = 0; i < *count; i++)
    rows[i] = (int32_t)i;
  for (int64_t i = 0; i < source->step_count; i++) {
    const dsc_data_step *step = &source->steps[i];
    if (step->kind == DSC_STEP_PREFIX) {
      *count = step->count < *count ? step->count : *count;
      continue;
    }
    const int64_t held = dsc_rows_held(*count, step->fraction);
    if (held < 1 || held >= *count)
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "a split of %" PRId64 " rows by %s leaves a part without rows",
          *count, dsc_show_number(step->fraction).text);
    *count = dsc_rows_split(rows, *count, held, step->part == DSC_PART_HELD_OUT, step->seed, order);
  }
  return DSC_OK;
}

DSC_FN int dsc_trainer_read_files(const dsc_data_source *source, const char *inputs, const char *targets, dsc_array *x,
    dsc_array *y, dsc_error *error) {
  if (source->origin == DSC_ORIGIN_CSV) {
    dsc_csv csv;
    const int code = dsc_csv_read(inputs, source->csv, &csv, error);
    if (code != DSC_OK)
      return code;
    if (csv.dropped > 0)
      fprintf(stderr, "note: %s: %" PRId64 " of %" PRId64 " rows are left out, as a value is missing\n",
          dsc_show_path(inputs).text, csv.dropped, csv.dropped + csv.rows);
    *x = csv.features;
    *y = csv.target;
    memset(&csv.features, 0, sizeof csv.features);
    memset(&csv.target, 0, sizeof csv.target);
    dsc_csv_free(&csv);
    return DSC_OK;
  }
  const int idx = source->origin == DSC_ORIGIN_IDX;
  int code = idx ? dsc_idx_read(inputs, x, error) : dsc_npy_read(inputs, x, error);
  if (code == DSC_OK)
    code = idx ? dsc_idx_read(targets, y, error) : dsc_npy_read(targets, y, error);
  if (code != DSC_OK)
    return code;
  if (x->stored != x->dtype)
    fprintf(stderr, "note: %s: %s\n", dsc_show_path(inputs).text, dsc_stored_note(x).text);
  if (y->stored != y->dtype)
    fprintf(stderr, "note: %s: %s\n", dsc_show_path(targets).text, dsc_stored_note(y).text);
  return DSC_OK;
}

/* Reads, makes labels, takes rows, checks types. On failure x and y are still to be given back. */
DSC_FN int dsc_trainer_read(const dsc_data_source *source, const char *inputs, const char *targets, dsc_array *x,
    dsc_array *y, dsc_error *error) {
  int code = dsc_trainer_read_files(source, inputs, targets, x, y, error);
  if (code != DSC_OK)
    return code;
  if (x->rank < 1 || y->rank < 1 || x->shape[0] != y->shape[0] || x->shape[0] < 1 || x->shape[0] > (int64_t)1 << 31)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, targets,
        "inputs of type %s and targets of type %s are no rows that belong together",
        dsc_show_type(x->dtype, x->rank, x->shape).text, dsc_show_type(y->dtype, y->rank, y->shape).text);
  if (source->classes > 0) {
    dsc_array labels;
    code = dsc_labels(y, source->classes, targets, &labels, error);
    if (code != DSC_OK)
      return code;
    dsc_array_free(y);
    *y = labels;
  }
  if (source->step_count > 0) {
    int64_t count = x->shape[0];
    int32_t *rows = (int32_t *)dsc_allocate(count * 8);
    if (rows == NULL)
      return dsc_fail_in(error, DSC_ERROR_MEMORY, inputs, "no memory to choose from %" PRId64 " rows", count);
    code = dsc_trainer_choose(source, rows, rows + count, &count, inputs, error);
    if (code == DSC_OK)
      code = dsc_trainer_take(x, rows, count, inputs, error);
    if (code == DSC_OK)
      code = dsc_trainer_take(y, rows, count, targets, error);
    free(rows);
  }
  if (code == DSC_OK)
    code = dsc_trainer_expect(x, &source->input, inputs, error);
  if (code == DSC_OK)
    code = dsc_trainer_expect(y, &source->target, targets, error);
  return code;
}

/* ---- which files ---- */

/* The folder that this program lies in, with a slash at its end; empty for the folder at hand. It is that of the
 * running file where the system tells it (Linux's /proc), and otherwise that of the name by which the program was
 * called. To be given back with free; null where there is no memory. */
DSC_FN char *dsc_trainer_folder(const char *name) {
  const size_t room = 4096;
  char *folder = (char *)malloc(room);
  if (folder == NULL)
    return NULL;
  ssize_t length = readlink("/proc/self/exe", folder, room);
  if (length < 1 || length >= (ssize_t)room || folder[0] != '/') {
    length = name != NULL && strlen(name) < room ? (ssize_t)strlen(name) : 0;
    memcpy(folder, length > 0 ? name : "", (size_t)length);
  }
  while (length > 0 && folder[length - 1] != '/')
    length--;
  folder[length] = 0;
  return folder;
}

/* `folder` and `name`, one after the other. To be given back with free; null, with an error, where there is no memory.
 * */
DSC_FN char *dsc_trainer_join(const char *folder, const char *separator, const char *name, dsc_error *error) {
  const size_t size = strlen(folder) + strlen(separator) + strlen(name) + 1;
  char *path = (char *)malloc(size);
  if (path == NULL)
    dsc_fail(error, DSC_ERROR_MEMORY, "no memory for a path");
  else
    snprintf(path, size, "%s%s%s", folder, separator, name);
  return path;
}

/* The file to read: the one that was asked for, else one of the usual name in the folder `data` that was asked for,
 * else the usual one beside the program. To be given back with free; null, with an error, where there is no memory. */
DSC_FN char *dsc_trainer_path(
    const char *usual, const char *asked, const char *data, const char *program, dsc_error *error) {
  const char *slash = strrchr(usual, '/');
  if (asked != NULL)
    return dsc_trainer_join(asked, "", "", error);
  if (data != NULL)
    return dsc_trainer_join(data, "/", slash != NULL ? slash + 1 : usual, error);
  return dsc_trainer_join(program, "", usual, error);
}

/* Says what is missing where a file of the usual name is not beside the program. */
DSC_FN int dsc_trainer_look(
    const dsc_trainer *trainer, const dsc_data_source *source, int is_target, const char *path, dsc_error *error) {
  static const char names[2][3][21] = {
      {"--data", "--inputs", "--targets"}, {"--validation-data", "--validation-inputs", "--validation-targets"}};
  static const char formats[3][13] = {"CSV table", "IDX file", "NPY file"};
  const int table = source->origin == DSC_ORIGIN_CSV;
  const char *option = names[source == trainer->validation][table ? 0 : 1 + is_target];
  const dsc_shown targets = dsc_trainer_show_targets(source);
  if (access(path, F_OK) == 0 || errno != ENOENT)
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_IO, path, "is not there; %s: put it there, or name another %s with %s (%s%s%s%s)",
      trainer->carried ? "this trainer reads it from the folder data beside the program"
                       : "it was too large to come with this trainer",
      formats[source->origin], option, is_target ? "" : "inputs ",
      is_target ? "" : dsc_trainer_show_rows(&source->input).text,
      is_target   ? "targets "
          : table ? ", targets "
                  : "",
      is_target || table ? targets.text : "");
}

/* Reads the data, or the validation rows where `validation` is 1. */
DSC_FN int dsc_trainer_load(const dsc_trainer *trainer, const dsc_trainer_options *o, int validation, dsc_array *x,
    dsc_array *y, dsc_error *error) {
  const dsc_data_source *source = validation ? trainer->validation : trainer->data, *data = trainer->data;
  const int table = source->origin == DSC_ORIGIN_CSV;
  const char *asked_x = table ? o->data : o->inputs, *asked_y = table ? NULL : o->targets;
  const char *folder = table || data->origin == DSC_ORIGIN_CSV ? NULL : o->data;
  if (validation) {
    /* Rows held out of the same file follow it to another place. */
    const char *same_x = source->origin == data->origin && strcmp(source->inputs, data->inputs) == 0 ? asked_x : NULL;
    const char *same_y =
        !table && source->origin == data->origin && strcmp(source->targets, data->targets) == 0 ? asked_y : NULL;
    asked_x = table ? o->validation_data : o->validation_inputs;
    asked_y = table ? NULL : o->validation_targets;
    asked_x = asked_x != NULL ? asked_x : same_x;
    asked_y = asked_y != NULL ? asked_y : same_y;
  }
  char *program = dsc_trainer_folder(o->program);
  char *inputs = program == NULL ? NULL : dsc_trainer_path(source->inputs, asked_x, folder, program, error);
  char *targets = inputs == NULL || table ? NULL : dsc_trainer_path(source->targets, asked_y, folder, program, error);
  int code = inputs == NULL || (targets == NULL && !table) ? dsc_fail(error, DSC_ERROR_MEMORY, "no memory for a path")
                                                           : DSC_OK;
  if (code == DSC_OK && asked_x == NULL && folder == NULL)
    code = dsc_trainer_look(trainer, source, 0, inputs, error);
  if (code == DSC_OK && !table && asked_y == NULL && folder == NULL)
    code = dsc_trainer_look(trainer, source, 1, targets, error);
  if (code == DSC_OK)
    code = dsc_trainer_read(source, inputs, table ? inputs : targets, x, y, error);
  if (code == DSC_OK && !validation)
    code = dsc_trainer_enough(trainer, o->step, x->shape[0], inputs, error);
  free(program);
  free(inputs);
  free(targets);
  return code;
}

/* ---- constants ---- */

/* Whether the file holds the numbers of the table, and nothing else; *list gets their places. */
DSC_FN int dsc_trainer_find_constants(const dsc_trainer *trainer, const dsc_safetensors *file, void **list) {
  dsc_hash hash;
  dsc_hash_begin(&hash);
  for (int64_t i = 0; i < trainer->constant_count; i++) {
    const dsc_trainer_tensor *expected = &trainer->constants[i];
    const dsc_safetensors_entry *entry = dsc_safetensors_find(file, expected->name);
    if (entry == NULL || entry->array.dtype != expected->dtype || entry->array.stored != expected->dtype ||
        entry->array.rank != expected->rank ||
        memcmp(entry->array.shape, expected->shape, (size_t)expected->rank * sizeof(int64_t)) != 0)
      return 0;
    dsc_hash_add_array(&hash, &entry->array);
    list[i] = entry->array.data;
  }
  return file->count == trainer->constant_count &&
      strcmp(dsc_hash_show(dsc_hash_value(&hash)).text, trainer->constants_checksum) == 0;
}

DSC_FN int dsc_trainer_read_constants(
    const dsc_trainer *trainer, const char *path, dsc_safetensors *file, void **list, dsc_error *error) {
  if (access(path, F_OK) != 0 && errno == ENOENT)
    return dsc_fail_in(error, DSC_ERROR_IO, path,
        "is not there; it holds numbers of the program that this trainer was made by: put it there");
  const int code = dsc_safetensors_open(path, file, error);
  if (code == DSC_OK && !dsc_trainer_find_constants(trainer, file, list))
    return dsc_fail_in(error, DSC_ERROR_FORMAT, path, "is not the file that was emitted with this trainer");
  return code;
}

/* Reads the numbers of the program that are too many for its text. On success *list has their places in `file`; both
 * are to be given back, whatever comes out. */
DSC_FN int dsc_trainer_load_constants(
    const dsc_trainer *trainer, const dsc_trainer_options *o, dsc_safetensors *file, void ***list, dsc_error *error) {
  if (trainer->constant_count == 0)
    return DSC_OK;
  char *program = dsc_trainer_folder(o->program);
  char *path = program == NULL ? NULL : dsc_trainer_join(program, "", trainer->constants_file, error);
  *list = (void **)malloc((size_t)trainer->constant_count * sizeof(void *));
  const int code = path == NULL || *list == NULL ? dsc_fail(error, DSC_ERROR_MEMORY, "no memory for a path")
                                                 : dsc_trainer_read_constants(trainer, path, file, *list, error);
  free(program);
  free(path);
  return code;
}

#endif
