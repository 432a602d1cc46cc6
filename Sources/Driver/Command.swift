// Starting a program with an argument vector and no shell, from synchronous code.

import DescentIR
import Dispatch
import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// What a program left behind.
struct CommandResult: Sendable {
  var succeeded: Bool
  var status: String
  var output: String
  var errors: String
}

/// Runs a program to its end. Its output and errors are kept, each up to 1 MiB.
func runCommand(_ path: String, _ arguments: [String]) throws -> CommandResult {
  // The caller may itself stand on a thread of Swift's pool, and waits there; so the work must not need that pool.
  let done = DispatchSemaphore(value: 0)
  let result = Mutex<Result<CommandResult, any Error>?>(nil)
  _ = Task.detached(executorPreference: QueueExecutor()) {
    let outcome: Result<CommandResult, any Error>
    do {
      let record = try await run(
        .path(FilePath(path)), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
      outcome = .success(
        CommandResult(
          succeeded: record.terminationStatus.isSuccess, status: "\(record.terminationStatus)",
          output: record.standardOutput ?? "", errors: record.standardError ?? ""))
    } catch {
      outcome = .failure(DescentError(.compiler, "\(path) could not be run: \(error)"))
    }
    result.withLock { $0 = outcome }
    done.signal()
  }
  done.wait()
  return try result.withLock { $0! }.get()
}

/// Runs jobs on a queue of its own.
private final class QueueExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "descent.command", attributes: .concurrent)
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
