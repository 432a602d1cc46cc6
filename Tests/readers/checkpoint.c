/* Checks checkpoints: checksums bit by bit, and what is refused and what is taken anyway.
 * Takes a folder to work in; gives one line; exits 1 after the first list of failures. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static const char *work;

static const char *path_in(const char *name) {
  static char paths[8][512];
  static int next;
  char *path = paths[next++ & 7];
  snprintf(path, sizeof paths[0], "%s/%s", work, name);
  return path;
}

/* A file's bytes. */
typedef struct {
  uint8_t *data;
  int64_t size;
} whole_file;

static int read_whole(const char *path, whole_file *file) {
  struct stat status;
  FILE *const stream = fopen(path, "rb");
  file->data = NULL;
  if (stream == NULL || fstat(fileno(stream), &status) != 0)
    return 0;
  file->size = (int64_t)status.st_size;
  file->data = (uint8_t *)malloc((size_t)file->size + 1);
  const int whole = file->data != NULL && fread(file->data, 1, (size_t)file->size, stream) == (size_t)file->size;
  return fclose(stream) == 0 && whole;
}

/* ---- a run's checkpoint ---- */

/* A run of two parameters and one tensor of state, that keeps the best. */
typedef struct {
  float weight[3], best_weight[3];
  double bias[2], best_bias[2], moment[3];
  void *best[2];
  dsc_checkpoint_tensor tensors[3];
  dsc_run run;
  dsc_checkpoint checkpoint;
} small_run;

static void describe(dsc_checkpoint_tensor *tensor, const char *name, int32_t dtype, int64_t count, void *data) {
  tensor->name = name;
  dsc_array_describe(&tensor->array, dtype, 1, &count, NULL, NULL);
  tensor->array.data = data;
}

static void begin(small_run *r) {
  memset(r, 0, sizeof *r);
  for (int i = 0; i < 3; i++) {
    r->weight[i] = (float)i + 0.5f;
    r->best_weight[i] = (float)i + 0.25f;
    r->moment[i] = 0.125 * i;
  }
  r->bias[1] = r->best_bias[1] = -1;
  r->best[0] = r->best_weight;
  r->best[1] = r->best_bias;
  describe(&r->tensors[0], "weight", DSC_F32, 3, r->weight);
  describe(&r->tensors[1], "bias \"b\"", DSC_F64, 2, r->bias);
  describe(&r->tensors[2], "m", DSC_F64, 3, r->moment);
  r->run.program = "0123456789abcdef";
  r->run.optimizer = "Adam(beta1: 0.9)";
  r->run.learning_rate = "0.01";
  r->run.engine = "compiled";
  r->run.data = "10 rows of f32[3] and i32[], 0011223344556677";
  r->run.validation = "none";
  r->run.seed = 7;
  r->run.batch = 2;
  r->run.steps_per_epoch = 5;
  r->run.shuffled = 1;
  r->run.stopping.patience = 3;
  r->run.stopping.tolerance = r->run.stopping.gradient_norm = -1;
  r->run.stopping.keeps_best = 1;
  r->checkpoint.version = "1.2.3";
  r->checkpoint.run = &r->run;
  r->checkpoint.parameters = r->tensors;
  r->checkpoint.parameter_count = 2;
  r->checkpoint.state = r->tensors + 2;
  r->checkpoint.state_count = 1;
  r->checkpoint.best = r->best;
  r->checkpoint.step = 12;
  r->checkpoint.sums[0] = 1.5;
  r->checkpoint.sums[2] = 2;
  r->checkpoint.stopping = dsc_stopping_begin();
  r->checkpoint.stopping.best_loss = 0.75;
  r->checkpoint.stopping.since_best = 1;
}

static int keep(const small_run *r, const char *path, dsc_error *error) {
  dsc_error_clear(error);
  return dsc_checkpoint_write(&r->checkpoint, path, error);
}

static int go_on(small_run *r, const char *path, int anyway, dsc_run_differences *differences, dsc_error *error) {
  dsc_error_clear(error);
  return dsc_checkpoint_read(&r->checkpoint, path, anyway, differences, error);
}

