import DescentIR

/// The order of a row's elements.
package struct Argsort: RowOp {
  package var isDescending: Bool

  package init(isDescending: Bool = false) { self.isDescending = isDescending }
  package static let name = "argsort"
  package static let documentation =
    "y = the positions (i32) of each row's elements in ascending or descending order; equal ones keep theirs, NaN is greatest"
  package init(_ a: Attributes) throws { self.init(isDescending: try a.bool("isDescending")) }
  package var attributes: Attributes { ["isDescending": .bool(isDescending)] }

  package func resultType(of operand: DType) -> DType { .i32 }
  package func kernel(_ count: Int, bytes: Int) -> MatrixKernel {
    // A pair of arrays of keys and of positions (DSC_ROWS_SCRATCH), in elements.
    let scratch = count * 2 * (bytes <= 4 ? 8 : 12) / bytes
    let rounds = Int.bitWidth - count.leadingZeroBitCount
    return MatrixKernel(
      .argsort, [count, isDescending ? 1 : 0], operands: [count], result: count, scratch: scratch, terms: 1,
      work: count * 4 * rounds)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [nil] }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Argsort(), [.init(real, [7])]), Sample(Argsort(isDescending: true), [.init(real, [3, 5])]),
      Sample(Argsort(), [.init(real, [2, 2100])]), Sample(Argsort(isDescending: true), [.init(.i32, [40], 0...9)]),
      Sample(Argsort(), [.init(.i64, [2, 2, 33], 0...9)]), Sample(Argsort(), [.init(.u8, [70], 0...9)]),
      Sample(Argsort(), [.init(.i64, [2500], -1e6...1e6)]), Sample(Argsort(), [.init(real, [3, 0])]),
    ]
  }
}
