// A standalone trainer that is asked to end: by signals, and by a reader that has gone. Its files are written and go on.

import DescentData
import DescentDriver
import DescentNN
import Foundation
import Testing

@Suite(.serialized) struct SignalTests {
  /// A trainer of the curve with epochs of 100 steps, built, and without end unless it is told.
  private static func built(epochs: Int = 1_000_000_000) throws -> Folder {
    let folder = try Folder()
    var options = TrainingOptions(epochs: epochs)
    options.stepsPerEpoch = 100
    try Sample.regression().emitTrainer(data: try Sample.curve(), validation: nil, options: options, to: folder.path)
    try #require(Build.all.first).program(["trainer.c"], "trainer", in: folder.path, extra: ["-O1"])
    return folder
  }

  /// Runs a line of the shell in which `await` waits for the first line of `log`, for at most 30 s: its exit status and all
  /// that was said. Not as `execute` does: its programs inherit the signals that a task's thread blocks, which are nearly all.
  private func shell(_ line: String, in folder: Folder) throws -> (status: Int32, output: String) {
    let awaiting = "await() { i=0; until [ -s log ]; do sleep 0.05; i=$((i + 1)); [ $i -lt 600 ] || exit 99; done; }\n"
    let result = try runProgram("/bin/sh", ["-c", awaiting + line], folder: folder.path, timeLimit: 60)
    guard case .exited(let status) = result.ending else { return (-1, "\(result)") }
    return (status, result.output)
  }

  @Test(arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
  func aSignalEndsItWithItsFilesWritten(_ signal: String, _ status: Int32) throws {
    let folder = try Self.built()
    let outcome = try shell("./trainer --checkpoint c >log & p=$!; await; kill -\(signal) $p; wait $p", in: folder)
    #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome)")
    let log = try folder.text("log")
    let steps = try #require(
      log.firstMatch(of: /interrupted after step (\d+); it goes on with --resume c\n/)?.1, "\(log.suffix(200))")
    #expect(folder.names.allSatisfy { !$0.hasSuffix(".tmp") } && folder.names.contains("parameters.safetensors"))
    // What it left goes on to the end of an uninterrupted run.
    let end = (Int(steps) ?? 0) + 150
    for arguments in [["--checkpoint", "whole"], ["--resume", "c", "--checkpoint", "resumed"]] {
      #expect(try execute(folder.path + "/trainer", arguments + ["--steps", "\(end)"], in: folder.path).status == 0)
    }
    #expect(try folder.bytes("resumed") == folder.bytes("whole"))
  }

  @Test func aReaderThatGoesAwayCostsNothing() throws {
    let folder = try Self.built()
    let outcome = try shell("{ ./trainer --checkpoint c; echo $? >status; } | head -n 1", in: folder)
    #expect(outcome.status == 0 && outcome.output.hasPrefix("epoch 1/"), "\(outcome)")
    #expect(try folder.text("status") == "141\n" && folder.names.contains("c"))
    #expect(try execute(folder.path + "/trainer", ["--resume", "c", "--steps", "1"], in: folder.path).status == 0)
  }

  @Test func aHangUpIsIgnoredUnderNohup() throws {
    let folder = try Self.built()
    let outcome = try shell(
      "nohup ./trainer --checkpoint c >log 2>err & p=$!; await; kill -HUP $p; sleep 0.3; kill -0 $p && kill -TERM $p; wait $p",
      in: folder)
    #expect(outcome.status == 143, "\(outcome)")
  }

  @Test func aSecondSignalEndsItAtOnce() throws {
    // Stopped, it gets both before it runs on: the first is noted, the second ends it before anything is written.
    let folder = try Self.built()
    let outcome = try shell(
      "./trainer --checkpoint c >log & p=$!; await; kill -STOP $p; kill -INT $p; kill -TERM $p; kill -CONT $p; wait $p",
      in: folder)
    #expect([130, 143].contains(outcome.status) && !folder.names.contains("c"), "\(outcome)")
  }

  @Test func whatAKilledRunLeftIsSweptByTheNext() throws {
    let folder = try Self.built(epochs: 1)
    let dead = try shell("true & p=$!; wait $p; echo $p", in: folder).output.split(separator: "\n")[0]
    let (left, living) = ("\(folder.path)/.c.\(dead)-0.tmp", "\(folder.path)/.c.\(getpid())-0.tmp")
    for path in [left, living] { try Data("part".utf8).write(to: URL(fileURLWithPath: path)) }
    #expect(try execute(folder.path + "/trainer", ["--checkpoint", "c"], in: folder.path).status == 0)
    let exists = FileManager.default.fileExists(atPath:)
    #expect(!exists(left) && exists(living) && exists(folder.path + "/c"))
  }

  @Test(.timeLimit(.minutes(1))) func whatIsNoFileIsRefusedAtOnce() throws {
    let folder = try Self.built()
    try #require(mkfifo(folder.path + "/fifo", 0o600) == 0)
    for arguments in [
      ["--checkpoint", "."], ["--checkpoint", "fifo"], ["--checkpoint", "/dev/full"], ["--checkpoint", "none/c"],
      ["--output", "fifo"], ["--resume", "fifo"], ["--resume", "/dev/zero"], ["--resume", "."],
    ] {
      let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
      #expect(outcome.status == 1 && outcome.errorLines == 1 && outcome.output.isEmpty, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains(arguments[1]))
    }
  }
}
