// Loop nests as text for people and tests: a statement a line, loops as indentation.

import DescentIR
import DescentOps

extension StepPlan {
  /// The calls in order, and each function where it is called first.
  package var text: String {
    var lines: [String] = [], seen: Set<Int> = []
    for (number, call) in calls.enumerated() {
      if call.waits { lines.append("barrier") }
      let arrays = call.buffers.map(describe).joined(separator: "; ")
      lines.append("call \(number): function \(call.function)\(call.isShared ? ", shared" : "") on \(arrays)")
      if seen.insert(call.function).inserted { lines += functions[call.function].text.map { "  " + $0 } }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension LoopFunction {
  /// A line for each statement.
  package var text: [String] {
    if let scan {
      let arguments = scan.arguments.map {
        "\(place($0.storage))\($0.step == 0 ? "" : " + t * \($0.step)")\($0.isWritten ? " written" : "")"
      }
      let carries = scan.carries.map { "p\($0.from) to \(place($0.to))" }
      let head =
        "loop of \(scan.length.map(String.init) ?? "while the first carry holds")\(scan.isReversed ? ", reversed" : "")"
      return ["\(head): \(arguments.joined(separator: ", ")); carries \(carries.joined(separator: ", "))"]
        + scan.body.text.split(separator: "\n").map { "  " + $0 }
    }
    return lines(body)
  }
  private func place(_ place: Scan.Place) -> String {
    switch place {
    case .parameter(let number): "p\(number)"
    case .arena(let offset): "arena + \(offset)"
    }
  }

  private func lines(_ body: [Statement]) -> [String] { body.flatMap(lines) }
  private func indented(_ body: [Statement]) -> [String] { lines(body).map { "  " + $0 } }

  private func lines(_ statement: Statement) -> [String] {
    switch statement {
    case .define(let value, let x): ["\(name(value)) = \(text(x))"]
    case .index(let variable, let x): ["\(variables[variable].name).\(variable) = \(text(x))"]
    case .local(let number, let x):
      [
        "local \(locals[number].name).\(number) \(locals[number].dtype.name)\(locals[number].count.map { "[\($0)]" } ?? "")\(x.map { " = " + text($0) } ?? "")"
      ]
    case .store(let storage, let position, let x): ["\(element(storage, position)) = \(text(x))"]
    case .combine(let storage, let position, let reducer, let x):
      ["\(element(storage, position)) \(reducer.rawValue)= \(text(x))"]
    case .accumulate(let storage, let position, let a, let b):
      ["\(element(storage, position)) += \(text(a)) * \(text(b))"]
    case .loop(let loop):
      [
        "for \(variables[loop.variable].name).\(loop.variable) in \(text(loop.lower)) ..< \(text(loop.upper))"
          + (loop.step == 1 ? "" : " by \(loop.step)") + (loop.mode == .plain ? "" : " \(loop.mode)")
      ] + indented(loop.body)
    case .when(let condition, let body): ["when \(text(condition))"] + indented(body)
    case .scope(let body): ["scope"] + indented(body)
    case .push(let sums):
      ["push \(element(sums.sum, sums.sumAt)), \(sums.lanes) lanes, onto \(element(sums.stack, sums.stackAt))"]
    case .finish(let sums):
      ["finish \(element(sums.sum, sums.sumAt)), \(sums.lanes) lanes, from \(element(sums.stack, sums.stackAt))"]
    case .product(let product):
      [
        "product \(product.rows) x \(product.columns) x \(product.depth) of \(operand(product.lhs)) and \(operand(product.rhs)) as \(name(product.element))"
      ] + indented(product.epilogue)
    case .draw(let draw):
      [
        "draw \(draw.draw.rawValue) \(element(draw.target, draw.start)), blocks \(text(draw.from)) ..< \(text(draw.to)) of \(draw.count) numbers"
      ]
    case .matrices(let call):
      [
        "\(call.kernel.function.rawValue) \(call.kernel.arguments) \(element(call.result.storage, call.result.start)) of "
          + call.operands.map { element($0.storage, $0.start) }.joined(separator: ", ")
      ]
    case .show(let show): ["show \(element(show.source, Affine())), \(show.type)"]
    case .comment(let nodes): ["# \(nodes.map { "%\($0.index)" }.joined(separator: " "))"]
    }
  }

  private func operand(_ operand: MatrixProduct.Operand) -> String {
    let start = element(operand.storage, operand.start)
    switch operand.place {
    case .strides(let a, let b): return "\(start) by \(a), \(b)"
    case .functions(let a, let b):
      return "\(start) by \(a.coefficients) of \(a.dimensions), \(b.coefficients) of \(b.dimensions)"
    }
  }
  private func name(_ value: Int) -> String { "\(values[value])_\(value)" }
  private func element(_ storage: Storage, _ position: Affine) -> String {
    switch storage {
    case .parameter(let number): "p\(number)[\(text(position))]"
    case .local(let number):
      locals[number].count == nil
        ? "\(locals[number].name).\(number)" : "\(locals[number].name).\(number)[\(text(position))]"
    }
  }
  private func text(_ affine: Affine) -> String {
    var parts = affine.terms.map { term in
      let name = "\(variables[term.variable].name).\(term.variable)"
      return term.coefficient == 1 ? name : "\(term.coefficient) \(name)"
    }
    if affine.constant != 0 || parts.isEmpty { parts.append("\(affine.constant)") }
    return parts.joined(separator: " + ")
  }
  private func text(_ x: Expression) -> String {
    switch x {
    case .literal(let scalar): scalar.dtype.isFloating ? "\(scalar.double)" : "\(scalar.int)"
    case .position(let affine): text(affine)
    case .value(let value, _): name(value)
    case .load(let storage, let position, _): element(storage, position)
    case .array(let storage, let position, _): "&\(element(storage, position))"
    case .infix(let sign, let a, let b): "(\(text(a)) \(sign.rawValue) \(text(b)))"
    case .negated(let x): "-\(text(x))"
    case .call(let function, let operands): "\(function.name)(\(operands.map(text).joined(separator: ", ")))"
    case .cast(let dtype, let x): "\(dtype.name)(\(text(x)))"
    case .unsigned(let x): "unsigned(\(text(x)))"
    }
  }
}
