/* What a training run is, as a checkpoint says it in words: program, optimizer, options, data.
 * Takes a dsc_run; gives pairs of strings, and in what a checkpoint's differ from them.
 * Invariant: the same run has the same strings in the Swift library and in a standalone trainer, on every machine; they
 * depend on neither paths nor line numbers. */
#ifndef DESCENT_RUN_FACTS_H
#define DESCENT_RUN_FACTS_H

#include "descent_run.h"
#include "descent_safetensors.h"

typedef struct {
  const char *program; /* hash of network, loss and metric */
  const char *optimizer; /* its name and numbers but for the learning rate */
  const char *learning_rate; /* as dsc_show_number, or the name of a schedule */
  const char *engine; /* compiled, interpreted */
  const char *data; /* as dsc_show_data */
  const char *validation; /* the same, or none */
  int64_t seed, batch, steps_per_epoch;
  int shuffled; /* rows are drawn into batches; else a batch is all rows */
  dsc_stopping_rule stopping;
} dsc_run;

/* ---- words ---- */

typedef struct {
  char text[32];
} dsc_shown_number;

/* The fewest digits that are read back to the same number. */
DSC_FN dsc_shown_number dsc_show_number(double number) {
  dsc_shown_number shown;
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(shown.text, sizeof shown.text, "%.*g", digits, number);
    if (strtod(shown.text, NULL) == number)
      break;
  }
  /* A program may have set a locale with commas. */
  for (char *c = shown.text; *c != 0; c++)
    *c = *c == ',' ? '.' : *c;
  return shown;
}

typedef struct {
  char text[256];
} dsc_shown_data;

/* "150 rows of f32[5] and i32[], 0123456789abcdef": the types of a row, and a hash of all numbers. */
DSC_FN dsc_shown_data dsc_show_data(const dsc_array *inputs, const dsc_array *targets) {
  dsc_shown_data shown;
  dsc_hash hash;
  dsc_hash_begin(&hash);
  dsc_hash_add_array(&hash, inputs);
  dsc_hash_add_array(&hash, targets);
  snprintf(shown.text, sizeof shown.text, "%" PRId64 " rows of %s and %s, %s", inputs->shape[0],
      dsc_show_type(inputs->dtype, inputs->rank - 1, inputs->shape + 1).text,
      dsc_show_type(targets->dtype, targets->rank - 1, targets->shape + 1).text,
      dsc_hash_show(dsc_hash_value(&hash)).text);
  return shown;
}

/* ---- facts ---- */

typedef struct {
  const char *key, *text;
  char made[160];
} dsc_run_fact;

enum { DSC_RUN_FACTS = 9 };

/* "patience 5, tolerance 0.001, keeps the best", or none. */
DSC_FN void dsc_stopping_text(const dsc_stopping_rule *rule, char *text, size_t room) {
  size_t used = 0;
  snprintf(text, room, "none");
  if (rule->patience > 0)
    used += (size_t)snprintf(text + used, room - used, ", patience %" PRId64, rule->patience);
  if (rule->tolerance >= 0)
    used += (size_t)snprintf(text + used, room - used, ", tolerance %s", dsc_show_number(rule->tolerance).text);
  if (rule->gradient_norm >= 0)
    used += (size_t)snprintf(text + used, room - used, ", gradient norm %s", dsc_show_number(rule->gradient_norm).text);
  if (rule->keeps_best)
    used += (size_t)snprintf(text + used, room - used, ", keeps the best");
  if (used > 0)
    memmove(text, text + 2, used - 1);
}

/* The facts, each with its text in itself or in the run. */
DSC_FN void dsc_run_facts(const dsc_run *run, dsc_run_fact *facts) {
  static const char keys[DSC_RUN_FACTS][14] = {
      "batch", "data", "engine", "learning rate", "optimizer", "program", "seed", "stopping", "validation"};
  const char *texts[DSC_RUN_FACTS] = {
      NULL, run->data, run->engine, run->learning_rate, run->optimizer, run->program, NULL, NULL, run->validation};
  for (int i = 0; i < DSC_RUN_FACTS; i++) {
    facts[i].key = keys[i];
    facts[i].text = texts[i] != NULL ? texts[i] : facts[i].made;
  }
  if (run->shuffled)
    snprintf(facts[0].made, sizeof facts[0].made, "%" PRId64, run->batch);
  else
    snprintf(facts[0].made, sizeof facts[0].made, "all rows, %" PRId64 " steps an epoch", run->steps_per_epoch);
  snprintf(facts[6].made, sizeof facts[6].made, "%" PRId64, run->seed);
  dsc_stopping_text(&run->stopping, facts[7].made, sizeof facts[7].made);
}

/* ---- comparing ---- */

typedef struct {
  char text[768]; /* empty where there is no difference */
} dsc_run_differences;

/* Where to begin to show one of two texts: where both are long, not long before they differ. */
DSC_FN size_t dsc_show_from(const char *a, const char *b) {
  size_t same = 0;
  if (strlen(a) < 80 && strlen(b) < 80)
    return 0;
  while (a[same] != 0 && a[same] == b[same])
    same++;
  same = same > 40 ? same - 40 : 0;
  while (same > 0 && ((unsigned char)a[same] & 0xC0) == 0x80)
    same--;
  return same;
}

/* "optimizer "Adam(...)", this run has "SGD(...)"; ...": where a checkpoint differs from this run. */
DSC_FN dsc_run_differences dsc_run_compare(const dsc_run *run, const dsc_safetensors *file) {
  dsc_run_differences differences;
  dsc_run_fact facts[DSC_RUN_FACTS];
  size_t used = 0;
  const size_t room = sizeof differences.text;
  differences.text[0] = 0;
  dsc_run_facts(run, facts);
  for (int i = 0; i < DSC_RUN_FACTS; i++) {
    const char *note = dsc_safetensors_note(file, facts[i].key), *there = note != NULL ? note : "nothing",
               *here = facts[i].text;
    if (strcmp(there, here) == 0 || used >= room)
      continue;
    const size_t from = dsc_show_from(there, here);
    const char *dots = from > 0 ? "..." : "";
    used += (size_t)snprintf(differences.text + used, room - used, "%s%s %s%s, this run has %s%s", used > 0 ? "; " : "",
        facts[i].key, dots, dsc_show_text(there + from).text, dots, dsc_show_text(here + from).text);
  }
  return differences;
}

/* Whether a checkpoint's epochs were scored on the same rows: those to validate on, or else those to train on. */
DSC_FN int dsc_run_measures_alike(const dsc_run *run, const dsc_safetensors *file) {
  const char *validation = dsc_safetensors_note(file, "validation"), *data = dsc_safetensors_note(file, "data");
  if (validation == NULL || data == NULL || strcmp(validation, run->validation) != 0)
    return 0;
  return strcmp(validation, "none") != 0 || strcmp(data, run->data) == 0;
}

#endif
