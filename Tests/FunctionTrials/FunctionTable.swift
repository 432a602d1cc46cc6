// Functions tried against right values from a fixture, and against the laws that every function keeps: compiled as interpreted, in f64
// and f32; derivatives forward and back as differences; a batch as its elements.
//
// A table maps the names of a fixture's cases to functions; a new function joins by a line there and one in the script that writes the
// fixture. Cases of one name are several trials of one function.

import DescentDriver
import DescentIR
import DescentInterpreter
import DescentOps
import DescentTransforms
import Foundation

package typealias TriedFunction = @Sendable ([Tensor]) -> Tensor

/// A name, what the function is applied to, and the right result.
package struct FunctionCase: Decodable, Sendable, CustomStringConvertible {
  package struct Array: Decodable, Sendable {
    package var type: String
    package var shape: [Int]
    /// Numbers, or words for those that JSON lacks.
    package var values: [String]

    package func tensor(_ real: DType? = nil) throws -> Tensor {
      guard let stored = DType(name: type) else { throw DescentError(.type, "no type '\(type)'") }
      let dtype = stored.isFloating ? real ?? stored : stored
      return convert(Tensor(values.map { Double($0)! }, shape: Shape(shape)), to: dtype)
    }
  }
  package var name: String
  package var inputs: [Array]
  package var result: Array
  /// The function has kinks or steps where its derivatives are no limits of differences.
  package var isRough: Bool

  package var description: String {
    "\(name) of \(inputs.map { $0.type + Shape($0.shape).description }.joined(separator: ", "))"
  }
}

/// The cases of a fixture with the functions that they are of.
package struct FunctionTable: Sendable {
  package var cases: [FunctionCase]
  private var functions: [String: TriedFunction]

  /// Reads `Fixtures/NAME.json` beside the file of the caller.
  package init(_ name: String, beside file: String = #filePath, _ functions: [String: TriedFunction]) {
    let url = URL(filePath: file).deletingLastPathComponent().appending(path: "Fixtures/\(name).json")
    cases = try! JSONDecoder().decode([FunctionCase].self, from: try! Data(contentsOf: url))
    self.functions = functions
  }

  /// Names that stand in the fixture or in the table alone.
  package var unmatched: [String] {
    let names = Set(cases.map(\.name)), known = Set(functions.keys)
    return names.symmetricDifference(known).sorted()
  }
  private func function(_ item: FunctionCase) throws -> TriedFunction {
    guard let f = functions[item.name] else { throw DescentError(.usage, "no function '\(item.name)' in the table") }
    return f
  }

  /// Sums of the functions are not longer.
  private static let longestSum = 64

  private static func mismatch(_ actual: Tensor, _ expected: Tensor, _ what: String) throws -> String? {
    let (a, b) = (try actual.value, try expected.value)
    guard a.type == b.type else { return "\(what) is \(a.type), not \(b.type)" }
    let allowed = Tolerance(a.dtype, longestSum: longestSum).relative
    let difference = Tolerance.difference(a.doubles, b.doubles)
    guard difference > allowed else { return nil }
    return "\(what) is \(a.doubles.prefix(12)), not \(b.doubles.prefix(12)): \(difference), allowed \(allowed)"
  }
}

extension FunctionTable {
  /// In what the value that is evaluated at once differs from the right one.
  package func problemOfValue(_ item: FunctionCase) throws -> String? {
    let inputs = try item.inputs.map { try $0.tensor() }
    return try Self.mismatch(function(item)(inputs), item.result.tensor(), "the value")
  }

