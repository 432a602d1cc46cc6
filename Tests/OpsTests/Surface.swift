// Functions that arrange, accumulate and contract, against NumPy: Fixtures/surface.json, which Tests/fixtures/surface.py writes. A new
// one joins by a line here and one there.

import DescentIR
import DescentOps
import FunctionTrials
import Testing

@Suite struct Surface {
  static let functions: [String: TriedFunction] = [
    "stack": { stack($0) }, "stack 1": { stack($0, axis: 1) }, "stack -1": { stack($0, axis: -1) },
    "verticalStack": { verticalStack($0) }, "horizontalStack": { horizontalStack($0) },
    "repeated 3": { repeated($0[0], 3) }, "repeated 2 axis 0": { repeated($0[0], 2, axis: 0) },
    "repeated 2 axis -1": { repeated($0[0], 2, axis: -1) }, "repeated 0 axis 0": { repeated($0[0], 0, axis: 0) },
    "repeated counts": { repeated($0[0], counts: [2, 0, 3], axis: 0) },
    "repeated counts flat": { repeated($0[0], counts: [1, 0, 2, 1]) },
    "tile 2": { tile($0[0], [2]) }, "tile 2 3": { tile($0[0], [2, 3]) }, "tile 2 1 3": { tile($0[0], [2, 1, 3]) },
    "roll 2": { roll($0[0], by: 2) }, "roll -1 axis 1": { roll($0[0], by: -1, axis: 1) },
    "roll 7 axis 0": { roll($0[0], by: 7, axis: 0) }, "roll axes": { roll($0[0], by: [1, -2], axes: [0, -1]) },
    "meshgrid": { stack(meshgrid($0)) }, "meshgrid ij": { stack(meshgrid($0, indexing: .ij)) },
    "eye": { _ in eye(3, dtype: .f64) }, "eye 2 4 1": { _ in eye(2, 4, offset: 1, dtype: .i32) },
    "eye 3 2 -9": { _ in eye(3, 2, offset: -9, dtype: .bool) },
    "diagonal": { diagonal($0[0]) }, "diagonal 1": { diagonal($0[0], offset: 1) },
    "diagonal -2": { diagonal($0[0], offset: -2) }, "diagonal 9": { diagonal($0[0], offset: 9) },
    "diagonal 1 axes": { diagonal($0[0], offset: 1, axes: (-1, 0)) },
    "diag": { diag($0[0]) }, "diag 2": { diag($0[0], offset: 2) }, "diag -1": { diag($0[0], offset: -1) },
    "trace": { trace($0[0]) }, "trace -1 axes": { trace($0[0], offset: -1, axes: (2, 1)) },
    "tril": { tril($0[0]) }, "tril 1": { tril($0[0], offset: 1) }, "triu": { triu($0[0]) },
    "triu -1": { triu($0[0], offset: -1) }, "triu 9": { triu($0[0], offset: 9) },
    "kron": { kron($0[0], $0[1]) },
    "logspace": { _ in logspace(-1, 2, count: 7, dtype: .f64) },
    "logspace 2": { _ in logspace(0, 5, count: 4, base: 2, dtype: .f64) },
    "geomspace": { _ in geomspace(3, 1000, count: 6, dtype: .f64) },
    "geomspace down": { _ in geomspace(-8, -0.5, count: 5, dtype: .f64) },
    "geomspace 1": { _ in geomspace(5, 7, count: 1, dtype: .f64) },
    "clamp": { clamp($0[0], $0[1], $0[2]) },
    "cumsum": { cumsum($0[0]) }, "cumsum axis 0": { cumsum($0[0], axis: 0) },
    "cumsum reversed": { cumsum($0[0], axis: 1, isReversed: true) },
    "cumprod": { cumprod($0[0]) }, "cumprod axis 0": { cumprod($0[0], axis: 0) },
    "cummax": { cummax($0[0]) }, "cummax reversed": { cummax($0[0], axis: 0, isReversed: true) },
    "cummin": { cummin($0[0]) }, "cummin axis 0": { cummin($0[0], axis: 0) },
    "logcumsumexp": { logcumsumexp($0[0]) },
    "logcumsumexp reversed": { logcumsumexp($0[0], axis: 0, isReversed: true) },
    "diff": { diff($0[0]) }, "diff 2 axis 0": { diff($0[0], order: 2, axis: 0) }, "diff 9": { diff($0[0], order: 9) },
    "tensordot": { tensordot($0[0], $0[1]) }, "tensordot 0": { tensordot($0[0], $0[1], axes: 0) },
    "tensordot 1": { tensordot($0[0], $0[1], axes: 1) },
    "tensordot axes": { tensordot($0[0], $0[1], axes: ([2, 0], [0, -1])) },
    "argsort": { argsort($0[0]) }, "argsort axis 0": { argsort($0[0], axis: 0) },
    "argsort descending": { argsort($0[0], isDescending: true) }, "sort": { sort($0[0]) },
    "sort axis 0": { sort($0[0], axis: 0) }, "sort descending": { sort($0[0], isDescending: true) },
    "topK": { topK($0[0], 3).values }, "topK indices": { topK($0[0], 3).indices },
    "quantile": { quantile($0[0], $0[1]) }, "quantile axis 0": { quantile($0[0], $0[1], axis: 0) },
    "quantile 0.3 axis 1": { quantile($0[0], 0.3, axis: 1) },
    "median": { median($0[0]) }, "median axis 0": { median($0[0], axis: 0) },
    "unique": { unique($0[0], size: 5) }, "unique fill": { unique($0[0], size: 5, fill: 7) },
    "argmin": { argmin($0[0]) }, "argmin axis 0": { argmin($0[0], axis: 0) },
    "takeAlongAxis": { takeAlongAxis($0[0], $0[1]) }, "takeAlongAxis axis 0": { takeAlongAxis($0[0], $0[1], axis: 0) },
    "take rows": { $0[0][$0[1]] }, "take pairs": { $0[0][$0[1], $0[2]] },
    "take column of rows": { $0[0][$0[1], 1] }, "take of columns": { $0[0][1..., $0[1]] },
    "set 1": { $0[0].at[1].set($0[1]) }, "set column": { $0[0].at[.all, -1].set($0[1]) },
    "set part": { $0[0].at[..<2, stride(from: 3, through: 1, by: -2)].set($0[1]) },
    "set number": { $0[0].at[1, 2].set(7) }, "set all": { $0[0].at[.all, .all].set($0[1]) },
    "set rows": { $0[0].at[$0[1]].set($0[2]) }, "set pairs": { $0[0].at[$0[1], $0[2]].set($0[3]) },
    "set part of rows": { $0[0].at[$0[1], 1...2].set($0[2]) },
    "add 1": { $0[0].adding($0[1], at: 1) }, "add rows": { $0[0].at[$0[1]].add($0[2]) },
    "add part": { $0[0].at[..<2, 1...].add($0[1]) }, "multiply 1": { $0[0].at[1].multiply($0[1]) },
    "multiply rows": { $0[0].at[$0[1]].multiply($0[2]) }, "max rows": { $0[0].at[$0[1]].max($0[2]) },
    "min rows": { $0[0].at[$0[1]].min($0[2]) }, "min part": { $0[0].at[1..., 2].min($0[1]) },
    "set where": { $0[0].updating(where: $0[1], to: $0[2]) },
    "searchsorted": { searchsorted($0[0], $0[1]) }, "searchsorted right": { searchsorted($0[0], $0[1], side: .right) },
    "digitize": { digitize($0[0], $0[1]) }, "digitize right": { digitize($0[0], $0[1], right: true) },
    "bincount": { bincount($0[0], length: 7) }, "bincount weights": { bincount($0[0], weights: $0[1], length: 7) },
    "histogram": { histogram($0[0], edges: $0[1]) },
    "histogram weights": { histogram($0[0], edges: $0[1], weights: $0[2]) },
    "histogram density": {
      convert(histogram($0[0], edges: $0[1], weights: onesLike($0[0]), isDensity: true), to: $0[0].dtype)
    },
    "interp": { interp($0[0], $0[1], $0[2]) }, "interp linear": { interp($0[0], $0[1], $0[2], beyond: .linear) },
    "interp missing": { interp($0[0], $0[1], $0[2], beyond: .missing) },
    "interp 2": { interp([$0[0], $0[1]], grid: [$0[2], $0[3]], values: $0[4]) },
    "interp 2 linear": { interp([$0[0], $0[1]], grid: [$0[2], $0[3]], values: $0[4], beyond: .linear) },
    "interp 3": { interp([$0[0], $0[1], $0[2]], grid: [$0[3], $0[4], $0[5]], values: $0[6], beyond: .missing) },
  ]
  /// What `einsum` is asked has the letters for its name.
  private static let table: FunctionTable = {
    var functions = Self.functions
    let letters = FunctionTable("surface", [:]).unmatched.filter { $0.hasPrefix("einsum ") }
    for name in letters { functions[name] = { einsum(String(name.dropFirst("einsum ".count)), $0) } }
    return FunctionTable("surface", functions)
  }()

  @Test func everyFunctionHasItsCases() {
    #expect(Self.table.unmatched == [])
    #expect(Self.table.cases.count > 100)
  }
  @Test(arguments: table.cases) func value(_ item: FunctionCase) throws {
    #expect(try Self.table.problemOfValue(item) == nil)
  }
  @Test(arguments: table.cases) func derivatives(_ item: FunctionCase) throws {
    #expect(try Self.table.problemOfDerivatives(item) == nil)
  }
  @Test(arguments: table.cases) func batches(_ item: FunctionCase) throws {
    #expect(try Self.table.problemOfBatches(item) == nil)
  }
  @Test(arguments: [DType.f64, .f32]) func compiled(_ real: DType) throws {
    #expect(try Self.table.problemsOfCompiling(Self.table.cases, real) == [])
  }
}
