// Finding a compiler: none, the wrong one, one without OpenMP, and what is remembered of it.

import DescentIR
import Foundation
import Testing

import DescentDriver

@Suite struct CompilerTests {
  @Test func noCompiler() throws {
    let place = try Scratch()
    let error = failure { try Driver().load(square(), settings: place.settings(["PATH": place.path])) }
    #expect(error.kind == .compiler)
    for word in ["apt install clang libomp-dev", "libomp-devel", "brew install llvm libomp", "DESCENT_CC"] {
      #expect(error.message.contains(word))
    }
  }

  /// A choice of DESCENT_CC that cannot work, and what the message says of it.
  @Test(arguments: [
    ("no-such-compiler", "not found on PATH"), ("/no/such/compiler", "there is no such file"),
    ("/", "this is not a file"),
    ("/etc/passwd", "this file is not executable"), ("clang -O0", "not found on PATH"),
    ("clang; touch SHELL", "not found on PATH"), ("$(touch SHELL)", "not found on PATH"),
    ("/bin/false", "'--version' failed with exit status 1"),
  ])
  func wrongChoice(name: String, reason: String) throws {
    let place = try Scratch()
    let error = failure { try Driver().load(square(), settings: place.settings(["DESCENT_CC": name])) }
    #expect(error.kind == .usage)
    #expect(error.message.hasPrefix("DESCENT_CC is '\(name)': \(reason): expected "))
    #expect(!FileManager.default.fileExists(atPath: "SHELL"))
  }

  @Test func fileThatIsNoProgram() throws {
    let place = try Scratch()
    let file = try place.file("cc", "\u{1}\u{2}\u{3}", mode: 0o700)
    let error = failure { try Driver().load(square(), settings: place.settings(["DESCENT_CC": file])) }
    #expect(error.message.hasPrefix("DESCENT_CC is '\(file)': it does not start"))
  }

  @Test func reportsSuccessButMakesNothing() throws {
    let place = try Scratch()
    let file = try place.file("cc", "#!/bin/sh\necho pretender 1.0\n", mode: 0o700)
    let error = failure { try Driver().load(square(), settings: place.settings(["DESCENT_CC": file])) }
    #expect(error.kind == .compiler && error.message.contains("made no library of 'test'"))
  }

  /// A name with everything that a shell would take apart is one file.
  @Test func nameIsOneFile() throws {
    let place = try Scratch()
    let name = "c c;touch 'SHELL' $(x) \"\n&|>"
    let log = place.path + "/arguments"
    let file = try place.file(
      name, "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '\(log)'\nexec \(try realCompiler()) \"$@\"\n", mode: 0o700)
    let library = try Driver().load(square(), settings: place.settings(["DESCENT_CC": file]))
    #expect(try call(library, 3) == 9)
    let arguments = try String(contentsOfFile: log, encoding: .utf8)
    #expect(arguments.contains("-ffp-contract=off\n") && arguments.contains("-o\ntest.so\ntest.c\n"))
    #expect(namesInFolder(place.path) == ["arguments", name, "cache"].sorted())
  }

  /// A compiler without OpenMP is passed over unless it is the user's choice or the only one.
  @Test func withoutOpenMP() throws {
    let place = try Scratch()
    let real = try realCompiler()
    try makeFolders(place.path + "/first")
    try makeFolders(place.path + "/second")
    let plain = try place.file(
      "first/clang", "#!/bin/sh\ncase \"$*\" in *-fopenmp*) echo 'no omp.h' >&2; exit 1;; esac\nexec \(real) \"$@\"\n",
      mode: 0o700)
    let able = try place.file("second/clang", "#!/bin/sh\nexec \(real) \"$@\"\n", mode: 0o700)
    let cache = try Cache(settings: place.settings)
    func find(_ variables: [String: String]) throws -> Compiler {
      try Compiler.find(settings: place.settings(variables), cache: cache)
    }
    let only = try find(["PATH": "\(place.path)/first"])
    #expect(only.path == plain && !only.hasOpenMP)
    #expect(only.notice?.contains("libomp") == true && only.notice?.contains("\n") == false)
    let chosen = try find(["PATH": "\(place.path)/first:\(place.path)/second", "DESCENT_CC": plain])
    #expect(chosen == only)
    let library = try Driver().load(square(), settings: place.settings(["DESCENT_CC": plain]))
    #expect(!library.origin.commandLine.contains("-fopenmp"))
    #expect(try call(library, 5) == 25)
    // This machine's own compiler may lack OpenMP too: then the first is as good as the second.
    let best = try find(["PATH": "\(place.path)/first:\(place.path)/second"])
    #expect(best.path == (best.hasOpenMP ? able : plain))
  }

  @Test func identityIsRemembered() throws {
    let place = try Scratch()
    let log = place.path + "/calls"
    func script(_ version: String) throws -> String {
      removeAll(place.path + "/cc")
      return try place.file("cc", "#!/bin/sh\necho \"$1\" >> '\(log)'\necho \(version)\n", mode: 0o700)
    }
    func calls() -> Int { (readFile(log) ?? []).count { $0 == 10 } }
    let cache = try Cache(settings: place.settings)
    let settings = try place.settings(["DESCENT_CC": try script("compiler 1")])
    #expect(try Compiler.find(settings: settings, cache: cache).version == "compiler 1")
    let asked = calls()
    #expect(asked > 0)
    #expect(try Compiler.find(settings: settings, cache: cache).version == "compiler 1")
    #expect(calls() == asked)
    // Damaged memory is asked again.
    let record = "\(cache.folder)/compilers/\(namesInFolder(cache.folder + "/compilers")[0])"
    removeAll(record)
    try writeNewFile(record, Array("nonsense".utf8))
    #expect(try Compiler.find(settings: settings, cache: cache).version == "compiler 1")
    #expect(calls() == 2 * asked)
    // So is another file under the same path.
    _ = try script("compiler 22")
    #expect(try Compiler.find(settings: settings, cache: cache).version == "compiler 22")
  }

  @Test func noticeOnce() {
    let notices = Notices()
    #expect(notices.isNew("a") && !notices.isNew("a") && notices.isNew("b"))
  }

  @Test func processorIsDescribed() { #expect(processorDescription().count > 4) }

  private func realCompiler() throws -> String {
    let place = try Scratch()
    return try Compiler.find(settings: place.settings, cache: Cache(settings: place.settings)).path
  }
}
