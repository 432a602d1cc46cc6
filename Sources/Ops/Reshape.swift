import DescentIR

/// The elements in row-major order under another shape.
package struct Reshape: Op {
  package var shape: Shape

  package init(_ shape: Shape) { self.shape = shape }
  package static let name = "reshape"
  package static let documentation = "the elements of x in row-major order under another shape"
  package init(_ a: Attributes) throws { self.init(Shape(try a.ints("shape"))) }
  package var attributes: Attributes { ["shape": .ints(shape.dimensions)] }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    guard operands[0].shape.count == shape.count else {
      throw DescentError(
        .type,
        "\(operands[0].shape) with \(operands[0].shape.count) elements cannot take the shape \(shape) with \(shape.count)"
      )
    }
    return TensorType(operands[0].dtype, shape)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [reshape(dy, x[0].shape)] }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray { x[0].reshaped(shape) }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    reshape(x[0], Shape([size] + shape.dimensions))
  }
  package func lowering(_ operands: [TensorType]) -> Lowering { .reshape }
  package static func samples(_ real: DType) -> [Sample] {
    [Sample(Reshape([6]), [.init(real, [2, 3])]), Sample(Reshape([2, 1, 3, 2]), [.init(real, [4, 3])])]
  }
}

/// The elements of `x` in row-major order under another shape; one dimension may be -1 and is then inferred.
public func reshape(_ x: Tensor, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  var shape = shape
  if let hole = shape.dimensions.firstIndex(of: -1) {
    let rest = shape.removing([hole]).count
    shape.dimensions[hole] = rest <= 0 ? 0 : x.shape.count / rest
  }
  return shape == x.shape ? x : .apply(Reshape(shape), [x], at: SourceLocation(file, line))
}
