// One element of a tensor as an expression: what pointwise operations say of themselves and loop nests are made of.
// Values, not text: they are counted, compared, interpreted, and printed by one printer.
// Invariant: an expression has the type that `dtype` says; C's promotions of small integers are undone by explicit casts.

/// A number of a type.
package struct Scalar: Hashable, Sendable {
  package let dtype: DType
  /// The bits of a Double for real types, else the integer.
  private let bits: Int

  package init(_ value: Double, _ dtype: DType) {
    self.dtype = dtype
    bits =
      dtype.isFloating
      ? Int(bitPattern: UInt((dtype == .f32 ? Double(Float(value)) : value).bitPattern)) : value.clamped(to: Int.self)
  }
  package init(integer: Int, _ dtype: DType) {
    self.dtype = dtype
    bits = dtype.isFloating ? Int(bitPattern: UInt(Double(integer).bitPattern)) : integer
  }
  /// Its value as a real number.
  package var double: Double { dtype.isFloating ? Double(bitPattern: UInt64(UInt(bitPattern: bits))) : Double(bits) }
  /// Its value where it is an integer.
  package var int: Int { dtype.isFloating ? double.clamped(to: Int.self) : bits }
}

/// An operator between two expressions, as C has it.
package enum Infix: String, Sendable {
  case add = "+", subtract = "-", multiply = "*", divide = "/", remainder = "%"
  case and = "&", or = "|", xor = "^"
  case less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">=", equal = "==", notEqual = "!="

  /// True for those that give a truth value.
  package var isComparison: Bool {
    switch self {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: true
    case .add, .subtract, .multiply, .divide, .remainder, .and, .or, .xor: false
    }
  }
}

/// A function of the runtime or of C's library: its name, the header that an emitted program needs for it, its result's type.
package struct Intrinsic: Hashable, Sendable {
  package var name: String
  /// nil for what every program has.
  package var header: String?
  package var result: DType

  package init(_ name: String, header: String? = nil, _ result: DType) {
    (self.name, self.header, self.result) = (name, header, result)
  }
}

/// Where an element lies, for the function that it stands in.
package enum Storage: Hashable, Sendable {
  /// An array that the function is given.
  case parameter(Int)
  /// An array or a number of its own.
  case local(Int)
}

/// One element, or one position, from elements of arrays and loop variables.
package indirect enum Expression: Hashable, Sendable {
  case literal(Scalar)
  /// A function of loop variables, as an integer of 64 bits.
  case position(Affine)
  /// A value that has been defined.
  case value(Int, DType)
  case load(Storage, Affine, DType)
  /// An array, or what begins at a position of it, as an operand of a function.
  case array(Storage, Affine, DType)
  /// Two of one type.
  case infix(Infix, Expression, Expression)
  case negated(Expression)
  case call(Intrinsic, [Expression])
  /// C's conversion, for operands that the type can hold or that wrap.
  case cast(DType, Expression)
  /// An integer taken as one without a sign, in which sums and products wrap.
  case unsigned(Expression)

  package var dtype: DType {
    switch self {
    case .literal(let scalar): scalar.dtype
    case .position: .i64
    case .value(_, let dtype), .load(_, _, let dtype), .array(_, _, let dtype), .cast(let dtype, _): dtype
    case .infix(let sign, let a, _): sign.isComparison ? .bool : a.dtype
    case .negated(let x), .unsigned(let x): x.dtype
    case .call(let function, _): function.result
    }
  }

  /// The parts.
  package var operands: [Expression] {
    switch self {
    case .literal, .position, .value, .load, .array: []
    case .infix(_, let a, let b): [a, b]
    case .negated(let x), .cast(_, let x), .unsigned(let x): [x]
    case .call(_, let x): x
    }
  }
  /// The same with other parts.
  package func with(_ x: [Expression]) -> Expression {
    switch self {
    case .literal, .position, .value, .load, .array: self
    case .infix(let sign, _, _): .infix(sign, x[0], x[1])
    case .negated: .negated(x[0])
    case .call(let function, _): .call(function, x)
    case .cast(let dtype, _): .cast(dtype, x[0])
    case .unsigned: .unsigned(x[0])
    }
  }

  // MARK: Makers

  package static func number(_ value: Double, _ dtype: DType) -> Expression { .literal(Scalar(value, dtype)) }

  /// A function `dsc_NAME_TYPE` of the elementary ones.
  package static func math(_ name: String, _ x: Expression..., type: DType) -> Expression {
    let header =
      switch name {
      case "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh": "descent_math_circular.h"
      case "exp2", "log2", "log10", "cbrt", "hypot": "descent_math_powers.h"
      case "erfc", "erfinv", "normal_quantile", "lgamma", "digamma": "descent_math_special.h"
      // The header of f32 has those of both types that need no polynomial.
      case "abs", "floor", "round", "sign", "rsqrt": "descent_math.h"
      default: type == .f64 ? "descent_math_f64.h" : "descent_math.h"
      }
    return .call(Intrinsic("dsc_\(name)_\(type.name)", header: header, type), x)
  }
  /// A function `dsc_NAME_TYPE` of integers, or a division.
  package static func whole(_ name: String, _ x: Expression..., type: DType) -> Expression {
    .call(Intrinsic("dsc_\(name)_\(type.name)", header: "descent_integer.h", type), x)
  }
  /// `a` where the truth value `p` holds, else `b`: never `?:`, in whose arm a compiler may put a load.
  package static func choice(_ p: Expression, _ a: Expression, _ b: Expression) -> Expression {
    let dtype = a.dtype
    return .call(Intrinsic("dsc_select_\(dtype == .bool ? "u8" : dtype.name)", dtype), [p, a, b])
  }
  /// The greater or the lesser; NaN where one is.
  package static func extreme(_ name: String, _ a: Expression, _ b: Expression) -> Expression {
    let dtype = a.dtype
    return .call(Intrinsic("dsc_\(name)_\(dtype == .bool ? "u8" : dtype.name)", dtype), [a, b])
  }
  /// A comparison as a number that is 0 or 1.
  package static func truth(_ sign: Infix, _ a: Expression, _ b: Expression) -> Expression {
    .cast(.bool, .infix(sign, a, b))
  }
  /// a ∘ b in the arithmetic of their type, in which integers wrap.
  package static func arithmetic(_ sign: Infix, _ a: Expression, _ b: Expression) -> Expression {
    switch a.dtype {
    case .f32, .f64: .infix(sign, a, b)
    case .i32, .i64: .cast(a.dtype, .infix(sign, .unsigned(a), .unsigned(b)))
    case .u8, .bool: .cast(a.dtype, .infix(sign, a, b))
    }
  }
  /// a b + c, rounded once.
  package static func multiplyAdd(_ a: Expression, _ b: Expression, _ c: Expression) -> Expression {
    .call(Intrinsic("dsc_fma_\(a.dtype.name)", a.dtype), [a, b, c])
  }
  /// The nearest index in 0 ..< extent.
  package static func clamped(_ index: Expression, _ extent: Expression) -> Expression {
    .call(Intrinsic("dsc_clamp_index", .i64), [index, extent])
  }
  /// The lesser of two positions.
  package static func least(_ a: Expression, _ b: Expression) -> Expression {
    .call(Intrinsic("dsc_min_i64", .i64), [a, b])
  }
}
