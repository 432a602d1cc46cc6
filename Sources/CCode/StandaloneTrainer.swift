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
  package enum Choice: Sendable { case first(Int), others(held: Double, seed: UInt64), heldOut(Double, seed: UInt64) }
  /// A training step with batches of one size.
  package struct Batch: Sendable {
    package var program: StepProgram
    package var rows: Int
    /// Whether batches are drawn from any number of rows; else a batch is all rows, and their number is fixed.
    package var isShuffled: Bool
    /// A checksum of network, loss and metric.
    package var checksum: String
    package init(_ program: StepProgram, rows: Int, isShuffled: Bool, checksum: String) {
      self.program = program
      self.rows = rows
      self.isShuffled = isShuffled
      self.checksum = checksum
    }
  }
  /// The learning rate: that of the program (0 where there is none that could be set), that of a run, whether it is one number.
  package struct Rate: Sendable {
    package var own, value: Double
    package var isConstant: Bool
    package init(own: Double, value: Double, isConstant: Bool) {
      self.own = own
      self.value = value
      self.isConstant = isConstant
    }
  }
  /// Where rows come from and what each must be; there may be any number of them.
  package struct Rows: Sendable {
    package var reader: Reader
    /// Paths from the trainer's folder; a table has both in `inputs`.
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
  /// The first is taken where the command line says nothing.
  package var batches: [Batch]
  /// Programs that measure blocks of the validation rows, each of fewer rows than the one before, down to 1.
  package var evaluate: [(program: StepProgram, rows: Int)] = []
  /// Names in files, and types.
  package var parameters: [(name: String, type: TensorType)] = []
  package var state: [(name: String, type: TensorType)] = []
  package var data: Rows
  package var validation: Rows?
  /// Whether all files of the data are beside it.
  package var isCarried = true
  /// Steps of an epoch where a batch is all rows.
  package var stepsPerEpoch: Int
  package var defaults: Defaults
  package var rate: Rate
  /// What its checkpoints say of the optimizer and of its own learning rate.
  package var words: (optimizer: String, learningRate: String)

  package init(
    prefix: String, metric: String?, initialize: StepProgram, batches: [Batch], data: Rows, validation: Rows?,
    stepsPerEpoch: Int, defaults: Defaults, rate: Rate, words: (optimizer: String, learningRate: String)
  ) {
    self.prefix = prefix
    self.metric = metric
    self.initialize = initialize
    self.batches = batches
    self.data = data
    self.validation = validation
    self.stepsPerEpoch = stepsPerEpoch
    self.defaults = defaults
    self.rate = rate
    self.words = words
  }

  /// The C file. Throws for a tensor of more axes than files can have.
  package func source() throws -> String {
    for (name, type) in parameters + state + [("inputs", data.inputType)] where type.shape.rank > 8 {
      throw DescentError(
        .usage, "'\(name)' has \(type.shape.rank) axes; a standalone trainer takes tensors of at most 8")
    }
    checkArrays()
    let programs = [initialize] + batches.map(\.program) + evaluate.map(\.program)
    let body =
      programs.map { "/* ---- \($0.prefix) ---- */\n\n" + $0.banner + $0.text + $0.runFunction(linkage: "static") }
      .joined(separator: "\n") + tables()
    return header + Prelude.text(programs.reduce(into: []) { $0.formUnion($1.headers) }, first: ["descent_trainer.h"])
      + "\n" + body
  }

  private var header: String {
    """
    /* A training run as one C file: batches of \(batchText) rows, \(parameters.count) parameter tensors.
     * Build it with the Makefile beside it; README.md has the details. The results do not depend on the number of threads,
     * on the compiler or on OpenMP, as long as products are not contracted with sums (-ffp-contract=off).
     * Part 1: the runtime. Part 2: the steps. Part 3: tables and main. */

    """
  }

  /// The arrays that descent_trainer.h hands to the programs are those that the programs take.
  private func checkArrays() {
    let counters: [TensorType] = [.init(.i64, []), .init(.i64, []), .init(.f64, []), .init(.f64, [])]
    let (p, s) = (parameters.map(\.type), state.map(\.type))
    let scalar = TensorType(.i64, []), data = [data.inputType, data.targetType]
    precondition(initialize.externals.map(\.type) == [scalar] + p + s, "arrays of initialize")
    for batch in batches {
      let rows = batch.isShuffled ? [scalar, scalar, TensorType(.i32, [data[0].shape[0]])] : []
      precondition(
        batch.program.externals.map(\.type) == p + s + counters + [TensorType(.f64, [])] + rows + data,
        "arrays of train")
    }
    for (program, _) in evaluate {
      precondition(
        program.externals.map(\.type) == p + counters + [scalar, validation!.inputType, validation!.targetType],
        "arrays of evaluate")
    }
  }

  /// `32, 64 or all 150`
  var batchText: String {
    let texts = batches.map { ($0.isShuffled ? "" : "all ") + "\($0.rows)" }
    return texts.count == 1 ? texts[0] : texts.dropLast().joined(separator: ", ") + " or " + texts.last!
  }

  // MARK: Tables

  private func tables() -> String {
    var text = "\n/* ---- tables ---- */\n\n"
    text += tensors("parameters", parameters) + tensors("state", state)
    text += rows("data", data) + (validation.map { rows("validation", $0) } ?? "")
    text += "static const dsc_trainer_batch \(prefix)_batches[\(batches.count)] = {\n"
    text +=
      batches.map {
        "    {\(stage($0.program)), \(cLiteral($0.rows)), \($0.isShuffled ? 1 : 0), \(cString($0.checksum))},\n"
      }.joined() + "};\n\n"
    if !evaluate.isEmpty {
      text += "static const dsc_trainer_block \(prefix)_evaluations[\(evaluate.count)] = {\n"
      text += evaluate.map { "    {\(stage($0.program)), \($0.rows)},\n" }.joined() + "};\n\n"
    }
    let validation = validation == nil ? "NULL" : "&\(prefix)_validation"
    text += """
      static const dsc_trainer \(prefix)_trainer = {
          \(metric.map(cString) ?? "NULL"), /* metric */
          \(stage(initialize)), /* initialize */
          \(prefix)_batches, \(batches.count), /* train */
          \(evaluate.isEmpty ? "NULL" : "\(prefix)_evaluations"), \(evaluate.count), /* evaluate */
          \(parameters.isEmpty ? "NULL" : "\(prefix)_parameters"), \(parameters.count), /* parameters */
          \(state.isEmpty ? "NULL" : "\(prefix)_state"), \(state.count), /* state of the optimizer */
          &\(prefix)_data, \(validation), \(isCarried ? 1 : 0), /* rows; whether their files came along */
          \(cLiteral(stepsPerEpoch)), /* steps of an epoch where a batch is all rows */
          {\(cLiteral(defaults.patience ?? 0)), \(cLiteral(defaults.tolerance ?? -1, .f64)), /* patience, tolerance of the loss */
           \(cLiteral(defaults.gradientNorm?.bound ?? -1, .f64)), \(defaults.keepsBest ? 1 : 0)}, /* norm of the gradient, keeps the best */
          \(defaults.gradientNorm?.state ?? 0), /* place of that norm in the state */
          \(cString(words.optimizer)),
          \(cString(words.learningRate)), /* learning rate */
          \(cLiteral(rate.own, .f64)), \(cLiteral(rate.value, .f64)), \(rate.isConstant ? 1 : 0), /* its own, that of a run, whether it is one number */
          \(min(defaults.epochs, 1_000_000_000)), \(cLiteral(defaults.steps ?? 0)), /* epochs, steps */
          \(cLiteral(defaults.seed)), \(defaults.threads ?? 0) /* seed, threads */
      };

      int main(int argc, char **argv) { return dsc_trainer_main(&\(prefix)_trainer, argc, argv); }

      """
    return text
  }

  private func stage(_ program: StepProgram) -> String { "{\(program.prefix)_arena_bytes, \(program.prefix)_run}" }

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
        case .first(let count): text += "    {DSC_TRAINER_FIRST, \(cLiteral(count)), 0, 0},\n"
        case .others(let held, let seed):
          text += "    {DSC_TRAINER_OTHERS, 0, \(cLiteral(held, .f64)), UINT64_C(\(seed))},\n"
        case .heldOut(let held, let seed):
          text += "    {DSC_TRAINER_HELD_OUT, 0, \(cLiteral(held, .f64)), UINT64_C(\(seed))},\n"
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
          \(tensor("inputs", anyRows(rows.inputType))),
          \(tensor("targets", anyRows(rows.targetType))) /* of any number of rows */
      };


      """
    return text
  }

  /// A type whose first axis is not told, so that the text does not depend on it.
  private func anyRows(_ type: TensorType) -> TensorType {
    TensorType(type.dtype, Shape([0] + type.shape.dimensions.dropFirst()))
  }

  private func reader(_ rows: Rows, _ prefix: String) -> (
    name: String, targets: String, definitions: String, csv: String
  ) {
    switch rows.reader {
    case .idx: return ("DSC_TRAINER_IDX", cString(rows.targets), "", Table.none)
    case .npy: return ("DSC_TRAINER_NPY", cString(rows.targets), "", Table.none)
    case .csv(let table):
      let (definitions, csv) = table.initializer(prefix)
      return ("DSC_TRAINER_CSV", "NULL", definitions, csv)
    }
  }
}
