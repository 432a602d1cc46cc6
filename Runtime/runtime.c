/* The C target that Swift calls. The headers are compiled here once, with the flags of the package, so that a header
 * that does not stand alone is noticed; and their text is kept here for the programs that are made of them. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "DescentRuntime.h"
#include "descent_convert.h"
#include "descent_gemm_f32.h"
#include "descent_gemm_f64.h"
#include "descent_integer.h"
#include "descent_kernel.h"
#include "descent_linalg_f32.h"
#include "descent_linalg_f64.h"
#include "descent_math.h"
#include "descent_math_circular.h"
#include "descent_math_f64.h"
#include "descent_math_powers.h"
#include "descent_math_special.h"
#include "descent_random.h"
#include "descent_rows.h"
#include "descent_signals.h"
#include "descent_trainer.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TEXT(name) static const char name[]
TEXT(base) = {
#embed "include/descent_base.h" suffix(, 0)
};
TEXT(checkpoint) = {
#embed "include/descent_checkpoint.h" suffix(, 0)
};
TEXT(array) = {
#embed "include/descent_array.h" suffix(, 0)
};
TEXT(convert) = {
#embed "include/descent_convert.h" suffix(, 0)
};
TEXT(csv) = {
#embed "include/descent_csv.h" suffix(, 0)
};
TEXT(csv_columns) = {
#embed "include/descent_csv_columns.h" suffix(, 0)
};
TEXT(csv_labels) = {
#embed "include/descent_csv_labels.h" suffix(, 0)
};
TEXT(csv_rows) = {
#embed "include/descent_csv_rows.h" suffix(, 0)
};
TEXT(csv_text) = {
#embed "include/descent_csv_text.h" suffix(, 0)
};
TEXT(dataset) = {
#embed "include/descent_dataset.h" suffix(, 0)
};
TEXT(error) = {
#embed "include/descent_error.h" suffix(, 0)
};
TEXT(files) = {
#embed "include/descent_files.h" suffix(, 0)
};
TEXT(gemm) = {
#embed "include/descent_gemm.h" suffix(, 0)
};
TEXT(gemm_body) = {
#embed "include/descent_gemm_body.h" suffix(, 0)
};
TEXT(gemm_f32) = {
#embed "include/descent_gemm_f32.h" suffix(, 0)
};
TEXT(gemm_f64) = {
#embed "include/descent_gemm_f64.h" suffix(, 0)
};
TEXT(gemm_pack_body) = {
#embed "include/descent_gemm_pack_body.h" suffix(, 0)
};
TEXT(gemm_vector) = {
#embed "include/descent_gemm_vector.h" suffix(, 0)
};
TEXT(gemm_vector_body) = {
#embed "include/descent_gemm_vector_body.h" suffix(, 0)
};
TEXT(hash) = {
#embed "include/descent_hash.h" suffix(, 0)
};
TEXT(idx) = {
#embed "include/descent_idx.h" suffix(, 0)
};
TEXT(integer) = {
#embed "include/descent_integer.h" suffix(, 0)
};
TEXT(json) = {
#embed "include/descent_json.h" suffix(, 0)
};
TEXT(kernel) = {
#embed "include/descent_kernel.h" suffix(, 0)
};
TEXT(limits) = {
#embed "include/descent_limits.h" suffix(, 0)
};
TEXT(linalg) = {
#embed "include/descent_linalg.h" suffix(, 0)
};
TEXT(linalg_body) = {
#embed "include/descent_linalg_body.h" suffix(, 0)
};
TEXT(linalg_expm_body) = {
#embed "include/descent_linalg_expm_body.h" suffix(, 0)
};
TEXT(linalg_orthogonal_body) = {
#embed "include/descent_linalg_orthogonal_body.h" suffix(, 0)
};
TEXT(linalg_svd_body) = {
#embed "include/descent_linalg_svd_body.h" suffix(, 0)
};
TEXT(linalg_f32) = {
#embed "include/descent_linalg_f32.h" suffix(, 0)
};
TEXT(linalg_f64) = {
#embed "include/descent_linalg_f64.h" suffix(, 0)
};
TEXT(math) = {
#embed "include/descent_math.h" suffix(, 0)
};
TEXT(math_circular) = {
#embed "include/descent_math_circular.h" suffix(, 0)
};
TEXT(math_f64) = {
#embed "include/descent_math_f64.h" suffix(, 0)
};
TEXT(math_powers) = {
#embed "include/descent_math_powers.h" suffix(, 0)
};
TEXT(math_special) = {
#embed "include/descent_math_special.h" suffix(, 0)
};
TEXT(npy) = {
#embed "include/descent_npy.h" suffix(, 0)
};
TEXT(number) = {
#embed "include/descent_number.h" suffix(, 0)
};
TEXT(print) = {
#embed "include/descent_print.h" suffix(, 0)
};
TEXT(random_) = {
#embed "include/descent_random.h" suffix(, 0)
};
TEXT(rows) = {
#embed "include/descent_rows.h" suffix(, 0)
};
TEXT(replace) = {
#embed "include/descent_replace.h" suffix(, 0)
};
TEXT(run) = {
#embed "include/descent_run.h" suffix(, 0)
};
TEXT(run_facts) = {
#embed "include/descent_run_facts.h" suffix(, 0)
};
TEXT(safetensors) = {
#embed "include/descent_safetensors.h" suffix(, 0)
};
TEXT(safetensors_checksum) = {
#embed "include/descent_safetensors_checksum.h" suffix(, 0)
};
TEXT(safetensors_writer) = {
#embed "include/descent_safetensors_writer.h" suffix(, 0)
};
TEXT(signals) = {
#embed "include/descent_signals.h" suffix(, 0)
};
TEXT(threads) = {
#embed "include/descent_threads.h" suffix(, 0)
};
TEXT(stored) = {
#embed "include/descent_stored.h" suffix(, 0)
};
TEXT(trainer) = {
#embed "include/descent_trainer.h" suffix(, 0)
};
TEXT(trainer_data) = {
#embed "include/descent_trainer_data.h" suffix(, 0)
};
TEXT(trainer_options) = {
#embed "include/descent_trainer_options.h" suffix(, 0)
};

static const struct {
  const char *name, *text;
} texts[] = {
    {"descent_base.h", base},
    {"descent_checkpoint.h", checkpoint},
    {"descent_array.h", array},
    {"descent_convert.h", convert},
    {"descent_csv.h", csv},
    {"descent_csv_columns.h", csv_columns},
    {"descent_csv_labels.h", csv_labels},
    {"descent_csv_rows.h", csv_rows},
    {"descent_csv_text.h", csv_text},
    {"descent_dataset.h", dataset},
    {"descent_error.h", error},
    {"descent_files.h", files},
    {"descent_gemm.h", gemm},
    {"descent_gemm_body.h", gemm_body},
    {"descent_gemm_f32.h", gemm_f32},
    {"descent_gemm_f64.h", gemm_f64},
    {"descent_gemm_pack_body.h", gemm_pack_body},
    {"descent_gemm_vector.h", gemm_vector},
    {"descent_gemm_vector_body.h", gemm_vector_body},
    {"descent_hash.h", hash},
    {"descent_idx.h", idx},
    {"descent_integer.h", integer},
    {"descent_json.h", json},
    {"descent_kernel.h", kernel},
    {"descent_limits.h", limits},
    {"descent_linalg.h", linalg},
    {"descent_linalg_body.h", linalg_body},
    {"descent_linalg_expm_body.h", linalg_expm_body},
    {"descent_linalg_orthogonal_body.h", linalg_orthogonal_body},
    {"descent_linalg_svd_body.h", linalg_svd_body},
    {"descent_linalg_f32.h", linalg_f32},
    {"descent_linalg_f64.h", linalg_f64},
    {"descent_math.h", math},
    {"descent_math_circular.h", math_circular},
    {"descent_math_f64.h", math_f64},
    {"descent_math_powers.h", math_powers},
    {"descent_math_special.h", math_special},
    {"descent_npy.h", npy},
    {"descent_number.h", number},
    {"descent_print.h", print},
    {"descent_random.h", random_},
    {"descent_replace.h", replace},
    {"descent_rows.h", rows},
    {"descent_run.h", run},
    {"descent_run_facts.h", run_facts},
    {"descent_safetensors.h", safetensors},
    {"descent_safetensors_checksum.h", safetensors_checksum},
    {"descent_safetensors_writer.h", safetensors_writer},
    {"descent_signals.h", signals},
    {"descent_threads.h", threads},
    {"descent_stored.h", stored},
    {"descent_trainer.h", trainer},
    {"descent_trainer_data.h", trainer_data},
    {"descent_trainer_options.h", trainer_options},
};

const char *dsc_header_text(const char *name) {
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (strcmp(texts[i].name, name) == 0)
      return texts[i].text;
  return NULL;
}

void dsc_runtime_watch_signals(void) { dsc_signals_watch(); }
void dsc_runtime_leave_signals(void) { dsc_signals_leave(); }
int dsc_runtime_signal(void) { return (int)dsc_signal_caught; }
