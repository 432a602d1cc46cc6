// Objects of JSON, one a line, with their fields in the order given. What is no number in JSON (NaN, infinity) becomes
// null.

import DescentIR

/// A value in a line of JSON.
package enum JSON: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral
{
  case string(String), int(Int), double(Double), bool(Bool), null

  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(_ value: Double?) { self = value.map { .double($0) } ?? .null }

  /// The value as text.
  package var text: String {
    switch self {
    case .string(let value): quoted(value)
    case .int(let value): "\(value)"
    case .double(let value): value.isFinite ? "\(value)" : "null"
    case .bool(let value): "\(value)"
    case .null: "null"
    }
  }

  /// An object in one line.
  package static func line(_ fields: KeyValuePairs<String, JSON>) -> String { line(fields.map { ($0.key, $0.value) }) }
  package static func line(_ fields: [(String, JSON)]) -> String {
    "{" + fields.map { "\(quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
  }
}
