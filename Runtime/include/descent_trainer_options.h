/* What a standalone trainer is told: the tables that an emitted main fills in, and the command line.
 * Takes argc and argv; gives dsc_trainer_options, or the status 64 after a line that says what is wrong. */
#ifndef DESCENT_TRAINER_OPTIONS_H
#define DESCENT_TRAINER_OPTIONS_H

#include "descent_checkpoint.h"
#include "descent_csv.h"
#include "descent_dataset.h"
#include "descent_threads.h"

/* ---- what is to be trained ---- */

typedef struct {
  const char *name;
  int32_t dtype, rank;
  int64_t shape[8];
} dsc_trainer_tensor;

/* The words of the library's DataSource: an origin, and the steps that choose rows. */
enum { DSC_ORIGIN_CSV = 0, DSC_ORIGIN_IDX = 1, DSC_ORIGIN_NPY = 2 };
enum { DSC_STEP_PREFIX = 0, DSC_STEP_SPLIT = 1 };
enum { DSC_PART_TRAINING = 0, DSC_PART_HELD_OUT = 1 };

typedef struct {
  int32_t kind; /* DSC_STEP_... */
  int64_t count; /* of a prefix: the first rows, or all where there are fewer */
  double fraction; /* of a split: what is drawn with the seed and set apart */
  uint64_t seed;
  int32_t part; /* DSC_PART_...: which part is kept */
} dsc_data_step;

/* Where rows come from, which of them are taken, and what each must be: the first axis may have any length. */
typedef struct {
  int32_t origin; /* DSC_ORIGIN_... */
  const char *inputs, *targets; /* paths from the program's folder; a table has both in `inputs` */
  const dsc_csv_options *csv; /* how a table is read */
  const dsc_data_step *steps;
  int64_t step_count;
  int64_t classes; /* targets are labels below this number; 0: they are numbers */
  dsc_trainer_tensor input, target;
} dsc_data_source;

typedef struct {
  int64_t (*arena_bytes)(int64_t threads);
  void (*run)(void *const *io, void *arena, int64_t steps, int64_t threads);
  const int32_t *constants; /* the trainer's constants that stand behind its arrays, by their numbers */
  int64_t constant_count;
} dsc_trainer_program;

/* A training step with batches of one size. */
typedef struct {
  const dsc_trainer_program *program;
  int64_t batch;
  int shuffled; /* batches are drawn from any number of rows; else a batch is all rows, as many as it has */
  const char *checksum; /* of network, loss and metric */
} dsc_trainer_batch;

/* Measures a block of rows. */
typedef struct {
  const dsc_trainer_program *program;
  int64_t rows;
} dsc_trainer_block;

/* The arrays of the programs, in order:
 *   initialize: seed; parameters, state
 *   train:      parameters, state, counters, learning rate; the epoch's first step, number of rows and order where rows
 *               are shuffled; inputs, targets
 *   evaluate:   parameters, counters, number of rows, inputs, targets; the first counter counts rows */
typedef struct {
  const char *version; /* of Descent */
  const char *metric; /* null: none */
  const dsc_trainer_program *initialize;
  const dsc_trainer_batch *batches; /* the first is taken where the command line says nothing */
  int64_t batch_count;
  const dsc_trainer_block *evaluate; /* each of fewer rows than the one before, down to 1 */
  int64_t evaluate_count;
  const dsc_trainer_tensor *parameters;
  int64_t parameter_count;
  const dsc_trainer_tensor *state; /* of the optimizer */
  int64_t state_count;
  /* Large numbers of the program's own: a file beside the program, what it holds, and a hash of that. */
  const char *constants_file, *constants_checksum;
  const dsc_trainer_tensor *constants;
  int64_t constant_count;
  const dsc_data_source *data, *validation; /* validation: null where there is none */
  int carried; /* the files of the data came with the program */
  int64_t steps_per_epoch; /* where a batch is all rows */
  dsc_stopping_rule stopping;
  int64_t gradient_norm_state; /* the tensor of the state that holds the norm, where that can end training */
  /* What a checkpoint says of the run: see dsc_run. The learning rate is what it says where the rate is `own_rate`. */
  const char *optimizer, *learning_rate;
  double own_rate,
      rate; /* the rate of the program, and that of a run; 0: it is a function that has no rate of its own */
  int constant_rate; /* the rate is one number, else a schedule, or several, which are scaled */
  /* What the command line may change; 0 steps: as many as the epochs have; 0 threads: as dsc_trainer_threads says. */
  int64_t epochs, steps, seed, threads;
} dsc_trainer;

