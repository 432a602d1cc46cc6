/* A standalone trainer: everything but the step programs and the tables that describe them.
 * Takes a dsc_trainer, which an emitted main fills in, and the command line; reads the data, trains, prints a line for each
 * epoch and writes parameters and checkpoints. Gives the exit status: 0, 1 for a failure, 64 for a wrong command line.
 * Invariant: the numbers are those of the library that emitted the program, bit for bit, for any number of threads; files
 * are there whole or not at all; a failure is one line on the standard error.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include. */
#ifndef DESCENT_TRAINER_H
#define DESCENT_TRAINER_H

#include "descent_csv.h"
#include "descent_dataset.h"
#include "descent_idx.h"
#include "descent_npy.h"
#include "descent_safetensors_writer.h"
#include <time.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/* ---- what is to be trained ---- */

enum { DSC_TRAINER_CSV = 0,
       DSC_TRAINER_IDX = 1,
       DSC_TRAINER_NPY = 2 };
enum { DSC_TRAINER_FIRST = 0,    /* the first `count` rows */
       DSC_TRAINER_OTHERS = 1,   /* all rows but `count` that a split with `seed` holds out */
       DSC_TRAINER_HELD_OUT = 2, /* the rows that it holds out */
       DSC_TRAINER_MOST_THREADS = 1024 };

typedef struct {
  const char *name;
  int32_t dtype, rank;
  int64_t shape[8];
} dsc_trainer_tensor;

typedef struct {
  int32_t part; /* DSC_TRAINER_FIRST ... */
  int64_t count;
  uint64_t seed;
} dsc_trainer_choice;

/* Where rows come from, which of them are taken, and what they must be. */
typedef struct {
  int32_t reader;              /* DSC_TRAINER_CSV ... */
  const char *inputs, *targets; /* paths; a table has both in `inputs` */
  dsc_csv_options csv;
  const dsc_trainer_choice *choices;
  int64_t choice_count;
  int64_t classes; /* targets are labels below this number; 0: they are numbers */
  dsc_trainer_tensor input, target;
} dsc_trainer_rows;

typedef struct {
  int64_t (*arena_bytes)(int64_t threads);
  void (*run)(void *const *io, void *arena, int64_t steps, int64_t threads);
  int64_t steps;
} dsc_trainer_program;

/* The arrays of the programs, in order:
 *   initialize: seed; parameters, state
 *   train:      parameters, state, counters, order where rows are shuffled, inputs, targets
 *   evaluate:   parameters, counters, inputs, targets */
typedef struct {
  const char *metric; /* null: none */
  dsc_trainer_program initialize, train;
  const dsc_trainer_program *evaluate;
  int64_t evaluate_count;
  const dsc_trainer_tensor *parameters;
  int64_t parameter_count;
  const dsc_trainer_tensor *state; /* of the optimizer */
  int64_t state_count;
  const dsc_trainer_rows *data, *validation; /* validation: null where there is none */
  int64_t batch, steps_per_epoch;
  int shuffled;
  int restores_best; /* the result has the parameters of the epoch with the least validation loss */
  /* What ends training early: epochs without a better one (0: never), a relative change of the loss and a norm of the
   * gradient, which a tensor of the state holds (both negative: never). */
  int64_t patience;
  double tolerance, gradient_norm;
  int64_t gradient_norm_state;
  /* What the command line may change; 0 steps: as many as the epochs have; 0 threads: as many as OpenMP takes. */
  int64_t epochs, steps, seed, threads;
} dsc_trainer;

/* ---- the command line ---- */

typedef struct {
  int64_t epochs, steps, seed, threads, every; /* 0: not given, but for the seed */
  const char *output, *checkpoint, *resume;
  const char *data, *inputs, *targets, *validation_data, *validation_inputs, *validation_targets;
} dsc_trainer_options;

typedef struct {
  const char *name, *value, *help;
  int64_t *number, least, most;
  const char **text;
} dsc_trainer_option;

