// Numbers in memory: a shape and a dense row-major array of one element type.

/// A dense row-major array on the host: the value of a tensor outside a trace.
package struct HostArray: Sendable, Equatable {
  package enum Storage: Sendable, Equatable {
    case f32([Float]), f64([Double]), i32([Int32]), i64([Int64]), u8([UInt8]), bool([Bool])
  }
  package let shape: Shape
  package let storage: Storage

  package init(_ shape: Shape, _ storage: Storage) {
    self.shape = shape
    self.storage = storage
    precondition(shape.count == count, "a HostArray of shape \(shape) needs \(shape.count) elements, not \(count)")
  }

  package init<T: Element>(_ shape: Shape, _ values: [T]) {
    self.init(shape, HostArray.store(values))
  }

  /// Makes an array of `type` by calling `body` with each row-major position; doubles are clamped to the dtype.
  package init(_ type: TensorType, generating body: (Int) -> Double) {
    func make<T: Element>(_: T.Type) -> Storage {
      HostArray.store((0..<type.shape.count).map { T(clamping: body($0)) })
    }
    self.init(type.shape, dispatch(type.dtype) { make($0) })
  }

  package static func store<T: Element>(_ values: [T]) -> Storage {
    // By dtype and not by what the array can be cast to: an empty array can be cast to any.
    switch T.dtype {
    case .f32: .f32(values as! [Float])
    case .f64: .f64(values as! [Double])
    case .i32: .i32(values as! [Int32])
    case .i64: .i64(values as! [Int64])
    case .u8: .u8(values as! [UInt8])
    case .bool: .bool(values as! [Bool])
    }
  }

  package var dtype: DType {
    switch storage {
    case .f32: .f32
    case .f64: .f64
    case .i32: .i32
    case .i64: .i64
    case .u8: .u8
    case .bool: .bool
    }
  }
  package var type: TensorType { TensorType(dtype, shape) }

  package var count: Int {
    switch storage {
    case .f32(let v): v.count
    case .f64(let v): v.count
    case .i32(let v): v.count
    case .i64(let v): v.count
    case .u8(let v): v.count
    case .bool(let v): v.count
    }
  }

  /// The elements as `T`, which must be the element type.
  package func elements<T: Element>(_: T.Type = T.self) -> [T] {
    let any: any Sendable =
      switch storage {
      case .f32(let v): v
      case .f64(let v): v
      case .i32(let v): v
      case .i64(let v): v
      case .u8(let v): v
      case .bool(let v): v
      }
    guard let values = any as? [T] else { preconditionFailure("elements of \(dtype.name) read as \(T.self)") }
    return values
  }

  /// The elements as doubles.
  package var doubles: [Double] {
    func convert<T: Element>(_: T.Type) -> [Double] { elements(T.self).map(\.asDouble) }
    return dispatch(dtype) { convert($0) }
  }
  /// The elements as integers.
  package var ints: [Int] {
    func convert<T: Element>(_: T.Type) -> [Int] { elements(T.self).map(\.asInt) }
    return dispatch(dtype) { convert($0) }
  }

  /// The same elements in another shape of equal size.
  package func reshaped(_ shape: Shape) -> HostArray { HostArray(shape, storage) }

  /// Element `i` of the result is element `source(i)` of this array: what every view is.
  package func picking(_ shape: Shape, _ source: (Int) -> Int) -> HostArray {
    func pick<T: Element>(_: T.Type) -> HostArray {
      let values = elements(T.self)
      return HostArray(shape, (0..<shape.count).map { values[source($0)] })
    }
    return dispatch(dtype) { pick($0) }
  }

  /// Calls `body` with the bytes, row-major, native byte order; a bool is one byte, 0 or 1.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch storage {
    case .f32(let v): try v.withUnsafeBytes(body)
    case .f64(let v): try v.withUnsafeBytes(body)
    case .i32(let v): try v.withUnsafeBytes(body)
    case .i64(let v): try v.withUnsafeBytes(body)
    case .u8(let v): try v.withUnsafeBytes(body)
    case .bool(let v): try v.withUnsafeBytes(body)
    }
  }

  /// Makes an array of `type` and lets `body` write its bytes.
  package init(_ type: TensorType, writing body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    func make<T: Element>(_ zero: T) throws -> [T] {
      try [T](unsafeUninitializedCapacity: type.shape.count) { buffer, count in
        buffer.initialize(repeating: zero)
        count = type.shape.count
        try body(UnsafeMutableRawBufferPointer(buffer))
      }
    }
    // Not through `dispatch`, whose closure could not rethrow what `body` throws.
    let storage: Storage =
      switch type.dtype {
      case .f32: .f32(try make(0))
      case .f64: .f64(try make(0))
      case .i32: .i32(try make(0))
      case .i64: .i64(try make(0))
      case .u8: .u8(try make(0))
      // A byte other than 0 and 1 is no Bool, so bools pass through bytes.
      case .bool: .bool(try make(UInt8(0)).map { $0 != 0 })
      }
    self.init(type.shape, storage)
  }
}

/// Calls `body` with the Swift type that holds `dtype`.
package func dispatch<R>(_ dtype: DType, _ body: (any Element.Type) throws -> R) rethrows -> R {
  switch dtype {
  case .f32: try body(Float.self)
  case .f64: try body(Double.self)
  case .i32: try body(Int32.self)
  case .i64: try body(Int64.self)
  case .u8: try body(UInt8.self)
  case .bool: try body(Bool.self)
  }
}