/* ---- the command line ---- */

typedef struct {
  int64_t epochs, steps, seed, threads, every; /* 0: not given, but for the seed */
  int64_t batch;
  double rate;
  const dsc_trainer_batch *step; /* that of the batch */
  int resume_anyway;
  const char *program; /* the name by which it was called */
  const char *output, *checkpoint, *resume;
  const char *data, *inputs, *targets, *validation_data, *validation_inputs, *validation_targets;
} dsc_trainer_options;

typedef struct {
  const char *name, *value, *help;
  int64_t *number, least, most;
  const char **text;
  int *flag;
  double *real; /* above 0 */
} dsc_trainer_option;

enum { DSC_TRAINER_OPTIONS = 20 };

DSC_FN void dsc_trainer_list_number(dsc_trainer_option *list, int *count, const char *name, int64_t *number,
    int64_t least, int64_t most, const char *help) {
  const dsc_trainer_option option = {name, "N", help, number, least, most, NULL, NULL, NULL};
  list[(*count)++] = option;
}

DSC_FN void dsc_trainer_list_path(
    dsc_trainer_option *list, int *count, const char *name, const char *value, const char **text, const char *help) {
  const dsc_trainer_option option = {name, value, help, NULL, 0, 0, text, NULL, NULL};
  list[(*count)++] = option;
}

DSC_FN void dsc_trainer_list_flag(dsc_trainer_option *list, int *count, const char *name, int *flag, const char *help) {
  const dsc_trainer_option option = {name, "", help, NULL, 0, 0, NULL, flag, NULL};
  list[(*count)++] = option;
}

DSC_FN void dsc_trainer_list_real(
    dsc_trainer_option *list, int *count, const char *name, double *real, const char *help) {
  const dsc_trainer_option option = {name, "X", help, NULL, 0, 0, NULL, NULL, real};
  list[(*count)++] = option;
}

/* The options that this trainer has; returns their number. */
DSC_FN int dsc_trainer_list(const dsc_trainer *trainer, dsc_trainer_options *o, dsc_trainer_option *list) {
  const dsc_data_source *validation = trainer->validation;
  const int table = trainer->data->origin == DSC_ORIGIN_CSV;
  int n = 0;
  dsc_trainer_list_number(list, &n, "--epochs", &o->epochs, 1, 1000000000, "rounds over all rows");
  dsc_trainer_list_number(list, &n, "--steps", &o->steps, 1, INT64_MAX, "steps, in place of epochs");
  dsc_trainer_list_number(list, &n, "--batch", &o->batch, 1, INT64_MAX, "rows of a batch, one of those below");
  dsc_trainer_list_real(list, &n, "--lr", &o->rate,
      trainer->constant_rate ? "the learning rate" : "the learning rate's base; the whole schedule is scaled to it");
  dsc_trainer_list_number(
      list, &n, "--seed", &o->seed, INT64_MIN, INT64_MAX, "decides initial parameters and the order of rows");
  dsc_trainer_list_number(
      list, &n, "--threads", &o->threads, 1, DSC_MOST_THREADS, "threads; results do not depend on them");
  dsc_trainer_list_path(list, &n, "--output", "FILE", &o->output, "where the parameters go, as safetensors");
  dsc_trainer_list_path(
      list, &n, "--checkpoint", "FILE", &o->checkpoint, "keep parameters, optimizer and position there");
  dsc_trainer_list_number(
      list, &n, "--every", &o->every, 1, INT64_MAX, "write the checkpoint every N steps too, not only at the end");
  dsc_trainer_list_path(list, &n, "--resume", "FILE", &o->resume, "go on from a checkpoint");
  dsc_trainer_list_flag(
      list, &n, "--resume-anyway", &o->resume_anyway, "also from one of another run whose tensors fit");
  if (table) {
    dsc_trainer_list_path(list, &n, "--data", "FILE", &o->data, "the table to train on");
  } else {
    dsc_trainer_list_path(
        list, &n, "--data", "DIR", &o->data, "the folder with the files of the data, under their usual names");
    dsc_trainer_list_path(list, &n, "--inputs", "FILE", &o->inputs, "the inputs to train on");
    dsc_trainer_list_path(list, &n, "--targets", "FILE", &o->targets, "their targets");
  }
  if (validation != NULL && validation->origin == DSC_ORIGIN_CSV) {
    dsc_trainer_list_path(list, &n, "--validation-data", "FILE", &o->validation_data, "the table to validate on");
  } else if (validation != NULL) {
    dsc_trainer_list_path(list, &n, "--validation-inputs", "FILE", &o->validation_inputs, "the inputs to validate on");
    dsc_trainer_list_path(list, &n, "--validation-targets", "FILE", &o->validation_targets, "their targets");
  }
  return n;
}

