// A library in this process.

import DescentIR
import Foundation

/// A loaded shared library. It stays loaded to the end of the process: the OpenMP runtime's threads may be inside.
package final class Library: Sendable {
  private nonisolated(unsafe) let handle: UnsafeMutableRawPointer
  private let path: String

  package init(path: String) throws {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw DescentError(.compiler, "a built library cannot be loaded: \(String(cString: dlerror()))")
    }
    self.handle = handle
    self.path = path
  }

  /// The address of an exported function.
  package func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
    guard let address = dlsym(handle, name) else { throw DescentError(.compiler, "\(path) does not export \(name)") }
    return address
  }
}
