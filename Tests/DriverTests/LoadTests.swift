// Building, finding and loading libraries, each test with a cache of its own; a new `Driver` stands for a new process.

import DescentIR
import Foundation
import Testing

import DescentDriver

@Suite struct LoadTests {
  @Test func coldThenWarm() throws {
    let place = try Scratch()
    let cold = try Driver().load(square(), settings: place.settings)
    #expect(!cold.origin.cacheHit && cold.origin.compileSeconds > 0)
    #expect(try call(cold, 3) == 9)
    let warm = try Driver().load(square(), settings: place.settings)
    #expect(warm.origin.cacheHit && warm.origin.compileSeconds == 0 && warm.path == cold.path)
    #expect(try call(warm, 4) == 16)
    let other = try Driver().load(library("x + 1"), settings: place.settings)
    #expect(!other.origin.cacheHit)
    #expect(try call(other, 4) == 5)
    #expect(namesInFolder(place.cache + "/building") == [])
  }

  @Test func sameProcessSharesOne() throws {
    let place = try Scratch()
    let driver = Driver()
    let first = try driver.load(square(), settings: place.settings)
    #expect(try driver.load(square(), settings: place.settings) === first)
  }

  @Test func flagsHeadersAndThreadingCount() throws {
    let place = try Scratch()
    let driver = Driver()
    var request = LibraryRequest(name: "test", source: "#include \"a.h\"\ndouble f(double x) { return x * A * B; }\n")
    request.headers = [.init(name: "a.h", text: "#define A 2\n")]
    request.flags = ["-DB=3"]
    #expect(try call(driver.load(request, settings: place.settings), 1) == 6)
    request.headers[0].text = "#define A 5\n"
    #expect(try call(driver.load(request, settings: place.settings), 1) == 15)
    request.flags = ["-DB=7"]
    #expect(try call(driver.load(request, settings: place.settings), 1) == 35)
    request.usesOpenMP = false
    #expect(try !driver.load(request, settings: place.settings).origin.cacheHit)
  }

  @Test func names() throws {
    let place = try Scratch()
    for name in ["", "a/b", "..", "a b", "é", String(repeating: "a", count: 65)] {
      #expect(failure { try Driver().load(library("x", name: name), settings: place.settings) }.kind == .usage)
    }
    for name in ["../a.h", ".a", "test.c", ""] {
      var request = square()
      request.headers = [.init(name: name, text: "")]
      #expect(failure { try Driver().load(request, settings: place.settings) }.kind == .usage)
    }
  }

  @Test func missingSymbol() throws {
    let place = try Scratch()
    let built = try Driver().load(square(), settings: place.settings)
    #expect(failure { try built.symbol("absent") }.message.contains("no symbol 'absent'"))
  }

  @Test func undefinedFunction() throws {
    let place = try Scratch()
    let request = LibraryRequest(
      name: "test", source: "double absent(double);\ndouble f(double x) { return absent(x); }\n")
    let error = failure { try Driver().load(request, settings: place.settings) }
    #expect(error.kind == .compiler && error.message.contains("absent"))
  }

  @Test func syntaxError() throws {
    let place = try Scratch()
    let error = failure { try Driver().load(library("x +"), settings: place.settings) }
    #expect(error.kind == .compiler)
    #expect(error.message.contains("test.c:2:") && error.message.contains("expected expression"))
    #expect(error.message.contains("(failed with exit status 1)"))
    let path = try #require(error.message.split(separator: "the C is kept in ").last)
    #expect(try String(contentsOfFile: String(path), encoding: .utf8) == library("x +").source)
    #expect(path.hasPrefix(place.cache + "/failed/test-"))
    #expect(namesInFolder(place.cache + "/libraries") == [] && namesInFolder(place.cache + "/building") == [])
  }

  @Test func manyErrorsAreCut() throws {
    let place = try Scratch()
    let source = (0..<100).map { "int f\($0) = g\($0);\n" }.joined()
    let error = failure { try Driver().load(LibraryRequest(name: "test", source: source), settings: place.settings) }
    #expect(error.message.contains("more lines") && error.message.split(separator: "\n").count < 30)
  }

  @Test func keptC() throws {
    let place = try Scratch()
    let folder = place.path + "/kept here"
    let settings = try place.settings(["DESCENT_KEEP_C": folder])
    let kept = try #require(try Driver().load(square(), settings: settings).origin.keptC)
    #expect(try String(contentsOfFile: kept, encoding: .utf8) == square().source)
    let error = failure { try Driver().load(library("x +"), settings: settings) }
    #expect(error.message.contains("the C is kept in \(folder)/test-") && namesInFolder(folder).count == 2)
    // On a hit too, so that the C is there for whoever asks.
    removeAll(folder)
    #expect(try Driver().load(square(), settings: settings).origin.cacheHit && namesInFolder(folder).count == 1)
    let file = try place.file("plain", "")
    let refused = failure { try Driver().load(square(), settings: place.settings(["DESCENT_KEEP_C": file])) }
    #expect(refused.kind == .file && refused.message.contains("DESCENT_KEEP_C") && refused.message.contains(file))
  }

  @Test(arguments: [
    "with space", "quo'te \"double\"", "new\nline", "semi;colon $(touch SHELL) `x` &", "-o", "ünïcode", "%s%n",
  ])
  func strangePaths(name: String) throws {
    let place = try Scratch(name)
    let settings = try place.settings(["DESCENT_KEEP_C": place.path + "/kept"])
    #expect(try call(Driver().load(square(), settings: settings), 3) == 9)
    #expect(try Driver().load(square(), settings: settings).origin.cacheHit)
    #expect(
      failure { try Driver().load(library("x +"), settings: settings) }.message.contains(place.path + "/kept/test-"))
  }

  @Test func slowCompilerIsStopped() throws {
    let place = try Scratch()
    let file = try place.file(
      "cc", "#!/bin/sh\ncase \"$*\" in *-shared*) exec sleep 60;; esac\necho slow 1.0\n", mode: 0o700)
    var request = square()
    request.timeLimit = 0.5
    let error = failure { try Driver().load(request, settings: place.settings(["DESCENT_CC": file])) }
    #expect(error.kind == .compiler && error.message.contains("did not finish 'test' within 0.5 seconds"))
    #expect(error.message.contains("the C is kept in ") && namesInFolder(place.cache + "/building") == [])
  }

  /// Ctrl-C reaches the compiler too.
  @Test func interruptedCompiler() throws {
    let place = try Scratch()
    let file = try place.file(
      "cc", "#!/bin/sh\ncase \"$*\" in *-shared*) kill -INT $$;; esac\necho stopped 1.0\n", mode: 0o700)
    #expect(
      failure { try Driver().load(square(), settings: place.settings(["DESCENT_CC": file])) }.kind == .interrupted)
    #expect(namesInFolder(place.cache + "/failed") == [] && namesInFolder(place.cache + "/building") == [])
  }

  @Test func manyThreadsAtOnce() async throws {
    let place = try Scratch()
    let (one, settings) = (Driver(), try place.settings)
    let hits = try await withThrowingTaskGroup(of: Bool.self) { group in
      // Half of them in one process, half in processes of their own.
      for index in 0..<12 {
        group.addTask {
          let built = try (index % 2 == 0 ? one : Driver()).load(square(), settings: settings)
          #expect(try call(built, 3) == 9)
          return built.origin.cacheHit
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(hits.count == 12)
    #expect(namesInFolder(place.cache + "/libraries").count == 1 && namesInFolder(place.cache + "/building") == [])
  }
}
