// What a loop is made of: its body, and which of the body's inputs and outputs go from step to step, by steps, or stay.

/// A function applied again and again: `body` takes carries, slices of sequences and constants, in this order, and gives new
/// carries and results of the step. The loop takes the first carries, whole sequences and constants; it gives the last
/// carries, and the steps' results stacked along a new first axis, which `result` nodes take out.
package struct LoopForm: Sendable, Hashable {
  /// Another body must have as many carries.
  package var body: Graph
  /// The operands that are what goes into the first step; each keeps its type.
  package let carries: Range<Int>
  /// The operands of which each step gets a slice along the first axis.
  package let sequences: Range<Int>
  /// How many steps there are; nil to go on while the first carry, a bool, is true.
  package let length: Int?
  /// Whether slices are taken, and results stacked, from the last to the first.
  package let isReversed: Bool

  /// A loop over a body whose first `carries` inputs are carries and whose next `sequences` are slices.
  package init(body: Graph, carries: Int, sequences: Int, length: Int?, isReversed: Bool = false) {
    self.body = body
    self.carries = 0..<carries
    self.sequences = carries..<carries + sequences
    self.length = length
    self.isReversed = isReversed
  }

  /// The operands that each step gets as they are.
  package var constants: Range<Int> { sequences.upperBound..<body.inputs.count }
  /// The results that are what comes out of the last step.
  package var carryResults: Range<Int> { carries }
  /// The results that are stacked, a step after the other.
  package var stepResults: Range<Int> { carries.upperBound..<body.outputs.count }

  package static func == (a: LoopForm, b: LoopForm) -> Bool {
    a.carries == b.carries && a.sequences == b.sequences && a.length == b.length && a.isReversed == b.isReversed
      && a.body == b.body
  }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(carries)
    hasher.combine(sequences)
    hasher.combine(length)
    hasher.combine(body.nodes.count)
  }

  /// The types of the loop's operands.
  package var operandTypes: [TensorType] {
    body.inputs.enumerated().map { number, id in sequences.contains(number) ? stacked(body[id].type) : body[id].type }
  }
  /// The types of the loop's results.
  package var resultTypes: [TensorType] {
    body.outputs.enumerated().map { number, id in
      carryResults.contains(number) ? body[id].type : stacked(body[id].type)
    }
  }
  /// The type of all steps' values of a type; without a length there are none.
  private func stacked(_ type: TensorType) -> TensorType {
    TensorType(type.dtype, Shape([length ?? 0] + type.shape.dimensions))
  }
}
