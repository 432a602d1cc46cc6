// What passes ask of a family: a property each, an exhaustive switch each, so that a new family is met everywhere by the compiler.

/// What a node is when a graph is divided into kernels.
package enum LoweringRole: Sendable, Equatable {
  /// An input, or a function of the index alone: computed by no kernel.
  case leaf
  /// Another way to look at its operand.
  case view
  /// Each element from elements of the operands: computed wherever it is wanted.
  case element
  /// It shapes the loops of a kernel; others may follow in them, or not.
  case anchor(takesEpilogue: Bool)
  /// One of the results of an anchor.
  case part
}

/// How a node reads an operand, the closest first.
package enum Access: Int, Sendable, Comparable {
  /// The element at the index of its own loops.
  case atIndex
  /// Other elements, each once at most.
  case elsewhere
  /// Elements as often as it wants.
  case repeated

  package static func < (a: Access, b: Access) -> Bool { a.rawValue < b.rawValue }
}

/// How a node's tangent follows from those of its operands.
package enum Linearity: Sendable, Equatable {
  /// Its Jacobian is diagonal, and so its own transpose.
  case diagonal
  /// Linear in all operands of real type together.
  case joint
  /// Linear in each operand by itself.
  case each
  /// By the transpose of the vector-Jacobian product.
  case general
}

extension Lowering {
  package var role: LoweringRole {
    switch self {
    case .input, .constant, .iota: .leaf
    case .view, .reshape: .view
    case .pointwise, .pad, .concatenate, .gather: .element
    case .reduction, .contraction, .fold: .anchor(takesEpilogue: true)
    case .argmax, .scatter, .random, .print, .matrices, .loop: .anchor(takesEpilogue: false)
    case .result: .part
    }
  }

  /// How the operand at a position is read.
  package func access(_ position: Int) -> Access {
    switch self {
    // Each row is picked by its index, which is read once.
    case .gather: position == 1 ? .elsewhere : .repeated
    case .scatter: position == 0 ? .atIndex : .repeated
    case .pad, .concatenate, .fold: .elsewhere
    case .matrices, .loop: .repeated
    case .input, .constant, .iota, .pointwise, .view, .reshape, .reduction, .argmax, .contraction, .result, .random,
      .print:
      .atIndex
    }
  }

  /// Whether each element of an anchor's result is begun with the element of the first operand at the same index.
  package var isBegunWithOperand: Bool {
    switch self {
    case .scatter: true
    case .input, .constant, .iota, .pointwise, .view, .reshape, .pad, .concatenate, .fold, .reduction, .argmax,
      .contraction, .gather, .matrices, .loop, .result, .random, .print:
      false
    }
  }

  /// Whether operands must lie in memory, even those that are functions of the index alone.
  package var readsMemory: Bool {
    switch self {
    case .contraction, .matrices, .loop: true
    case .input, .constant, .iota, .pointwise, .view, .reshape, .pad, .concatenate, .fold, .reduction, .argmax, .gather,
      .scatter,
      .result, .random, .print:
      false
    }
  }

  /// Whether an operand that nothing else reads is computed in its loops.
  package var computesOperands: Bool {
    switch self {
    case .reduction, .argmax, .fold: true
    case .input, .constant, .iota, .pointwise, .view, .reshape, .pad, .concatenate, .contraction, .gather, .scatter,
      .matrices, .loop, .result,
      .random, .print:
      false
    }
  }

  /// Whether it costs less to compute again than to keep.
  package var isCheap: Bool {
    switch self {
    case .pointwise, .view, .reshape, .constant, .iota, .pad: true
    case .input, .concatenate, .fold, .reduction, .argmax, .contraction, .gather, .scatter, .matrices, .loop,
      .result,
      .random, .print:
      false
    }
  }

  package var linearity: Linearity {
    switch self {
    case .pointwise: .diagonal
    case .view, .reshape, .pad, .concatenate, .reduction(.sum, _), .gather, .scatter(_, nil), .scatter(_, .sum): .joint
    case .contraction: .each
    case .input, .constant, .iota, .fold, .reduction, .argmax, .scatter, .matrices, .loop, .result, .random, .print:
      .general
    }
  }

  /// The largest number of terms that one element is the sum of, operands being of these types.
  package func longestSum(_ types: [TensorType]) -> Int {
    switch self {
    case .contraction(let axes): axes.lhsContracting.reduce(1) { $0 * types[0].shape[$1] }
    case .reduction(_, let axes): axes.reduce(1) { $0 * types[0].shape[$1] }
    case .fold(let sources): sources.reduce(1) { $1.terms.count == 2 ? $0 * types[0].shape[$1.terms[1].axis] : $0 }
    case .loop(let form): (form.length ?? 1000) * form.body.longestSum
    case .scatter: types[1].shape.count
    case .matrices(let kernel): kernel.terms
    case .input, .constant, .iota, .pointwise, .view, .reshape, .pad, .concatenate, .argmax, .gather, .result, .random,
      .print:
      1
    }
  }

  /// Whether it is folded where its operands are constants; of a pointwise one its cost decides.
  package func isFolded(below cost: Int) -> Bool {
    switch self {
    case .random, .iota, .constant, .loop, .result, .input, .print: false
    case .pointwise(let rule): rule.cost <= cost
    case .view, .reshape, .pad, .concatenate, .fold, .reduction, .argmax, .contraction, .gather, .scatter,
      .matrices:
      true
    }
  }
}

extension Graph {
  /// The largest number of terms that one element of a node is the sum of.
  package var longestSum: Int {
    ids.reduce(1) { longest, id in
      max(longest, lowering(of: id).longestSum(self[id].operands.flatMap { self[$0].result.types }))
    }
  }
}
