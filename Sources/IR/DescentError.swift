// The one error type, and where in the user's program a thing was written.

/// A place in a Swift source file.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int

  public init(_ file: StaticString, _ line: UInt) {
    self.file = "\(file)"
    self.line = Int(line)
  }
  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
  /// `OneSlide/main.swift:9`
  public var description: String { "\(file):\(line)" }
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
