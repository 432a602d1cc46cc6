// A training run printed as one C file that needs nothing else: the runtime's headers, the step programs, tables that
// describe their arrays and the data, and a main. What the main does is Runtime/include/descent_trainer.h.

import DescentIR

/// Everything that a standalone trainer is made of.
package struct StandaloneTrainer: Sendable {
  /// What reads the rows.
  package enum Reader: Sendable {
    case csv(Table)
    case idx, npy
  }
  /// A choice of rows.
  package enum Choice: Sendable { case first(Int), others(held: Int, seed: UInt64), heldOut(Int, seed: UInt64) }
  /// Where rows come from and what they must be.
  package struct Rows: Sendable {
    package var reader: Reader
    /// Paths; a table has both in `inputs`.
    package var inputs: String
    package var targets: String
    package var choices: [Choice]
    package var classes: Int?
    package var inputType: TensorType
    package var targetType: TensorType
    package init(
      reader: Reader, inputs: String, targets: String, choices: [Choice], classes: Int?, inputType: TensorType,
      targetType: TensorType
    ) {
      self.reader = reader
      self.inputs = inputs
      self.targets = targets
      self.choices = choices
      self.classes = classes
      self.inputType = inputType
      self.targetType = targetType
    }
  }
  /// What the command line may change.
  package struct Defaults: Sendable {
    package var epochs: Int
    package var steps: Int?
    package var seed: Int
    package var threads: Int?
    /// What ends training early: epochs without a better one, a relative change of the loss, and a norm of the gradient with the
    /// number of the state's tensor that holds it.
    package var patience: Int?
    package var tolerance: Double?
    package var gradientNorm: (bound: Double, state: Int)?
    /// Whether the result is the best epoch's.
    package var keepsBest: Bool
    package init(
      epochs: Int, steps: Int?, seed: Int, threads: Int?, patience: Int? = nil, tolerance: Double? = nil,
      gradientNorm: (bound: Double, state: Int)? = nil, keepsBest: Bool
    ) {
      self.patience = patience
      self.tolerance = tolerance
      self.gradientNorm = gradientNorm
      self.keepsBest = keepsBest
      self.epochs = epochs
      self.steps = steps
      self.seed = seed
      self.threads = threads
    }
  }

  package var prefix: String
  package var metric: String?
  package var initialize: StepProgram
  package var train: StepProgram
  /// Programs that measure on the validation rows, and how many steps each takes.
  package var evaluate: [(program: StepProgram, steps: Int)] = []
  /// Names in files, and types.
  package var parameters: [(name: String, type: TensorType)] = []
  package var state: [(name: String, type: TensorType)] = []
  package var data: Rows
  package var validation: Rows?
  package var batch: Int
  package var stepsPerEpoch: Int
  package var isShuffled: Bool
  package var defaults: Defaults
  /// What its checkpoints say of it: a checksum of the program, the optimizer, its learning rate.
  package var words: (program: String, optimizer: String, learningRate: String)

  package init(
    prefix: String, metric: String?, initialize: StepProgram, train: StepProgram, data: Rows, validation: Rows?,
    batch: Int,
    stepsPerEpoch: Int, isShuffled: Bool, defaults: Defaults,
    words: (program: String, optimizer: String, learningRate: String)
  ) {
    self.prefix = prefix
    self.metric = metric
    self.initialize = initialize
    self.train = train
    self.data = data
    self.validation = validation
    self.batch = batch
    self.stepsPerEpoch = stepsPerEpoch
    self.isShuffled = isShuffled
    self.defaults = defaults
    self.words = words
  }

  /// The C file. Throws for a tensor of more axes than files can have.
  package func source() throws -> String {
    for (name, type) in parameters + state + [("inputs", data.inputType)] where type.shape.rank > 8 {
      throw DescentError(
        .usage, "'\(name)' has \(type.shape.rank) axes; a standalone trainer takes tensors of at most 8")
    }
    checkArrays()
    let programs = [initialize, train] + evaluate.map(\.program)
    let body =
      programs.map { "/* ---- \($0.prefix) ---- */\n\n" + $0.banner + $0.text + $0.runFunction(linkage: "static") }
      .joined(separator: "\n") + tables()
    return header + Prelude.text(for: body, extra: ["descent_trainer.h"]) + "\n" + body
  }

  private var header: String {
    """
    /* A training run as one C file: steps of \(batch) rows out of \(data.inputType.shape[0]), \(parameters.count) parameter tensors.
     * Build it with the Makefile beside it; README.md has the details. The results do not depend on the number of threads,
     * on the compiler or on OpenMP, as long as products are not contracted with sums (-ffp-contract=off).
     * Part 1: the runtime. Part 2: the steps. Part 3: tables and main. */

    """
  }

  /// The arrays that descent_trainer.h hands to the programs are those that the programs take.
  private func checkArrays() {
    let counters: [TensorType] = [.init(.i64, []), .init(.i64, []), .init(.f64, []), .init(.f64, [])]
    let (p, s) = (parameters.map(\.type), state.map(\.type))
    let order = isShuffled ? [TensorType(.i32, [data.inputType.shape[0]])] : []
    precondition(initialize.externals.map(\.type) == [.init(.i64, [])] + p + s, "arrays of initialize")
    precondition(
      train.externals.map(\.type) == p + s + counters + order + [data.inputType, data.targetType], "arrays of train")
    for (program, _) in evaluate {
      precondition(
        program.externals.map(\.type) == p + counters + [validation!.inputType, validation!.targetType],
        "arrays of evaluate")
    }
  }

  // MARK: Tables

  private func tables() -> String {
    var text = "\n/* ---- tables ---- */\n\n"
    text += tensors("parameters", parameters) + tensors("state", state)
    text += rows("data", data) + (validation.map { rows("validation", $0) } ?? "")
    if !evaluate.isEmpty {
      text += "static const dsc_trainer_program \(prefix)_evaluations[\(evaluate.count)] = {\n"
      text += evaluate.map { "    \(stage($0.program, $0.steps)),\n" }.joined() + "};\n\n"
    }
    let validation = validation == nil ? "NULL" : "&\(prefix)_validation"
    text += """
      static const dsc_trainer \(prefix)_trainer = {
          \(metric.map(cString) ?? "NULL"), /* metric */
          \(stage(initialize, 1)), /* initialize */
          \(stage(train, 1)), /* train */
          \(evaluate.isEmpty ? "NULL" : "\(prefix)_evaluations"), \(evaluate.count), /* evaluate */
          \(parameters.isEmpty ? "NULL" : "\(prefix)_parameters"), \(parameters.count), /* parameters */
          \(state.isEmpty ? "NULL" : "\(prefix)_state"), \(state.count), /* state of the optimizer */
          &\(prefix)_data, \(validation), /* rows */
          \(batch), \(cLiteral(stepsPerEpoch)), /* rows of a batch, steps of an epoch */
          \(isShuffled ? 1 : 0), /* shuffled */
          {\(cLiteral(defaults.patience ?? 0)), \(cLiteral(defaults.tolerance ?? -1, .f64)), /* patience, tolerance of the loss */
           \(cLiteral(defaults.gradientNorm?.bound ?? -1, .f64)), \(defaults.keepsBest ? 1 : 0)}, /* norm of the gradient, keeps the best */
          \(defaults.gradientNorm?.state ?? 0), /* place of that norm in the state */
          \(cString(words.program)), /* checksum of network, loss and metric */
          \(cString(words.optimizer)),
          \(cString(words.learningRate)), /* learning rate */
          \(min(defaults.epochs, 1_000_000_000)), \(cLiteral(defaults.steps ?? 0)), /* epochs, steps */
          \(cLiteral(defaults.seed)), \(defaults.threads ?? 0) /* seed, threads */
      };

      int main(int argc, char **argv) { return dsc_trainer_main(&\(prefix)_trainer, argc, argv); }

      """
    return text
  }

  private func stage(_ program: StepProgram, _ steps: Int) -> String {
    "{\(program.prefix)_arena_bytes, \(program.prefix)_run, \(steps)}"
  }

  private func tensor(_ name: String, _ type: TensorType) -> String {
    let sizes = type.shape.rank == 0 ? "0" : type.shape.dimensions.map { cLiteral($0) }.joined(separator: ", ")
    return "{\(cString(name)), \(number(type.dtype)), \(type.shape.rank), {\(sizes)}}"
  }
  private func tensors(_ table: String, _ list: [(name: String, type: TensorType)]) -> String {
    guard !list.isEmpty else { return "" }
    return "static const dsc_trainer_tensor \(prefix)_\(table)[\(list.count)] = {\n"
      + list.map { "    \(tensor($0.name, $0.type)),\n" }.joined() + "};\n\n"
  }
  private func number(_ dtype: DType) -> String { "DSC_" + dtype.name.uppercased() }

  private func rows(_ name: String, _ rows: Rows) -> String {
    var text = ""
    var choices = "NULL"
    if !rows.choices.isEmpty {
      choices = "\(prefix)_\(name)_choices"
      text += "static const dsc_trainer_choice \(choices)[\(rows.choices.count)] = {\n"
      for choice in rows.choices {
        switch choice {
        case .first(let count): text += "    {DSC_TRAINER_FIRST, \(cLiteral(count)), 0},\n"
        case .others(let count, let seed): text += "    {DSC_TRAINER_OTHERS, \(cLiteral(count)), UINT64_C(\(seed))},\n"
        case .heldOut(let count, let seed):
          text += "    {DSC_TRAINER_HELD_OUT, \(cLiteral(count)), UINT64_C(\(seed))},\n"
        }
      }
      text += "};\n\n"
    }
    let (reader, targets, definitions, csv) = reader(rows, "\(prefix)_\(name)")
    text += """
      \(definitions)
      static const dsc_trainer_rows \(prefix)_\(name) = {
          \(reader), \(cString(rows.inputs)), \(targets),
          \(csv), /* how a table is read */
          \(choices), \(rows.choices.count), /* which rows */
          \(rows.classes ?? 0), /* classes */
          \(tensor("inputs", rows.inputType)),
          \(tensor("targets", rows.targetType))
      };


      """
    return text
  }

  private func reader(_ rows: Rows, _ prefix: String) -> (name: String, targets: String, definitions: String, csv: String) {
    switch rows.reader {
    case .idx: return ("DSC_TRAINER_IDX", cString(rows.targets), "", Table.none)
    case .npy: return ("DSC_TRAINER_NPY", cString(rows.targets), "", Table.none)
    case .csv(let table):
      let (definitions, csv) = table.initializer(prefix)
      return ("DSC_TRAINER_CSV", "NULL", definitions, csv)
    }
  }
}