/* "32, 64 or all 150": the batches that there are, for a message. */
DSC_FN dsc_shown dsc_trainer_show_batches(const dsc_trainer *trainer) {
  dsc_shown shown;
  int used = 0;
  const int room = (int)sizeof shown.text;
  shown.text[0] = 0;
  for (int64_t i = 0; i < trainer->batch_count && used < room; i++)
    used += snprintf(shown.text + used, (size_t)(room - used), "%s%s%" PRId64,
        i == 0                             ? ""
            : i + 1 < trainer->batch_count ? ", "
                                           : " or ",
        trainer->batches[i].shuffled ? "" : "all ", trainer->batches[i].batch);
  return shown;
}

DSC_FN void dsc_trainer_help(
    const char *program, const dsc_trainer *trainer, const dsc_trainer_option *list, int count) {
  printf("usage: %s [options]\n\nTrains and writes the parameters.\n\n", program);
  for (int i = 0; i < count; i++) {
    const int written = printf("  %s %s", list[i].name, list[i].value);
    printf("%*s%s\n", written < 30 ? 30 - written : 1, "", list[i].help);
  }
  printf("  --help%22s%s\n", "", "this text");
  printf("\nBatches have %s rows.", dsc_trainer_show_batches(trainer).text);
  if (trainer->steps > 0)
    printf("\nDefaults: %" PRId64 " steps", trainer->steps);
  else
    printf("\nDefaults: %" PRId64 " epochs", trainer->epochs);
  printf(", batch %" PRId64, trainer->batches[0].batch);
  if (trainer->rate > 0)
    printf(", learning rate %s", dsc_show_number(trainer->rate).text);
  printf(", seed %" PRId64 ", output parameters.safetensors.\n", trainer->seed);
}

/* A decimal number above 0: 1, or 0 if it is none. */
DSC_FN int dsc_trainer_real(const char *text, double *number) {
  dsc_decimal decimal;
  const char *end = text + strlen(text), *after = dsc_decimal_scan(text, end, '.', &decimal);
  if (after != end || decimal.kind != DSC_NUMBER_FINITE)
    return 0;
  *number = dsc_decimal_value(&decimal, 0);
  return *number > 0 && *number < (double)INFINITY;
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
  *number = !negative ? (int64_t)value : value > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)value;
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
    if (option->flag != NULL && equals != NULL)
      return dsc_trainer_usage("%s takes no value", option->name);
    if (option->flag != NULL) {
      *option->flag = 1;
      return 0;
    }
    if (equals == NULL && *at + 1 >= argc)
      return dsc_trainer_usage("%s needs a value", option->name);
    const char *value = equals != NULL ? equals + 1 : argv[++*at];
    if (option->text != NULL) {
      if (*value == 0)
        return dsc_trainer_usage("%s is empty", option->name);
      *option->text = value;
    } else if (option->real != NULL) {
      if (!dsc_trainer_real(value, option->real))
        return dsc_trainer_usage("%s is %s; expected a number above 0", option->name, dsc_show_text(value).text);
    } else if (!dsc_trainer_number(value, option->least, option->most, option->number)) {
      return dsc_trainer_usage("%s is %s; expected a whole number in %" PRId64 "...%" PRId64, option->name,
          dsc_show(value, (int64_t)strlen(value)).text, option->least, option->most);
    }
    return 0;
  }
  return dsc_trainer_usage("unknown argument %s", dsc_show(argument, (int64_t)strlen(argument)).text);
}

