// Where nodes and errors are: what a function of the library is made of, operators as well, is where the user called it.

import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct Places {
  /// Every function of `Tails.swift`, where it is called.
  @Test func functionsAreWhereTheyAreCalled() throws {
    let shapes: [(tails: [Tail], shapes: [Shape])] = [
      (Tail.unary, [[4]]), (Tail.pairs, [[4], [4]]), (Tail.rows, [[2, 3]]),
    ]
    for (tails, shapes) in shapes {
      // Quotients are taken by an operator, which tells no place.
      for tail in tails where tail.name != "divide" {
        let trace = Trace()
        let graph = try trace.record {
          let arguments = shapes.enumerated().map { trace.input("\($0)", TensorType(.f64, $1)) }
          return try trace.finish([("y", tail.function(arguments))])
        }
        let nodes = graph.nodes.filter { !($0.op is Input || $0.op is Constant) }
        #expect(!nodes.isEmpty, "\(tail.name)")
        for node in nodes {
          #expect(node.location?.file == "OpsTests/Tails.swift", "\(node.op.name) of \(tail.name)")
        }
      }
    }
  }

  /// A function of the library keeps the place of the one that called it; the user's code within has its own.
  @Test func theOutermostPlaceCounts() throws {
    let trace = Trace()
    let graph = try trace.record {
      let x = trace.input("x", TensorType(.f64, [2]))
      let y = pinned("M/a.swift", 7) { softmax(-x) * unpinned { tanh(x, file: "M/b.swift", line: 3) } }
      // After the call its place is the last one told.
      return try trace.finish([("y", -y)])
    }
    for node in graph.nodes where !(node.op is Input || node.op is Constant) {
      let (file, line) = node.op is Tanh ? ("M/b.swift", 3) : ("M/a.swift", 7)
      #expect(node.location == SourceLocation(file: file, line: line), "\(node.op.name)")
    }
    #expect(graph.nodes.filter { $0.op is Negate }.count == 2)
  }

  /// So do errors, evaluated at once or traced, of functions and of operators; and a rule's place counts before a function's.
  @Test func errorsAreWhereTheUserCalled() throws {
    let three = Tensor([1.0, 2, 3])
    let bodies: [@Sendable (Tensor) -> Tensor] = [
      { $0 + three }, { concatenate([$0, $0], axis: 4) }, { matmul($0, three) },
    ]
    for body in bodies {
      let inner = { @Sendable (x: Tensor) in pinned("M/a.swift", 7) { pinned("M/b.swift", 3) { body(x) } } }
      for result in [inner(Tensor([1.0, 2])), grad { @Sendable in sum(inner($0)) }(Tensor([1.0, 2]))] {
        let error = #expect(throws: DescentError.self) { try result.value }
        #expect(error?.location == SourceLocation(file: "M/a.swift", line: 7), "\(error?.message ?? "")")
      }
      let rule = SourceLocation(file: "M/c.swift", line: 5)
      let result = pinned("M/a.swift", 7) {
        Trace.pinned(to: rule) { pinned("M/b.swift", 3) { body(Tensor([1.0, 2])) } }
      }
      #expect((#expect(throws: DescentError.self) { try result.value })?.location == rule)
    }
  }
}