  /// In what the derivatives differ from differences along a direction; a result of integers has none.
  package func problemOfDerivatives(_ item: FunctionCase) throws -> String? {
    let inputs = try item.inputs.map { try $0.tensor() }
    let real = inputs.indices.filter { inputs[$0].dtype.isFloating && inputs[$0].shape.count > 0 }
    guard !item.isRough, !real.isEmpty, item.result.type == "f64", !item.result.values.isEmpty else { return nil }
    let f = try function(item)
    let whole = Self.joined(f, inputs, real)
    let point = real.map { inputs[$0] }
    let along = point.enumerated().map { Self.wave($1, phase: Double($0)) }
    let weights = Self.wave(whole(point), phase: 0.5)
    func difference(_ h: Double) -> Tensor {
      let (plus, minus) = (zip(point, along).map { $0 + $1 * h }, zip(point, along).map { $0 - $1 * h })
      return (whole(plus) - whole(minus)) * (0.5 / h)
    }
    // Differences are right to the fourth order of 1e-3, and off by rounding over 1e-3.
    let expected = (difference(5e-4) * 4 - difference(1e-3)) * (1.0 / 3)
    let (_, tangent) = jvp(whole)(point, along)
    let gradient = grad { (x: [Tensor]) in sum(whole(x) * weights) }(point)
    let slope = zip(gradient, along).reduce(Tensor(0.0)) { $0 + sum($1.0 * $1.1) }
    for (actual, wanted, what) in [
      (tangent, expected, "the tangent"), (slope, sum(expected * weights), "the gradient's slope"),
    ] {
      let (a, b) = (try actual.doubles, try wanted.doubles)
      let scale = try expected.doubles.reduce(1) { Swift.max($0, Swift.abs($1)) }
      for (x, y) in zip(a, b) where !(Swift.abs(x - y) <= 1e-9 * scale * Double(what == "the tangent" ? 1 : 64)) {
        return "\(what) is \(a.prefix(12)), not \(b.prefix(12))"
      }
    }
    return nil
  }

  /// In what a batch of three differs from its elements.
  package func problemOfBatches(_ item: FunctionCase) throws -> String? {
    guard !item.inputs.isEmpty else { return nil }
    let inputs = try item.inputs.map { try $0.tensor() }
    let f = try function(item)
    // Real inputs move a little, so that what is sorted stays so.
    let elements = (0..<3).map { number in
      inputs.map { $0.dtype.isFloating ? $0 * (1 + 1e-3 * Double(number)) : $0 }
    }
    let batch = inputs.indices.map { place in stack(elements.map { $0[place] }) }
    let actual = vmap { (x: [Tensor]) in f(x) }(batch)
    return try Self.mismatch(actual, stack(elements.map(f)), "the batch")
  }

  /// In what compiled values and gradients of many cases, one program, differ from interpreted ones; `real` stands for f64.
  package func problemsOfCompiling(_ items: [FunctionCase], _ real: DType) throws -> [String] {
    let parts = try items.map { item in
      let inputs = try item.inputs.map { try $0.tensor(real) }
      return (f: try function(item), real: inputs.indices.filter { inputs[$0].dtype.isFloating }, inputs: inputs)
    }
    let program: @Sendable ([[Tensor]]) -> [[Tensor]] = { arguments in
      zip(parts, arguments).map { part, inputs in
        let value = part.f(inputs)
        guard value.dtype.isFloating, !part.real.isEmpty else { return [value] }
        let whole = Self.joined(part.f, inputs, part.real)
        let gradient = grad { (x: [Tensor]) in
          let y = whole(x)
          return sum(y * Self.wave(y, phase: 0.5))
        }(part.real.map { inputs[$0] })
        return [value] + gradient
      }
    }
    let compiled = try compile(program)(parts.map(\.inputs)), interpreted = program(parts.map(\.inputs))
    var problems: [String] = []
    for (item, (a, b)) in zip(items, zip(compiled, interpreted)) {
      for (number, (x, y)) in zip(a, b).enumerated() {
        let what = number == 0 ? "the compiled value" : "the compiled gradient \(number - 1)"
        if let problem = try Self.mismatch(x, y, what) { problems.append("\(item): \(problem)") }
      }
    }
    return problems
  }

  /// The function of some of the inputs, the others as they are.
  private static func joined(_ f: @escaping TriedFunction, _ inputs: [Tensor], _ some: [Int]) -> TriedFunction {
    { x in
      var all = inputs
      for (place, tensor) in zip(some, x) { all[place] = tensor }
      return f(all)
    }
  }
  /// Numbers of the size of 1 that no symmetry makes vanish, of the type of `x`.
  private static func wave(_ x: Tensor, phase: Double) -> Tensor {
    let numbers = (0..<x.shape.count).map { Foundation.sin(1 + phase + 1.7 * Double($0)) }
    return convert(Tensor(numbers, shape: x.shape), to: x.dtype)
  }
}
