/* Everything of Runtime that Swift calls, in one header. */
#ifndef DESCENT_RUNTIME_H
#define DESCENT_RUNTIME_H

/* The warning of descent_base.h about a missing fma is for emitted programs; Swift would repeat it at every import. */
#ifndef DSC_QUIET
#define DSC_QUIET
#endif

#include "descent_base.h"
#include "descent_convert.h"
#include "descent_limits.h"
#include "descent_error.h"
#include "descent_array.h"
#include "descent_files.h"
#include "descent_replace.h"
#include "descent_stored.h"
#include "descent_number.h"
#include "descent_csv.h"
#include "descent_npy.h"
#include "descent_idx.h"
#include "descent_integer.h"
#include "descent_json.h"
#include "descent_linalg_f64.h"
#include "descent_hash.h"
#include "descent_safetensors.h"
#include "descent_safetensors_checksum.h"
#include "descent_safetensors_writer.h"
#include "descent_run.h"
#include "descent_run_facts.h"
#include "descent_checkpoint.h"
#include "descent_print.h"
#include "descent_random.h"
#include "descent_dataset.h"
#include "descent_threads.h"

/* The text of a header of this folder, or null. */
const char *dsc_header_text(const char *name);

/* descent_signals.h, whose state exists once in the process: watching, and the first signal that came, 0 for none. */
void dsc_runtime_watch_signals(void);
void dsc_runtime_leave_signals(void);
int dsc_runtime_signal(void);

#endif
