// Convolution and its transpose in any number of spatial dimensions. Channels are the last axis.

import DescentIR
import DescentOps

/// y = σ(x ∗ W + b) over the spatial axes: x [n, s1, …, c], W [k1, …, c / groups, filters], b [filters], y [n, o1, …, filters].
///
/// `kernel` has one size for each spatial axis, so `Convolution(32, kernel: [3, 3])` takes images. With as many groups as
/// channels it is depthwise. Weights: `weight`, drawn by `initializer` in the element type of the input; `bias`, zero at first.
public struct Convolution: Layer {
  public let filters: Int
  public let kernel: [Int]
  public let strides: [Int]?
  public let padding: Padding
  public let dilations: [Int]?
  public let groups: Int
  public let bias: Bool
  public let activation: Activation?
  public let initializer: Initializer
  let place: SourceLocation

  public init(
    _ filters: Int, kernel: [Int], strides: [Int]? = nil, padding: Padding = .valid, dilations: [Int]? = nil,
    groups: Int = 1,
    bias: Bool = true, activation: Activation? = nil, initializer: Initializer = .glorotUniform,
    file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.filters = filters
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.dilations = dilations
    self.groups = groups
    self.bias = bias
    self.activation = activation
    self.initializer = initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try weights(for: input, key) { channels in [channels / groups, filters] }
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let product = convolution(
        x, weights.weight, strides: strides, padding: padding, dilations: dilations, groups: groups)
      return activated(product, bias ? weights.bias : nil, activation, place)
    }
  }
}

/// The adjoint of a convolution with an activation: x [n, s1, …, c], W [k1, …, c, filters / groups], y [n, o1, …, filters], where
/// o = (s - 1) stride - 2 padding + dilation (k - 1) + 1 + outputPadding.
public struct TransposedConvolution: Layer {
  public let filters: Int
  public let kernel: [Int]
  public let strides: [Int]?
  public let padding: [Int]?
  public let outputPadding: [Int]?
  public let dilations: [Int]?
  public let groups: Int
  public let bias: Bool
  public let activation: Activation?
  public let initializer: Initializer
  let place: SourceLocation

  public init(
    _ filters: Int, kernel: [Int], strides: [Int]? = nil, padding: [Int]? = nil, outputPadding: [Int]? = nil,
    dilations: [Int]? = nil,
    groups: Int = 1, bias: Bool = true, activation: Activation? = nil, initializer: Initializer = .glorotUniform,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.filters = filters
    self.kernel = kernel
    self.strides = strides
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilations = dilations
    self.groups = groups
    self.bias = bias
    self.activation = activation
    self.initializer = initializer
    place = SourceLocation(file, line)
  }

  public func initialize(input: TensorType, key: RandomKey) throws -> Weights {
    try weights(for: input, key) { channels in [channels, filters / groups] }
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      let product = transposedConvolution(
        x, weights.weight, strides: strides, padding: padding, outputPadding: outputPadding, dilations: dilations,
        groups: groups)
      return activated(product, bias ? weights.bias : nil, activation, place)
    }
  }
}

/// What a convolution and its transpose have in common.
private protocol ConvolutionLayer {
  var filters: Int { get }
  var kernel: [Int] { get }
  var groups: Int { get }
  var bias: Bool { get }
  var initializer: Initializer { get }
  var place: SourceLocation { get }
}
extension Convolution: ConvolutionLayer {}
extension TransposedConvolution: ConvolutionLayer {}

extension ConvolutionLayer {
  /// Weights for an input; `last` gives the kernel's last two axes for this many channels. Throws where the input does not fit.
  func weights(for input: TensorType, _ key: RandomKey, last: (Int) -> [Int]) throws -> Weights {
    guard input.shape.rank == kernel.count + 2, input.dtype.isFloating, groups >= 1, input.shape[-1] % groups == 0,
      filters % groups == 0
    else {
      throw DescentError(
        .type,
        "\(Self.self)(\(filters), kernel: \(kernel)) of \(input): an input [n, \(kernel.count) spatial axes, channels] of f32 or"
          + " f64 is needed, with channels and filters that the \(groups) groups divide", at: place)
    }
    let type = TensorType(input.dtype, Shape(kernel + last(input.shape[-1])))
    var w = Weights()
    w.weight = pinned(place) { initializer(type, Fans(kernel: type.shape), key.fold(0)) }
    if bias { w.bias = zeros([filters], dtype: input.dtype) }
    return w
  }
}