/* What is written comes back, and is written again as the same bytes. */
static void check_round_trip(void) {
  small_run r, back;
  dsc_error error;
  dsc_run_differences differences;
  whole_file once, again;
  begin(&r);
  begin(&back);
  memset(back.weight, 0, sizeof back.weight);
  memset(back.best_bias, 0, sizeof back.best_bias);
  memset(back.moment, 0, sizeof back.moment);
  memset(&back.checkpoint.sums, 0, sizeof back.checkpoint.sums);
  back.checkpoint.step = 0;
  back.checkpoint.stopping = dsc_stopping_begin();
  CHECK(keep(&r, path_in("a"), &error) == DSC_OK, "%s", error.message);
  CHECK(go_on(&back, path_in("a"), 0, &differences, &error) == DSC_OK && differences.text[0] == 0, "%s", error.message);
  CHECK(memcmp(back.weight, r.weight, sizeof r.weight) == 0 && memcmp(back.moment, r.moment, sizeof r.moment) == 0,
      "tensors");
  CHECK(back.best_bias[1] == -1 && back.checkpoint.step == 12 && back.checkpoint.sums[2] == 2, "position");
  CHECK(back.checkpoint.stopping.best_loss == 0.75 && back.checkpoint.stopping.since_best == 1, "stopping");
  CHECK(keep(&back, path_in("b"), &error) == DSC_OK, "%s", error.message);
  CHECK(read_whole(path_in("a"), &once) && read_whole(path_in("b"), &again), "%s", error.message);
  CHECK(once.size == again.size && memcmp(once.data, again.data, (size_t)once.size) == 0, "the same bytes");
  free(once.data);
  free(again.data);
}

/* Every flipped bit is refused, by the name of the header or of the tensor that it is in. */
static void check_flips(void) {
  small_run r;
  dsc_error error;
  dsc_safetensors file;
  whole_file bytes;
  begin(&r);
  CHECK(keep(&r, path_in("a"), &error) == DSC_OK && read_whole(path_in("a"), &bytes), "%s", error.message);
  CHECK(dsc_safetensors_open(path_in("a"), &file, &error) == DSC_OK && file.checksums != NULL, "%s", error.message);
  const int64_t start = (int64_t)dsc_hash_word(bytes.data, 8) + 8;
  int64_t refused = 0;
  for (int64_t bit = 0; bit < bytes.size * 8; bit++) {
    const int64_t at = bit / 8 - start;
    dsc_safetensors damaged;
    dsc_shown name = dsc_show("header", 6);
    for (int64_t i = 0; i < file.count; i++)
      if (at >= file.entries[i].begin && at < file.entries[i].end)
        name = dsc_show_text(file.entries[i].name);
    dsc_error_clear(&error);
    bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    const int code = dsc_safetensors_parse(bytes.data, bytes.size, "f", &damaged, &error);
    bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    refused += code != DSC_OK;
    if (code == DSC_OK)
      dsc_safetensors_free(&damaged);
    /* The header's first bytes may look like gzip, which is then no header at all. */
    CHECK(code != DSC_OK && (strstr(error.message, at < 0 ? "header" : name.text) != NULL || bit < 16),
        "bit %" PRId64 ": %s", bit, error.message);
  }
  CHECK(refused == bytes.size * 8, "%" PRId64 " of %" PRId64, refused, bytes.size * 8);
  printf("%" PRId64 " of %" PRId64 " flipped bits refused\n", refused, bytes.size * 8);
  dsc_safetensors_free(&file);
  free(bytes.data);
}

/* A change of the run, and the words of its refusal. */
static void another(int which, small_run *r) {
  switch (which) {
  case 0:
    r->run.optimizer = "SGD(momentum: 0)";
    break;
  case 1:
    r->run.learning_rate = "0.1";
    break;
  case 2:
    r->run.data = "20 rows of f32[3] and i32[], 0011223344556677";
    break;
  case 3:
    r->run.data = "10 rows of f32[3] and i32[], 1011223344556677";
    break;
  case 4:
    r->run.program = "1123456789abcdef";
    break;
  case 5:
    r->run.seed = 8;
    break;
  case 6:
    r->run.batch = 3;
    break;
  case 7:
    r->run.stopping.patience = 4;
    break;
  case 8:
    r->run.validation = "5 rows of f32[3] and i32[], 0011223344556677";
    break;
  default:
    r->run.engine = "interpreted";
  }
}

