// Contractions as calls of the runtime's matrix product, with the kernel's other nodes in its epilogue.

import DescentIR
import DescentPasses

extension ProgramContext {
  func contraction(_ kernel: Kernel, _ axes: ContractionAxes) -> [KernelCode] {
    let anchor = kernel.anchor!
    let dtype = graph[anchor].type.dtype
    let form = graph.contractionLoops(anchor)
    guard dtype.isFloating, form.depth > 0, form.rows * form.columns > 1, let lhs = form.operands[0], let rhs = form.operands[1] else {
      return productReduction(kernel, axes)
    }
    let batchRank = form.batch.count
    let rowRange = batchRank..<batchRank + form.rowDimensions.count
    let columnRange = rowRange.upperBound..<rowRange.upperBound + form.columnDimensions.count
    let names = form.batch.indices.map { "b\($0)" } + form.rowDimensions.indices.map { "i\($0)" }
      + form.columnDimensions.indices.map { "j\($0)" }
    let original = zip(names, form.batch + form.rowDimensions + form.columnDimensions).map { LoopVariable(name: $0, extent: $1) }
    let index = original.indices.map { Affine(variable: $0) }
    var parameters = Parameters()
    let a = parameters.name(buffer(lhs.base), dtype, node: lhs.base, writing: false)
    let b = parameters.name(buffer(rhs.base), dtype, node: rhs.base, writing: false)

    func epilogue(_ dropped: Set<Int>) -> Body {
      var body = Body(self, parameters, original, dropped: dropped)
      body.computedHere = Set(kernel.members + [anchor])
      body.set(anchor, index, "acc[r * acc_stride + c]")
      store(kernel, &body, index)
      return body
    }
    var variables = original
    let accesses = epilogue([]).accesses
    let dropped = merge(rowRange, &variables, accesses).union(merge(columnRange, &variables, accesses))
      .union(form.batch.indices.filter { form.batch[$0] == 1 })
    let body = epilogue(dropped)
    parameters = body.parameters

    // The epilogue receives its arrays, and the batch's index, in a struct.
    let used = parameters.entries.filter { entry in
      !(entry.name == a || entry.name == b) || body.lines.contains { $0.contains("\(entry.name)[") }
    }
    let function = KernelCode.placeholder
    var helpers = ["typedef struct {"]
    helpers += used.map { "  \($0.isWritten ? "" : "const ")\($0.dtype.cName) *\($0.name);" }
    helpers += form.batch.indices.map { "  int64_t b\($0);" }
    helpers += ["} \(function)_env;", ""]
    let t = dtype.cName
    helpers += [
      "DSC_INLINE void \(function)_finish(const void *env, const \(t) *acc, int64_t acc_stride, int64_t row, int64_t rows, int64_t col, int64_t cols) {",
      "  const \(function)_env *const e = (const \(function)_env *)env;",
    ]
    helpers += used.map { "  \($0.isWritten ? "" : "const ")\($0.dtype.cName) *DSC_RESTRICT const \($0.name) = e->\($0.name);" }
    helpers += form.batch.indices.filter { form.batch[$0] > 1 }.map { "  const int64_t b\($0) = e->b\($0);" }
    helpers += ["  for (int64_t r = 0; r < rows; r++) {"]
    helpers += split("row", "r", rowRange, variables, dropped).map { $0.indented(2) }
    helpers += ["    for (int64_t c = 0; c < cols; c++) {"]
    helpers += split("col", "c", columnRange, variables, dropped).map { $0.indented(3) }
    helpers += body.lines.map { $0.indented(3) }
    helpers += ["    }", "  }", "}"]

    let size = "dsc_gemm_sizes(\(form.rows), \(form.columns), \(form.depth))"
    let batches = form.batch.reduce(1, *)
    let fields = used.map(\.name) + form.batch.indices.map { "b\($0)" }
    func operand(_ name: String, _ operand: StridedOperand) -> String {
      // Position of the operand's first element for the batch at hand.
      let offset = (0..<batchRank).reduce(Affine(operand.position.constant)) {
        $0 + Affine(variable: $1) * operand.position.coefficient(of: $1)
      }
      return offset == Affine() ? name : "\(name) + \(offset.c(original))"
    }
    let depth = ("k", form.depthDimensions, columnRange.upperBound)
    let left = place(lhs, "a", operand(a, lhs), [(lhs.row, ("row", form.rowDimensions, batchRank)), (lhs.depth, depth)])
    let right = place(
      rhs, "b", operand(b, rhs), [(rhs.depth, depth), (rhs.column, ("col", form.columnDimensions, columnRange.lowerBound))])
    helpers += left.helpers + right.helpers
    let product = "dsc_gemm_\(dtype.name)(\(size), \(left.operand), \(right.operand), "
    let strides = (left.strides + right.strides).joined(separator: ", ")
    var lines: [String]
    if batches == 1 {
      let zeros = form.batch.indices.map { "const int64_t b\($0) = 0;" }
      lines = zeros + ["const \(function)_env env = {\(fields.joined(separator: ", "))};"]
        + ["\(product)lo, hi, scratch, \(function)_finish, &env);"]
    } else {
      lines = [
        "const int64_t tiles = dsc_gemm_tiles(\(size));", "for (int64_t u = lo; u < hi;) {",
        "  const int64_t batch = u / tiles, first = u % tiles, last = dsc_least(tiles, first + hi - u);",
      ]
      let strides = Shape(form.batch).strides
      lines += form.batch.indices.map { "  const int64_t b\($0) = batch / \(strides[$0]) % \(form.batch[$0]);" }
      lines += [
        "  const \(function)_env env = {\(fields.joined(separator: ", "))};",
        "  \(product)first, last, scratch, \(function)_finish, &env);", "  u += last - first;", "}",
      ]
    }
    return [
      KernelCode(
        parameters: parameters, helpers: helpers, body: lines,
        units: batches == 1 ? "dsc_gemm_tiles(\(size))" : "\(batches) * dsc_gemm_tiles(\(size))",
        work: batches.times(form.rows).times(form.columns).times(form.depth + cost(kernel.members)),
        scratch: "DSC_GEMM_SCRATCH_BYTES(\(form.rows), \(form.columns), \(form.depth), \(strides), sizeof(\(t)))", nodes: [anchor] + kernel.members)
    ]
  }

