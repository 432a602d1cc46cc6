// A tensor is either a value or a node. Inside a trace an operation appends a node; outside it is evaluated at once.

/// An array of numbers, or a node of the graph being traced.
public struct Tensor: Sendable {
  package enum Storage: Sendable {
    case value(HostArray)
    case node(Trace, NodeID)
    /// The result of an operation that failed; it passes through every further operation to where an error can be thrown.
    case failure(DescentError)
  }
  package let storage: Storage
  /// Element type and shape.
  public let type: TensorType

  package init(_ value: HostArray) {
    storage = .value(value)
    type = value.type
  }
  package init(node: NodeID, of trace: Trace, type: TensorType) {
    storage = .node(trace, node)
    self.type = type
  }
  /// A failed tensor; `type` is a guess that lets the user's code go on to where the error is reported.
  package init(failure: DescentError, type: TensorType) {
    storage = .failure(failure)
    self.type = type
  }

  /// A tensor of the given shape from its elements in row-major order; their number must be the shape's.
  public init<T: Element>(_ elements: [T], shape: Shape, file: StaticString = #fileID, line: UInt = #line) {
    if shape.count == elements.count {
      self.init(HostArray(shape, elements))
    } else {
      let message = "\(elements.count) elements do not fill the shape \(shape), which has \(shape.count)"
      self.init(
        failure: DescentError(.type, message, at: SourceLocation(file, line)), type: TensorType(T.dtype, shape))
    }
  }
  /// A vector.
  public init<T: Element>(_ elements: [T]) { self.init(HostArray([elements.count], elements)) }
  /// A scalar.
  public init<T: Element>(_ scalar: T) { self.init(HostArray([], [scalar])) }

  public var shape: Shape { type.shape }
  public var dtype: DType { type.dtype }
  public var rank: Int { type.shape.rank }

  /// The numbers; throws the error of a failed operation, and for a node of a trace, which has none yet.
  package var value: HostArray {
    get throws {
      switch storage {
      case .value(let array): return array
      case .failure(let error): throw error
      case .node: throw DescentError(.usage, "a tensor inside grad or compile has no numbers yet; return it instead")
      }
    }
  }
  /// The elements in row-major order as doubles.
  public var doubles: [Double] { get throws { try value.doubles } }
  /// The elements in row-major order as floats.
  public var floats: [Float] { get throws { try value.doubles.map { Float($0) } } }
  /// The elements in row-major order as integers.
  public var integers: [Int] { get throws { try value.ints } }
  /// The one element of a scalar (or of any tensor with one element).
  public var scalar: Double {
    get throws {
      let array = try value
      guard array.count == 1 else { throw DescentError(.type, "a scalar was asked of a tensor of type \(type)") }
      return array.doubles[0]
    }
  }
}

extension Tensor {
  /// Applies an operation: appends it to the trace in force, or evaluates it where there is none.
  package static func apply(_ op: any Op, _ operands: [Tensor], at location: SourceLocation? = nil) -> Tensor {
    let guess = operands.first?.type ?? TensorType(.f32, [])
    for operand in operands {
      if case .failure(let error) = operand.storage { return Tensor(failure: error, type: guess) }
    }
    if let trace = Trace.current { return trace.append(op, operands, at: location, guess: guess) }
    let location = SourceLocation.inForce(or: location)
    do {
      let type = try op.checkedType(operands.map(\.type))
      return Tensor(try op.value(try operands.map { try $0.value }, type, at: location))
    } catch var error as DescentError {
      if error.location == nil { error.location = location }
      return Tensor(failure: error, type: guess)
    } catch {
      return Tensor(failure: DescentError(.type, "\(error)", at: location), type: guess)
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// The numbers as NumPy prints them; of a tensor inside `grad`, `compile` and their kin, which has none yet, its type and the
  /// line where it was made.
  public var description: String {
    switch storage {
    case .failure(let error): "failed: \(error)"
    case .node(let trace, let id): "\(type)" + (trace.graph[id].location.map { ", made at \($0)" } ?? "")
    case .value(let array): array.description
    }
  }
}
