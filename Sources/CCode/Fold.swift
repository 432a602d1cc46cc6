// Folds, the adjoints of overlapping windows: each result element sums what the windows over it hold.
// The owner of a result computes all of its sum, over the elements of a window in sequence, so no two threads share one.

import DescentIR
import DescentOps
import DescentPasses

extension ProgramContext {
  func fold(_ kernel: Kernel, _ sources: [AxisSource]) -> KernelCode {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let from = graph[operand].type.shape, shape = kernel.domain, dtype = graph[anchor].type.dtype
    let folded = sources.indices.filter { sources[$0].terms.count == 2 }
    // Loops over the result, over the elements of a window, and the number of the window that they lead to.
    var variables = LoopVariable.over(shape.dimensions)
    let outputs = variables.indices
    var operandIndex = [Affine](repeating: Affine(), count: from.rank)
    for (axis, source) in zip(outputs, sources) where source.terms.count == 1 { operandIndex[source.terms[0].axis] = Affine(variable: axis) }
    var taps: [(head: String, lines: [String])] = []
    for axis in folded {
      let (window, element) = (sources[axis].terms[0], sources[axis].terms[1])
      let (size, count) = (from[element.axis], from[window.axis])
      operandIndex[element.axis] = Affine(variable: variables.count)
      variables.append(LoopVariable(name: "k\(axis)", extent: size))
      operandIndex[window.axis] = Affine(variable: variables.count)
      variables.append(LoopVariable(name: "w\(axis)", extent: count))
      let distance = "i\(axis) - k\(axis)" + (element.stride == 1 ? "" : " * \(element.stride)")
      let outside = window.stride == 1 ? "" : " || d\(axis) % \(window.stride) != 0"
      taps.append((
        "for (int64_t k\(axis) = 0; k\(axis) < \(size); k\(axis)++) {",
        [
          "const int64_t d\(axis) = \(distance);", "if (d\(axis) < 0 || d\(axis) >= \((count - 1) * window.stride + 1)\(outside))", "  continue;", "DSC_BRANCH;",
          "const int64_t w\(axis) = d\(axis)" + (window.stride == 1 ? ";" : " / \(window.stride);"),
        ]
      ))
    }
    var element = Body(self, Parameters(), variables)
    let value = element.value(operand, operandIndex)
    func epilogue(_ accumulator: String) -> Body {
      var body = Body(self, element.parameters, variables, names: element.counter)
      body.computedHere = Set(kernel.members + [anchor])
      let index = outputs.map { Affine(variable: $0) }
      body.set(anchor, index, accumulator)
      store(kernel, &body, index)
      return body
    }
    func tapped(_ inner: [String]) -> [String] {
      taps.reversed().reduce(inner) { [$1.head] + ($1.lines + $0).map { $0.indented(1) } + ["}"] }
    }
    let type = dtype.cName
    func sum(_ accumulator: String) -> String { "\(accumulator) = \(Add.c(accumulator, value, dtype));" }
    let zero = cLiteral(0, dtype)
    let last = shape.rank - 1
    let isWide = !folded.contains(last) && shape[last] >= 8
    let end = epilogue(isWide ? "acc[l]" : "acc")
    var lines: [String]
    if isWide {
      let name = variables[last].name, tile = 64
      func lanes(_ body: [String]) -> [String] {
        ["for (int64_t l = 0; l < n; l++) {", "  const int64_t \(name) = j + l;"] + body.map { $0.indented(1) } + ["}"]
      }
      lines = ["for (int64_t j = 0; j < \(shape[last]); j += \(tile)) {", "  const int64_t n = dsc_least(\(tile), \(shape[last]) - j);", "  \(type) acc[\(tile)];",
        "  for (int64_t l = 0; l < \(tile); l++)", "    acc[l] = \(zero);"]
      lines += (tapped(lanes(element.lines + [sum("acc[l]")])) + lanes(end.lines)).map { $0.indented(1) } + ["}"]
    } else {
      lines = ["{", "  \(type) acc = \(zero);"] + (tapped(element.lines + [sum("acc")]) + end.lines).map { $0.indented(1) } + ["}"]
    }
    let open = isWide ? Array(outputs.dropLast()) : Array(outputs)
    let shared = sharedLoop(open, variables)
    return KernelCode(
      parameters: end.parameters, body: withoutShares(shared) + nest(opened(open, variables, shared: shared), variables, lines),
      units: cLiteral(shared.map { shape[$0] } ?? 1), grain: shared == last ? 16 : 1,
      work: from.count * (2 + inlinedCost(operand)) + shape.count * cost(kernel.members), nodes: [anchor] + kernel.members)
  }
}
