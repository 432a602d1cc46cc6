// Running another program and waiting for it: an argument vector, no shell, a time limit, a bound on what it says.
//
// Straight on posix_spawn. swift-subprocess (1.0.2) is asynchronous, and each of its runs starts an unstructured task on
// the cooperative pool whatever executor the caller prefers; callers of the driver are synchronous, and when they occupy
// the pool's threads (one per processor) that task never runs and all wait for ever. Here nothing but the caller's own
// thread is needed, so every caller may block: main thread, plain thread or task.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a program ended and what it said.
package struct ProgramResult: Sendable {
  package enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
    /// A signal came to this process; see `Interruption`.
    case interrupted
  }
  package var ending: Ending
  /// Standard output and standard error together, cut at the bound.
  package var output: String
  package var succeeded: Bool { ending == .exited(0) }
}

/// The program could not be started or waited for.
package struct StartFailure: Error, Sendable { var reason: String }

/// Runs `path` with `arguments` in `folder` and waits. The program reads nothing and inherits the environment with
/// `environment` set; of its output the first `outputLimit` bytes are kept and the rest is dropped. After `timeLimit`
/// seconds, or when this process is interrupted or its background work ends, it is killed with all that it has started.
package func runProgram(
  _ path: String, _ arguments: [String], folder: String? = nil, environment: [String: String] = [:],
  timeLimit: Double, outputLimit: Int = 65536
) throws(StartFailure) -> ProgramResult {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { throw StartFailure(reason: String(cString: strerror(errno))) }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
  defer { close(ends[0]) }
  let process: pid_t
  do {
    defer { close(ends[1]) }
    process = try spawn(path, arguments, folder: folder, environment: environment, output: ends[1])
  }
  let said = ends[0]
  return try Background.watching(process) { () throws(StartFailure) in
    try watch(process, said, until: .now + .seconds(timeLimit), outputLimit)
  }
}

/// Starts the program, at the head of a process group, with standard input empty and both outputs going to `output`.
private func spawn(
  _ path: String, _ arguments: [String], folder: String?, environment: [String: String], output: Int32
) throws(StartFailure) -> pid_t {
  #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t? = nil
    var attributes: posix_spawnattr_t? = nil
  #else
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
  #endif
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
  if let folder { try enter(folder, &actions) }
  // What this process blocks or ignores is no concern of the program.
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  sigaddset(&signals, SIGPIPE)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  // A group of its own: so that all of it can be killed, and none is before its remains can be cleared away.
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETPGROUP))

  let variables = processEnvironment().merging(environment) { $1 }.sorted { $0.key < $1.key }.map {
    "\($0.key)=\($0.value)"
  }
  let argumentVector = ([path] + arguments).map { strdup($0) } + [nil]
  let environmentVector = variables.map { strdup($0) } + [nil]
  defer { for text in argumentVector + environmentVector { free(text) } }
  var process: pid_t = 0
  let code = posix_spawn(&process, path, &actions, &attributes, argumentVector, environmentVector)
  guard code == 0 else { throw StartFailure(reason: String(cString: strerror(code))) }
  return process
}

#if canImport(Darwin)
  private func enter(_ folder: String, _ actions: inout posix_spawn_file_actions_t?) throws(StartFailure) {
    posix_spawn_file_actions_addchdir_np(&actions, folder)
  }
#else
  /// Has the program start in `folder`. The C library has the function (glibc 2.29, musl 1.2), its header shows it to GNU
  /// programs only, and Swift is none: so it is asked for by name.
  private func enter(_ folder: String, _ actions: inout posix_spawn_file_actions_t) throws(StartFailure) {
    typealias Function =
      @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    guard let address = dlsym(nil, "posix_spawn_file_actions_addchdir_np") else {
      throw StartFailure(reason: "this C library cannot start a program in another folder")
    }
    _ = unsafeBitCast(address, to: Function.self)(&actions, folder)
  }
#endif

/// Reads what the program says until it has ended. Its children may hold the pipe for longer: they are not waited for.
private func watch(
  _ process: pid_t, _ pipe: Int32, until deadline: ContinuousClock.Instant, _ outputLimit: Int
) throws(StartFailure) -> ProgramResult {
  var said: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 16384)
  /// False at the end of the output; true when there is none for now.
  func drain() -> Bool {
    while ContinuousClock.now < deadline {
      let count = read(pipe, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 && errno == EAGAIN }
      said.append(contentsOf: buffer.prefix(min(count, outputLimit - said.count)))
    }
    return true
  }
  var ending: ProgramResult.Ending?
  var open = true
  while ending == nil {
    let isInterrupted = Interruption.signal != nil || Background.isOver
    if isInterrupted || ContinuousClock.now >= deadline {
      kill(-process, SIGKILL)
      // It may have ended by itself at the last moment.
      let last = try collect(process, 0)
      ending = last == .signalled(SIGKILL) ? isInterrupted ? .interrupted : .timedOut : last
      break
    }
    if open {
      var wait = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      poll(&wait, 1, 50)
      open = drain()
    } else {
      usleep(500)
    }
    ending = try collect(process, WNOHANG)
  }
  if open { _ = drain() }
  return ProgramResult(ending: ending ?? .timedOut, output: String(decoding: said, as: UTF8.self))
}

/// How the process ended; nil while it runs.
private func collect(_ process: pid_t, _ options: Int32) throws(StartFailure) -> ProgramResult.Ending? {
  var status: Int32 = 0
  while true {
    let found = waitpid(process, &status, options)
    if found == 0 { return nil }
    if found == process { return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f) }
    // Without SIGCHLD (a host program may ignore it) there is no status to be had.
    guard errno == EINTR else {
      throw StartFailure(reason: "its exit status was lost: \(String(cString: strerror(errno)))")
    }
  }
}
