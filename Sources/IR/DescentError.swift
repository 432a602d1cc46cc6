// The one error type, and where in the user's program a thing was written.

/// A place in a Swift source file.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int

  /// The place that a function was told as its caller's; within a function of the library that is the caller of that function.
  public init(_ file: StaticString, _ line: UInt) {
    if let pinned = Self.pinned {
      self = pinned
    } else {
      self.init(file: "\(file)", line: Int(line))
    }
  }
  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
  /// `OneSlide/main.swift:9`
  public var description: String { "\(file):\(line)" }

  /// The place of all that is done within `pinned`.
  @TaskLocal static var pinned: SourceLocation?

  /// The place of what happens now: `told`, or the one that is pinned, or, as for operators, the last one told in the trace.
  package static func inForce(or told: SourceLocation?) -> SourceLocation? {
    told ?? pinned ?? Trace.current?.location
  }
}

/// Runs `body` at one place: that of whoever called the function which this stands in, or the one that called that. Functions and
/// operators within need not be told.
package func pinned<R>(_ file: StaticString, _ line: UInt, _ body: () throws -> R) rethrows -> R {
  try pinned(SourceLocation(file, line), body)
}
/// The same at a place that was kept.
package func pinned<R>(_ location: SourceLocation, _ body: () throws -> R) rethrows -> R {
  try SourceLocation.$pinned.withValue(SourceLocation.pinned ?? location, operation: body)
}
/// Runs a function of the user's, which has places of its own.
package func unpinned<R>(_ body: () throws -> R) rethrows -> R {
  try SourceLocation.$pinned.withValue(nil, operation: body)
}

/// What went wrong, said so that a person can act on it.
public struct DescentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The part of the system that found it.
  public enum Kind: Sendable { case type, gradient, file, compiler, usage, verification, interrupted, memory }

  public var kind: Kind
  public var message: String
  public var location: SourceLocation?

  public init(_ kind: Kind, _ message: String, at location: SourceLocation? = nil) {
    self.kind = kind
    self.message = message
    self.location = location
  }
  public var description: String { (location.map { "\($0): " } ?? "") + message }
}
