import DescentIR

/// Sliding windows along axes: sizes, steps between windows, and steps within one, in elements.
package struct WindowShape: Sendable, Hashable {
  /// The operand's axes that windows slide along, ascending.
  package var axes: [Int]
  package var sizes: [Int]
  package var strides: [Int]
  package var dilations: [Int]

  package init(axes: [Int], sizes: [Int], strides: [Int], dilations: [Int]) {
    self.axes = axes
    self.sizes = sizes
    self.strides = strides
    self.dilations = dilations
  }
  package init(_ a: Attributes) throws {
    self.init(
      axes: try a.ints("axes"), sizes: try a.ints("sizes"), strides: try a.ints("strides"),
      dilations: try a.ints("dilations"))
  }
  package var attributes: [(name: String, value: Attribute)] {
    [("axes", .ints(axes)), ("sizes", .ints(sizes)), ("strides", .ints(strides)), ("dilations", .ints(dilations))]
  }
  /// The same under a batch axis in front.
  package var batched: WindowShape {
    WindowShape(axes: axes.map { $0 + 1 }, sizes: sizes, strides: strides, dilations: dilations)
  }

  /// Elements of the operand that window `i` reaches over.
  package func span(_ i: Int) -> Int { (sizes[i] - 1).times(dilations[i]).plus(1) }
  /// Where the axes within a window stand in the result: after the last axis that windows slide along.
  package var place: Int { axes.last! + 1 }

  /// Throws where the numbers do not fit an operand of this shape.
  package func check(_ shape: Shape) throws {
    let counts = [sizes.count, strides.count, dilations.count]
    guard !axes.isEmpty, counts.allSatisfy({ $0 == axes.count }), axes == Set(axes).sorted(), axes.first! >= 0,
      axes.last! < shape.rank,
      (sizes + strides + dilations).allSatisfy({ $0 >= 1 })
    else {
      throw DescentError(
        .type,
        "windows along axes \(axes) of sizes \(sizes), strides \(strides), dilations \(dilations) over shape \(shape):"
          + " each needs one number of at least 1 for each axis")
    }
    for (i, axis) in axes.enumerated() where span(i) > shape[axis] {
      throw DescentError(
        .type,
        "a window of size \(sizes[i]) with dilation \(dilations[i]) reaches over \(span(i)) elements, but axis \(axis) of"
          + " shape \(shape) has \(shape[axis])")
    }
  }
  /// The shape of all windows of an operand.
  package func result(_ shape: Shape) -> Shape {
    var dimensions = shape.dimensions
    for (i, axis) in axes.enumerated() { dimensions[axis] = (shape[axis] - span(i)) / strides[i] + 1 }
    dimensions.insert(contentsOf: sizes, at: place)
    return Shape(dimensions)
  }
  /// For each axis of the operand its index from the result's.
  package func sources(rank: Int) -> [AxisSource] {
    (0..<rank).map { axis in
      let outer = axis < place ? axis : axis + axes.count
      guard let i = axes.firstIndex(of: axis) else { return AxisSource(axis: outer) }
      return AxisSource([.init(axis: outer, stride: strides[i]), .init(axis: place + i, stride: dilations[i])])
    }
  }
}

/// The windows onto the operand that slide along some of its axes; they may overlap.
package struct Windows: Op {
  package var windows: WindowShape

  package init(_ windows: WindowShape) { self.windows = windows }
  package static let name = "windows"
  package static let documentation =
    "y[.., o, .., k, ..] = x[.., o stride + k dilation, ..]; the axes k follow the last windowed axis"
  package init(_ a: Attributes) throws { self.init(try WindowShape(a)) }
  package var attributes: Attributes { Attributes(windows.attributes) }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    try windows.check(operands[0].shape)
    return TensorType(operands[0].dtype, windows.result(operands[0].shape))
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] {
    [.apply(Fold(windows, extents: windows.axes.map { x[0].shape[$0] }), [dy])]
  }
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    evaluateView(x[0], windows.sources(rank: x[0].shape.rank), type.shape)
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor { .apply(Windows(windows.batched), x) }
  package func lowering(_ operands: [TensorType]) -> Lowering { .view(windows.sources(rank: operands[0].shape.rank)) }
  package static func samples(_ real: DType) -> [Sample] {
    [
      Sample(Windows(.init(axes: [1], sizes: [3], strides: [1], dilations: [1])), [.init(real, [2, 7])]),
      Sample(Windows(.init(axes: [0], sizes: [2], strides: [3], dilations: [1])), [.init(real, [9])]),
      Sample(
        Windows(.init(axes: [1, 2], sizes: [3, 2], strides: [2, 1], dilations: [1, 2])), [.init(real, [2, 7, 5, 3])]),
      Sample(
        Windows(.init(axes: [0, 2], sizes: [2, 2], strides: [1, 2], dilations: [2, 1])), [.init(.i32, [5, 2, 6])]),
    ]
  }
}

