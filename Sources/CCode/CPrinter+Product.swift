// Calls of the runtime's matrix product as C: the struct and the function of its epilogue, the functions of operands whose
// positions follow no strides, and the call itself, once or for each product of a batch.

import DescentIR
import DescentLoops

/// What an epilogue receives beside the elements: its arrays and where the batch stands, in a struct.
private struct Environment {
  var arrays: [(name: String, type: String)]
  var batch: [(variable: Int, name: String)]
  /// The values of the struct's members.
  var text: String { (arrays.map(\.name) + batch.map(\.name)).joined(separator: ", ") }
}

/// A row of an array, by the position of the first of its elements that a block of the product meets.
private struct ArrayRow: Equatable {
  var storage: Storage
  var start: Affine
}

extension MatrixProduct {
  /// Bytes at least of arrays that are not yet in a cache when they are wanted.
  private static let farBytes = 1 << 18
  /// Steps of the sum at least, so that there is time for lines to arrive and that asking is little beside it.
  private static let fewestSteps = 256

  /// Rows of large arrays that the epilogue goes along.
  fileprivate func fetched(in function: LoopFunction, _ graph: Graph) -> [ArrayRow] {
    guard depth >= Self.fewestSteps, let column = columnVariables.last,
      columnVariables.dropLast().allSatisfy({ function.variables[$0].extent == 1 })
    else { return [] }
    var rows: [ArrayRow] = []
    func add(_ storage: Storage, _ position: Affine) {
      guard case .parameter(let number) = storage, let node = function.parameters[number].node,
        graph[node].type.byteCount >= Self.farBytes, position.coefficient(of: column) == 1,
        rowVariables.contains(where: { position.coefficient(of: $0) != 0 })
      else { return }
      let row = ArrayRow(storage: storage, start: position)
      if !rows.contains(row) { rows.append(row) }
    }
    epilogue.forEachStatement { statement in
      for place in statement.places { add(place.storage, place.position) }
      for x in statement.expressions {
        x.forEach { part in if case .load(let storage, let position, _) = part { add(storage, position) } }
      }
    }
    return rows
  }
}

extension CPrinter {
  mutating func product(_ product: MatrixProduct) {
    var epilogue = self
    (epilogue.lines, epilogue.level) = ([], 0)
    epilogue.taken.formUnion(["env", "e", "acc", "acc_stride", "row", "rows", "col", "cols", "r", "c"])
    let batch = product.batch.filter { function.variables[$0].extent > 1 }
      .map { (variable: $0, name: epilogue.declare(variable: $0)) }
    for (variable, name) in batch { variableNames[variable] = name }
    taken.formUnion(batch.map(\.name))
    let environment = Environment(arrays: arrays(of: product.epilogue), batch: batch)
    epilogue.declare(environment)
    epilogue.finish(product, environment)
    let fetched = product.fetched(in: function, graph)
    if !fetched.isEmpty { epilogue.fetch(fetched, product, environment) }
    helperLines += epilogue.lines
    call(product, environment, fetches: !fetched.isEmpty)
  }

  /// The parameters that an epilogue touches.
  private func arrays(of epilogue: [Statement]) -> [(name: String, type: String)] {
    let used = epilogue.storages.compactMap { if case .parameter(let number) = $0 { number } else { nil } }
    return used.sorted().map { number in
      let parameter = function.parameters[number]
      return (parameters[number].name, "\(parameter.isWritten ? "" : "const ")\(parameter.dtype.cName) *")
    }
  }

  private mutating func declare(_ environment: Environment) {
    line("typedef struct {")
    within {
      for array in environment.arrays { $0.line("\(array.type)\(array.name);") }
      for (_, name) in environment.batch { $0.line("int64_t \(name);") }
    }
    line("} \(name)_env;")
    line("")
  }

  /// The function that takes a block of elements through the epilogue.
  private mutating func finish(_ product: MatrixProduct, _ environment: Environment) {
    let accesses = product.epilogue.variables
    lines += [
      "DSC_INLINE void \(name)_finish(",
      "    const void *env, const \(product.dtype.cName) *acc, int64_t acc_stride, int64_t row, int64_t rows, "
        + "int64_t col, int64_t cols) {",
    ]
    within {
      $0.line("const \($0.name)_env *const e = (const \($0.name)_env *)env;")
      for array in environment.arrays { $0.line("\(array.type)DSC_RESTRICT const \(array.name) = e->\(array.name);") }
      for (variable, name) in environment.batch where accesses.contains(variable) {
        $0.line("const int64_t \(name) = e->\(name);")
      }
      $0.line("for (int64_t r = 0; r < rows; r++) {")
      $0.within {
        $0.digits("row", "r", product.rowVariables, accesses)
        $0.line("for (int64_t c = 0; c < cols; c++) {")
        $0.within {
          $0.digits("col", "c", product.columnVariables, accesses)
          $0.valueTexts[product.element] = CText(text: "acc[r * acc_stride + c]", precedence: .primary)
          $0.statements(product.epilogue)
        }
        $0.line("}")
      }
      $0.line("}")
    }
    line("}")
    line("")
  }

