// Values and derivatives where digits get lost: huge and tiny arguments, subnormal numbers, ties, infinities and NaN. All functions
// of one element type are one program, which is compiled and interpreted.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// What Tests/fixtures/tails.py writes. A number is its seventeen digits, nil what is not looked at.
private struct TailFixture: Decodable {
  struct Unary: Decodable {
    struct Function: Decodable {
      var values: [String?]
      var derivatives: [[String?]]
      var conditions: [[Double]]?
    }
    var arguments: [[String]]
    var functions: [String: Function]
  }
  struct Pairs: Decodable {
    var arguments: [[String]]
    var values: [String?]
    var derivatives: [[String?]]
  }
  struct Rows: Decodable {
    struct Function: Decodable {
      var values: [[String?]?]
      var derivatives: [[String?]?]
    }
    var rows: [[String]]
    var functions: [String: Function]
  }
  var unary: Unary
  var pairs: [String: Pairs]
  var rows: Rows

  static func read() throws -> [String: TailFixture] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/tails.json")
    return try JSONDecoder().decode([String: TailFixture].self, from: Data(contentsOf: url))
  }
}

/// A function at its arguments with the right results.
private struct TailCase {
  var tail: Tail
  /// Lists of numbers, all of one shape.
  var arguments: [Tensor]
  var values: [String?]
  /// For each argument.
  var derivatives: [[String?]]
  /// By how much errors of the arguments are magnified in value and derivative.
  var conditions: [[Double]]?

  static func all(_ dtype: DType) throws -> [String: TailCase] {
    let fixture = try #require(try TailFixture.read()[dtype.name])
    var cases: [String: TailCase] = [:]
    func numbers(_ x: [String], _ shape: Shape? = nil) -> Tensor {
      let numbers = x.map { Double($0)! }
      return Tensor(HostArray(TensorType(dtype, shape ?? [x.count])) { numbers[$0] })
    }
    for tail in Tail.unary {
      let function = try #require(fixture.unary.functions[tail.name], "no right values of \(tail.name)")
      cases[tail.name] = TailCase(
        tail: tail, arguments: fixture.unary.arguments.map { numbers($0) }, values: function.values,
        derivatives: [function.derivatives.map { $0[0] }], conditions: function.conditions)
    }
    for tail in Tail.pairs {
      let function = try #require(fixture.pairs[tail.name], "no right values of \(tail.name)")
      cases[tail.name] = TailCase(
        tail: tail, arguments: function.arguments.map { numbers($0) }, values: function.values,
        derivatives: (0..<2).map { i in function.derivatives.map { $0[i] } })
    }
    for tail in Tail.rows {
      let function = try #require(fixture.rows.functions[tail.name], "no right values of \(tail.name)")
      let rows = fixture.rows.rows
      let width = function.values.lazy.compactMap { $0?.count }.first ?? 1
      cases[tail.name] = TailCase(
        tail: tail, arguments: [numbers(rows.flatMap { $0 }, [rows.count, 3])],
        values: function.values.flatMap { $0 ?? Array(repeating: nil, count: width) },
        derivatives: [function.derivatives.flatMap { $0 ?? [nil, nil, nil] }])
    }
    return cases
  }
}

/// The values of all functions, and Σ c y over all their results: of rows with c = 1, 2, 3, else with 1.
private func values(_ p: [String: [Tensor]], _ cases: [String: TailCase]) -> [String: Tensor] {
  Dictionary(uniqueKeysWithValues: p.map { name, arguments in (name, cases[name]!.tail.function(arguments)) })
}
private func total(_ p: [String: [Tensor]], _ cases: [String: TailCase]) -> Tensor {
  values(p, cases).sorted { $0.key < $1.key }.reduce(Tensor(0.0)) { total, item in
    let y = item.value
    return total + convert(sum(y.rank == 2 ? y * convert(arange(1, 4), to: y.dtype) : y), to: .f64)
  }
}

@Suite struct TailTests {
  /// Where a factor is subnormal a product has as few digits: so many steps of the least number are no error.
  private static let leastSteps = 128.0

