// Values of single operations where the laws say nothing: corners, special numbers, published vectors.

import DescentDriver
import DescentIR
import DescentOps
import DescentRuntime
import DescentTransforms
import Testing

private func vector(_ x: Double...) -> Tensor { Tensor(x) }
private func ints(_ x: Int32...) -> Tensor { Tensor(x) }

@Suite struct Values {
  @Test func philoxMeetsItsPublishedVectors() {
    #expect(Philox(seed: 0, stream: 0).block(0) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    // The counter is (index, stream), the key the seed; the index of all ones is reached as a bit pattern.
    let index = Int(truncatingIfNeeded: 0x85a3_08d3_243f_6a88 as UInt64)
    #expect(
      Philox(seed: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e).block(index)
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    #expect(Philox(seed: -1, stream: -1).block(-1) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
  }

  @Test func randomElementsComeFromBlocksInTurn() throws {
    let source = Philox(seed: 5, stream: 9)
    let (a, b) = (source.block(0), source.block(1))
    let bits = try randomBits([7], key: RandomKey(seed: 5, stream: 9)).integers
    #expect(bits.map { UInt32(truncatingIfNeeded: $0) } == [a[0], b[0], a[1], b[1], a[2], b[2], a[3]])
    let double = try uniform([3], key: RandomKey(seed: 5, stream: 9), dtype: .f64).doubles
    func join(_ low: UInt32, _ high: UInt32) -> Double { (Double(high >> 5) * 0x1p26 + Double(low >> 6)) * 0x1p-53 }
    #expect(double == [join(a[0], a[1]), join(b[0], b[1]), join(a[2], a[3])])
    let single = try uniform([2], key: RandomKey(seed: 5, stream: 9)).doubles
    #expect(single == [Double(a[0] >> 8) * 0x1p-24, Double(a[1] >> 8) * 0x1p-24])
  }

