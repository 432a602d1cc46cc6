// Whether memory can be had: asked before it is taken, as Swift's own arrays end the process where it cannot.

import DescentRuntime

/// Throws `.memory` unless there is room for this many bytes, which `what` takes.
package func checkRoom(_ bytes: Int, for what: @autoclosure () -> String, at location: SourceLocation? = nil) throws {
  // Little memory is not asked for twice; beside much of it there must be room for what little comes after.
  guard bytes >= 1 << 20, dsc_has_room(Int64(sum(bytes, 16 << 20))) == 0 else { return }
  throw DescentError(
    .memory, "no memory for \(bytes) bytes\(bytes == .max ? " or more" : ""), which \(what())", at: location)
}

extension TensorType {
  /// Throws `.memory` unless there is room for a tensor of this type and, beside it, for this many bytes.
  package func checkRoom(besides more: Int = 0, at location: SourceLocation? = nil) throws {
    let bytes = shape.dimensions.reduce(dtype.byteSize, product)
    try DescentIR.checkRoom(
      sum(bytes, more), for: "a tensor of type \(self) takes\(more > 0 ? " while it is computed" : "")", at: location)
  }
}

extension Op {
  /// The result's value as `evaluate` gives it; throws `.memory` where there is no room for it and for the double precision
  /// in which evaluators compute.
  package func value(_ x: [HostArray], _ type: TensorType, at location: SourceLocation? = nil) throws -> HostArray {
    let count = x.reduce(type.shape.dimensions.reduce(1, product)) { sum($0, $1.count) }
    try type.checkRoom(besides: product(count, MemoryLayout<Double>.size), at: location)
    return evaluate(x, type)
  }
}

/// Product and sum of numbers that are not negative, or the greatest number where they are greater.
private func product(_ a: Int, _ b: Int) -> Int {
  let result = a.multipliedReportingOverflow(by: b)
  return result.overflow ? .max : result.partialValue
}
private func sum(_ a: Int, _ b: Int) -> Int {
  let result = a.addingReportingOverflow(b)
  return result.overflow ? .max : result.partialValue
}
