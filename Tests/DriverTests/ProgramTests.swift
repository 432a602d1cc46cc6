// Running programs: endings, bounds, limits, and callers that are tasks.

import Foundation
import Testing

import DescentDriver

@Suite struct ProgramTests {
  @Test func endings() throws {
    #expect(try runProgram("/bin/sh", ["-c", "exit 3"], timeLimit: 20).ending == .exited(3))
    #expect(try runProgram("/bin/sh", ["-c", "kill -9 $$"], timeLimit: 20).ending == .signalled(9))
    #expect(try runProgram("/bin/sh", ["-c", "echo a; echo b >&2"], timeLimit: 20).output == "a\nb\n")
    #expect(
      try runProgram("/bin/sh", ["-c", "echo \"$X\"; pwd"], folder: "/", environment: ["X": "a;b"], timeLimit: 20)
        .output == "a;b\n/\n")
    #expect(throws: StartFailure.self) { try runProgram("/no/such/program", [], timeLimit: 20) }
  }

  @Test func argumentsArriveAsTheyAre() throws {
    let arguments = ["a b", "'\"", "$HOME", "`x`", "\n", "", "*", "é"]
    let result = try runProgram("/usr/bin/printf", ["%s|"] + arguments, timeLimit: 20)
    #expect(result.output == arguments.map { $0 + "|" }.joined())
  }

  /// What is beyond the bound is read and dropped, so the program goes on to its end.
  @Test func outputIsBounded() throws {
    let result = try runProgram(
      "/bin/sh", ["-c", "head -c 3000000 /dev/zero | tr '\\0' x; exit 5"], timeLimit: 60, outputLimit: 1000)
    #expect(result.ending == .exited(5) && result.output.count == 1000)
  }

  @Test(arguments: ["sleep 60", "exec >&- 2>&-; sleep 60", "while :; do echo x; done"])
  func timeLimit(script: String) throws {
    let start = ContinuousClock.now
    #expect(try runProgram("/bin/sh", ["-c", "exec 3>&-; " + script], timeLimit: 0.3).ending == .timedOut)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  /// What a program has started ends with it.
  @Test func timeLimitEndsTheGroup() throws {
    let place = try Scratch()
    let script = "trap '' INT TERM HUP; (trap '' INT TERM HUP; exec sleep 600) & echo $! >\(place.path)/child; wait"
    #expect(try runProgram("/bin/sh", ["-c", script], timeLimit: 0.5).ending == .timedOut)
    let child = try #require(readFile(place.path + "/child").map { String(decoding: $0, as: UTF8.self) })
    let process = try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
    // Whoever adopts it may take a moment to notice.
    for _ in 0..<500 where isAlive(process) { usleep(10_000) }
    #expect(!isAlive(process))
  }
  private func isAlive(_ process: Int32) -> Bool {
    let state = try? runProgram("/bin/ps", ["-o", "stat=", "-p", "\(process)"], timeLimit: 20).output
    return state.map { !$0.isEmpty && !$0.hasPrefix("Z") } ?? false
  }

  /// More callers than there are threads in the pool, all blocking it: no run may need the pool.
  @Test func callersInTasks() async throws {
    let count = 4 * availableProcessors()
    let sum = try await withThrowingTaskGroup(of: Int.self) { group in
      for code in 1...count {
        group.addTask {
          let result = try runProgram("/bin/sh", ["-c", "sleep 0.05; exit \(code)"], timeLimit: 60)
          return if case .exited(let code) = result.ending { Int(code) } else { 0 }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == count * (count + 1) / 2)
  }
}
