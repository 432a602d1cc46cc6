// The few file operations that the driver needs, over POSIX: whole files, whole folders, times.
// Every failure is an `errno` in a `FileFailure`; callers say what it means to the user.

import DescentIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `path` made absolute by the current folder; nothing is resolved.
package func absolutePath(_ path: String) -> String {
  if path.hasPrefix("/") { return path }
  guard let here = getcwd(nil, 0) else { return path }
  defer { free(here) }
  return String(cString: here) + "/" + path
}

/// What `stat` says of a file, symbolic links followed.
package struct FileStatus: Sendable, Hashable {
  package var device: UInt64
  package var inode: UInt64
  package var owner: UInt32
  package var group: UInt32
  package var mode: UInt32
  package var size: Int
  /// Time of the last change of content, in nanoseconds since 1970.
  package var modified: Int64

  /// Nil where there is no such file or it cannot be looked at.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
  fileprivate init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(status.st_ino)
    owner = status.st_uid
    group = status.st_gid
    mode = UInt32(status.st_mode)
    size = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
  package var isFolder: Bool { mode & 0o170000 == 0o040000 }
  package var isRegular: Bool { mode & 0o170000 == 0o100000 }

  /// Whether it is this user's.
  package var isOwn: Bool { owner == geteuid() }
  /// Whether it is the system's: root's, or somebody's whom a user namespace does not know, as root is in one.
  package var isSystems: Bool { owner == 0 || owner == 65534 }
  /// Whether users besides its owner may write to it.
  package var isWrittenByOthers: Bool { mode & 0o022 != 0 }
  /// Whether users besides its owner may replace what lies in this folder. In one with the sticky bit each may replace his own
  /// alone; and a group with its owner's number is by custom the owner's alone.
  package var canBeEmptiedByOthers: Bool {
    mode & 0o1000 == 0 && (mode & 0o002 != 0 || (mode & 0o020 != 0 && group != owner))
  }
}

/// The bytes of a file that nobody but this user may write; nil where it is another or cannot be read.
package func readOwnFile(_ path: String) -> [UInt8]? {
  readFile(path) { $0.isRegular && $0.isOwn && !$0.isWrittenByOthers }
}

/// The bytes of a file, at most `limit` of them; nil where it cannot be read or is not `wanted`.
package func readFile(_ path: String, limit: Int = .max, where wanted: (FileStatus) -> Bool = { _ in true }) -> [UInt8]?
{
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, wanted(FileStatus(status)) else { return nil }
  // Files of /proc say size zero: read on until the end, in steps.
  var bytes = [UInt8](repeating: 0, count: min(limit, max(Int(status.st_size) + 1, 16384)))
  var filled = 0
  while filled < limit {
    if filled == bytes.count {
      bytes.append(contentsOf: [UInt8](repeating: 0, count: min(bytes.count, limit - filled)))
    }
    let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + filled, $0.count - filled) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return nil }
    if count == 0 { break }
    filled += count
  }
  bytes.removeLast(bytes.count - filled)
  return bytes
}

/// Writes all bytes to an open descriptor.
package func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws(FileFailure) {
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress! + written, $0.count - written) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw FileFailure(path: path, code: count < 0 ? errno : ENOSPC) }
    written += count
  }
}

/// Makes a file that was not there (0600); on failure nothing is left.
package func writeNewFile(_ path: String, _ bytes: [UInt8]) throws(FileFailure) {
  let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  guard file >= 0 else { throw FileFailure(path: path, code: errno) }
  do {
    try writeAll(bytes, to: file, path: path)
  } catch {
    close(file)
    unlink(path)
    throw error
  }
  // A network file system reports a full disk here.
  guard close(file) == 0 else {
    let code = errno
    unlink(path)
    throw FileFailure(path: path, code: code)
  }
}

/// Makes or replaces a file: written beside, then renamed, so that no reader sees a part.
package func replaceFile(_ path: String, _ bytes: [UInt8]) throws(FileFailure) {
  let beside = path + "." + uniqueName()
  try writeNewFile(beside, bytes)
  guard rename(beside, path) == 0 else {
    let code = errno
    unlink(beside)
    throw FileFailure(path: path, code: code)
  }
}

/// The folders above `path`, which is absolute, the nearest first.
package func foldersAbove(_ path: String) -> [String] {
  parentFolder(path).map { [$0] + foldersAbove($0) } ?? []
}

/// The names in a folder, sorted; none where it cannot be read.
package func namesInFolder(_ path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Removes a file or a folder with all in it, as far as possible; symbolic links are removed, not followed.
package func removeAll(_ path: String) {
  if unlink(path) == 0 { return }
  var status = stat()
  guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
  for name in namesInFolder(path) { removeAll(path + "/" + name) }
  rmdir(path)
}

/// A name that no other process or thread makes: process number and a random number.
package func uniqueName() -> String {
  "\(getpid())-" + hexadecimal(UInt64.random(in: .min ... .max))
}

/// Sixteen digits.
package func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Equality of bytes by `memcmp`.
package func sameBytes(_ a: ArraySlice<UInt8>, _ b: [UInt8]) -> Bool {
  a.count == b.count
    && a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, b.count) == 0 }
    }
}

/// 128 bits that name a byte string: two multiply-and-fold hashes over eight bytes at a time. A name and a check against
/// damage, never a proof of sameness.
package func digest(_ bytes: [UInt8]) -> String {
  var a: UInt64 = 0xcbf2_9ce4_8422_2325
  var b: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
  func mix(_ word: UInt64) {
    a = (a ^ word) &* 0x9fb2_1c65_1e98_df25
    a ^= a >> 32
    b = (b ^ (word >> 32 | word << 32)) &* 0xd6e8_feb8_6659_fd93
    b ^= b >> 29
  }
  bytes.withUnsafeBytes { raw in
    let whole = raw.count & ~7
    var offset = 0
    while offset < whole {
      mix(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < raw.count {
      tail = tail << 8 | UInt64(raw[offset])
      offset += 1
    }
    mix(tail)
    mix(UInt64(raw.count))
  }
  return hexadecimal(a) + hexadecimal(b)
}

/// Whether this process may run the file.
package func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

/// `path` with symbolic links followed; nil where there is no such file.
package func resolvedPath(_ path: String) -> String? {
  guard let real = realpath(path, nil) else { return nil }
  defer { free(real) }
  return String(cString: real)
}

#if canImport(Darwin)
  /// A value of `sysctlbyname`: its text, or its bytes as hexadecimal digits; empty where there is none.
  package func systemControl(_ name: String) -> String {
    var size = 0
    guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return "" }
    let text = bytes.prefix { $0 != 0 }
    return text.allSatisfy { (32..<127).contains($0) } && text.count + 1 == size
      ? String(decoding: text, as: UTF8.self) : bytes.map { hexadecimal(UInt64($0)).suffix(2) }.joined()
  }
#endif