/// The adjoint of `Windows`: windows laid back where they came from and added where they overlap.
package struct Fold: Op {
  package var windows: WindowShape
  /// The result's extents along the windowed axes.
  package var extents: [Int]

  package init(_ windows: WindowShape, extents: [Int]) {
    self.windows = windows
    self.extents = extents
  }
  package static let name = "fold"
  package static let documentation = "y[.., i, ..] = Σ x[.., o, .., k, ..] over all o, k with o stride + k dilation = i"
  package init(_ a: Attributes) throws { self.init(try WindowShape(a), extents: try a.ints("extents")) }
  package var attributes: Attributes { Attributes(windows.attributes + [("extents", .ints(extents))]) }

  package func resultType(_ operands: [TensorType]) throws -> TensorType {
    try expectCount(operands, 1)
    let (x, count) = (operands[0], windows.axes.count)
    guard x.dtype != .bool else { throw DescentError(.type, "fold is not defined on bool; convert it first") }
    guard extents.count == count, count > 0, x.shape.rank >= windows.place + count else {
      throw DescentError(
        .type, "fold along axes \(windows.axes) to extents \(extents) of shape \(x.shape), which has no such windows")
    }
    var dimensions = x.shape.dimensions
    dimensions.removeSubrange(windows.place..<windows.place + count)
    for (axis, extent) in zip(windows.axes, extents) { dimensions[axis] = extent }
    let result = Shape(dimensions)
    try windows.check(result)
    guard windows.result(result) == x.shape else {
      throw DescentError(
        .type, "fold to shape \(result) takes windows of shape \(windows.result(result)), not \(x.shape)")
    }
    return TensorType(x.dtype, result)
  }
  package func vjp(_ x: [Tensor], _ y: Tensor, _ dy: Tensor) -> [Tensor?] { [.apply(Windows(windows), [dy])] }
  /// Floating sums are carried in double precision: this is the oracle.
  package func evaluate(_ x: [HostArray], _ type: TensorType) -> HostArray {
    let targets = positions(windows.sources(rank: type.shape.rank), from: x[0].shape, in: type.shape)
    if type.dtype.isFloating {
      var result = [Double](repeating: 0, count: type.shape.count)
      for (value, target) in zip(x[0].doubles, targets) { result[target] += value }
      return HostArray(type) { result[$0] }
    }
    var result = [Int](repeating: 0, count: type.shape.count)
    for (value, target) in zip(x[0].ints, targets) { result[target] &+= value }
    func wrap<T: Element>(_: T.Type) -> HostArray { HostArray(type.shape, result.map { T(wrapping: $0) }) }
    return dispatch(type.dtype) { wrap($0) }
  }
  package func batch(_ x: [Tensor], _ batched: [Bool], _ size: Int) -> Tensor {
    .apply(Fold(windows.batched, extents: extents), x)
  }
  package func lowering(_ operands: [TensorType]) -> Lowering {
    .fold(windows.sources(rank: operands[0].shape.rank - windows.axes.count))
  }
  package static func samples(_ real: DType) -> [Sample] {
    Windows.samples(real).map { sample in
      let windows = (sample.op as! Windows).windows, operand = sample.operands[0].type
      return Sample(
        Fold(windows, extents: windows.axes.map { operand.shape[$0] }),
        [.init(operand.dtype, windows.result(operand.shape), -9...9)])
    }
  }
}

/// The windows of `sizes` that slide along `axes` of `x`: the result has, in place of each such axis, one that counts windows,
/// and after the last of them an axis for the elements within a window along each.
public func slidingWindows(
  _ x: Tensor, axes: [Int], sizes: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let one = axes.map { _ in 1 }
  let windows = WindowShape(
    axes: normalized(axes, rank: x.rank), sizes: sizes, strides: strides ?? one, dilations: dilations ?? one)
  return .apply(Windows(windows), [x], at: SourceLocation(file, line))
}
