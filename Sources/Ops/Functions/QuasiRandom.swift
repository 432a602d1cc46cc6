// Points that fill the unit cube more evenly than random ones: Sobol's and Halton's sequences. They are constants of a program; a key
// moves all of them by one random vector, round the cube, after which each point is uniform (Cranley and Patterson, 1976).

import DescentIR

/// The first `count` points of Sobol's sequence in `dimensions` dimensions, [count, dimensions], with the direction numbers of Joe and
/// Kuo (2008) up to 32 dimensions; best of 2ᵐ points. Without a key the first point is 0.
public func sobol(
  _ count: Int, dimensions: Int, key: RandomKey? = nil, dtype: DType = .f64, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard count >= 0, count < 1 << 32, (1...sobolPolynomials.count + 1).contains(dimensions) else {
      let message = "sobol of \(count) points in \(dimensions) dimensions; 1 to \(sobolPolynomials.count + 1) are known"
      return .fail(message, Tensor(0.0), at: nil)
    }
    let directions = (0..<dimensions).map(sobolDirections)
    var points = [Double](repeating: 0, count: count * dimensions)
    var state = [UInt32](repeating: 0, count: dimensions)
    // Each point differs from the one before by the direction of the lowest bit that changes in Gray's code.
    for point in 1..<Swift.max(count, 1) {
      let bit = (point - 1 as Int).trailingOnes
      for d in 0..<dimensions {
        state[d] ^= directions[d][bit]
        points[point * dimensions + d] = Double(state[d]) * 0x1p-32
      }
    }
    return moved(Tensor(points, shape: [count, dimensions]), key, dtype)
  }
}

/// The first `count` points of Halton's sequence, [count, dimensions]: coordinate d of point i is the number whose digits behind the
/// point are those of i + 1 to the base of the d-th prime, turned round.
public func halton(
  _ count: Int, dimensions: Int, key: RandomKey? = nil, dtype: DType = .f64, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard count >= 0, dimensions >= 1, dimensions <= 100 else {
      return .fail("halton of \(count) points in \(dimensions) dimensions; 1 to 100 are known", Tensor(0.0), at: nil)
    }
    let primes = (2...541).filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }
    func inverse(_ number: Int, _ base: Int) -> Double {
      var (rest, numerator, denominator) = (number, 0, 1)
      while rest > 0 {
        (numerator, denominator) = (numerator * base + rest % base, denominator * base)
        rest /= base
      }
      return Double(numerator) / Double(denominator)
    }
    let points = (0..<count).flatMap { point in (0..<dimensions).map { inverse(point + 1, primes[$0]) } }
    return moved(Tensor(points, shape: [count, dimensions]), key, dtype)
  }
}

/// The points moved by a random vector, in another type; below 1 also after rounding.
private func moved(_ points: Tensor, _ key: RandomKey?, _ dtype: DType) -> Tensor {
  let places = key.map { points + uniform([points.shape[1]], key: $0, dtype: .f64) }
  let unit = places.map { $0 - floor($0) } ?? points
  return minimum(convert(unit, to: dtype), dtype == .f32 ? 1 - 0x1p-24 : 1 - 0x1p-53)
}

extension Int {
  fileprivate var trailingOnes: Int { (~self).trailingZeroBitCount }
}

/// The 32 direction numbers of a dimension (Joe and Kuo, Constructing Sobol sequences with better two-dimensional projections, 2008).
private func sobolDirections(_ dimension: Int) -> [UInt32] {
  guard dimension > 0 else { return (0..<32).map { 1 << (31 - $0) } }
  let (polynomial, initial) = sobolPolynomials[dimension - 1]
  let degree = initial.count
  var numbers = initial.enumerated().map { $1 << UInt32(31 - $0) }
  for i in degree..<32 {
    var number = numbers[i - degree] ^ (numbers[i - degree] >> UInt32(degree))
    for k in 1..<degree where polynomial >> UInt32(degree - 1 - k) & 1 == 1 { number ^= numbers[i - k] }
    numbers.append(number)
  }
  return numbers
}

/// Of each dimension from the second on the inner coefficients of its primitive polynomial, as bits, and its first numbers.
private let sobolPolynomials: [(polynomial: UInt32, initial: [UInt32])] = [
  (0, [1]),
  (1, [1, 3]),
  (1, [1, 3, 1]),
  (2, [1, 1, 1]),
  (1, [1, 1, 3, 3]),
  (4, [1, 3, 5, 13]),
  (2, [1, 1, 5, 5, 17]),
  (4, [1, 1, 5, 5, 5]),
  (7, [1, 1, 7, 11, 19]),
  (11, [1, 1, 5, 1, 1]),
  (13, [1, 1, 1, 3, 11]),
  (14, [1, 3, 5, 5, 31]),
  (1, [1, 3, 3, 9, 7, 49]),
  (13, [1, 1, 1, 15, 21, 21]),
  (16, [1, 3, 1, 13, 27, 49]),
  (19, [1, 1, 1, 15, 7, 5]),
  (22, [1, 3, 1, 15, 13, 25]),
  (25, [1, 1, 5, 5, 19, 61]),
  (1, [1, 3, 7, 11, 23, 15, 103]),
  (4, [1, 3, 7, 13, 13, 15, 69]),
  (7, [1, 1, 3, 13, 7, 35, 63]),
  (8, [1, 3, 5, 9, 1, 25, 53]),
  (14, [1, 3, 1, 13, 9, 35, 107]),
  (19, [1, 3, 1, 5, 27, 61, 31]),
  (21, [1, 1, 5, 11, 19, 41, 61]),
  (28, [1, 3, 5, 3, 3, 13, 69]),
  (31, [1, 1, 7, 13, 1, 19, 1]),
  (32, [1, 3, 7, 5, 13, 19, 59]),
  (37, [1, 1, 3, 9, 25, 29, 41]),
  (41, [1, 3, 5, 13, 23, 1, 55]),
  (42, [1, 3, 7, 3, 13, 59, 17]),
]
