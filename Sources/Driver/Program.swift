// Running another program and waiting for it: an argument vector, no shell, a time limit, a bound on what it says.
//
// swift-subprocess is asynchronous and the driver's callers are not. A caller may itself be a task on a thread of the
// cooperative pool, and there are no more such threads than processors, so waiting for a task that needs the pool could
// wait for ever. Each run therefore brings a thread of its own, as a task executor: everything that the run awaits is
// resumed there, and the pool is never needed. For the same reason the body below never throws (that would start an
// unstructured task in the library), and a program that takes too long is ended by a signal, not by cancelling.

import DescentIR
import Foundation
import Subprocess
import Synchronization

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// How a program ended and what it said.
struct ProgramResult: Sendable {
  enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
  }
  var ending: Ending
  /// Standard output and standard error together, cut at the bound.
  var output: String
  var succeeded: Bool { ending == .exited(0) }
}

/// The program could not be started at all.
struct StartFailure: Error, Sendable { var reason: String }

/// Runs `path` with `arguments` in `folder`; blocks the caller, from any thread. The program reads nothing and inherits
/// the environment with `environment` set; of its output the first `outputLimit` bytes are kept and the rest dropped.
func runProgram(
  _ path: String, _ arguments: [String], folder: String? = nil, environment: [String: String] = [:],
  timeLimit: Double, outputLimit: Int = 65536
) throws(StartFailure) -> ProgramResult {
  let executor = ThreadExecutor()
  let stop = StopSwitch()
  let done = DispatchSemaphore(value: 0)
  let outcome = Outcome()
  var variables: [Environment.Key: String?] = [:]
  for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
  let inherited = Environment.inherit.updating(variables)
  Task.detached(executorPreference: executor) {
    let result = await start(
      path, arguments, folder: folder, environment: inherited, outputLimit: outputLimit, stop: stop)
    outcome.result.withLock { $0 = result }
    done.signal()
    executor.finish()
  }
  Thread.detachNewThread { executor.run() }
  if done.wait(timeout: .now() + timeLimit) == .timedOut {
    stop.pull()
    done.wait()
  }
  guard let result = outcome.result.withLock({ $0 }) else { throw StartFailure(reason: "no result") }
  var value = try result.get()
  if stop.wasPulled, !value.succeeded { value.ending = .timedOut }
  return value
}

private final class Outcome: Sendable {
  let result = Mutex<Result<ProgramResult, StartFailure>?>(nil)
}

private func start(
  _ path: String, _ arguments: [String], folder: String?, environment: Environment, outputLimit: Int, stop: StopSwitch
) async -> Result<ProgramResult, StartFailure> {
  do {
    let result = try await run(
      .path(FilePath(path)), arguments: Arguments(arguments), environment: environment,
      workingDirectory: folder.map { FilePath($0) }, input: .none, output: .sequence, error: .combinedWithOutput
    ) { execution in
      stop.arm { try? execution.send(signal: .kill) }
      var said: [UInt8] = []
      do {
        for try await buffer in execution.standardOutput {
          buffer.withUnsafeBytes { said.append(contentsOf: $0.prefix(outputLimit - said.count)) }
        }
      } catch {
        // What was read so far stands: the exit status decides.
      }
      // A program may close its output and go on: stay here, where it can be stopped, until it has ended. The status
      // stays in place for the library to collect.
      var information = siginfo_t()
      while waitid(P_PID, id_t(execution.processIdentifier.value), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
      stop.disarm()
      return said
    }
    let ending: ProgramResult.Ending
    switch result.terminationStatus {
    case .exited(let code): ending = .exited(Int32(code))
    case .signaled(let code): ending = .signalled(Int32(code))
    }
    return .success(ProgramResult(ending: ending, output: String(decoding: result.closureResult, as: UTF8.self)))
  } catch {
    return .failure(StartFailure(reason: "\(error)"))
  }
}

/// Ends the running program from another thread, as long as there is one.
private final class StopSwitch: Sendable {
  private let state = Mutex<(pulled: Bool, action: (@Sendable () -> Void)?)>((false, nil))

  var wasPulled: Bool { state.withLock { $0.pulled } }
  func arm(_ action: @escaping @Sendable () -> Void) {
    state.withLock {
      $0.action = action
      if $0.pulled { action() }
    }
  }
  func disarm() { state.withLock { $0.action = nil } }
  func pull() {
    state.withLock {
      $0.pulled = true
      $0.action?()
    }
  }
}

/// Runs tasks on the one thread that calls `run`, until `finish`.
///
/// Unchecked because the compiler cannot see that `jobs` and `finished` are touched only under `condition`'s lock.
private final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
  private let condition = NSCondition()
  private var jobs: [UnownedJob] = []
  private var finished = false

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    condition.lock()
    jobs.append(job)
    condition.signal()
    condition.unlock()
  }

  func finish() {
    condition.lock()
    finished = true
    condition.signal()
    condition.unlock()
  }

  func run() {
    while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob? {
    condition.lock()
    defer { condition.unlock() }
    while jobs.isEmpty {
      if finished { return nil }
      condition.wait()
    }
    return jobs.removeFirst()
  }
}