static void check_other_runs(void) {
  static const char words[10][120] = {
      "made with optimizer \"Adam(beta1: 0.9)\", this run has \"SGD(momentum: 0)\"; --resume-anyway",
      "made with learning rate \"0.01\", this run has \"0.1\"; --resume-anyway",
      "made with data \"10 rows of f32[3] and i32[], 0011223344556677\", this run has \"20 rows",
      "this run has \"10 rows of f32[3] and i32[], 1011223344556677\"",
      "made with program \"0123456789abcdef\"",
      "made with seed \"7\", this run has \"8\"; --resume-anyway",
      "made with batch \"2\", this run has \"3\"",
      "made with stopping \"patience 3, keeps the best\", this run has \"patience 4, keeps the best\"",
      "made with validation \"none\", this run has \"5 rows",
      "made with engine \"compiled\", this run has \"interpreted\"",
  };
  small_run r;
  dsc_error error;
  dsc_run_differences differences;
  begin(&r);
  CHECK(keep(&r, path_in("a"), &error) == DSC_OK, "%s", error.message);
  r.checkpoint.stopping.ended = DSC_ENDED_PATIENCE;
  r.checkpoint.stopping.since_best = 3;
  CHECK(keep(&r, path_in("ended"), &error) == DSC_OK, "%s", error.message);
  for (int which = 0; which < 10; which++) {
    small_run other;
    begin(&other);
    another(which, &other);
    other.weight[1] = 100;
    other.checkpoint.step = 0;
    CHECK(go_on(&other, path_in("a"), 0, &differences, &error) == DSC_ERROR_FORMAT &&
            strstr(error.message, words[which]) != NULL,
        "%d: %s", which, error.message);
    CHECK(other.weight[1] == 100, "a refusal changes nothing");
    CHECK(go_on(&other, path_in("a"), 1, &differences, &error) == DSC_OK && differences.text[0] != 0, "%d: %s", which,
        error.message);
    CHECK(other.weight[1] == 1.5f && other.checkpoint.step == 12, "%d: taken anyway", which);
    /* A loss on other rows is not compared with one on these. */
    const int alike = which != 2 && which != 3 && which != 8;
    CHECK((other.checkpoint.stopping.best_loss == 0.75) == alike, "%d: best loss %g", which,
        other.checkpoint.stopping.best_loss);
    CHECK(go_on(&other, path_in("ended"), 1, &differences, &error) == DSC_OK &&
            other.checkpoint.stopping.ended == DSC_ENDED_NOT && other.checkpoint.stopping.since_best == 0,
        "%d: goes on", which);
  }
  begin(&r);
  CHECK(go_on(&r, path_in("ended"), 0, &differences, &error) == DSC_OK &&
          r.checkpoint.stopping.ended == DSC_ENDED_PATIENCE,
      "%s", error.message);
  /* Long texts are shown from where they differ. */
  begin(&r);
  r.run.optimizer =
      "ParameterGroups(matrices 0123456789abcdef: Muon(momentum: 0.95), others 0123456789abcdef: AdamW(beta1: 0.9))";
  CHECK(keep(&r, path_in("long"), &error) == DSC_OK, "%s", error.message);
  r.run.optimizer =
      "ParameterGroups(matrices 0123456789abcdef: Muon(momentum: 0.95), others 0123456789abcdef: AdamW(beta1: 0.8))";
  CHECK(go_on(&r, path_in("long"), 0, &differences, &error) != DSC_OK && strstr(error.message, "beta1: 0.9") != NULL &&
          strstr(error.message, "beta1: 0.8") != NULL,
      "%s", error.message);
}

/* Tensors that do not fit are never taken. */
static void check_misfits(void) {
  small_run r;
  dsc_error error;
  dsc_run_differences differences;
  begin(&r);
  CHECK(keep(&r, path_in("a"), &error) == DSC_OK, "%s", error.message);
  for (int anyway = 0; anyway < 2; anyway++)
    for (int which = 0; which < 4; which++) {
      static const char words[4][60] = {"has no tensor \"other\"", "\"weight\" is f32[3]; expected f32[2]",
          "has a tensor \"m\", which this run does not know", "\"weight\" is f32[3]; expected i32[3]"};
      begin(&r);
      r.run.optimizer = anyway ? "SGD(momentum: 0)" : r.run.optimizer;
      if (which == 0)
        r.tensors[1].name = "other";
      if (which == 1)
        describe(&r.tensors[0], "weight", DSC_F32, 2, r.weight);
      if (which == 2)
        r.checkpoint.state_count = 0;
      if (which == 3)
        r.tensors[0].array.dtype = DSC_I32;
      CHECK(go_on(&r, path_in("a"), anyway, &differences, &error) == DSC_ERROR_FORMAT &&
              strstr(error.message, words[which]) != NULL,
          "%d: %s", which, error.message);
      /* Nobody is told to ask for what cannot be. */
      CHECK(!anyway ||
              (go_on(&r, path_in("a"), 0, &differences, &error) != DSC_OK && strstr(error.message, "Adam") != NULL &&
                  strstr(error.message, "anyway") == NULL),
          "%s", error.message);
    }
}