enum { DSC_TRAINER_OPTIONS = 16 };

DSC_FN void dsc_trainer_list_number(dsc_trainer_option *list, int *count, const char *name, int64_t *number, int64_t least, int64_t most, const char *help) {
  const dsc_trainer_option option = {name, "N", help, number, least, most, NULL};
  list[(*count)++] = option;
}

DSC_FN void dsc_trainer_list_path(dsc_trainer_option *list, int *count, const char *name, const char *value, const char **text, const char *help) {
  const dsc_trainer_option option = {name, value, help, NULL, 0, 0, text};
  list[(*count)++] = option;
}

/* The options that this trainer has; returns their number. */
DSC_FN int dsc_trainer_list(const dsc_trainer *trainer, dsc_trainer_options *o, dsc_trainer_option *list) {
  const dsc_trainer_rows *validation = trainer->validation;
  const int table = trainer->data->reader == DSC_TRAINER_CSV;
  int n = 0;
  dsc_trainer_list_number(list, &n, "--epochs", &o->epochs, 1, 1000000000, "rounds over all rows");
  dsc_trainer_list_number(list, &n, "--steps", &o->steps, 1, INT64_MAX, "steps, in place of epochs");
  dsc_trainer_list_number(list, &n, "--seed", &o->seed, INT64_MIN, INT64_MAX, "decides initial parameters and the order of rows");
  dsc_trainer_list_number(list, &n, "--threads", &o->threads, 1, DSC_TRAINER_MOST_THREADS, "threads; results do not depend on them");
  dsc_trainer_list_path(list, &n, "--output", "FILE", &o->output, "where the parameters go, as safetensors");
  dsc_trainer_list_path(list, &n, "--checkpoint", "FILE", &o->checkpoint, "keep parameters, optimizer and position there");
  dsc_trainer_list_number(list, &n, "--every", &o->every, 1, INT64_MAX, "write the checkpoint every N steps too, not only at the end");
  dsc_trainer_list_path(list, &n, "--resume", "FILE", &o->resume, "go on from a checkpoint");
  if (table) {
    dsc_trainer_list_path(list, &n, "--data", "FILE", &o->data, "the table to train on");
  } else {
    dsc_trainer_list_path(list, &n, "--data", "DIR", &o->data, "the folder with the files of the data, under their usual names");
    dsc_trainer_list_path(list, &n, "--inputs", "FILE", &o->inputs, "the inputs to train on");
    dsc_trainer_list_path(list, &n, "--targets", "FILE", &o->targets, "their targets");
  }
  if (validation != NULL && validation->reader == DSC_TRAINER_CSV) {
    dsc_trainer_list_path(list, &n, "--validation-data", "FILE", &o->validation_data, "the table to validate on");
  } else if (validation != NULL) {
    dsc_trainer_list_path(list, &n, "--validation-inputs", "FILE", &o->validation_inputs, "the inputs to validate on");
    dsc_trainer_list_path(list, &n, "--validation-targets", "FILE", &o->validation_targets, "their targets");
  }
  return n;
}

DSC_FN void dsc_trainer_help(const char *program, const dsc_trainer *trainer, const dsc_trainer_option *list, int count) {
  printf("usage: %s [options]\n\nTrains and writes the parameters.\n\n", program);
  for (int i = 0; i < count; i++) {
    const int written = printf("  %s %s", list[i].name, list[i].value);
    printf("%*s%s\n", written < 30 ? 30 - written : 1, "", list[i].help);
  }
  printf("  --help%22s%s\n", "", "this text");
  if (trainer->steps > 0)
    printf("\nDefaults: %" PRId64 " steps", trainer->steps);
  else
    printf("\nDefaults: %" PRId64 " epochs", trainer->epochs);
  printf(", seed %" PRId64 ", output parameters.safetensors.\n", trainer->seed);
}

