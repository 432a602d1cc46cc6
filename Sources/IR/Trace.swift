// The graph under construction. Exactly one is in force in a task at a time; transforms nested in it append to it.

import Synchronization

/// A graph being built by running the user's function on nodes.
///
/// A trace with a parent is the body of a function inside another trace. A tensor of the parent that the body uses, or of the
/// parent's own parent, becomes a further input of the body; `captures` says which tensor belongs to it.
package final class Trace: Sendable {
  private struct State {
    var graph = Graph()
    var captures: [(outer: Tensor, input: NodeID)] = []
    /// The last place in the user's program that was told; operators, which cannot tell theirs, take it over.
    var location: SourceLocation?
    var adjointOf: String?
    /// Whether nodes stay at `location` whatever place they tell.
    var isPinned = false
  }
  private let state: Mutex<State>
  private let parent: Trace?
  /// Where constants are kept, of a trace and its bodies; nil where nobody asks.
  private let ledger: ConstantLedger?

  /// `location` is the place of what is traced until an operation tells another.
  package init(parent: Trace? = nil, at location: SourceLocation? = nil, ledger: ConstantLedger? = nil) {
    state = Mutex(State(location: location))
    self.parent = parent
    self.ledger = ledger ?? parent?.ledger
  }

  /// A trace that goes on behind the nodes of a graph.
  package init(extending graph: Graph) {
    state = Mutex(State(graph: graph))
    parent = nil
    ledger = nil
  }

  /// The trace that operations append to, nil outside every transform.
  @TaskLocal package static var current: Trace?

  /// Runs `body` with this trace in force.
  package func record<R>(_ body: () throws -> R) rethrows -> R { try Trace.$current.withValue(self, operation: body) }

  package var graph: Graph { state.withLock(\.graph) }
  /// The tensors of enclosing traces that were used here, in the order of the inputs that stand for them.
  package var captures: [Tensor] { state.withLock { $0.captures.map(\.outer) } }
  /// The last place in the user's program that an operation told.
  package var location: SourceLocation? { state.withLock(\.location) }

  package func input(_ label: String, _ type: TensorType) -> Tensor {
    Tensor(node: state.withLock { $0.graph.addInput(label, type) }, of: self, type: type)
  }

  /// The node of a tensor in this trace; a value becomes a constant. Throws for a failure and a foreign node.
  package func lift(_ tensor: Tensor) throws -> NodeID {
    switch tensor.storage {
    case .failure(let error): throw error
    case .value(let array):
      if let input = ledger?.input(for: array, of: root) { return try lift(input) }
      return try state.withLock { state in
        let location = state.isPinned ? state.location : SourceLocation.pinned ?? state.location
        return try state.graph.append(Constant(array), [], at: location)
      }
    case .node(let trace, let id):
      if trace === self { return id }
      guard encloses(trace) else {
        throw DescentError(.usage, "a tensor of one compiled function was used in another; pass it as an argument")
      }
      return state.withLock { state in
        let known = state.captures.first { $0.outer.storage.isNode(id, of: trace) }
        if let known { return known.input }
        let input = state.graph.addInput("captured.\(state.captures.count)", tensor.type)
        state.captures.append((tensor, input))
        return input
      }
    }
  }
  private var root: Trace { parent?.root ?? self }
  private func encloses(_ trace: Trace) -> Bool {
    guard let parent else { return false }
    return parent === trace || parent.encloses(trace)
  }

  package func append(_ op: any Op, _ operands: [Tensor], at location: SourceLocation?, guess: TensorType) -> Tensor {
    do {
      return tensor(try append(op, try operands.map { try lift($0) }, at: location))
    } catch let error as DescentError {
      return Tensor(failure: error, type: guess)
    } catch {
      return Tensor(failure: DescentError(.type, "\(error)"), type: guess)
    }
  }

  /// Appends a node on nodes of this trace.
  package func append(_ op: any NodeOp, _ operands: [NodeID], at location: SourceLocation?) throws -> NodeID {
    let told = location ?? SourceLocation.pinned
    return try state.withLock { state in
      if let told, !state.isPinned { state.location = told }
      return try state.graph.append(op, operands, at: state.location, adjointOf: state.adjointOf)
    }
  }

  /// The tensor that a node of this trace gives.
  package func tensor(_ id: NodeID) -> Tensor {
    Tensor(node: id, of: self, type: state.withLock { $0.graph[id].type })
  }

  /// Another loop in the place of a node's, as `Graph.replace` puts it there.
  package func replace(_ id: NodeID, by loop: any NodeOp) throws {
    try state.withLock { try $0.graph.replace(id, by: loop) }
  }

  /// Runs `body` with new nodes at `location`, whatever place they tell: rules call public functions, which tell their callers'.
  /// Where an operation is named, they are marked as part of its adjoint. What is nil stays as it is.
  package func pinned<R>(to location: SourceLocation?, adjointOf operation: String? = nil, _ body: () throws -> R)
    rethrows -> R
  {
    let before = state.withLock { state in
      let before = (state.location, state.adjointOf, state.isPinned)
      state.location = location ?? state.location
      state.adjointOf = operation ?? state.adjointOf
      state.isPinned = true
      return before
    }
    defer { state.withLock { ($0.location, $0.adjointOf, $0.isPinned) = before } }
    return try body()
  }

  /// The same in the trace in force; where there is none, errors have the place.
  package static func pinned<R>(
    to location: SourceLocation?, adjointOf operation: String? = nil, _ body: () throws -> R
  ) rethrows -> R {
    guard let current else {
      return try SourceLocation.$pinned.withValue(location ?? SourceLocation.pinned, operation: body)
    }
    return try current.pinned(to: location, adjointOf: operation, body)
  }

  /// Names the outputs and gives the finished graph; throws the first error met while tracing them.
  package func finish(_ outputs: [(label: String, tensor: Tensor)]) throws -> Graph {
    let ids = try outputs.map { try lift($0.tensor) }
    return state.withLock { state in
      var graph = state.graph
      graph.outputs = ids
      graph.outputLabels = outputs.map(\.label)
      return graph
    }
  }
}

extension Tensor.Storage {
  fileprivate func isNode(_ id: NodeID, of trace: Trace) -> Bool {
    if case .node(let other, let otherID) = self { other === trace && otherID == id } else { false }
  }
}

/// Numbers known when the graph is built.
package struct Constant: Op {
  package static let name = "constant"
  package static let documentation = "The numbers given."
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Constant(HostArray(TensorType(real, [2, 3])) { Double($0) / 3 }), []),
      Sample(Constant(HostArray([2], [true, false])), []),
    ]
  }

  package var array: HostArray
  package init(_ array: HostArray) { self.array = array }
  package init(_ a: Attributes) throws { array = try a.array("value") }
  package var attributes: Attributes { ["value": .array(array)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType { array.type }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { array }
  /// Without operands nothing is ever batched; the same numbers for each element of the batch.
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    let shape = Shape([size] + array.shape.dimensions)
    return .apply(Constant(array.picking(shape) { $0 % array.count }), [])
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .constant(array) }
}