/* Numbers that no run leaves behind. */
static void check_positions(void) {
  small_run r;
  dsc_error error;
  dsc_run_differences differences;
  for (int which = 0; which < 8; which++) {
    begin(&r);
    dsc_checkpoint *c = &r.checkpoint;
    c->step = which == 0 ? (int64_t)1 << 62 : which == 1 ? -1 : which == 2 ? DSC_CHECKPOINT_MOST_STEPS + 1 : c->step;
    c->sums[2] = which == 3 ? 13 : which == 4 ? 1.5 : which == 5 ? (double)NAN : c->sums[2];
    c->stopping.since_best = which == 6 ? -1 : 1;
    c->stopping.ended = which == 7 ? 4 : 0;
    CHECK(keep(&r, path_in("a"), &error) == DSC_OK, "%s", error.message);
    CHECK(go_on(&r, path_in("a"), 1, &differences, &error) == DSC_ERROR_FORMAT &&
            strstr(error.message,
                which < 3       ? "\"training.step\" is "
                    : which < 6 ? "\"training.sums\" are of "
                                : "\"training.stopping\" are ") != NULL,
        "%d: %s", which, error.message);
  }
}

/* Numbers that are not finite leave the file as it was. */
static void check_not_finite(void) {
  small_run r;
  dsc_error error;
  whole_file once, again;
  begin(&r);
  CHECK(keep(&r, path_in("a"), &error) == DSC_OK && read_whole(path_in("a"), &once), "%s", error.message);
  for (int which = 0; which < 4; which++) {
    begin(&r);
    r.weight[2] = which == 0 ? NAN : 1;
    r.bias[1] = which == 1 ? (double)-INFINITY : 1;
    r.moment[0] = which == 2 ? (double)NAN : which == 3 ? (double)INFINITY : 0;
    const int code = keep(&r, path_in(which == 3 ? "b" : "a"), &error);
    /* An optimizer's state may mean an infinity. */
    CHECK(which == 3 ? code == DSC_OK
                     : code == DSC_ERROR_FORMAT &&
                strstr(error.message,
                    which == 0       ? "a: kept as it was: element 2 of \"weight\" is NaN after step 12"
                        : which == 1 ? "element 1 of \"bias \"b\"\" is -infinite"
                                     : "element 0 of \"m\" is NaN") != NULL,
        "%d: %s", which, error.message);
  }
  CHECK(read_whole(path_in("a"), &again) && once.size == again.size &&
          memcmp(once.data, again.data, (size_t)once.size) == 0,
      "as it was");
  free(once.data);
  free(again.data);
  float many[3000];
  dsc_array array;
  const int64_t count = 3000;
  memset(many, 0, sizeof many);
  dsc_array_describe(&array, DSC_F32, 1, &count, NULL, NULL);
  array.data = many;
  CHECK(dsc_first_not_finite(&array, 1) == -1, "all finite");
  for (int at = 2999; at >= 0; at -= 7) {
    many[at] = at % 2 ? NAN : -INFINITY;
    CHECK(dsc_first_not_finite(&array, 1) == at, "element %d", at);
  }
}

/* Other formats, and files that have lost their checksums. */
static void check_formats(void) {
  static const char words[3][60] = {"is a checkpoint of the first format", "is no checkpoint of a training run",
      "is no checkpoint of a training run"};
  static const char formats[3][24] = {"descent-checkpoint-1", "descent-parameters-1", "descent-checkpoint-3"};
  small_run r;
  dsc_error error;
  dsc_run_differences differences;
  begin(&r);
  for (int i = 0; i < 3; i++) {
    dsc_safetensors_writer writer;
    dsc_error_clear(&error);
    dsc_safetensors_begin(&writer);
    dsc_safetensors_metadata(&writer, "format", formats[i]);
    CHECK(dsc_safetensors_write(&writer, path_in("a"), &error) == DSC_OK, "%s", error.message);
    dsc_safetensors_end(&writer);
    CHECK(go_on(&r, path_in("a"), 1, &differences, &error) != DSC_OK && strstr(error.message, words[i]) != NULL, "%s",
        error.message);
  }
  const sample bare = safetensors_sample("{\"__metadata__\":{\"format\":\"descent-checkpoint-2\"}}", 0);
  dsc_error_clear(&error);
  CHECK(dsc_write_file(path_in("a"), bare.data, bare.size, &error) == DSC_OK, "%s", error.message);
  CHECK(go_on(&r, path_in("a"), 1, &differences, &error) != DSC_OK && strstr(error.message, "is no checkpoint") != NULL,
      "%s", error.message);
  const sample half = safetensors_sample("{\"__metadata__\":{\"descent.checksums\":\"\"}}", 0);
  dsc_safetensors file;
  dsc_error_clear(&error);
  CHECK(dsc_safetensors_parse(half.data, half.size, "f", &file, &error) != DSC_OK &&
          strstr(error.message, "the header is damaged, or another program has rewritten it") != NULL,
      "%s", error.message);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: checkpoint WORK\n");
    return 2;
  }
  work = argv[1];
  check_round_trip();
  check_flips();
  check_other_runs();
  check_misfits();
  check_positions();
  check_not_finite();
  check_formats();
  printf("%d checks of checkpoints, %d failures\n", checks, failures);
  return failures > 0;
}
