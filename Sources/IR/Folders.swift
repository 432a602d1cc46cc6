// Folders, made with those above them: of the driver's cache and of the files that are written for a user.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A system call on a file failed.
package struct FileFailure: Error, Sendable {
  package var path: String
  package var code: Int32
  /// "No space left on device"
  package var reason: String { String(cString: strerror(code)) }

  package init(path: String, code: Int32) {
    self.path = path
    self.code = code
  }
}

/// Makes a folder and those above it; returns those that were not there, the outermost first. `mode` is for the last, `above` for the
/// rest. The failure names the folder that cannot be made; none is left then.
@discardableResult
package func makeFolders(_ path: String, mode: mode_t = 0o700, above: mode_t = 0o755) throws(FileFailure) -> [String] {
  if mkdir(path, mode) == 0 { return [path] }
  let code = errno
  // macOS says EISDIR of a root.
  if code == EEXIST || code == EISDIR {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw FileFailure(path: path, code: ENOTDIR)
    }
    return []
  }
  guard code == ENOENT || code == ENOTDIR, let parent = parentFolder(path) else {
    throw FileFailure(path: path, code: code)
  }
  let made = try makeFolders(parent, mode: above, above: above)
  if mkdir(path, mode) == 0 { return made + [path] }
  let again = errno
  // Another process may have been faster.
  if again == EEXIST { return made }
  for folder in made.reversed() { rmdir(folder) }
  throw FileFailure(path: path, code: again)
}

/// The folder that holds `path`; nil for a root.
package func parentFolder(_ path: String) -> String? {
  var text = path[...]
  while text.count > 1, text.hasSuffix("/") { text.removeLast() }
  guard let slash = text.lastIndex(of: "/"), text != "/" else { return nil }
  return slash == text.startIndex ? "/" : String(text[..<slash])
}