  /// How an operand is told to the product: by the strides of its two loops, or, where one has none, by a function for each,
  /// which is declared beside.
  private func place(
    _ operand: StridedOperand, _ name: String, _ data: String,
    _ loops: [(stride: Int?, loop: (name: String, dimensions: [Int], first: Int))]
  ) -> (operand: String, strides: [String], helpers: [String]) {
    let product = "dsc_gemm_\(graph[operand.base].type.dtype.name)"
    if loops.allSatisfy({ $0.stride != nil }) {
      let strides = loops.map { cLiteral($0.stride!) }
      return ("\(product)_strided(\(([data] + strides).joined(separator: ", ")))", strides, [])
    }
    let functions = loops.map { "\(KernelCode.placeholder)_\(name)_\($0.loop.name)" }
    let helpers = zip(functions, loops.map(\.loop)).map { function, loop in
      let places = Shape(loop.dimensions).strides
      let terms = loop.dimensions.indices.compactMap { i -> String? in
        let coefficient = operand.position.coefficient(of: loop.first + i)
        guard loop.dimensions[i] > 1, coefficient != 0 else { return nil }
        let quotient = places[i] == 1 ? "i" : "i / \(places[i])"
        let digit = loop.dimensions[..<i].allSatisfy { $0 == 1 } ? quotient : "\(quotient) % \(loop.dimensions[i])"
        return coefficient == 1 && loop.dimensions.count == 1 ? digit : "\(digit) * \(cLiteral(coefficient).withParenthesesIfNegative)"
      }
      return "DSC_INLINE int64_t \(function)(int64_t i) { return \(terms.isEmpty ? "0 * i" : terms.joined(separator: " + ")); }"
    }
    let strides = loops.map { _ in "DSC_GEMM_INDEXED" }
    return ("\(product)_indexed(\(([data] + functions).joined(separator: ", ")))", strides, helpers)
  }

  /// Declares the kept variables of `range` from one running number over them all.
  private func split(_ start: String, _ step: String, _ range: Range<Int>, _ variables: [LoopVariable], _ dropped: Set<Int>) -> [String] {
    let kept = range.filter { !dropped.contains($0) }
    let number = "\(start) + \(step)"
    if kept.isEmpty { return ["(void)\(start);"] }
    if kept.count == 1 { return ["const int64_t \(variables[kept[0]].name) = \(number);"] }
    let strides = Shape(kept.map { variables[$0].extent }).strides
    return zip(kept, strides).map { variable, stride in
      "const int64_t \(variables[variable].name) = (\(number)) / \(stride) % \(variables[variable].extent);"
    }
  }
}
