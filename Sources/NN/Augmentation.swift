// Layers that move images about at random in training, each row by itself: [n, h, w, c] of any element type. In inference they
// leave images as they are, or crop them in the middle.

import DescentIR
import DescentOps

/// Images mirrored left to right, each with probability one half, in training.
public struct RandomFlip: WeightlessLayer {
  let place: SourceLocation

  public init(file: StaticString = #fileID, line: UInt = #line) { place = SourceLocation(file, line) }

  public func output(input: TensorType) throws -> TensorType {
    try checkImages("RandomFlip", input, place)
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      guard x.rank == 4 else { return .fail(imageMessage("RandomFlip", x.type), x, at: place) }
      return context.randomly("RandomFlip", x, place) { key in
        let isFlipped = bernoulli(0.5, [x.shape[0], 1, 1, 1], key: key)
        return `where`(isFlipped, reverse(x, axes: [2]), x)
      }
    }
  }
}

/// Images moved by -pixels...pixels down and across in training, what comes in from outside being 0.
public struct RandomShift: WeightlessLayer {
  public let pixels: Int
  let place: SourceLocation

  public init(_ pixels: Int, file: StaticString = #fileID, line: UInt = #line) {
    self.pixels = pixels
    place = SourceLocation(file, line)
  }
  public func output(input: TensorType) throws -> TensorType {
    try checkImages("RandomShift(\(pixels))", input, place)
    guard pixels >= 0 else {
      throw DescentError(.type, "RandomShift(\(pixels)): at least 0 pixels are needed", at: place)
    }
    return input
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    guard x.rank == 4, pixels >= 0 else {
      return .fail(imageMessage("RandomShift(\(pixels))", x.type), x, at: place)
    }
    return context.randomly("RandomShift(\(pixels))", x, place) { key in
      cropped(x, x.shape[1], x.shape[2], pixels, key, place)
    }
  }
}

/// A window of `height` by `width` pixels out of images with `padding` zeros on each side: anywhere in training, in the middle in
/// inference. [n, h, w, c] becomes [n, height, width, c].
public struct RandomCrop: WeightlessLayer {
  public let height: Int
  public let width: Int
  public let padding: Int
  let place: SourceLocation

  public init(_ height: Int, _ width: Int, padding: Int = 0, file: StaticString = #fileID, line: UInt = #line) {
    (self.height, self.width, self.padding) = (height, width, padding)
    place = SourceLocation(file, line)
  }
  private var name: String { "RandomCrop(\(height), \(width), padding: \(padding))" }

  public func output(input: TensorType) throws -> TensorType {
    try checkImages(name, input, place)
    guard fits(input) else { throw DescentError(.type, imageMessage(name, input), at: place) }
    return TensorType(input.dtype, [input.shape[0], height, width, input.shape[3]])
  }
  private func fits(_ input: TensorType) -> Bool {
    input.shape.rank == 4 && padding >= 0 && height > 0 && width > 0 && height <= input.shape[1] + 2 * padding
      && width <= input.shape[2] + 2 * padding
  }
  public func callAsFunction(_ weights: Weights, _ x: Tensor, _ context: Context) -> Tensor {
    pinned(place) {
      guard fits(x.type) else { return .fail(imageMessage(name, x.type), x, at: place) }
      if context.isTraining {
        return context.randomly(name, x, place) { key in cropped(x, height, width, padding, key, place) }
      }
      // Without zeros that would be cut off again.
      func edges(_ size: Int, _ wanted: Int) -> (pad: Int, start: Int) {
        let start = (size + 2 * padding - wanted) / 2 - padding
        return start < 0 ? (-start, 0) : (0, start)
      }
      let (rows, columns) = (edges(x.shape[1], height), edges(x.shape[2], width))
      let high = [
        max(height - rows.pad + rows.start - x.shape[1], 0), max(width - columns.pad + columns.start - x.shape[2], 0),
      ]
      let wide = pad(x, low: [0, rows.pad, columns.pad, 0], high: [0, high[0], high[1], 0])
      return slice(
        wide, start: [0, rows.start, columns.start, 0],
        limit: [x.shape[0], rows.start + height, columns.start + width, x.shape[3]])
    }
  }
}

/// Windows at random places of images [n, h, w, c] with `padding` zeros around them.
///
/// A pixel is picked by its number among all pixels of all rows, so that one gather copies runs of channels; a mask makes those
/// outside 0.
private func cropped(
  _ x: Tensor, _ height: Int, _ width: Int, _ padding: Int, _ key: RandomKey, _ place: SourceLocation
) -> Tensor {
  pinned(place) {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let dtype: DType = n * h * w > Int(Int32.max) ? .i64 : .i32
    /// The coordinate of each place of the window in each row, along `axis` of [n, height, width].
    func coordinates(_ axis: Int, _ size: Int, _ wanted: Int, _ key: RandomKey) -> Tensor {
      let choices = size + 2 * padding - wanted + 1
      let drawn = floor(uniform([n, 1, 1], key: key, high: Double(choices)))
      // The product may have been rounded up to the limit.
      let start = convert(minimum(drawn, choices - 1), to: dtype) - padding
      var shape: Shape = [1, 1, 1]
      shape.dimensions[axis] = wanted
      return start + iota(shape, axis: axis, dtype: dtype)
    }
    let row = coordinates(1, h, height, key.fold(0)), column = coordinates(2, w, width, key.fold(1))
    let isInside = ((row .>= 0) .& (row .< h)) .& ((column .>= 0) .& (column .< w))
    let image = iota([n, 1, 1], axis: 0, dtype: dtype) * (h * w)
    let pixels = reshape(x, [n * h * w, c])
    let picked = gather(pixels, image + row * w + column)
    return `where`(expandDims(isInside, axis: -1), picked, 0)
  }
}

private func imageMessage(_ layer: String, _ input: TensorType) -> String {
  "\(layer) of \(input): images [n, h, w, c], with padding not less than the window, are needed"
}
private func checkImages(_ layer: String, _ input: TensorType, _ place: SourceLocation) throws {
  guard input.shape.rank == 4, input.shape.count > 0 else {
    throw DescentError(.type, imageMessage(layer, input), at: place)
  }
}