/* A whole number between bounds, written with digits alone: 1, or 0 if it is none. */
DSC_FN int dsc_trainer_number(const char *text, int64_t least, int64_t most, int64_t *number) {
  const int negative = *text == '-';
  uint64_t value = 0;
  const char *p = text + negative;
  if (!dsc_is_digit(*p))
    return 0;
  for (; dsc_is_digit(*p); p++) {
    const uint64_t digit = (uint64_t)(*p - '0');
    if (value > ((uint64_t)INT64_MAX + 1 - digit) / 10)
      return 0;
    value = value * 10 + digit;
  }
  if (*p != 0 || (!negative && value > (uint64_t)INT64_MAX))
    return 0;
  *number = !negative ? (int64_t)value : value > (uint64_t)INT64_MAX ? INT64_MIN
                                                                     : -(int64_t)value;
  return *number >= least && *number <= most;
}

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
DSC_FN int
dsc_trainer_usage(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fputs("trainer: ", stderr);
  vfprintf(stderr, format, list);
  fputs(" (--help lists the options)\n", stderr);
  va_end(list);
  return 64;
}

/* Takes one argument `--name value` or `--name=value` at *at; returns 0, or 64 after a line that says what is wrong. */
DSC_FN int dsc_trainer_argument(int argc, char **argv, int *at, const dsc_trainer_option *list, int count) {
  const char *argument = argv[*at], *equals = strchr(argument, '=');
  const size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
  for (int i = 0; i < count; i++) {
    const dsc_trainer_option *option = &list[i];
    if (strlen(option->name) != length || memcmp(option->name, argument, length) != 0)
      continue;
    if (equals == NULL && *at + 1 >= argc)
      return dsc_trainer_usage("%s needs a value", option->name);
    const char *value = equals != NULL ? equals + 1 : argv[++*at];
    if (option->text != NULL) {
      if (*value == 0)
        return dsc_trainer_usage("%s is empty", option->name);
      *option->text = value;
    } else if (!dsc_trainer_number(value, option->least, option->most, option->number)) {
      return dsc_trainer_usage("%s is %s; expected a whole number in %" PRId64 "...%" PRId64, option->name, dsc_show(value, (int64_t)strlen(value)).text, option->least, option->most);
    }
    return 0;
  }
  return dsc_trainer_usage("unknown argument %s", dsc_show(argument, (int64_t)strlen(argument)).text);
}

/* Reads the command line; returns 0, 64, or -1 where help was asked for and given. */
DSC_FN int dsc_trainer_parse(const dsc_trainer *trainer, int argc, char **argv, dsc_trainer_options *o) {
  dsc_trainer_option list[DSC_TRAINER_OPTIONS];
  memset(o, 0, sizeof *o);
  o->seed = trainer->seed;
  o->output = "parameters.safetensors";
  const int count = dsc_trainer_list(trainer, o, list);
  for (int at = 1; at < argc; at++) {
    if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
      dsc_trainer_help(argc > 0 && argv[0] != NULL ? argv[0] : "trainer", trainer, list, count);
      return -1;
    }
    const int status = dsc_trainer_argument(argc, argv, &at, list, count);
    if (status != 0)
      return status;
  }
  if (o->epochs > 0 && o->steps > 0)
    return dsc_trainer_usage("--epochs and --steps exclude each other");
  if (o->every > 0 && o->checkpoint == NULL)
    return dsc_trainer_usage("--every needs --checkpoint");
  if (o->epochs == 0 && o->steps == 0) {
    o->epochs = trainer->epochs;
    o->steps = trainer->steps;
  }
  if (o->threads == 0)
    o->threads = trainer->threads;
#ifdef _OPENMP
  if (o->threads == 0)
    o->threads = omp_get_max_threads();
#else
  if (o->threads > 1)
    fputs("trainer: built without OpenMP, so one thread trains\n", stderr);
  o->threads = 1;