  /// How far a number is from the right one, in units in its last place, less what is allowed besides; infinite where one of them is
  /// NaN or infinite and the other not.
  private static func error(_ y: Double, _ right: String, _ dtype: DType, condition: Double, absolute: Double) -> Double
  {
    let isSingle = dtype == .f32
    let want = isSingle ? Double(Float(right)!) : Double(right)!
    if y == want || (y.isNaN && want.isNaN) { return 0 }
    let exact = Double(right)!
    guard y.isFinite, want.isFinite else {
      // Next to the greatest number an infinity is an error of rounding.
      let greatest = isSingle ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
      let isNear = abs(exact) > greatest * (1 - 1e-5) && abs(y) > greatest * (1 - 1e-5) && (y > 0) == (exact > 0)
      return isNear ? 0 : .infinity
    }
    let (least, epsilon) = isSingle ? (0x1p-149, 0x1p-23) : (0x1p-1074, 0x1p-52)
    let unit = isSingle ? Double(Float(want).ulp) : want.ulp
    let difference = abs(y - exact) - leastSteps * least - absolute * epsilon
    return max(0, difference) / unit / (1 + condition)
  }

  /// A public function of tensors has a line, or a reason to have none.
  @Test func everyFunctionHasALine() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources")
    var names: Set<String> = []
    for folder in ["Ops", "Ops/Functions", "NN/Losses"] {
      let place = sources.appendingPathComponent(folder)
      for file in try FileManager.default.contentsOfDirectory(atPath: place.path) where file.hasSuffix(".swift") {
        let text = try String(contentsOf: place.appendingPathComponent(file), encoding: .utf8)
        for line in text.split(separator: "\n") {
          guard let found = line.firstMatch(of: /^public func ([`A-Za-z0-9]+)/) else { continue }
          names.insert(String(found.1))
        }
      }
    }
    #expect(names.count > 80)
    let lines = Set((Tail.unary + Tail.pairs + Tail.rows).map { String($0.name.split(separator: " ")[0]) })
    let exempt = Tail.exempt.values.flatMap { $0 }
    // Compositions have their lines there.
    let composed = Surface.functions.keys.map { String($0.split(separator: " ")[0]) } + ["einsum"]
    let missing = names.subtracting(lines).subtracting(exempt).subtracting(composed)
    #expect(missing.isEmpty, "add a line to Tails.swift or Surface.swift for these")
    #expect(Set(exempt).subtracting(names).isEmpty && lines.isDisjoint(with: exempt), "exempt without need")
  }

  @Test(arguments: [DType.f32, .f64]) func meetTheRightValues(_ dtype: DType) throws {
    let cases = try TailCase.all(dtype)
    let arguments = cases.mapValues { $0.arguments }
    let f = { @Sendable (p: [String: [Tensor]]) in
      (values(p, cases), grad { (p: [String: [Tensor]]) in total(p, cases) }(p))
    }
    let (interpreted, compiled) = (f(arguments), try compile(f)(arguments))
    for (way, results) in [("interpreted", interpreted), ("compiled", compiled)] {
      for (name, item) in cases.sorted(by: { $0.key < $1.key }) {
        func check(_ what: String, _ y: [Double], _ right: [String?], bound: Double, absolute: Double, condition: Int)
          throws
        {
          #expect(y.count == right.count)
          let x = try item.arguments.map { try $0.doubles }
          var worst = (error: 0.0, text: "")
          for (i, right) in right.enumerated() {
            guard let right else { continue }
            let error = Self.error(
              y[i], right, dtype, condition: item.conditions?[i][condition] ?? 0, absolute: absolute)
            let at = x.map { $0.count == y.count ? "\($0[i])" : "row \(i)" }.joined(separator: ", ")
            if error > worst.error { worst = (error, "\(y[i]) at \(at), not \(right)") }
          }
          #expect(worst.error <= bound, "\(what) of \(name), \(way): \(worst.error) ULP, \(worst.text)")
        }
        try check(
          "value", results.0[name]!.doubles, item.values, bound: item.tail.value, absolute: item.tail.valueAbsolute,
          condition: 0)
        for (i, right) in item.derivatives.enumerated() {
          let (bound, absolute) = (item.tail.derivative, item.tail.absolute)
          try check(
            "derivative \(i)", results.1[name]![i].doubles, right, bound: bound, absolute: absolute, condition: 1)
        }
      }
    }
  }
}