/* How many threads train: as many as were asked for by name, otherwise as many as OpenMP takes, but at most one for
 * each processor that this process may use. */
DSC_FN int64_t dsc_trainer_threads(int64_t asked) {
#ifdef _OPENMP
  const int64_t limit = omp_get_thread_limit(), processors = dsc_processors("");
  int64_t threads = asked > 0 ? asked : omp_get_max_threads();
  if (asked == 0 && threads > processors) {
    if (getenv("OMP_NUM_THREADS") != NULL)
      fprintf(stderr,
          "trainer: OMP_NUM_THREADS asks for %" PRId64
          " threads; one for each processor that this process may use trains, %" PRId64
          " in all (--threads may ask for more)\n",
          threads, processors);
    threads = processors;
  }
  threads = threads < limit ? threads : limit;
  return threads < (int64_t)DSC_MOST_THREADS ? threads : (int64_t)DSC_MOST_THREADS;
#else
  if (asked > 1)
    fputs("trainer: built without OpenMP, so one thread trains\n", stderr);
  return 1;
#endif
}

/* Takes the step program of the batch, and checks the learning rate; returns 0, or 64 after a line that says what is
 * wrong. */
DSC_FN int dsc_trainer_settle(const dsc_trainer *trainer, dsc_trainer_options *o) {
  for (int64_t i = 0; i < trainer->batch_count && o->step == NULL; i++)
    if (o->batch == 0 || o->batch == trainer->batches[i].batch)
      o->step = &trainer->batches[i];
  if (o->step == NULL)
    return dsc_trainer_usage("--batch is %" PRId64 "; this trainer was emitted for batches of %s rows", o->batch,
        dsc_trainer_show_batches(trainer).text);
  if (o->rate > 0 && !(trainer->own_rate > 0))
    return dsc_trainer_usage("--lr cannot be taken: this trainer's learning rate is a function that has no base");
  o->rate = o->rate > 0 ? o->rate : trainer->rate;
  return 0;
}

/* Reads the command line; returns 0, 64, or -1 where help was asked for and given. */
DSC_FN int dsc_trainer_parse(const dsc_trainer *trainer, int argc, char **argv, dsc_trainer_options *o) {
  dsc_trainer_option list[DSC_TRAINER_OPTIONS];
  memset(o, 0, sizeof *o);
  o->seed = trainer->seed;
  o->program = argc > 0 ? argv[0] : NULL;
  o->output = "parameters.safetensors";
  const int count = dsc_trainer_list(trainer, o, list);
  for (int at = 1; at < argc; at++) {
    if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
      dsc_trainer_help(o->program != NULL ? o->program : "trainer", trainer, list, count);
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
  if (o->resume_anyway && o->resume == NULL)
    return dsc_trainer_usage("--resume-anyway needs --resume");
  if (dsc_trainer_settle(trainer, o) != 0)
    return 64;
  if (o->epochs == 0 && o->steps == 0) {
    o->epochs = trainer->epochs;
    o->steps = trainer->steps;
  }
  o->threads = dsc_trainer_threads(o->threads > 0 ? o->threads : trainer->threads);
  return 0;
}

#endif
