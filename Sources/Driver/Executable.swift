// A step program that has been built and loaded, and the memory it runs on.

import DescentCCode
import DescentIR
import DescentPasses
import DescentRuntime
import Foundation
import Synchronization

/// An array in memory that emitted code reads and writes: aligned to 64 bytes, at a fixed address.
///
/// Sendable without check: the bytes are touched through `Executable.run`, `load` and `read` alone, and whoever owns the array
/// calls these one after another, as the training loop and compiled functions do.
package final class MemoryArray: @unchecked Sendable {
  package let type: TensorType
  package let address: UnsafeMutableRawPointer

  /// Zeroed memory for a tensor of the given type; throws `.memory` where there is none.
  package init(_ type: TensorType) throws {
    try type.checkRoom()
    self.type = type
    // The tail lets a whole vector be read at the end of a short array by tools that check bounds by the allocation.
    let bytes = max(type.byteCount, 1)
    guard let memory = dsc_allocate(Int64(bytes)) else {
      throw DescentError(.memory, "no memory for \(type), \(bytes) bytes")
    }
    address = memory
    address.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }
  package convenience init(_ value: HostArray) throws {
    try self.init(value.type)
    load(value)
  }
  deinit { free(address) }

  package func load(_ value: HostArray) {
    precondition(value.type == type, "\(value.type) loaded into memory of \(type)")
    value.withBytes { bytes in
      if let start = bytes.baseAddress { address.copyMemory(from: start, byteCount: bytes.count) }
    }
  }
  package func read() -> HostArray {
    HostArray(type) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: type.byteCount)) }
  }
}

/// A step program in a loaded library.
///
/// One that was built at little effort has itself built again once it is seen to run on: beside its steps, by a thread that
/// nobody waits for. The better code takes over between two runs, on the same memory and with the same results.
package final class Executable: Sendable {
  private typealias Run =
    @convention(c) (UnsafePointer<UnsafeMutableRawPointer>, UnsafeMutableRawPointer, Int64, Int64) -> Void
  private typealias Size = @convention(c) (Int64) -> Int64

  package let program: StepProgram
  package let threads: Int
  /// What built the library.
  package let compiler: Compiler
  /// What stands in the table of arrays behind those of the caller.
  private let constants: [MemoryArray]

  private struct State {
    var library: Library
    var function: Run
    let arena: MemoryArray
    /// Gives better code of the program, where that has not been asked for yet.
    var better: (@Sendable () throws -> Library)?
    var isBuilding = false
    var seconds = 0.0
  }
  /// A run holds it to the end, so that two tasks may call the same compiled function.
  private let state: Mutex<State>
  /// Seconds of running after which better code is worth a build.
  private static let patience = 0.05
  private static let processors = availableProcessors()

  /// Throws where this many threads, or the memory of its arena, cannot be had. `better` loads better code of the program, and
  /// is called in the background.
  package init(
    _ program: StepProgram, in library: Library, threads: Int, better: (@Sendable () throws -> Library)? = nil
  ) throws {
    // Without OpenMP one thread runs, whatever was asked for.
    if library.origin.compiler.hasOpenMP { try Threads.prepare(threads) }
    self.program = program
    self.threads = threads
    compiler = library.origin.compiler
    let size = unsafeBitCast(try library.symbol("\(program.prefix)_arena_bytes"), to: Size.self)
    let bytes = Int(size(Int64(threads)))
    try checkRoom(
      bytes, for: "the temporaries of '\(program.prefix)' take with \(threads) thread\(threads == 1 ? "" : "s")")
    state = Mutex(
      State(
        library: library, function: try Self.function(program, library),
        arena: try MemoryArray(TensorType(.u8, [bytes])), better: better))
    constants = try program.givenConstants.map { id in
      guard case .constant(let array) = program.schedule.graph.lowering(of: id) else {
        preconditionFailure("no constant")
      }
      return try MemoryArray(array)
    }
  }

  private static func function(_ program: StepProgram, _ library: Library) throws -> Run {
    unsafeBitCast(try library.symbol("\(program.prefix)_run"), to: Run.self)
  }

  /// Bytes of the arena with the scratch memory of all threads.
  package var arenaBytes: Int { state.withLock { $0.arena.type.byteCount } }

  /// Runs `steps` steps on the arrays that the program's externals name, in their order.
  package func run(_ arrays: [MemoryArray], steps: Int = 1) {
    precondition(arrays.map(\.type) == program.externals.map(\.type), "the arrays are not those of the program")
    let addresses = (arrays + constants).map(\.address)
    state.withLock { state in
      if state.seconds > Self.patience, let better = state.better {
        (state.better, state.isBuilding) = (nil, true)
        Background.start { self.improve(better) }
      }
      // The compiler works on a processor as well, for which threads that meet at barriers would wait.
      let count = state.isBuilding ? max(1, min(threads, Self.processors - 1)) : threads
      let start = ContinuousClock.now
      addresses.withUnsafeBufferPointer { io in
        // A program without inputs and outputs has no table; it does nothing.
        if let io = io.baseAddress { state.function(io, state.arena.address, Int64(steps), Int64(count)) }
      }
      state.seconds += (ContinuousClock.now - start) / .seconds(1)
    }
  }

  /// Takes over better code. Where it cannot be had the program goes on as it is.
  private func improve(_ better: () throws -> Library) {
    let built = try? better()
    let function = built.flatMap { try? Self.function(program, $0) }
    state.withLock { state in
      state.isBuilding = false
      if let built, let function { (state.library, state.function) = (built, function) }
    }
  }

  /// Waits until the program is built at full effort, for whoever measures it.
  package func settle() {
    let better = state.withLock { state in
      defer { state.better = nil }
      return state.better
    }
    if let better { return improve(better) }
    while state.withLock({ $0.isBuilding }) { usleep(1000) }
  }

  /// Runs steps and gives the seconds that each call took; the executable must have been loaded `profiled`. Slower than `run`.
  package func profile(_ arrays: [MemoryArray], steps: Int) throws -> [Double] {
    typealias Run =
      @convention(c) (
        UnsafePointer<UnsafeMutableRawPointer>, UnsafeMutableRawPointer, Int64, Int64, UnsafeMutablePointer<Double>
      ) -> Void
    precondition(arrays.map(\.type) == program.externals.map(\.type), "the arrays are not those of the program")
    let function = unsafeBitCast(
      try state.withLock { try $0.library.symbol("\(program.prefix)_profile") }, to: Run.self)
    let addresses = (arrays + constants).map(\.address)
    var seconds = [Double](repeating: 0, count: program.calls.count)
    state.withLock { state in
      addresses.withUnsafeBufferPointer { io in
        if let io = io.baseAddress { function(io, state.arena.address, Int64(steps), Int64(threads), &seconds) }
      }
    }
    return seconds
  }
}
