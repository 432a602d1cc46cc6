// Element types, and the Swift types that hold them.
// Invariant: the raw values equal the dtype codes of Runtime/include/descent_array.h.

/// The type of a tensor's elements.
public enum DType: Int32, CaseIterable, Sendable, Hashable, Codable {
  case f32, f64, i32, i64, u8, bool

  /// The short name used in the text form and in C identifiers: `f32`.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f64: "f64"
    case .i32: "i32"
    case .i64: "i64"
    case .u8: "u8"
    case .bool: "bool"
    }
  }

  /// The C type that holds one element.
  package var cName: String {
    switch self {
    case .f32: "float"
    case .f64: "double"
    case .i32: "int32_t"
    case .i64: "int64_t"
    case .u8, .bool: "uint8_t"
    }
  }

  /// Bytes of one element.
  package var byteSize: Int {
    switch self {
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .u8, .bool: 1
    }
  }

  /// True for `f32` and `f64`, the types that have gradients.
  public var isFloating: Bool { self == .f32 || self == .f64 }
  /// True for `i32`, `i64` and `u8`.
  public var isInteger: Bool { !isFloating && self != .bool }

  package init?(name: some StringProtocol) {
    guard let type = DType.allCases.first(where: { $0.name == name }) else { return nil }
    self = type
  }
}

/// A Swift type that can be an element of a tensor.
public protocol Element: Sendable, Equatable {
  static var dtype: DType { get }
  /// The value as a double; `true` is 1. Exact for all but large 64-bit integers.
  var asDouble: Double { get }
  /// The value as an integer, truncated toward zero and clamped to the range of `Int`; NaN is 0.
  var asInt: Int { get }
  init(clamping value: Double)
  init(wrapping value: Int)
}

extension Double {
  /// This number truncated toward zero and clamped to the range of `T`; NaN becomes 0, as the emitted C does it.
  package func clamped<T: FixedWidthInteger>(to type: T.Type) -> T {
    if isNaN { return 0 }
    if self >= Double(T.max) { return T.max }
    if self <= Double(T.min) { return T.min }
    return T(self)
  }
}

extension Float: Element {
  public static var dtype: DType { .f32 }
  public var asDouble: Double { Double(self) }
  public var asInt: Int { Double(self).clamped(to: Int.self) }
  public init(clamping value: Double) { self = Float(value) }
  public init(wrapping value: Int) { self = Float(value) }
}

extension Double: Element {
  public static var dtype: DType { .f64 }
  public var asDouble: Double { self }
  public var asInt: Int { clamped(to: Int.self) }
  public init(clamping value: Double) { self = value }
  public init(wrapping value: Int) { self = Double(value) }
}

extension Int32: Element {
  public static var dtype: DType { .i32 }
  public var asDouble: Double { Double(self) }
  public var asInt: Int { Int(self) }
  public init(clamping value: Double) { self = value.clamped(to: Int32.self) }
  public init(wrapping value: Int) { self = Int32(truncatingIfNeeded: value) }
}

extension Int64: Element {
  public static var dtype: DType { .i64 }
  public var asDouble: Double { Double(self) }
  public var asInt: Int { Int(self) }
  public init(clamping value: Double) { self = value.clamped(to: Int64.self) }
  public init(wrapping value: Int) { self = Int64(value) }
}

extension UInt8: Element {
  public static var dtype: DType { .u8 }
  public var asDouble: Double { Double(self) }
  public var asInt: Int { Int(self) }
  public init(clamping value: Double) { self = value.clamped(to: UInt8.self) }
  public init(wrapping value: Int) { self = UInt8(truncatingIfNeeded: value) }
}

extension Bool: Element {
  public static var dtype: DType { .bool }
  public var asDouble: Double { self ? 1 : 0 }
  public var asInt: Int { self ? 1 : 0 }
  public init(clamping value: Double) { self = value != 0 }
  public init(wrapping value: Int) { self = value != 0 }
}
