// Loops of steps as C: a loop around the step of the body, which all threads of a collective call go through together. Carries
// stay in the memory of the loop's results, and slices are pointers that move.

import DescentIR
import DescentLoops

extension CPrinter {
  mutating func scan(_ scan: Scan) {
    let places = arrays(of: scan)
    // Carries begin as the operands are.
    for (from, to, bytes) in scan.carries {
      line("dsc_copy_share(\(places[to]!), \(parameters[from].name), \(cLiteral(bytes)), thread, threads);")
    }
    let packed = pack(scan, places)
    if !scan.carries.isEmpty || !packed.isEmpty { barrier() }
    // What is only read is const, here and in the body's step, but not in the list between them.
    let pointers = scan.arguments.enumerated().map { number, argument in
      let name = packed[number] ?? places[argument.storage]!
      let moved = argument.step == 0 ? name : "\(name) + t * \(cLiteral(argument.step))"
      if argument.isWritten { return moved }
      return "(void *)(uintptr_t)" + (argument.step == 0 ? name : "(\(moved))")
    }
    if let length = scan.length {
      counted(scan, length, pointers)
    } else {
      conditional(scan, pointers, condition: places[scan.carries[0].to]!)
    }
  }

  /// Packs what products of the body take packed; gives where, by the argument's number.
  private mutating func pack(_ scan: Scan, _ places: [Scan.Place: String]) -> [Int: String] {
    var names: [Int: String] = [:]
    for (number, argument) in scan.arguments.enumerated() {
      guard let (product, at) = argument.packed, case .strides(let row, let column) = product.rhs.place else {
        continue
      }
      let (name, kind) = (fresh("packed", numbered: true), "dsc_gemm_\(product.dtype.name)")
      names[number] = name
      line("\(argument.dtype.cName) *const \(name) = dsc_at_\(argument.dtype.suffix)(\(arena(scan)!), \(at));")
      let sizes = gemmSizes(12, product.rows, product.columns, product.depth)
      let operand = "\(kind)_strided(\(places[argument.storage]!), \(cLiteral(row)), \(cLiteral(column)))"
      line("\(kind)_pack_whole(\(sizes), \(operand), \(name), thread, threads);")
    }
    return names
  }

  /// Where each array of the loop lies; declares those that lie in its own memory.
  private mutating func arrays(of scan: Scan) -> [Scan.Place: String] {
    var places: [Scan.Place: String] = [:]
    for (number, parameter) in parameters.enumerated() { places[.parameter(number)] = parameter.name }
    for argument in scan.arguments {
      guard case .arena(let offset) = argument.storage, places[argument.storage] == nil else { continue }
      let name = fresh("unread", numbered: true)
      places[argument.storage] = name
      line("\(argument.dtype.cName) *const \(name) = dsc_at_\(argument.dtype.suffix)(\(arena(scan)!), \(offset));")
    }
    return places
  }
  private func arena(_ scan: Scan) -> String? { scan.arena.map { parameters[$0].name } }

  private mutating func counted(_ scan: Scan, _ length: Int, _ pointers: [String]) {
    let last = cLiteral(length)
    let usesTime = scan.arguments.contains { $0.step != 0 }
    let isDown = usesTime && scan.isReversed
    line("for (int64_t t = \(isDown ? "\(last) - 1; t >= 0; t--" : "0; t < \(last); t++")) {")
    within {
      $0.table(pointers)
      $0.step(scan, pointers)
      $0.barrier()
    }
    line("}")
  }

  private mutating func conditional(_ scan: Scan, _ pointers: [String], condition: String) {
    table(pointers)
    line("while (1) {")
    within {
      // All have read whether it goes on before anyone writes it.
      $0.line("const int goes_on = *\(condition) != 0;")
      $0.barrier()
      $0.line("if (!goes_on)")
      $0.line("  break;")
      $0.step(scan, pointers)
      $0.barrier()
    }
    line("}")
  }

  private mutating func table(_ pointers: [String]) {
    if !pointers.isEmpty { line("void *const io[] = {\(pointers.joined(separator: ", "))};") }
  }
  private mutating func step(_ scan: Scan, _ pointers: [String]) {
    let io = pointers.isEmpty ? "NULL" : "io"
    line("\(name)_body_step(\(io), \(arena(scan) ?? "NULL"), (unsigned char *)scratch, thread, threads);")
  }
  private mutating func barrier() {
    if case .together(true) = function.execution { line("DSC_BARRIER") }
  }
}
