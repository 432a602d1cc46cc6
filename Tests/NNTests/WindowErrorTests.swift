// Convolution, pooling and recurrent layers that cannot be: what is wrong, with the sizes, at the user's line.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Testing

/// The line that the caller stands in.
private func line(_ number: UInt = #line) -> DescentIR.SourceLocation {
  .init("NNTests/WindowErrorTests.swift", number)
}

@Suite struct WindowErrorTests {
  private static func f(_ shape: Shape) -> Tensor { zeros(shape) }
  private static func type(_ shape: Shape, _ dtype: DType = .f32) -> TensorType { TensorType(dtype, shape) }

  /// A tensor that is an error, the line it was made in, and words of its message.
  private func expect(
    _ made: (tensor: Tensor, at: DescentIR.SourceLocation), _ words: String...,
    at location: Testing.SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: DescentError.self, sourceLocation: location) { try made.tensor.value }
    #expect(error?.location == made.at, sourceLocation: location)
    for word in words {
      #expect(error?.message.contains(word) == true, "\(error?.message ?? "")", sourceLocation: location)
    }
  }
  /// The same for a layer that does not take an input.
  private func expect(
    _ made: (layer: any Layer, at: DescentIR.SourceLocation), of input: TensorType, _ words: String...,
    at location: Testing.SourceLocation = #_sourceLocation
  ) {
    for attempt in [
      { _ = try made.layer.initialize(input: input, seed: 1) }, { _ = try made.layer.output(input: input) },
    ] as [() throws -> Void] {
      let error = #expect(throws: DescentError.self, sourceLocation: location) { try attempt() }
      #expect(error?.location == made.at, sourceLocation: location)
      for word in words {
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")", sourceLocation: location)
      }
    }
  }

  @Test func convolutionOfAWrongRank() {
    expect((convolution(Self.f([2, 8, 3]), Self.f([3, 3, 3, 4])), line()), "[2,8,3]", "[3,3,3,4]", "the same rank")
    expect((convolution(Self.f([2, 3]), Self.f([3, 4])), line()), "[2,3]", "3 or more")
    expect(
      (transposedConvolution(Self.f([2, 8, 8, 3]), Self.f([3, 3, 4])), line()), "[2,8,8,3]", "[3,3,4]", "the same rank")
    expect((Convolution(4, kernel: [3, 3]), line()), of: Self.type([2, 8, 3]), "f32[2,8,3]", "2 spatial axes")
    expect((Convolution(4, kernel: [3]), line()), of: Self.type([2, 8, 3], .i32), "i32[2,8,3]", "f32 or f64")
    expect(
      (TransposedConvolution(4, kernel: [3]), line()), of: Self.type([2, 8, 8, 3]), "f32[2,8,8,3]", "1 spatial axes")
  }

  @Test func channelsThatDoNotMatch() throws {
    expect((convolution(Self.f([2, 8, 3]), Self.f([3, 2, 4])), line()), "3 channels in 1 groups", "[3,2,4]")
    expect((transposedConvolution(Self.f([2, 8, 3]), Self.f([3, 2, 4])), line()), "[2,8,3]", "[3,2,4]", "channels")
    // Weights that were made for another input.
    let (layer, at) = (Convolution(4, kernel: [3]), line())
    let w = try layer.initialize(input: Self.type([2, 8, 3]), seed: 1)
    expect((layer(w, Self.f([2, 8, 5])), at), "5 channels", "[3,3,4]")
  }

  @Test func groupsThatDoNotDivide() {
    expect((convolution(Self.f([2, 8, 5]), Self.f([3, 2, 4]), groups: 2), line()), "5 channels in 2 groups")
    expect((convolution(Self.f([2, 8, 4]), Self.f([3, 2, 5]), groups: 2), line()), "filters that the groups divide")
    expect((convolution(Self.f([2, 8, 4]), Self.f([3, 4, 5]), groups: 0), line()), "0 groups")
    expect((transposedConvolution(Self.f([2, 8, 5]), Self.f([3, 5, 2]), groups: 2), line()), "groups 2", "[2,8,5]")
    expect((Convolution(4, kernel: [3], groups: 3), line()), of: Self.type([2, 8, 4]), "f32[2,8,4]", "3 groups")
    expect((Convolution(4, kernel: [3], groups: 0), line()), of: Self.type([2, 8, 4]), "0 groups")
    expect((Convolution(5, kernel: [3], groups: 2), line()), of: Self.type([2, 8, 4]), "2 groups")
    expect((TransposedConvolution(5, kernel: [3], groups: 2), line()), of: Self.type([2, 8, 4]), "2 groups")
    expect((TransposedConvolution(6, kernel: [3], groups: 3), line()), of: Self.type([2, 8, 4]), "3 groups")
  }

  @Test func windowsLargerThanTheInput() {
    expect((convolution(Self.f([2, 4, 3]), Self.f([5, 3, 4])), line()), "[2,4,3]", "must fit")
    expect((convolution(Self.f([2, 4, 3]), Self.f([3, 3, 4]), dilations: [2]), line()), "dilations [2]", "must fit")
    expect((convolution(Self.f([2, 4, 3]), Self.f([0, 3, 4])), line()), "[0,3,4]")
    expect(
      (maxPool(Self.f([2, 4, 5, 3]), sizes: [2, 6]), line()), "maxPool of [2,4,5,3] by windows of [2, 6]", "that fit")
    expect((averagePool(Self.f([2, 4, 3]), sizes: [5]), line()), "averagePool of [2,4,3]", "that fit")
    expect((averagePool(Self.f([2, 4, 3]), sizes: [7], padding: .all(1), countsPadding: false), line()), "that fit")
    let x = Self.f([2, 4, 3])
    expect(
      (slidingWindows(x, axes: [1], sizes: [5]), line()), "reaches over 5 elements", "axis 1 of shape [2,4,3] has 4")
    expect((slidingWindows(x, axes: [1], sizes: [0]), line()), "sizes [0]", "at least 1")
    expect((slidingWindows(x, axes: [1], sizes: [2, 2]), line()), "one number", "for each axis")
    expect((slidingWindows(x, axes: [3], sizes: [2]), line()), "axes [3]", "[2,4,3]")
    expect((slidingWindows(x, axes: [], sizes: []), line()), "axes []")
    // A transposed convolution whose padding takes away more than there is.
    expect(
      (transposedConvolution(Self.f([2, 3, 2]), Self.f([2, 2, 2]), padding: [3]), line()), "[2,3,2]", "padding [3]")
  }

  @Test func paddingAndStepsThatCannotBe() {
    let (x, w) = (Self.f([2, 8, 3]), Self.f([3, 3, 4]))
    expect((convolution(x, w, padding: .all(-1)), line()), "padding all(-1)", "a padding of at least 0")
    expect(
      (convolution(x, w, padding: .cells(low: [1, 1], high: [1])), line()), "low: [1, 1]", "each of the 1 spatial axes")
    expect((convolution(x, w, padding: .cells(low: [1], high: [-2])), line()), "high: [-2]")
    expect((convolution(x, w, strides: [0]), line()), "strides [0]", "at least 1")
    expect((convolution(x, w, strides: [1, 1]), line()), "strides [1, 1]")
    expect((convolution(x, w, dilations: [0]), line()), "dilations [0]")
    expect((transposedConvolution(x, w, padding: [-1]), line()), "padding [-1]")
    expect((transposedConvolution(x, w, outputPadding: [1, 1]), line()), "output padding [1, 1]")
    expect((transposedConvolution(x, w, strides: [0]), line()), "strides [0]")
    expect((maxPool(x, sizes: [2], padding: .all(-1)), line()), "padding all(-1)", "a padding of at least 0")
    expect((maxPool(x, sizes: [2], strides: [0]), line()), "strides [0]")
    let (layer, at) = (Convolution(4, kernel: [3], padding: .cells(low: [1, 1], high: [0, 0])), line())
    #expect(throws: Never.self) { try layer.initialize(input: x.type, seed: 1) }
    expect((layer(try! layer.initialize(input: x.type, seed: 1), x), at), "low: [1, 1]")
  }

  @Test func poolingOfAWrongRank() {
    expect(
      (maxPool(Self.f([2, 8, 3]), sizes: [2, 2]), line()), "maxPool of [2,8,3] by windows of [2, 2]", "spatial axes")
    expect((averagePool(Self.f([2, 8, 8, 3]), sizes: [2]), line()), "averagePool of [2,8,8,3]", "spatial axes")
    expect((globalAveragePool(Self.f([2, 3])), line()), "globalAveragePool of [2,3]", "no spatial axes")
    for (layer, at) in [(MaxPool([2, 2]), line()), (AveragePool([2, 2]), line()), (GlobalAveragePool(), line())]
      as [(any Layer, DescentIR.SourceLocation)]
    {
      expect((layer(Weights(), Self.f([2, 3])), at), "[2,3]")
    }
  }

  @Test func recurrentLayersOfAWrongRank() throws {
    expect((Elman(4), line()), of: Self.type([2, 3]), "Elman(4) of f32[2,3]", "[n, steps, channels]")
    expect((LSTM(4), line()), of: Self.type([2, 3, 4, 5]), "LSTM(4) of f32[2,3,4,5]", "[n, steps, channels]")
    expect((GRU(4), line()), of: Self.type([2, 3, 4], .i32), "GRU(4) of i32[2,3,4]", "f32 or f64")
    expect((GRU(0), line()), of: Self.type([2, 3, 4]), "GRU(0)")
    let layers: [(any Layer, DescentIR.SourceLocation)] = [
      (Elman(4), line()), (LSTM(4, isLastOnly: true), line()), (GRU(4, isReversed: true), line()),
    ]
    for (layer, at) in layers {
      let w = try layer.initialize(input: Self.type([2, 3, 4]), seed: 1)
      expect((layer(w, Self.f([2, 3])), at), "f32[2,3]", "[n, steps, channels]")
      expect((layer(w, Self.f([2, 3, 5])), at), "f32[2,3,5]", "as many channels as the weight has rows")
    }
    let (both, at) = (Bidirectional(LSTM(4), LSTM(4)), line())
    let error = #expect(throws: DescentError.self) { try both.initialize(input: Self.type([2, 3, 4]), seed: 1) }
    #expect(error?.location == at && error?.message.contains("one that is") == true)
  }

  /// The step's own error, not one about the loop, where a step cannot be traced.
  @Test func aCarryThatChanges() {
    let (wider, _) = scan(zeros([2, 3]), over: zeros([4, 2, 3])) { (c: Tensor, x: Tensor) in
      (convert(c + x, to: .f64), x)
    }
    expect((wider, line(#line - 3)), "goes into a step as f32[2,3] and comes out as f64[2,3]")
  }
}
