// One configuration of Fixtures/promotion.json, which Tests/fixtures/promotion.py makes: a function of tensors and
// perhaps a number, with the value and the type that NumPy and JAX give.

import DescentIR
import DescentOps
import Foundation
import Testing

/// A function applied to tensors, and a number beside them, by the name that promotion.py gives it.
struct PromotionCase: Decodable, Sendable, CustomTestStringConvertible {
  private struct Array: Decodable, Sendable {
    enum Value: Decodable, Sendable {
      case integer(Int)
      case real(Double)
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let n = try? container.decode(Int.self) {
          self = .integer(n)
        } else if let word = try? container.decode(String.self) {
          self = .real(Double(word)!)
        } else {
          self = .real(try container.decode(Double.self))
        }
      }
      var scalar: ScalarNumber {
        switch self {
        case .integer(let n): .integer(n)
        case .real(let x): .real(x)
        }
      }
    }
    var type: String
    var shape: [Int]
    var values: [Value]

    /// The array; one value stands for all elements.
    var array: HostArray {
      get throws {
        let type = TensorType(try #require(DType(name: type)), Shape(shape))
        let elements = try values.map { try scalar($0.scalar, type.dtype).value }
        if elements.count == 1 { return elements[0].picking(type.shape) { _ in 0 } }
        guard !elements.isEmpty else { return try zeros(type.shape, dtype: type.dtype).value }
        return try reshape(concatenate(elements.map { reshape(Tensor($0), [1]) }), type.shape).value
      }
    }
  }
  private struct Number: Decodable, Sendable {
    var integer: Int?
    var real: Array.Value?
    var scalar: ScalarNumber {
      if let integer { return .integer(integer) }
      // JSON drops the point of 7.0.
      return switch real!.scalar {
      case .integer(let n): .real(Double(n))
      case .real(let x): .real(x)
      }
    }
  }
  struct Options: Decodable, Sendable { var axes: [Int]? }

  var function: String
  private var inputs: [Array]
  private var number: Number?
  private var onLeft: Bool?
  private var options: Options?
  private var result: Array

  /// What the function is applied to.
  struct Arguments: Sendable {
    var x: [Tensor]
    var number: ScalarNumber?
    var isOnLeft: Bool
    var axes: [Int]?
  }
  /// The tensors with the values of the file.
  var operands: [Tensor] { get throws { try inputs.map { Tensor(try $0.array) } } }
  func arguments(_ x: [Tensor]) -> Arguments {
    Arguments(x: x, number: number?.scalar, isOnLeft: onLeft ?? false, axes: options?.axes)
  }
  var expected: HostArray { get throws { try result.array } }

  var testDescription: String {
    let operands = inputs.map { $0.type + Shape($0.shape).description }.joined(separator: ", ")
    let number = number.map { "\(onLeft == true ? " after" : ",") \($0.scalar)" } ?? ""
    return "\(function) of \(operands)\(number)\(options?.axes.map { " over \($0)" } ?? "")"
  }

  static let table: [PromotionCase] = {
    struct File: Decodable { var cases: [PromotionCase] }
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/promotion.json")
    return try! JSONDecoder().decode(File.self, from: try! Data(contentsOf: url)).cases
  }()
}

/// Why two results are not the same: in type, or in value by more than the rounding of a few operations; nil where
/// they are.
func mismatch(_ actual: HostArray, _ expected: HostArray) -> String? {
  guard actual.type == expected.type else { return "it is \(actual.type), not \(expected.type)" }
  guard actual.dtype.isFloating else {
    guard actual != expected else { return nil }
    return "it is \(actual.ints.prefix(12)), not \(expected.ints.prefix(12))"
  }
  let tolerance = actual.dtype == .f32 ? 2e-6 : 4e-15
  let scale = expected.doubles.filter(\.isFinite).map { Swift.abs($0) }.max() ?? 0
  for (a, b) in zip(actual.doubles, expected.doubles) where !(a == b || (a.isNaN && b.isNaN)) {
    guard Swift.abs(a - b) <= tolerance * Swift.max(Swift.abs(b), 0.05 * scale) else {
      return "it is \(actual.doubles.prefix(12)), not \(expected.doubles.prefix(12))"
    }
  }
  return nil
}
