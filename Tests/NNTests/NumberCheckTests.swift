// Training that makes a number which is not finite: the step, the operation, its line; and what is said where nobody asked.

import DescentData
import DescentIR
import DescentNN
import DescentOps
import Testing

@Suite struct NumberCheckTests {
  /// A line through points; `loss` is that of the predictions and targets.
  private static func line(
    _ learningRate: Double, loss: @escaping @Sendable (Tensor, Tensor) -> Tensor = { mean(square($0 - $1)) }
  ) -> Trainer<[Tensor]> {
    Trainer(
      optimizer: SGD(learningRate: learningRate), initialize: { _ in [ones([1, 1])] },
      predict: { p, x in matmul(x, p[0]) },
      loss: { p, x, y in loss(matmul(x, p[0]), y) })
  }
  private static func points(_ change: (inout [Float]) -> Void = { _ in }) throws -> Dataset {
    var x = (0..<64).map { Float($0) / 32 }
    change(&x)
    return try Dataset(inputs: Tensor(x, shape: [64, 1]), targets: zeros([64, 1]))
  }
  private static func message<P: ParameterTree>(
    _ trainer: Trainer<P>, _ data: Dataset, epochs: Int = 1000, batch: Int? = nil, engine: Engine = .compiled,
    checks: Bool = true
  ) -> DescentError? {
    var options = TrainingOptions(epochs: epochs, batch: batch, engine: engine)
    options.stepsPerEpoch = 100
    options.checksNumbers = checks
    return #expect(throws: DescentError.self) { try trainer.fit(data, options: options) }
  }

  /// p becomes p (1 - 2 λ m) in each step, with m = mean x² = 1.3126: at λ = 1e4 it overflows after a few.
  @Test(arguments: [Engine.compiled, .interpreted]) func divergence(_ engine: Engine) throws {
    let error = try #require(Self.message(Self.line(1e4), try Self.points(), engine: engine))
    // |p| after n steps is 26250ⁿ: its square passes 3.4e38 after 5, so in step 6.
    #expect(
      error.message.hasPrefix("the loss is infinite in step 6: 'multiply' made infinity in element [1,0] of -3.744"),
      "\(error)")
    #expect(error.location?.file == "NNTests/NumberCheckTests.swift")
  }

  @Test func lineOfTheProgram() throws {
    let line = #line + 1
    let trainer = Self.line(0.1) { p, y in mean(log(p) * y + p) }
    let error = try #require(Self.message(trainer, try Self.points(), batch: 16))
    #expect(error.location == SourceLocation(file: "NNTests/NumberCheckTests.swift", line: line))
    // 0 ln 0, of the first of all rows, whichever batch it is in.
    let pattern =
      /the loss is NaN in step ([1-4]): 'log' made -infinity in element \[([0-9]+),0\] of 0.0; its operand is f32\[16,1\] in 0.0...([.0-9]+); 'multiply' at NNTests\/NumberCheckTests.swift:([0-9]+) made NaN of that/
    let match = try #require(error.message.wholeMatch(of: pattern), "\(error)")
    #expect(match.4 == "\(line)")
  }

  @Test func parameterBeforeTheLoss() throws {
    // The gradient of √p at 0 is infinite, the loss 0.
    let trainer = Trainer(
      optimizer: SGD(learningRate: 0.1), initialize: { _ in [zeros([2])] }, predict: { p, x in x },
      loss: { p, x, y in sum(sqrt(p[0])) + 0 * sum(x) })
    let error = try #require(Self.message(trainer, try Self.points()))
    #expect(
      error.message.hasPrefix(
        "'parameters.0' is infinite in step 1: 'divide' in the adjoint of 'sqrt' made infinity in element [0] of 0.5 and 0.0"
      ),
      "\(error)")
  }

  @Test func rowOfTheData() throws {
    let error = try #require(Self.message(Self.line(0.1), try Self.points { $0[37] = .nan }, batch: 16))
    #expect(
      error.message.hasPrefix("the loss is NaN in step ")
        && error.message.hasSuffix(": the input 'inputs' holds NaN in element [37,0]"), "\(error)")
  }

  private static func classifier(_ line: UInt) -> Trainer<[Tensor]> {
    Trainer(
      optimizer: SGD(learningRate: 0.1), initialize: { _ in [ones([1, 3])] }, predict: { p, x in matmul(x, p[0]) },
      loss: { p, x, y in softmaxCrossEntropy(matmul(x, p[0]), labels: y, line: line) })
  }
  private static func labels(_ label: Int32) throws -> Dataset {
    try Dataset(inputs: points().inputs, targets: Tensor((0..<64).map { $0 == 21 ? label : Int32($0 % 3) }))
  }

  @Test func labelOutside() throws {
    let error = try #require(Self.message(Self.classifier(77), try Self.labels(3)))
    #expect(
      error.message
        == "the loss is NaN in step 1: 'select' took the constant NaN (a loss of classes does so where a label lies outside of them)",
      "\(error)")
    #expect(error.location?.line == 77)
  }

  @Test func whatIsSaidUnasked() throws {
    let real = try #require(Self.message(Self.line(.nan), try Self.points(), checks: false))
    #expect(
      real.message.contains("in step 2; try a smaller learning rate; --check-nan names the operation that made it"),
      "\(real)")
    let labels = try #require(Self.message(Self.classifier(1), try Self.labels(-1), checks: false))
    #expect(labels.message.contains("see whether a label lies outside the classes; --check-nan"), "\(labels)")
  }

  /// What is checked trains to the same bits.
  @Test func nothingElseChanges() throws {
    func parameters(_ checks: Bool) throws -> [Double] {
      var options = TrainingOptions(epochs: 5, batch: 16)
      options.checksNumbers = checks
      return try Self.line(0.1).fit(try Self.points(), options: options).parameters[0].doubles
    }
    #expect(try parameters(true) == parameters(false))
  }

  /// The step does not depend on how many run at once.
  @Test func stepInALongRun() throws {
    // p becomes 0.4 p: from 1e18 it is below the least number of f32, 1.4e-45, after 158 steps, and then 0 / 0 is NaN.
    let trainer = Trainer(
      optimizer: SGD(learningRate: 0.3), initialize: { _ in [full([1], 1e18)] }, predict: { p, x in x },
      loss: { p, x, y in sum(square(p[0])) + 0 * sum(p[0] / p[0]) + 0 * sum(x) })
    let error = try #require(Self.message(trainer, try Self.points(), epochs: 100))
    let step = try #require(
      error.message.firstMatch(of: /is NaN in step ([0-9]+): 'divide' made NaN/).flatMap { Int($0.1) })
    #expect((155...165).contains(step))
    #expect(
      try #require(Self.message(trainer, try Self.points(), epochs: 100, checks: false)).message.contains(
        "in step \(step);"))
  }
}
