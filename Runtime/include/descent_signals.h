/* Signals that ask a long run to end: Ctrl-C, a terminal that closes, a scheduler that wants the machine, a reader that
 * has gone away.
 * Takes over their handling while somebody watches; gives the number of the first one that came.
 * Invariant: the first signal does nothing but be remembered, so that the steps at hand are finished and files are
 * written; a second one ends the process at once, with the status of a process that the signal ended. What was ignored
 * when the watch began stays ignored (nohup), but for Ctrl-C.
 * The includer defines _POSIX_C_SOURCE 200809L before its first #include (sigaction). */
#ifndef DESCENT_SIGNALS_H
#define DESCENT_SIGNALS_H

#include "descent_base.h"
#include <signal.h>
#include <unistd.h>

enum { DSC_SIGNALS = 4 };
static const int dsc_signals[DSC_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

static volatile sig_atomic_t dsc_signal_caught;
static struct sigaction dsc_signals_before[DSC_SIGNALS];

static void dsc_signal_note(int number) {
  /* The reader that has gone is noticed at every line. */
  if (dsc_signal_caught != 0 && number != SIGPIPE)
    _exit(128 + number);
  if (dsc_signal_caught == 0)
    dsc_signal_caught = number;
}

/* Begins to watch. */
DSC_FN void dsc_signals_watch(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = dsc_signal_note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  dsc_signal_caught = 0;
  for (int i = 0; i < DSC_SIGNALS; i++) {
    sigaction(dsc_signals[i], NULL, &dsc_signals_before[i]);
    if (dsc_signals[i] == SIGINT || dsc_signals_before[i].sa_handler != SIG_IGN)
      sigaction(dsc_signals[i], &action, NULL);
  }
}

/* Ends the watch: signals do again what they did before. */
DSC_FN void dsc_signals_leave(void) {
  for (int i = 0; i < DSC_SIGNALS; i++)
    sigaction(dsc_signals[i], &dsc_signals_before[i], NULL);
  dsc_signal_caught = 0;
}

#endif
