// Programs built at little effort first and at full effort beside their own work.

import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct StagedBuildTests {
  private func with<R>(_ place: Scratch, _ variables: [String: String] = [:], _ body: () throws -> R) throws -> R {
    try Settings.$substitute.withValue(place.settings(variables), operation: body)
  }
  private func libraries(_ place: Scratch) -> Int { namesInFolder(place.cache + "/libraries").count }

  /// Some milliseconds a call: products with an epilogue, vectors, sums. Each test has a program of its own, as a process
  /// builds none twice.
  private func work(_ scale: Double) -> @Sendable (Tensor) throws -> Tensor {
    compile { @Sendable (x: Tensor) in
      var y = x
      for _ in 0..<4 { y = tanh(matmul(y, x) * scale + sum(y, axes: [1], keepAxes: true) * 0.1) }
      return y
    }
  }
  private let x = reshape(sin(arange(90_000)), [300, 300])

  /// The better code takes over while the program runs, and changes no bit; the next program begins with it.
  @Test func takesOver() throws {
    let place = try Scratch()
    try with(place) {
      let f = work(0.01)
      let first = try f(x).value
      #expect(libraries(place) == 1)
      let end = Date() + 60
      while libraries(place) < 2, Date() < end { #expect(try f(x).value == first) }
      #expect(libraries(place) == 2)
      for _ in 0..<20 { #expect(try f(x).value == first) }
      let again = work(0.01)
      #expect(try again(x).value == first)
      #expect(libraries(place) == 2)
    }
  }

  /// What runs for a moment is built once.
  @Test func shortPrograms() throws {
    let place = try Scratch()
    try with(place) {
      let f = compile { @Sendable (x: Tensor) in x * 2 }
      for _ in 0..<10 {
        let y = try f(Tensor([1, 2]))
        #expect(try y.floats == [2, 4])
      }
    }
    #expect(libraries(place) == 1)
  }

  @Test(arguments: [("full", 0.02), ("quick", 0.03)]) func one(_ order: String, _ scale: Double) throws {
    let place = try Scratch()
    let f = work(scale)
    try with(place, ["DESCENT_BUILD": order]) {
      let first = try f(x).value
      let end = Date() + 0.5
      while Date() < end { #expect(try f(x).value == first) }
    }
    #expect(libraries(place) == 1)
  }

  /// A program goes on as it is where the better code cannot be had.
  @Test func failingCompiler() throws {
    let place = try Scratch()
    let real = try with(place) { try Driver().compiler(settings: .current(), cache: Cache(settings: .current())).path }
    let file = try place.file(
      "cc", "#!/bin/sh\ncase \"$*\" in *-O3*) touch '\(place.path)/tried'; exit 1;; esac\nexec '\(real)' \"$@\"\n",
      mode: 0o700)
    try with(place, ["DESCENT_CC": file]) {
      let f = work(0.04)
      let first = try f(x).value
      let end = Date() + 60
      while FileStatus(place.path + "/tried") == nil, Date() < end { #expect(try f(x).value == first) }
      #expect(FileStatus(place.path + "/tried") != nil)
      for _ in 0..<20 { #expect(try f(x).value == first) }
    }
    #expect(libraries(place) == 1)
  }
}
