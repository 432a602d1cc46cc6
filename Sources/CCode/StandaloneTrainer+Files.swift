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

  /// Where the data are and what they must be.
  private var dataText: String {
    let all = [data] + (validation.map { [$0] } ?? [])
    func type(_ type: TensorType, classes: Int? = nil) -> String {
      let text = type.text(firstAxis: "rows")
      return classes.map { "labels 0...\($0 - 1) \(text.dropFirst(type.dtype.name.count))" } ?? text
    }
    var seen: Set<String> = []
    let files = all.flatMap { rows -> [String] in
      let (inputs, targets) = (
        "inputs \(type(rows.inputType))", "targets \(type(rows.targetType, classes: rows.source.classes))"
      )
      let list: [(String, String)] =
        switch rows.source.origin {
        case .csv(let path, _): [(path, "a table: \(inputs), \(targets)")]
        case .idx(let x, let y), .npy(let x, let y): [(x, inputs), (y, targets)]
        case .memory: []
        }
      return list.filter { seen.insert($0.0).inserted }.map { "- `\($0.0)`, \($0.1)" }
    }
    let carried =
      isCarried
      ? "It reads its data from the folder `data` beside the program, wherever that is moved and whatever folder it is run in:"
      : """
      Its data were too large to come along. Put them into the folder `data` beside the program, where it looks for them \
      whatever folder it is run in, or name them by the options below:
      """
    let own =
      constants.entries.isEmpty
      ? [] : ["- `\(constantsFile)`, numbers of the program itself, which are always beside it"]
    return ([carried, ""] + files + own).joined(separator: "\n")
  }

  /// What `--lr` does.
  private var rateText: String {
    if rate.own == 0 { return "cannot be taken, as the learning rate is a function without a base" }
    let number = " (\(rate.value))"
    if rate.isConstant { return "the learning rate\(number)" }
    return
      "the base of the learning rate; the whole schedule, and that of every group of parameters, is scaled with it\(number)"
  }

  /// How many rows there may be.
  private var rowsText: String {
    let all = batches.filter { !$0.isShuffled }.map {
      "a batch of \($0.rows) is all rows, so it takes exactly that many"
    }
    let any =
      batches.contains(where: \.isShuffled)
      ? [
        "the data may have any number of rows, at least those of a batch: the results are those of the Swift program on the same "
          + "rows, but for what its code computes from their number (the steps of a schedule, say), which stays what it was"
      ] : []
    let text = (any + all).joined(separator: "; ") + "."
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  /// How to build and run it.
  package var readme: String {
    let table: Bool = if case .csv = data.source.origin { true } else { false }
    let dataRow =
      table
      ? "| `--data FILE` | the table to train on |"
      : """
      | `--data DIR` | the folder with the files of the data, under their usual names |
      | `--inputs FILE`, `--targets FILE` | the files to train on |
      """
    let validationRow: String =
      switch validation?.source.origin {
      case nil: ""
      case .csv: "\n| `--validation-data FILE` | the table to validate on |"
      default: "\n| `--validation-inputs FILE`, `--validation-targets FILE` | the files to validate on |"
      }
    return """
      # A standalone trainer

      `trainer.c` trains a network of \(parameters.count) parameter tensors in batches of \(batchText) rows. It needs a C11 compiler and zlib, and OpenMP for more than one thread.

          make              # or: make CC=clang, make OPENMP=, make ZLIB=-DDSC_HAVE_ZLIB=0
          ./trainer

      \(dataText)

      | Option | Meaning |
      | --- | --- |
      | `--epochs N` | rounds over all rows (\(defaults.steps == nil ? "\(defaults.epochs)" : "as many as the steps make")) |
      | `--steps N` | steps, in place of epochs\(defaults.steps.map { " (\($0))" } ?? "") |
      | `--batch N` | rows of a batch: \(batchText)\(batches.count > 1 ? " (\(batches[0].rows))" : "") |
      | `--lr X` | \(rateText) |
      | `--seed N` | decides initial parameters and the order of rows (\(defaults.seed)) |
      | `--threads N` | threads; results do not depend on them\(defaults.threads.map { " (\($0))" } ?? "") |
      | `--output FILE` | where the parameters go, as safetensors (`parameters.safetensors`) |
      | `--checkpoint FILE` | keep parameters, optimizer and position there, at the end and every `--every N` steps |
      | `--resume FILE` | go on from a checkpoint; one that the Swift program wrote will do |
      | `--resume-anyway` | go on also where `--resume` names a checkpoint of another run, as long as its tensors fit |
      \(dataRow)\(validationRow)

      \(rowsText)

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
