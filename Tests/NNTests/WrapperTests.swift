// What wrapped and grouped optimizers keep, what they say when used wrongly, and schedules beyond their ends.

import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

@Suite struct WrapperTests {
  static let w: [String: Tensor] = [
    "bias": Tensor([1.0, 2.0]), "weight": Tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], shape: [3, 2]),
  ]
  private func message(_ body: () throws -> Void) -> String {
    let error = #expect(throws: DescentError.self, performing: body)
    return error?.description ?? ""
  }

  @Test func statesHaveStableNames() throws {
    func paths(_ optimizer: some Optimizer) throws -> [String] { try optimizer.initialState(Self.w).flattened().paths }
    #expect(try paths(AdamW()) == ["m.bias", "m.weight", "v.bias", "v.weight"])
    #expect(try paths(NAdam()) == ["m.bias", "m.weight", "v.bias", "v.weight", "scalars.momentumProduct"])
    #expect(try paths(RMSprop(centered: true)) == ["mean.bias", "mean.weight", "v.bias", "v.weight"])
    #expect(
      try paths(Muon(others: SGD(learningRate: 1, momentum: 0.9)))
        == ["groups.matrices.momentum.weight", "groups.others.momentum.bias"])
    #expect(
      try paths(GradientAccumulation(steps: 2, ParameterAveraging(Lion())))
        == ["accumulated.bias", "accumulated.weight", "average.bias", "average.weight", "m.bias", "m.weight"])
  }

  @Test func statesPassThroughTheirTree() throws {
    for optimizer in TrajectoryTests.optimizers.values {
      let state = optimizer.initialState(Self.w)
      let flat = try state.flattened()
      let again = try state.replacing(flat.leaves).flattened()
      #expect(again.paths == flat.paths && again.structure == flat.structure)
    }
  }

  /// A tree of one tensor has the empty path.
  @Test func parametersMayBeOneTensor() throws {
    for (name, optimizer) in TrajectoryTests.optimizers {
      let p = Tensor([1.0, -2.0, 3.0, 4.0], shape: [2, 2])
      var (moved, state) = (p, optimizer.initialState(p))
      for step in 0..<4 {
        (moved, state) = optimizer.update(moved, gradient: p, state: state, step: Tensor(Int64(step)))
      }
      #expect(try moved.doubles != p.doubles, "\(name)")
    }
  }

  @Test func groupsNeitherMixNorForget() throws {
    let optimizer = ParameterGroups(
      [
        ParameterGroup("frozen", SGD(learningRate: 0)) { path, _ in path == "bias" },
        ParameterGroup("matrices", SGD(learningRate: 1)) { _, type in type.shape.rank == 2 },
      ], others: SGD(learningRate: 100))
    let moved = optimizer.update(
      Self.w, gradient: Self.w, state: optimizer.initialState(Self.w), step: Tensor(Int64(0)))
    #expect(try moved.parameters["bias"]!.doubles == [1, 2])
    #expect(try moved.parameters["weight"]!.doubles == [0, 0, 0, 0, 0, 0])
    #expect(moved.state.groups.keys.sorted() == ["frozen", "matrices", "others"])
  }

  @Test func accumulationMovesEveryNthTime() throws {
    let optimizer = GradientAccumulation(steps: 3, SGD(learningRate: Schedule { step in 1 / (step + 1) }))
    var (p, state) = (Tensor([0.0]), optimizer.initialState(Tensor([0.0])))
    var seen: [Double] = []
    for step in 0..<6 {
      (p, state) = optimizer.update(p, gradient: Tensor([Double(step)]), state: state, step: Tensor(Int64(step)))
      seen.append(try p.scalar)
    }
    #expect(seen == [0, 0, -1, -1, -1, -3])
  }

  /// The norm is that of all gradients together; smaller ones stay as they are.
  @Test func clippingBoundsTheNorm() throws {
    let p = [Tensor([0.0, 0.0]), Tensor([0.0])], g = [Tensor([2.0, 3.0]), Tensor([6.0])]
    func step(_ limit: Double) throws -> [Double] {
      let optimizer = GradientClipping(norm: limit, SGD(learningRate: 1))
      return try optimizer.update(p, gradient: g, state: optimizer.initialState(p), step: Tensor(Int64(0)))
        .parameters.flatMap { try $0.doubles }
    }
    #expect(try step(8) == [-2, -3, -6])
    #expect(OptimizerTests.difference(try step(3.5), [-1, -1.5, -3]) < 1e-6)
  }

  @Test func wrongUseIsExplained() throws {
    let p = Tensor([1.0, 2.0])
    let zero = Tensor(Int64(0))
    func step(_ optimizer: some Optimizer, _ state: OptimizerState<Tensor>? = nil) throws -> [Double] {
      let state = state ?? optimizer.initialState(p)
      let moved = optimizer.update(p, gradient: p, state: state, step: zero)
      return try moved.parameters.doubles + moved.state.flattened().leaves.flatMap { try $0.doubles }
    }
    #expect(message { _ = try step(Muon { _, _ in true }) }.contains("not a matrix"))
    #expect(message { _ = try step(GradientAccumulation(steps: 0, Lion())) }.contains("at least 1"))
    #expect(message { _ = try step(ParameterAveraging(ParameterAveraging(Lion()))) }.contains("'average'"))
    #expect(message { _ = try step(NAdam(), OptimizerState(["m": p, "v": p])) }.contains("'momentumProduct'"))
    #expect(message { _ = try step(Muon(), OptimizerState()) }.contains("'m'"))
    #expect(message { _ = try ParameterAveraging.average(in: Adam().initialState(p)) }.contains("'average'"))
    let twice = ParameterGroups([ParameterGroup("others", Lion()) { _, _ in true }], others: Lion())
    #expect(message { _ = try step(twice) }.contains("'others'"))
    #expect(message { _ = try step(SGD(learningRate: .cosine(0.1, steps: 0))) }.contains("NNTests/WrapperTests.swift"))
    #expect(message { _ = try step(SGD(learningRate: .oneCycle(0.1, steps: 10, warmUp: 1))) }.contains("warm-up"))
  }

  @Test func schedulesStayAtTheirEnds() throws {
    func rate(_ schedule: some LearningRate, _ step: Int64) throws -> Double {
      try schedule.rate(step: Tensor(step)).scalar
    }
    #expect(abs(try rate(.cosine(0.1, steps: 10, minimum: 0.02), 25) - 0.02) < 1e-17)
    #expect(abs(try rate(.oneCycle(1, steps: 10, divisor: 5, finalDivisor: 10), 25) - 0.02) < 1e-15)
    #expect(try rate(.warmUp(steps: 4, into: 0.5), 0) == 0)
    #expect(try rate(.warmUp(steps: 4, into: .step(0.5, every: 2, factor: 0.5)), 7) == 0.25)
  }
}
