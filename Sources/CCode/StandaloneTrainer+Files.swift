// What goes beside a standalone trainer's C: how to build it and how to run it.

import DescentIR

/// Flags without which the results would differ, and those that only make it fast.
let makefileFlags = """
  CC = cc
  CFLAGS = -O3 -march=native
  # The results depend on these: products are not contracted with sums behind the program's back.
  STRICT = -std=c11 -ffp-contract=off -fno-math-errno -fno-trapping-math

  """

extension StandaloneTrainer {
  /// Builds with OpenMP and zlib, or without either.
  package var makefile: String {
    """
    # make: with OpenMP.  make OPENMP=: without.  make ZLIB=-DDSC_HAVE_ZLIB=0: without zlib, for data that are not gzipped.
    \(makefileFlags)OPENMP = -fopenmp
    ZLIB = -lz

    trainer: trainer.c
    \t$(CC) $(CFLAGS) $(STRICT) $(OPENMP) -o $@ trainer.c $(ZLIB) -lm

    clean:
    \trm -f trainer

    .PHONY: clean

    """
  }

  /// How to build and run it.
  package var readme: String {
    let inMemory: Bool = if case .npy = data.reader, !data.inputs.hasPrefix("/") { true } else { false }
    let table: Bool = if case .csv = data.reader { true } else { false }
    let source =
      inMemory
      ? "The data are the `.npy` files beside it: run it in this folder, or name the folder with `--data`."
      : "The data are read from the files named in `trainer.c`; `--data` and the options for single files name others."
    let dataRow =
      table
      ? "| `--data FILE` | the table to train on |"
      : """
      | `--data DIR` | the folder with the files of the data, under their usual names |
      | `--inputs FILE`, `--targets FILE` | the files to train on |
      """
    let validationRow: String =
      switch validation?.reader {
      case nil: ""
      case .csv: "\n| `--validation-data FILE` | the table to validate on |"
      default: "\n| `--validation-inputs FILE`, `--validation-targets FILE` | the files to validate on |"
      }
    return """
      # A standalone trainer

      `trainer.c` trains a network of \(parameters.count) parameter tensors on \(data.inputType.shape[0]) rows, \(batch) in a \
      step. It needs a C11 compiler and zlib, and OpenMP for more than one thread.

          make              # or: make CC=clang, make OPENMP=, make ZLIB=-DDSC_HAVE_ZLIB=0
          ./trainer

      \(source)

      | Option | Meaning |
      | --- | --- |
      | `--epochs N` | rounds over all rows (\(defaults.steps == nil ? "\(defaults.epochs)" : "as many as the steps make")) |
      | `--steps N` | steps, in place of epochs\(defaults.steps.map { " (\($0))" } ?? "") |
      | `--seed N` | decides initial parameters and the order of rows (\(defaults.seed)) |
      | `--threads N` | threads; results do not depend on them\(defaults.threads.map { " (\($0))" } ?? "") |
      | `--output FILE` | where the parameters go, as safetensors (`parameters.safetensors`) |
      | `--checkpoint FILE` | keep parameters, optimizer and position there, at the end and every `--every N` steps |
      | `--resume FILE` | go on from a checkpoint; one that the Swift program wrote will do |
      | `--resume-anyway` | go on also where `--resume` names a checkpoint of another run, as long as its tensors fit |
      \(dataRow)\(validationRow)

      It prints a line for each epoch: mean loss over its batches\(metric == nil ? "" : ", metric")\
      \(validation == nil ? "" : ", the same on the validation rows"), time of a step, time of its steps. The parameters are \
      those of the Swift program after the same epochs with the same seed, bit for bit, for any number of threads, with gcc \
      and clang, with OpenMP and without, on processors with a fused multiply-add instruction. Keep `-ffp-contract=off`.

      Where other programs keep the processors busy, threads that spin while they wait cost much time, above all with gcc's
      OpenMP: set `OMP_WAIT_POLICY=passive` then, or ask for fewer threads.

      Ctrl-C, SIGTERM and SIGHUP end it after the steps at hand, with the parameters and the checkpoint written; a second one
      ends it at once.

      Exit status: 0; 1 after a line on the standard error, where a file or a number is wrong; 64 for a wrong command line;
      128 and the signal's number after a signal. Files are written beside their places and renamed, so each is there whole
      or not at all.

      """
  }
}
