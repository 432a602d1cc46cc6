// A loop of steps as a function that all threads execute together: its body is a step of its own, called again and again.
// Carries stay in one place, the memory of the loop's results; slices and step results are reached by moving pointers.

import DescentIR
import DescentPasses

package struct Scan: Sendable {
  /// An array that the body gets at each step: where it lies, and how many elements further each step finds it.
  package struct Argument: Sendable {
    package var storage: Place
    package var step: Int
    package var dtype: DType
    package var isWritten: Bool
    /// The product of the body that takes it packed, and where it is packed, at this byte of the loop's own memory.
    package var packed: (product: MatrixProduct, at: Int)?
  }
  package enum Place: Hashable, Sendable {
    case parameter(Int)
    /// In the loop's own memory, at this byte.
    case arena(Int)
  }
  package var body: StepPlan
  /// What the body's step is given, in its order.
  package var arguments: [Argument]
  /// What carries begin as: from a parameter to where the carry lies, in bytes.
  package var carries: [(from: Int, to: Place, bytes: Int)]
  /// nil to go on while the first carry is true.
  package var length: Int?
  package var isReversed: Bool
  /// The parameter that is the loop's own memory, if it has any.
  package var arena: Int?
}

extension ProgramContext {
  func scan(_ kernel: Kernel, _ form: LoopForm) -> LoopFunction {
    let anchor = kernel.anchor!
    var body = StepPlan(schedule.bodies[anchor]!, isBody: true, plan: plan)
    // Of few steps each would have to pack less than all do beforehand.
    let packed = plan.packsConstants && form.length ?? 100 >= 4 ? body.packRightOperands(form.constants) : [:]
    let function = FunctionBuilder(self)
    func number(_ storage: Storage) -> Int {
      if case .parameter(let number) = storage { number } else { preconditionFailure() }
    }
    func parameter(_ id: NodeID, isWritten: Bool) -> Int { number(function.array(id, isWritten: isWritten)) }
    let operands = graph[anchor].operands.map { parameter($0, isWritten: false) }
    // The body's arena, and the results that nothing reads but must lie somewhere.
    var privateBytes = (body.arenaBytes + 63) / 64 * 64
    var results: [Scan.Place] = []
    for (number, type) in form.resultTypes.enumerated() {
      let node = kernel.stores.first { if case .result(number) = families[$0.index] { true } else { false } }
      if let node {
        results.append(.parameter(parameter(node, isWritten: true)))
      } else {
        results.append(.arena(privateBytes))
        // An empty one has a place of its own as well, so that places tell results apart.
        privateBytes += max(type.byteCount + 63, 64) / 64 * 64
      }
    }
    var packedPlaces: [Int: Int] = [:]
    for (number, product) in packed.sorted(by: { $0.key < $1.key }) {
      packedPlaces[number] = privateBytes
      privateBytes += (product.packedBytes + 63) / 64 * 64
    }
    let arena = privateBytes > 0 ? number(function.parameter(.partial(anchor), .u8, node: nil, isWritten: true)) : nil
    func size(_ type: TensorType) -> Int { type.shape.dimensions.dropFirst().reduce(1, *) }
    var arguments = operands.enumerated().map { number, operand -> Scan.Argument in
      let type = form.operandTypes[number]
      if form.carries.contains(number) {
        return .init(storage: results[number], step: 0, dtype: type.dtype, isWritten: true)
      }
      let isSequence = form.sequences.contains(number)
      return .init(
        storage: .parameter(operand), step: isSequence ? size(type) : 0, dtype: type.dtype, isWritten: false,
        packed: packed[number].map { ($0, packedPlaces[number]!) })
    }
    for number in form.stepResults {
      let type = form.resultTypes[number]
      arguments.append(.init(storage: results[number], step: size(type), dtype: type.dtype, isWritten: true))
    }
    let work = body.calls.reduce(0) { $0.plus($1.work) }
    var loop = LoopFunction(nodes: [anchor])
    loop.parameters = function.parameters
    loop.execution = .together(isShared: body.calls.contains(where: \.isShared))
    loop.work = (form.length ?? 100).times(work)
    loop.partialBytes = privateBytes
    loop.scan = Scan(
      body: body, arguments: arguments,
      carries: form.carries.map { (operands[$0], results[$0], form.resultTypes[$0].byteCount) },
      length: form.length,
      isReversed: form.isReversed, arena: arena)
    return loop
  }
}
