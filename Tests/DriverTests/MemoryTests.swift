// Memory that cannot be had: an error with the number of bytes, wherever a tensor would be made.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Testing

@Suite struct MemoryTests {
  /// A million million numbers and more: 4 TiB of f32, which no machine has, and what double precision takes beside them.
  private static let side = 1 << 20

  private func check(_ error: DescentError, _ bytes: Int, _ type: String) {
    #expect(
      error.kind == .memory && error.message.hasPrefix("no memory for \(bytes) bytes, which a tensor of type \(type) "),
      "\(error)")
  }

  @Test func operationsOutsideOfEveryTransform() {
    let n = Self.side
    let line = #line + 1
    let error = failure { try broadcast(Tensor(Float(1)), [n, n]).value }
    check(error, 12 * n * n + 8, "f32[\(n),\(n)]")
    #expect(error.location?.line == line)
    check(failure { try zeros([n, n]).value }, 12 * n * n + 8, "f32[\(n),\(n)]")
    check(failure { try full([n, n], 3, dtype: .u8).value }, 9 * n * n + 8, "u8[\(n),\(n)]")
    check(failure { try matmul(ones([n, 1]), ones([1, n])).value }, 12 * n * n + 16 * n, "f32[\(n),\(n)]")
    check(failure { try normal([n, n], key: RandomKey(seed: 1)).value }, 12 * n * n + 16, "f32[\(n),\(n)]")
  }

  @Test func operationsInTheInterpreter() {
    let n = Self.side
    let f: @Sendable (Tensor) -> Tensor = { x in sum(square(expandDims(x, axis: 0) - expandDims(x, axis: 1))) }
    check(failure { try grad(f)(ones([n])).value }, 12 * n * n + 8 * n, "f32[\(n),\(n)]")
    let scanned = scan(ones([n]), count: n) { (c: Tensor, _: Tensor) in (c, c) }
    check(failure { try scanned.1.value }, 8 * n * n, "f32[\(n),\(n)]")
  }

  @Test func compiledFunctions() {
    let n = Self.side
    // A result, a temporary, and both written by a loop.
    let outer = compile { @Sendable (x: Tensor) in expandDims(x, axis: 0) * expandDims(x, axis: 1) }
    check(failure { try outer(ones([n])) }, 4 * n * n, "f32[\(n),\(n)]")
    let sorted = compile { @Sendable (x: Tensor) -> Tensor in
      let y = tanh(expandDims(x, axis: 0) * expandDims(x, axis: 1))
      return sum(matmul(y, y))
    }
    let error = failure { try sorted(ones([n])) }
    #expect(
      error.kind == .memory && error.message.contains(" bytes, which the temporaries of 'compiled' take with "),
      "\(error)")
    // What fits is computed all the same.
    #expect((try? outer(ones([2])).doubles) == [1, 1, 1, 1])
  }

  /// What a process may have at all, here by ulimit -v: every number that it may ask for ends in an error of its own.
  @Test(arguments: [60_000, 120_000]) func limitsOfTheProcess(_ kilobytes: Int) throws {
    let place = try Scratch()
    // The header's own test, as this process cannot limit itself.
    let source = """
      #define _POSIX_C_SOURCE 200809L
      #include "descent_array.h"
      int main(void) { return dsc_has_room(1 << 20) && !dsc_has_room(INT64_C(\(kilobytes)) << 10) ? 0 : 1; }

      """
    try place.file("room.c", source)
    let headers = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Runtime/include"
    let built = try runProgram(
      "/usr/bin/cc", ["-DDSC_QUIET", "-I", headers, "-o", "room", "room.c", "-lm"], folder: place.path, timeLimit: 60)
    try #require(built.succeeded, "\(built.output)")
    #expect(
      try runProgram("/bin/sh", ["-c", "ulimit -v \(kilobytes) && ./room"], folder: place.path, timeLimit: 60).succeeded
    )
  }

  /// Sizes that do not multiply to a number of 64 bits.
  @Test func beyondCounting() {
    let type = TensorType(.f64, [1 << 40, 1 << 40])
    let error = failure { try type.checkRoom() }
    #expect(error.kind == .memory && error.message.hasPrefix("no memory for \(Int.max) bytes or more"))
    #expect(throws: Never.self) { try TensorType(.f64, [0, 1 << 40, 1 << 40]).checkRoom() }
    #expect(throws: Never.self) { try TensorType(.f32, [1000, 1000]).checkRoom() }
  }
}
