// When two graphs are the same: node for node, by structure, without printing either. Numbers are compared by their bits,
// so NaN equals itself and 0 differs from -0; places in the user's program, labels and adjoint marks count.

import Foundation

extension Graph: Equatable {
  package static func == (a: Graph, b: Graph) -> Bool {
    a.nodes.count == b.nodes.count && a.outputs == b.outputs && a.outputLabels == b.outputLabels && a.nodes == b.nodes
  }
}

extension Node: Equatable {
  package static func == (a: Node, b: Node) -> Bool {
    a.operands == b.operands && a.result == b.result && a.location == b.location && a.adjointOf == b.adjointOf
      && a.isRepeated == b.isRepeated && a.op.isIdentical(to: b.op)
  }
}

extension NodeOp {
  /// Whether both are the same operation with the same attributes.
  package func isIdentical(to other: any NodeOp) -> Bool { name == other.name && attributes == other.attributes }
}

extension Attribute: Equatable {
  package static func == (a: Attribute, b: Attribute) -> Bool {
    switch (a, b) {
    case (.int(let a), .int(let b)): a == b
    case (.ints(let a), .ints(let b)): a == b
    case (.real(let a), .real(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a == b
    case (.dtype(let a), .dtype(let b)): a == b
    case (.bool(let a), .bool(let b)): a == b
    case (.array(let a), .array(let b)): a.isIdentical(to: b)
    case (.graph(let a), .graph(let b)): a == b
    case (.int, _), (.ints, _), (.real, _), (.string, _), (.dtype, _), (.bool, _), (.array, _), (.graph, _): false
    }
  }
}

extension HostArray {
  /// Whether types and bits agree.
  package func isIdentical(to other: HostArray) -> Bool {
    type == other.type
      && withBytes { a in
        // One type and so one size.
        other.withBytes { b in
          a.isEmpty || a.baseAddress == b.baseAddress || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
        }
      }
  }
}
