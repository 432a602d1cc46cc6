// Pooling over windows of the spatial axes. Channels are the last axis.

import DescentIR
import DescentOps

/// The greatest element of each window: `MaxPool([2, 2])` halves an image. Windows step by their size unless told otherwise.
public struct MaxPool: WeightlessLayer {
  public let sizes: [Int]
  public let strides: [Int]?
  public let padding: Padding
  public let dilations: [Int]?
  let place: SourceLocation

  public init(
    _ sizes: [Int], strides: [Int]? = nil, padding: Padding = .valid, dilations: [Int]? = nil,
    file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.sizes = sizes
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    place = SourceLocation(file, line)
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      maxPool(x, sizes: sizes, strides: strides, padding: padding, dilations: dilations)
    }
  }
}

/// The mean of each window. Windows step by their size unless told otherwise; padding elements count as zeros unless
/// `countsPadding` is false.
public struct AveragePool: WeightlessLayer {
  public let sizes: [Int]
  public let strides: [Int]?
  public let padding: Padding
  public let countsPadding: Bool
  let place: SourceLocation

  public init(
    _ sizes: [Int], strides: [Int]? = nil, padding: Padding = .valid, countsPadding: Bool = true,
    file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.sizes = sizes
    self.strides = strides
    self.padding = padding
    self.countsPadding = countsPadding
    place = SourceLocation(file, line)
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      averagePool(x, sizes: sizes, strides: strides, padding: padding, countsPadding: countsPadding)
    }
  }
}

/// The mean over all spatial axes: [n, s1, …, c] becomes [n, c].
public struct GlobalAveragePool: WeightlessLayer {
  let place: SourceLocation
  public init(file: StaticString = #fileID, line: UInt = #line) { place = SourceLocation(file, line) }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      globalAveragePool(x)
    }
  }
}
