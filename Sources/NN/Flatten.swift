import DescentIR
import DescentOps

/// All axes but the batch axis, which is the first, merged into one: [n, a, b, ...] becomes [n, a b ...], in row-major order.
public struct Flatten: WeightlessLayer {
  let place: SourceLocation

  public init(file: StaticString = #fileID, line: UInt = #line) { place = SourceLocation(file, line) }

  public func output(input: TensorType) throws -> TensorType {
    guard input.shape.rank > 0 else {
      throw DescentError(.type, "Flatten of \(input): a batch axis is needed", at: place)
    }
    return TensorType(input.dtype, [input.shape[0], input.shape.dimensions.dropFirst().reduce(1) { $0.times($1) }])
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      flatten(x, from: 1)
    }
  }
}