#endif
  if (o->threads > DSC_TRAINER_MOST_THREADS)
    o->threads = DSC_TRAINER_MOST_THREADS;
  return 0;
}

/* ---- the data ---- */

/* The type of an array for a message: f32[60000,784]. */
DSC_FN dsc_shown dsc_trainer_type(int32_t dtype, int32_t rank, const int64_t *shape) {
  dsc_shown shown;
  const int room = (int)sizeof shown.text;
  int used = snprintf(shown.text, sizeof shown.text, "%s[", dsc_dtype_name(dtype));
  for (int i = 0; i < rank && used < room; i++)
    used += snprintf(shown.text + used, (size_t)(room - used), "%s%" PRId64, i > 0 ? "," : "", shape[i]);
  if (used < room)
    snprintf(shown.text + used, (size_t)(room - used), "]");
  return shown;
}

DSC_FN int dsc_trainer_fits(const dsc_array *array, const dsc_trainer_tensor *tensor) {
  return array->dtype == tensor->dtype && array->rank == tensor->rank && memcmp(array->shape, tensor->shape, (size_t)tensor->rank * sizeof(int64_t)) == 0;
}

DSC_FN int dsc_trainer_expect(const dsc_array *array, const dsc_trainer_tensor *tensor, const char *file, dsc_error *error) {
  if (dsc_trainer_fits(array, tensor))
    return DSC_OK;
  return dsc_fail_in(error, DSC_ERROR_FORMAT, file, "%s are %s; this trainer was built for %s", tensor->name, dsc_trainer_type(array->dtype, array->rank, array->shape).text, dsc_trainer_type(tensor->dtype, tensor->rank, tensor->shape).text);
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

/* Which rows the choices keep, in rows[0..<*count]; `order` is scratch of the same size. */
DSC_FN int dsc_trainer_choose(const dsc_trainer_rows *source, int32_t *rows, int32_t *order, int64_t *count, const char *file, dsc_error *error) {
  for (int64_t i = 0; i < *count; i++)
    rows[i] = (int32_t)i;
  for (int64_t i = 0; i < source->choice_count; i++) {
    const dsc_trainer_choice *choice = &source->choices[i];
    const int first = choice->part == DSC_TRAINER_FIRST;
    if (choice->count < 1 || choice->count > *count || (!first && choice->count == *count))
      return dsc_fail_in(error, DSC_ERROR_FORMAT, file, first ? "the first %" PRId64 " of %" PRId64 " rows cannot be taken" : "%" PRId64 " of %" PRId64 " rows cannot be held out", choice->count, *count);
    *count = first ? choice->count : dsc_rows_split(rows, *count, choice->count, choice->part == DSC_TRAINER_HELD_OUT, choice->seed, order);
  }
  return DSC_OK;
}

DSC_FN int dsc_trainer_read_files(const dsc_trainer_rows *source, const char *inputs, const char *targets, dsc_array *x, dsc_array *y, dsc_error *error) {
  if (source->reader == DSC_TRAINER_CSV) {
    dsc_csv csv;
    const int code = dsc_csv_read(inputs, &source->csv, &csv, error);
    if (code != DSC_OK)
      return code;
    *x = csv.features;
    *y = csv.target;
    memset(&csv.features, 0, sizeof csv.features);
    memset(&csv.target, 0, sizeof csv.target);
    dsc_csv_free(&csv);
    return DSC_OK;
  }
  const int idx = source->reader == DSC_TRAINER_IDX;
  const int code = idx ? dsc_idx_read(inputs, x, error) : dsc_npy_read(inputs, x, error);
  if (code != DSC_OK)
    return code;
  return idx ? dsc_idx_read(targets, y, error) : dsc_npy_read(targets, y, error);
}

/* Reads, makes labels, takes rows, checks types. On failure x and y are still to be given back. */
DSC_FN int dsc_trainer_read(const dsc_trainer_rows *source, const char *inputs, const char *targets, dsc_array *x, dsc_array *y, dsc_error *error) {
  int code = dsc_trainer_read_files(source, inputs, targets, x, y, error);
  if (code != DSC_OK)
    return code;
  if (x->rank < 1 || y->rank < 1 || x->shape[0] != y->shape[0] || x->shape[0] < 1 || x->shape[0] > (int64_t)1 << 31)
    return dsc_fail_in(error, DSC_ERROR_FORMAT, targets, "inputs of type %s and targets of type %s are no rows that belong together", dsc_trainer_type(x->dtype, x->rank, x->shape).text, dsc_trainer_type(y->dtype, y->rank, y->shape).text);
  if (source->classes > 0) {
    dsc_array labels;
    code = dsc_labels(y, source->classes, targets, &labels, error);
    if (code != DSC_OK)
      return code;
    dsc_array_free(y);
    *y = labels;
  }
  if (source->choice_count > 0) {
    int64_t count = x->shape[0];
    int32_t *rows = (int32_t *)dsc_allocate(count * 8), *order = rows + count;
    if (rows == NULL)
      return dsc_fail_in(error, DSC_ERROR_MEMORY, inputs, "no memory to choose from %" PRId64 " rows", count);
    code = dsc_trainer_choose(source, rows, order, &count, inputs, error);
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

/* The file to read: the one that was asked for, else one of the usual name in `folder`, else the usual one. A path that is
 * made is kept in *owned. Null, with an error, where there is no memory. */
DSC_FN const char *dsc_trainer_path(const char *usual, const char *asked, const char *folder, char **owned, dsc_error *error) {
  if (asked != NULL || folder == NULL)
    return asked != NULL ? asked : usual;
  const char *slash = strrchr(usual, '/'), *base = slash != NULL ? slash + 1 : usual;
  const size_t size = strlen(folder) + strlen(base) + 2;
  *owned = (char *)malloc(size);
  if (*owned == NULL)
    dsc_fail(error, DSC_ERROR_MEMORY, "no memory for a path");
  else
    snprintf(*owned, size, "%s/%s", folder, base);
  return *owned;
}

/* Reads the data, or the validation rows where `validation` is 1. */
DSC_FN int dsc_trainer_load(const dsc_trainer *trainer, const dsc_trainer_options *o, int validation, dsc_array *x, dsc_array *y, dsc_error *error) {
  const dsc_trainer_rows *source = validation ? trainer->validation : trainer->data, *data = trainer->data;
  const int table = source->reader == DSC_TRAINER_CSV;
  const char *asked_x = table ? o->data : o->inputs, *asked_y = table ? NULL : o->targets;
  const char *folder = table || data->reader == DSC_TRAINER_CSV ? NULL : o->data;
  char *owned_x = NULL, *owned_y = NULL;
  if (validation) {
    /* Rows held out of the same file follow it to another place. */
    const char *same_x = source->reader == data->reader && strcmp(source->inputs, data->inputs) == 0 ? asked_x : NULL;
    const char *same_y = !table && source->reader == data->reader && strcmp(source->targets, data->targets) == 0 ? asked_y : NULL;
    asked_x = table ? o->validation_data : o->validation_inputs;
    asked_y = table ? NULL : o->validation_targets;
    asked_x = asked_x != NULL ? asked_x : same_x;
    asked_y = asked_y != NULL ? asked_y : same_y;
  }
  const char *inputs = dsc_trainer_path(source->inputs, asked_x, folder, &owned_x, error);
  const char *targets = table ? inputs : dsc_trainer_path(source->targets, asked_y, folder, &owned_y, error);
  int code = inputs == NULL || targets == NULL ? DSC_ERROR_MEMORY : DSC_OK;
  if (code == DSC_OK)
    code = dsc_trainer_read(source, inputs, targets, x, y, error);
  free(owned_x);
  free(owned_y);
  return code;
}

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
  double values[2];
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
