// The border to the C readers: paths and arrays go over it, and errors come back as DescentError(.file).
// Invariant: every dsc_array that a reader gives is copied and given back, also when something is thrown.

import DescentIR
import DescentRuntime
import Foundation
import Synchronization

/// Calls a C function that takes a path and reports in a `dsc_error`; throws its message, with advice where there is some.
package func callingC(
  _ path: String, _ body: (UnsafePointer<CChar>, UnsafeMutablePointer<dsc_error>) throws -> Int32
) throws {
  guard !path.utf8.contains(0) else {
    throw DescentError(.file, "\(path.debugDescription): a path cannot hold a zero byte")
  }
  var error = dsc_error()
  dsc_error_clear(&error)
  guard try path.withCString({ try body($0, &error) }) != 0 else { return }
  let message = withUnsafePointer(to: &error) { String(cString: dsc_error_message($0)) }
  throw DescentError(.file, message + advice(path, code: error.code))
}

/// What to install when a file of a data set that Debian packages cannot be opened.
private func advice(_ path: String, code: Int32) -> String {
  guard code == DSC_ERROR_IO, path.hasPrefix(FashionMNIST.directory) else { return "" }
  return "; install the data set with: apt install dataset-fashion-mnist"
}

/// Lines about what was read, such as types that were converted, on the standard error: each once in a process.
package final class ReadingNotes: Sendable {
  package static let shared = ReadingNotes()
  private let said = Mutex<Set<String>>([])

  /// Whether a line was said.
  package func has(_ text: String) -> Bool { said.withLock { $0.contains(text) } }

  func say(_ text: String) {
    guard said.withLock({ $0.insert(text).inserted }) else { return }
    FileHandle.standardError.write(Data("note: \(text)\n".utf8))
  }
}

/// Calls a reader that gives one array, and copies it.
package func readingArray(
  _ path: String,
  _ read: (UnsafePointer<CChar>, UnsafeMutablePointer<dsc_array>, UnsafeMutablePointer<dsc_error>) -> Int32
) throws -> HostArray {
  var array = dsc_array()
  defer { dsc_array_free(&array) }
  try callingC(path) { read($0, &array, $1) }
  if let note = array.note { ReadingNotes.shared.say("\(path): \(note)") }
  return try HostArray(copying: array, of: path)
}

extension dsc_array {
  /// "f16 is read as f32" of an array that was converted; else nil.
  package var note: String? {
    stored == dtype
      ? nil
      : withUnsafePointer(to: self) {
        withUnsafeBytes(of: dsc_stored_note($0)) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) }
      }
  }
}

extension HostArray {
  /// A copy of an array of C's; `file` is named where its shape is too large for a tensor.
  package init(copying array: dsc_array, of file: String) throws {
    let sizes = withUnsafeBytes(of: array.shape) { Array($0.bindMemory(to: Int64.self)) }
    let shape = Shape(sizes.prefix(Int(array.rank)).map { Int($0) })
    guard let dtype = DType(rawValue: array.dtype) else {
      throw DescentError(.file, "\(file): \(array.dtype) is no number of an element type")
    }
    // C lets an empty array have any other sizes; strides and products of ours must not overflow.
    let product = shape.dimensions.reduce((partialValue: 1, overflow: false)) {
      let next = $0.partialValue.multipliedReportingOverflow(by: max($1, 1))
      return (next.partialValue, $0.overflow || next.overflow)
    }
    guard !product.overflow else {
      throw DescentError(.file, "\(file): the sizes of the empty shape \(shape) multiply beyond 64 bits")
    }
    try TensorType(dtype, shape).checkRoom()
    self.init(TensorType(dtype, shape)) { bytes in
      guard let data = array.data, bytes.count > 0 else { return }
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: data, count: Int(array.bytes)))
    }
  }

  /// Calls `body` with this array as C sees it; the memory is borrowed and must not be written or freed.
  package func withDescription<R>(_ body: (UnsafePointer<dsc_array>) throws -> R) throws -> R {
    try withBytes { bytes in
      var array = dsc_array()
      let sizes = shape.dimensions.map { Int64($0) }
      try callingC("tensor") { _, error in
        dsc_array_describe(&array, dtype.rawValue, Int32(clamping: sizes.count), sizes, nil, error)
      }
      array.data = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      return try body(&array)
    }
  }
}
