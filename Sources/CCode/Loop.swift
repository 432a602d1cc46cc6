// A loop as a function that all threads execute together: its body is a step program of its own, called again and again.
// Carries stay in one place, the memory of the loop's results; slices and step results are reached by moving pointers.

import DescentIR
import DescentPasses

extension ProgramContext {
  func loop(_ kernel: Kernel, _ form: LoopForm, prefix: String) -> KernelCode {
    let anchor = kernel.anchor!
    let body = StepProgram(schedule.bodies[anchor]!, prefix: "\(prefix)_l\(anchor.index)", isBody: true, leastShared: leastShared)
    let isShared = body.calls.contains(where: \.isShared)
    let barrier = isShared ? ["DSC_BARRIER"] : []
    var parameters = Parameters()
    func name(_ id: NodeID, writing: Bool) -> String {
      parameters.name(buffer(id), graph[id].type.dtype, node: id, writing: writing)
    }
    let operands = graph[anchor].operands.map { name($0, writing: false) }
    // The body's arena, and the results that nothing reads but must lie somewhere.
    var privateBytes = (body.arenaBytes + 63) / 64 * 64
    var hidden: [(number: Int, offset: Int)] = []
    var results: [String?] = []
    for (number, type) in form.resultTypes.enumerated() {
      let node = kernel.stores.first { if case .result(number) = families[$0.index] { true } else { false } }
      results.append(node.map { name($0, writing: true) })
      guard node == nil else { continue }
      hidden.append((number, privateBytes))
      privateBytes += (type.byteCount + 63) / 64 * 64
    }
    var lines: [String] = []
    var arena = "NULL"
    if privateBytes > 0 { arena = parameters.name(.partial(-1), .u8, node: nil, writing: true) }
    for (number, offset) in hidden {
      let type = form.resultTypes[number].dtype.cName
      lines.append("\(type) *const r\(number) = (\(type) *)(void *)(\(arena) + \(offset));")
      results[number] = "r\(number)"
    }
    // Carries begin as the operands are.
    for number in 0..<form.carries {
      lines.append("dsc_copy_share(\(results[number]!), \(operands[number]), \(form.resultTypes[number].byteCount), thread, threads);")
    }
    if form.carries > 0 { lines += barrier }
    func moving(_ array: String, _ type: TensorType) -> String {
      let size = type.shape.dimensions.dropFirst().reduce(1, *)
      return "\(array) + t * \(cLiteral(size))"
    }
    // What is only read is const, here and in the body's step, but not in the list between them.
    let pointers = operands.enumerated().map { number, operand in
      if number < form.carries { return "\(results[number]!)" }
      return "(void *)(uintptr_t)" + (number < form.carries + form.sequences ? "(\(moving(operand, form.operandTypes[number])))" : operand)
    } + (form.carries..<form.resultTypes.count).map { moving(results[$0]!, form.resultTypes[$0]) }
    let io = pointers.isEmpty ? "NULL" : "io"
    let declaration = pointers.isEmpty ? [] : ["void *const io[] = {\(pointers.joined(separator: ", "))};"]
    let call = "\(body.prefix)_step(\(io), \(arena), (unsigned char *)scratch, thread, threads);"
    if let length = form.length {
      let last = cLiteral(length)
      lines += ["for (int64_t s = 0; s < \(last); s++) {", "  const int64_t t = \(form.isReversed ? "\(last) - 1 - s" : "s");"]
      lines += (declaration + [call] + barrier).map { $0.indented(1) } + ["}"]
    } else {
      // All have read whether it goes on before anyone writes it.
      lines += declaration + ["while (1) {", "  const int goes_on = *\(results[0]!) != 0;"] + barrier.map { $0.indented(1) }
      lines += ["  if (!goes_on)", "    break;"] + ([call] + barrier).map { $0.indented(1) } + ["}"]
    }
    let work = body.calls.reduce(0) { $0 + $1.work }
    return KernelCode(
      parameters: parameters, prelude: body.text, body: lines, units: "1", work: (form.length ?? 100).times(work),
      scratch: "\(body.prefix)_scratch", partialBytes: privateBytes, nodes: [anchor], isCollective: true, sharesItsWork: isShared)
  }
}