  /// Bits and uniforms to the bit; normals but for the rounding of the C runtime's own logarithm and sine.
  @Test(arguments: [1, 2, 3, 4, 5, 8, 13, 64, 1001])
  func randomNumbersAreThoseOfTheRuntime(_ count: Int) throws {
    let (seed, stream) = (UInt64(0x1234_5678_9abc_def0), UInt64(0x0fed_cba9_8765_4321))
    let key = RandomKey(seed: Int(seed), stream: Int(stream))
    func runtime<T>(
      _ zero: T, _ width: Int, _ fill: (UnsafeMutablePointer<T>?, UInt64, UInt64, Int64, Int64, Int64) -> Void
    ) -> [T] {
      var numbers = [T](repeating: zero, count: count)
      numbers.withUnsafeMutableBufferPointer {
        fill($0.baseAddress, seed, stream, Int64(count), 0, Int64((count + width - 1) / width))
      }
      return numbers
    }
    let shape: Shape = [count]
    #expect(try randomBits(shape, key: key).value == HostArray(shape, runtime(Int32(0), 4, dsc_random_bits)))
    #expect(try uniform(shape, key: key).value == HostArray(shape, runtime(Float(0), 4, dsc_random_uniform_f32)))
    #expect(
      try uniform(shape, key: key, dtype: .f64).value == HostArray(shape, runtime(0.0, 2, dsc_random_uniform_f64)))
    let single = zip(try normal(shape, key: key).doubles, runtime(Float(0), 4, dsc_random_normal_f32))
    #expect(single.allSatisfy { abs($0 - Double($1)) <= 4e-6 * Swift.max(1, abs($0)) })
    let double = zip(try normal(shape, key: key, dtype: .f64).doubles, runtime(0.0, 2, dsc_random_normal_f64))
    #expect(double.allSatisfy { abs($0 - $1) <= 8e-15 * Swift.max(1, abs($0)) })
  }

  /// The conversions that the emitted C calls give what evaluation gives.
  @Test(arguments: [
    Double.nan, .infinity, -.infinity, 0, -0.0, 0.9, -0.9, 254.5, 255, 255.5, 2147483520, 2147483646.5, 2147483647.5,
    2147483648,
    -2147483648, -2147483648.5, -3e9, 9.2e18, 0x1p63, -0x1p63, 1e300, -1e300,
  ])
  func conversionsAreThoseOfTheRuntime(_ x: Double) throws {
    func converted(_ type: DType, _ x: some Element) throws -> Int { try convert(Tensor(x), to: type).integers[0] }
    let f = Float(x)
    #expect(try converted(.i32, x) == Int(dsc_convert_f64_i32(x)) && converted(.i32, f) == Int(dsc_convert_f32_i32(f)))
    #expect(try converted(.i64, x) == Int(dsc_convert_f64_i64(x)) && converted(.i64, f) == Int(dsc_convert_f32_i64(f)))
    #expect(try converted(.u8, x) == Int(dsc_convert_f64_u8(x)) && converted(.u8, f) == Int(dsc_convert_f32_u8(f)))
  }

  /// What evaluation gives of integers is what the functions give that the emitted C calls.
  @Test func integerArithmeticIsThatOfTheRuntime() throws {
    let numbers = [Int64.min, Int64(Int32.min), -7, -2, -1, 0, 1, 2, 3, 200, 255, Int64(Int32.max), .max]
    for a in numbers {
      let c = Int32(truncatingIfNeeded: a), e = UInt8(truncatingIfNeeded: a)
      #expect(
        try [abs(Tensor(a)), sign(Tensor(a))].map { try $0.integers[0] } == [Int(dsc_abs_i64(a)), Int(dsc_sign_i64(a))])
      #expect(
        try [abs(Tensor(c)), sign(Tensor(c))].map { try $0.integers[0] } == [Int(dsc_abs_i32(c)), Int(dsc_sign_i32(c))])
      for b in numbers {
        let d = Int32(truncatingIfNeeded: b), f = UInt8(truncatingIfNeeded: b)
        func three(_ a: some Element, _ b: some Element) throws -> [Int] {
          try [floorDivide, remainder, power].map { try $0(Tensor(a), Tensor(b), #file, #line).integers[0] }
        }
        #expect(
          try three(a, b) == [dsc_floor_divide_i64(a, b), dsc_remainder_i64(a, b), dsc_pow_i64(a, b)].map { Int($0) })
        #expect(
          try three(c, d) == [dsc_floor_divide_i32(c, d), dsc_remainder_i32(c, d), dsc_pow_i32(c, d)].map { Int($0) })
        #expect(
          try three(e, f) == [dsc_floor_divide_u8(e, f), dsc_remainder_u8(e, f), dsc_pow_u8(e, f)].map { Int($0) })
      }
    }
  }

  @Test(arguments: [DType.f32, .f64])
  func distributionsHaveTheirMoments(_ dtype: DType) throws {
    let count = 20_000
    let normals = try normal([count], key: RandomKey(seed: 1), dtype: dtype).doubles
    let mean = normals.reduce(0, +) / Double(count)
    let variance = normals.reduce(0) { $0 + $1 * $1 } / Double(count)
    // Five standard errors.
    #expect(abs(mean) < 5 / Double(count).squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / Double(count)).squareRoot())
    let uniforms = try uniform([count], key: RandomKey(seed: 2), dtype: dtype, low: -1, high: 3).doubles
    #expect(uniforms.allSatisfy { -1 <= $0 && $0 < 3 })
    #expect(abs(uniforms.reduce(0, +) / Double(count) - 1) < 5 * 4 / (12 * Double(count)).squareRoot())
    let truths = try bernoulli(0.25, [count], key: RandomKey(seed: 3)).doubles.reduce(0, +) / Double(count)
    #expect(abs(truths - 0.25) < 5 * (0.25 * 0.75 / Double(count)).squareRoot())
  }

  /// Where 100 + u rounds to 101, as half of the steps below 1 do in f32; between neighbours only the lower is left.
  @Test(arguments: [DType.f32, .f64]) func uniformStaysBelowItsLimit(_ dtype: DType) throws {
    let count = 100_000
    for (low, high) in [(100.0, 101.0), (-101, -100), (16_777_214, 16_777_216), (1e30, 1.0000002e30)] {
      let numbers = { @Sendable (n: Tensor) in
        uniform([count], key: RandomKey(seed: 5).fold(n), dtype: dtype, low: low, high: high)
      }
      let compiled = compile(numbers)
      let x = try numbers(Tensor(Int64(1))).doubles
      #expect(x.allSatisfy { low <= $0 && $0 < high }, "\(low)..<\(high): \(x.min()!)...\(x.max()!)")
      #expect(try compiled(Tensor(Int64(1))).doubles == x)
    }
  }

  /// A probability below 2⁻²⁴, the step of f32 draws, is drawn in steps of 2⁻⁵³.
  @Test(arguments: [0, 1e-9, 0x1p-30, 1e-3, 1 - 0x1p-30, 1]) func rareTruths(_ p: Double) throws {
    let key = RandomKey(seed: 11), count = 50_000
    let isRare = p > 0 && p < 1 && Swift.min(p, 1 - p) < 0x1p-10
    let wanted = try uniform([count], key: key, dtype: isRare ? .f64 : .f32).doubles.map { $0 < p ? 1.0 : 0 }
    #expect(try bernoulli(p, [count], key: key).doubles == wanted)
  }

  @Test(arguments: [-1e-9, 1.0001, .nan, .infinity]) func noProbability(_ p: Double) throws {
    let error = #expect(throws: DescentError.self) { try bernoulli(p, [3], key: RandomKey(seed: 1)).value }
    #expect(error?.message.contains("bernoulli with probability \(p)") == true)
  }

  @Test func foldedKeysDiffer() throws {
    let key = RandomKey(seed: 3, stream: 4)
    let keys = key.split(10) + key.split(10).flatMap { $0.split(10) }
    let streams = try keys.map { try $0.tensor.integers[1] }
    #expect(Set(streams).count == 110)
    #expect(try key.fold(7).tensor.integers == key.fold(Tensor(Int32(7))).tensor.integers)
    #expect(try key.fold(7).tensor.integers[0] == 3)
  }

  @Test func extremesPassNaNOn() throws {
    let (a, b) = (vector(.nan, 1, -.infinity), vector(2, .nan, 3))
    #expect(try maximum(a, b).doubles.map(\.isNaN) == [true, true, false])
    #expect(try minimum(a, b).doubles.map(\.isNaN) == [true, true, false])
    #expect(try max(a).scalar.isNaN)
    #expect(try min(b).scalar.isNaN)
    #expect(try argmax(vector(1, 5, .nan, 9, .nan)).integers == [2])
    #expect(try argmax(vector(1, 5, 5, 2)).integers == [1])
  }

  @Test func tiesShareTheGradient() throws {
    let f: @Sendable (Tensor) -> Tensor = { sum(maximum($0, Tensor([1.0, 1, 1]))) }
    #expect(try grad(f)(vector(0, 1, 2)).doubles == [0, 0.5, 1])
    let g: @Sendable (Tensor) -> Tensor = { max($0) }
    #expect(try grad(g)(vector(3, 1, 3)).doubles == [0.5, 0, 0.5])
    let h: @Sendable (Tensor) -> Tensor = { sum(relu($0)) }
    #expect(try grad(h)(vector(-1, 0, 2)).doubles == [0, 0, 1])
  }

  @Test func integersDivideWithoutTraps() throws {
    let (a, b) = (ints(7, -7, 5, .min), ints(2, 2, 0, -1))
    #expect(try floorDivide(a, b).integers == [3, -4, 0, Int(Int32.min)])
    #expect(try remainder(a, b).integers == [1, 1, 0, 0])
    #expect(try floorDivide(Tensor([Int64.min, 9]), Tensor([Int64(-1), 0])).integers == [Int.min, 0])
  }

  @Test func conversionsClampAndWrap() throws {
    let x = vector(.nan, .infinity, -1e30, 2.9, -2.9, 300)
    #expect(try convert(x, to: .i32).integers == [0, Int(Int32.max), Int(Int32.min), 2, -2, 300])
    #expect(try convert(x, to: .u8).integers == [0, 255, 0, 2, 0, 255])
    #expect(try convert(x, to: .bool).integers == [1, 1, 1, 1, 1, 1])
    #expect(try convert(vector(0, -0.0, 0.5), to: .bool).integers == [0, 0, 1])
    #expect(try convert(ints(-1, 256, 511), to: .u8).integers == [255, 0, 255])
    #expect(try convert(Tensor([Int64(1) << 32 + 5, -1]), to: .i32).integers == [5, -1])
    // A gradient passes between the floating types.
    let f: @Sendable (Tensor) -> Tensor = { sum(convert(convert($0, to: .f32) * 2, to: .f64)) }
    #expect(try grad(f)(vector(1, 2)).doubles == [2, 2])
  }

  @Test func roundingIsHalfToEven() throws {
    #expect(try round(vector(0.5, 1.5, 2.5, -0.5, -1.5)).doubles == [0, 2, 2, 0, -2])
  }

  @Test func aPowerHasDerivativesAtItsCorners() throws {
    let base: @Sendable (Tensor) -> Tensor = { sum(power($0, Tensor([0.0, 2, 3, 1, 0]))) }
    #expect(try grad(base)(vector(0, 0, -2, 0, 5)).doubles == [0, 0, 12, 1, 0])
    let exponent: @Sendable (Tensor) -> Tensor = { sum(power(Tensor([0.0, -2, 1]), $0)) }
    #expect(try grad(exponent)(vector(2, 3, 4)).doubles == [0, 0, 0])
  }

  @Test func aProductHasDerivativesAtZeros() throws {
    let f: @Sendable (Tensor) -> Tensor = { product($0) }
    #expect(try grad(f)(vector(2, 0, 3)).doubles == [0, 6, 0])
    #expect(try grad(f)(vector(0, 0, 3)).doubles == [0, 0, 0])
    // ∂²/∂x0∂x1 of x0 x1 x2 is x2 though both are 0.
    let g: @Sendable (Tensor) -> Tensor = { sum(grad(f)($0) * Tensor([1.0, 0, 0])) }
    #expect(try grad(g)(vector(0, 0, 3)).doubles == [0, 3, 0])
  }

  /// What is missing has no gradient, and none reaches it where nothing is known.
  @Test func whatIsMissingHasNoGradient() throws {
    let x = Tensor([1, .nan, 3, .nan, .nan, .nan, 2, 2, Double.infinity], shape: [3, 3])
    func gradient(_ f: @escaping @Sendable (Tensor) -> Tensor) throws -> [Double] {
      try grad { (x: Tensor) in nanSum(f(x)) }(x).doubles
    }
    #expect(try gradient { nanSum($0, axes: [1]) } == [1, 0, 1, 0, 0, 0, 1, 1, 1])
    #expect(try gradient { nanMean($0, axes: [1]) } == [0.5, 0, 0.5, 0, 0, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3])
    #expect(try gradient { nanMax($0, axes: [1]) } == [0, 0, 1, 0, 0, 0, 0, 0, 1])
    #expect(try gradient { nanMin($0, axes: [1], keepAxes: true) } == [1, 0, 0, 0, 0, 0, 0.5, 0.5, 0])
    #expect(try gradient { nanToNum($0, nan: 5) * 2 } == [2, 0, 2, 0, 0, 0, 2, 2, 0])
    #expect(
      try nanToNum(x, nan: -1, positiveInfinity: 9).doubles == [1, -1, 3, -1, -1, -1, 2, 2, 9]
        && nanMax(x, axes: [1]).doubles[1].isNaN && nanMean(x, axes: [1], keepAxes: true).shape == [3, 1])
  }

  /// Functions that choose the greater of two are one smooth function of both, where they are equal too.
  @Test func choicesLeaveNoKink() throws {
    let f: @Sendable (Tensor) -> Tensor = { logaddexp($0[0], $0[1]) }
    #expect(try grad(f)(vector(3, 3)).doubles == [0.5, 0.5])
    #expect(try hessian(f)(vector(3, 3)).doubles == [0.25, -0.25, -0.25, 0.25])
    // ∂² ln B = ψ'(a) δ - ψ'(a + b), with ψ'(3) = π²/6 - 5/4 and ψ'(6) = π²/6 - 5269/3600.
    let g: @Sendable (Tensor) -> Tensor = { betaln($0[0], $0[1]) }
    let (mixed, own) = (5269.0 / 3600 - Double.pi * Double.pi / 6, 5269.0 / 3600 - 5.0 / 4)
    let second = try hessian(g)(vector(3, 3)).doubles
    #expect(zip(second, [own, mixed, mixed, own]).allSatisfy { Swift.abs($0 - $1) < 1e-13 })
  }

  /// The sign of a zero tells on which side a function with a cut or a pole is.
  @Test func zerosKeepTheirSigns() throws {
    #expect(try atan2(vector(0, -0.0, 0, -0.0), vector(-0.0, -0.0, 0, 0)).doubles == [.pi, -.pi, 0, 0])
    #expect(try digamma(vector(0, -0.0)).doubles == [-.infinity, .infinity])
    let odd =
      [ceil, trunc, tan, asin, atan, sinh, asinh, atanh, cbrt, erfinv] as [(Tensor, StaticString, UInt) -> Tensor]
    for f in odd {
      #expect(
        try f(vector(-0.0), #fileID, #line).scalar.sign == .minus && f(vector(0), #fileID, #line).scalar.sign == .plus)
    }
    #expect(try ceil(vector(-0.5)).scalar.sign == .minus && trunc(vector(-0.5)).scalar.sign == .minus)
  }

  @Test func gatherClampsAndScatterDrops() throws {
    let x = vector(10, 20, 30)
    #expect(try gather(x, ints(-5, 0, 2, 9)).doubles == [10, 10, 30, 30])
    let y = scatterAdd(x, ints(-5, 0, 2, 2, 9), vector(1, 2, 3, 4, 5))
    #expect(try y.doubles == [12, 20, 37])
    let f: @Sendable (Tensor) -> Tensor = { sum(gather($0, Tensor([Int32(-5), 0, 2, 9])) * Tensor([1.0, 2, 4, 8])) }
    #expect(try grad(f)(x).doubles == [3, 0, 12])
  }

  @Test func logicOperators() throws {
    let x = vector(-1, 0, 1)
    #expect(try ((x .> -0.5) .& (x .<= 0)).integers == [0, 1, 0])
    #expect(try ((x .< 0) .| (x .>= 1)).integers == [1, 0, 1])
    #expect(try (.!(x .== 0)).integers == [1, 0, 1])
    #expect(try (x .!= x).integers == [0, 0, 0])
    #expect(try (vector(.nan) .!= vector(.nan)).integers == [1])
    #expect(try `where`(x .> 0, 5, x).doubles == [-1, 0, 5])
  }

  @Test func errorsNameShapesAndPlace() {
    let x = Tensor([1.0, 2, 3])
    let errors = [
      `where`(x .> 0, Tensor([1.0, 2]), x), concatenate([x, Tensor(1.0)]), slice(x, start: [2], limit: [5]),
      pad(x, low: [-1], high: [0]), argmax(zeros([2, 0]), axis: 1), gather(x, x), logicalMistake(x), convertMistake(x),
    ]
    for tensor in errors {
      let error = #expect(throws: DescentError.self) { try tensor.value }
      #expect(error?.kind == .type)
    }
    let error = #expect(throws: DescentError.self) { try slice(x, start: [2], limit: [5]).value }
    #expect(error?.message == "a slice from [2] to [5] by [1] does not lie in a tensor of shape [3]")
    #expect(error?.location?.file == "OpsTests/Values.swift")
  }
  private func logicalMistake(_ x: Tensor) -> Tensor { x .& x }
  private func convertMistake(_ x: Tensor) -> Tensor { -convert(x, to: .bool) }
}