  /// The function that asks for the cache lines that a block of elements will want.
  private mutating func fetch(_ rows: [ArrayRow], _ product: MatrixProduct, _ environment: Environment) {
    let used = Set(rows.flatMap { $0.start.terms.map(\.variable) })
    line("DSC_INLINE void \(name)_fetch(const void *env, int64_t row, int64_t rows, int64_t col, int64_t cols) {")
    within {
      $0.line("const \($0.name)_env *const e = (const \($0.name)_env *)env;")
      for (variable, name) in environment.batch where used.contains(variable) {
        $0.line("const int64_t \(name) = e->\(name);")
      }
      $0.line("for (int64_t r = 0; r < rows; r++) {")
      $0.within {
        $0.digits("row", "r", product.rowVariables, used)
        $0.variableNames[product.columnVariables.last!] = "col"
        for row in rows { $0.line("DSC_GEMM_FETCH_ROW(e->\($0.array(row.storage, row.start).text), cols);") }
      }
      $0.line("}")
    }
    line("}")
    line("")
  }

  private mutating func call(_ product: MatrixProduct, _ environment: Environment, fetches: Bool) {
    let then = "\(name)_finish, \(fetches ? "\(name)_fetch" : "NULL"), &env"
    guard case .shared(.tiles(let batches, let unit, _, _, _, let part), _, let lower, let upper) = function.execution
    else {
      preconditionFailure("a product is shared out")
    }
    let whole = gemmSizes(unit, product.rows, product.columns, part?.steps ?? product.depth)
    var size = whole
    if let part {
      let first = environment.batch.first { $0.variable == part.variable }!.name
      size = "dsc_gemm_part(\(whole), \(first) * \(part.steps), \(product.depth), \(part.block))"
    }
    let kind = "dsc_gemm_\(product.dtype.name)"
    let left = operand(product.lhs, "a", kind, byRuns: product.readsRuns)
    let right =
      product.isRightPacked
      ? "\(kind)_packed(\(array(product.rhs.storage, product.rhs.start).text))"
      : operand(product.rhs, "b", kind, byRuns: false)
    let call = "\(kind)(\(size), \(left), \(right), "
    let (lo, hi) = (name(ofVariable: lower), name(ofVariable: upper))
    if batches == 1 {
      line("const \(name)_env env = {\(environment.text)};")
      return line("\(call)\(lo), \(hi), scratch, \(then));")
    }
    line("const int64_t tiles = dsc_gemm_tiles(\(whole));")
    line("for (int64_t u = \(lo); u < \(hi);) {")
    within { printer in
      printer.line("const int64_t batch = u / tiles, first = u % tiles, last = dsc_min_i64(tiles, first + \(hi) - u);")
      let extents = environment.batch.map { printer.function.variables[$0.variable].extent }
      for (i, (_, name)) in environment.batch.enumerated() {
        printer.line("const int64_t \(name) = \(digit("batch", extents, i));")
      }
      printer.line("const \(printer.name)_env env = {\(environment.text)};")
      printer.line("\(call)first, last, scratch, \(then));")
      printer.line("u += last - first;")
    }
    line("}")
  }

  /// Declares the variables of running numbers over them.
  private mutating func digits(_ start: String, _ step: String, _ variables: [Int], _ used: Set<Int>) {
    let extents = variables.map { function.variables[$0].extent }
    let wanted = variables.indices.filter { used.contains(variables[$0]) }
    if wanted.isEmpty { line("(void)\(start);") }
    for i in wanted {
      let number = variables.count == 1 ? "\(start) + \(step)" : digit("(\(start) + \(step))", extents, i)
      line("const int64_t \(declare(variable: variables[i])) = \(number);")
    }
  }

  /// How an operand is told to the product: by the strides of its two loops, or, where one has none, by a function for each,
  /// which is declared beside; where it is read by runs with their strides and lengths.
  private mutating func operand(
    _ operand: MatrixProduct.Operand, _ side: String, _ product: String, byRuns: Bool
  ) -> String {
    let data = array(operand.storage, operand.start).text
    switch operand.place {
    case .strides(let a, let b): return "\(product)_strided(\(data), \(cLiteral(a)), \(cLiteral(b)))"
    case .functions(let first, let second):
      let names = [first, second].map { "\(name)_\(side)_\($0.name)" }
      for (digits, function) in zip([first, second], names) {
        let terms = digits.dimensions.indices.compactMap { i -> String? in
          let coefficient = digits.coefficients[i]
          guard digits.dimensions[i] > 1, coefficient != 0 else { return nil }
          let text = digit("i", digits.dimensions, i)
          let literal = cLiteral(coefficient)
          return coefficient == 1 ? text : "\(text) * \(coefficient < 0 ? "(\(literal))" : literal)"
        }
        helperLines += wrapped(
          "DSC_INLINE int64_t \(function)(int64_t i) { return \(terms.isEmpty ? "0 * i" : terms.joined(separator: " + ")); }"
        )
      }
      helperLines.append("")
      guard byRuns else { return "\(product)_indexed(\(data), \(names[0]), \(names[1]))" }
      let runs = zip(names, [first, second]).map { name, digits in
        "dsc_gemm_runs(\(name), \(cLiteral(digits.run.stride)), \(digits.run.length))"
      }
      return "\(product)_by_runs(\(data), \(runs[0]), \(runs[1]))"
    }
  }
}

/// A digit of a number written in these dimensions, the last running fastest.
private func digit(_ number: String, _ dimensions: [Int], _ place: Int) -> String {
  let stride = dimensions[(place + 1)...].reduce(1, *)
  let quotient = stride == 1 ? number : "\(number) / \(stride)"
  return dimensions[..<place].allSatisfy { $0 == 1 } ? quotient : "\(quotient) % \(dimensions[place])"
}

extension [Statement] {
  /// The variables that they depend on.
  fileprivate var variables: Set<Int> { Set(accesses.flatMap { $0.terms.map(\.variable) }) }
}
