// The graph and its verifier, traces, tensors as values and as nodes, shapes, arrays.

import DescentIR
import DescentOps
import Testing

/// An operation that says whatever type it is told to: what the verifier is there to find.
private struct Liar: AttributeFreeOp {
  static let name = "liar"
  static let documentation = ""
  static func samples(_ real: DType) -> [Sample] { [] }
  func resultType(_ operands: [TensorType]) throws -> TensorType { TensorType(.f32, [-1]) }
  func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [] }
  func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0] }
  func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { x[0] }
  func lowering(_ operands: [TensorType]) -> Lowering { .reshape }
}

@Suite struct GraphTests {
  private func small() throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.f32, [3]))
    let y = try graph.append(Tanh(), [x])
    (graph.outputs, graph.outputLabels) = ([y], ["y"])
    return graph
  }

  @Test func verifierAcceptsAndRefuses() throws {
    var graph = try small()
    try graph.verify()
    graph.outputs = [NodeID(9)]
    #expect(throws: DescentError.self) { try graph.verify() }
    graph.outputs = [NodeID(-1)]
    #expect(throws: DescentError.self) { try graph.verify() }
    graph = try small()
    graph.outputLabels = []
    #expect(throws: DescentError.self) { try graph.verify() }
  }

  @Test func appendRefusesWhatDoesNotFit() throws {
    var graph = try small()
    let at = SourceLocation(file: "A.swift", line: 4)
    let error = #expect(throws: DescentError.self) { try graph.append(Add(), [NodeID(0)], at: at) }
    #expect(error?.location == at)
    let impossible = #expect(throws: DescentError.self) { try graph.append(Liar(), []) }
    #expect(impossible?.message == "liar would give a tensor of shape [-1]: the size -1 of axis 0 is below 0")
    #expect(graph.nodes.count == 2)
  }

  /// Built twice a graph is equal to itself, NaN and all; one difference of any kind makes another.
  @Test func equalityIsByStructure() throws {
    func graph(
      _ numbers: [Float] = [0, .nan], input: String = "x", output: String = "y", axes: [Int] = [0], line: Int = 1,
      adjointOf: String? = nil, swapped: Bool = false, inner: Float = 1
    ) throws -> Graph {
      var body = Graph()
      let carry = body.addInput("c", TensorType(.f32, [2]))
      let step = try body.append(Constant(HostArray([2], [inner, 2])), [])
      (body.outputs, body.outputLabels) = ([try body.append(Add(), [carry, step])], ["c"])
      var graph = Graph()
      let x = graph.addInput(input, TensorType(.f32, [2]))
      let c = try graph.append(Constant(HostArray([2], numbers)), [])
      let place = SourceLocation(file: "A.swift", line: line)
      let y = try graph.append(Subtract(), swapped ? [c, x] : [x, c], at: place, adjointOf: adjointOf)
      let z = try graph.append(Loop(LoopForm(body: body, carries: 1, sequences: 0, length: 3)), [y], at: place)
      graph.outputs = [try graph.append(Reverse(axes: axes), [try graph.append(LoopResult(0), [z])])]
      graph.outputLabels = [output]
      return graph
    }
    #expect(try graph() == graph())
    let others = [
      try graph([-0.0, .nan]), try graph([0, 1]), try graph(input: "w"), try graph(output: "w"), try graph(line: 2),
      try graph(adjointOf: "add"), try graph(swapped: true), try graph(inner: 0), try graph(axes: []),
    ]
    for (number, other) in others.enumerated() {
      #expect(try other != graph(), "\(number)")
      #expect(others[..<number].allSatisfy { $0 != other }, "\(number)")
    }
    var shorter = try graph()
    shorter.outputs = [NodeID(0)]
    #expect(try shorter != graph())
  }

  @Test func traceKeepsPlacesAndAdjoints() throws {
    let trace = Trace()
    let graph = try trace.record {
      let x = trace.input("x", TensorType(.f32, [2]))
      let y = tanh(x, file: "M/a.swift", line: 7) * 2
      return try trace.finish([("y", y)])
    }
    // Operators cannot tell their place and take over the last one told.
    #expect(graph.nodes.last?.location == SourceLocation(file: "M/a.swift", line: 7))
    let node = graph.nodes[1]
    let adjoint = trace.record {
      trace.pinned(to: node.location, adjointOf: node.op.name) { tanh(trace.input("z", node.type), file: "X", line: 1) }
    }
    let id = try trace.lift(adjoint)
    #expect(trace.graph[id].adjointOf == "tanh")
    #expect(trace.graph[id].location == node.location)
  }

  @Test func aTensorOfAnotherTraceIsRefused() throws {
    let (a, b) = (Trace(), Trace())
    let x = a.input("x", TensorType(.f32, []))
    let y = b.record { tanh(x) }
    let error = #expect(throws: DescentError.self) { try y.value }
    #expect(error?.kind == .usage)
    #expect(throws: DescentError.self) { try x.value }
  }

  @Test func failuresPassThrough() throws {
    let broken = Tensor([1.0, 2]) + Tensor([1.0, 2, 3])
    let later = sum(tanh(broken) * 2)
    let error = #expect(throws: DescentError.self) { try later.scalar }
    #expect(error?.message == "add of shapes [2] and [3], which do not broadcast to a common shape")
  }

  @Test func shapes() {
    #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
    #expect(Shape([]).count == 1 && Shape([2, 0]).count == 0)
    #expect(Shape.broadcast([2, 1], [3]) == [2, 3])
    #expect(Shape.broadcast([], []) == [])
    #expect(Shape.broadcast([2], [3]) == nil)
    #expect(Shape([4, 5])[-1] == 5)
    var seen: [[Int]] = []
    Shape([2, 2]).forEachIndex { seen.append($0) }
    #expect(seen == [[0, 0], [0, 1], [1, 0], [1, 1]])
    seen = []
    Shape([]).forEachIndex { seen.append($0) }
    #expect(seen == [[]])
    Shape([3, 0]).forEachIndex { _ in Issue.record("an empty shape has no index") }
  }

  @Test(arguments: DType.allCases)
  func arraysKeepTheirType(_ dtype: DType) {
    for shape in [Shape([]), [3], [0], [2, 0]] {
      let array = HostArray(TensorType(dtype, shape)) { Double($0) }
      #expect(array.type == TensorType(dtype, shape))
      #expect(array.reshaped(shape) == array)
      #expect(array.picking(shape) { $0 } == array)
      let copy = array.withBytes { bytes in
        #expect(bytes.count == array.type.byteCount)
        return HostArray(array.type) { target in target.copyBytes(from: bytes) }
      }
      #expect(copy == array)
    }
  }

  @Test func conversionsClampAndWrap() {
    #expect([Double.nan, 1e30, -1e30, -1.9, 1.9].map { Int32(clamping: $0) } == [0, .max, .min, -1, 1])
    #expect([Double.nan, 1e30, -1e30, 0x1p63].map { Int64(clamping: $0) } == [0, .max, .min, .max])
    #expect(UInt8(wrapping: 257) == 1 && UInt8(clamping: 257) == 255 && UInt8(clamping: -0.5) == 0)
  }
}
