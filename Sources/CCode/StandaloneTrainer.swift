// A training run printed as one C file that needs nothing else: the runtime's headers, the step programs, tables that
// describe their arrays and the data, and a main. What the main does is Runtime/include/descent_trainer.h.

import DescentData
import DescentIR

/// Everything that a standalone trainer is made of.
package struct StandaloneTrainer: Sendable {
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
    /// With paths from the trainer's folder; never from memory.
    package var source: DataSource
    package var inputType: TensorType
    package var targetType: TensorType
    package init(source: DataSource, inputType: TensorType, targetType: TensorType) {
      self.source = source
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
  package var evaluate: [(program: StepProgram, rows: Int)]
  /// Names in files, and types.
  package var parameters: [(name: String, type: TensorType)] = []
  package var state: [(name: String, type: TensorType)] = []
  package var data: Rows
  package var validation: Rows?
  /// Its large constants, and the path of their file from the trainer's folder.
  package var constants: TrainerConstants
  package var constantsFile: String
  /// The types of the counters, in the order in which programs take them.
  package var counters: [TensorType]
  /// Whether all files of the data are beside it.
  package var isCarried = true
  /// Steps of an epoch where a batch is all rows.
  package var stepsPerEpoch: Int
  package var defaults: Defaults
  package var rate: Rate
  /// What its checkpoints say of the optimizer and of its own learning rate.
  package var words: (optimizer: String, learningRate: String)

  package init(
    prefix: String, metric: String?, initialize: StepProgram, batches: [Batch],
    evaluate: [(program: StepProgram, rows: Int)], data: Rows, validation: Rows?, constantsFile: String,
    counters: [TensorType], stepsPerEpoch: Int, defaults: Defaults, rate: Rate,
    words: (optimizer: String, learningRate: String)
  ) {
    self.prefix = prefix
    self.metric = metric
    self.initialize = initialize
    self.batches = batches
    self.evaluate = evaluate
    self.data = data
    self.validation = validation
    self.constantsFile = constantsFile
    constants = TrainerConstants([initialize] + batches.map(\.program) + evaluate.map(\.program))
    self.counters = counters
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
    let body =
      programs.map { "/* ---- \($0.prefix) ---- */\n\n" + $0.banner + $0.text + $0.runFunction(linkage: "static") }
      .joined(separator: "\n") + tables()
    return header + Prelude.text(programs.reduce(into: []) { $0.formUnion($1.headers) }, first: ["descent_trainer.h"])
      + "\n" + body
  }

  /// All programs.
  var programs: [StepProgram] { [initialize] + batches.map(\.program) + evaluate.map(\.program) }

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
}
