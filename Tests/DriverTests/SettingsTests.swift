// The environment: defaults, values, malformed values.

import DescentIR
import Testing

import DescentDriver

@Suite struct SettingsTests {
  @Test func defaults() throws {
    let settings = try Settings(environment: ["HOME": "/home/ada"])
    #expect(settings.compiler == nil && settings.keepC == nil && settings.checks == [] && !settings.record)
    #expect(settings.cache == "/home/ada/.cache/descent")
    #expect(settings.debug == [])
    #expect(settings.threads == availableProcessors() && settings.threads >= 1)
    #expect(settings.searchPath == ["/usr/local/bin", "/usr/bin", "/bin"])
  }

  @Test func cacheFolder() throws {
    func cache(_ environment: [String: String]) throws -> String? { try Settings(environment: environment).cache }
    #expect(try cache(["HOME": "/h", "XDG_CACHE_HOME": "/x", "DESCENT_CACHE": "/d e"]) == "/d e")
    #expect(try cache(["HOME": "/h", "XDG_CACHE_HOME": "/x", "DESCENT_CACHE": ""]) == "/x/descent")
    #expect(try cache(["HOME": "/h", "XDG_CACHE_HOME": "relative"]) == "/h/.cache/descent")
    #expect(try cache(["DESCENT_CACHE": "here"])?.hasPrefix("/") == true)
    #expect(try cache([:]) == nil)
  }

  @Test func values() throws {
    let settings = try Settings(
      environment: [
        "DESCENT_CC": "clang-16", "DESCENT_THREADS": "12", "DESCENT_KEEP_C": "/k", "DESCENT_CHECK": "1", "RECORD": "1",
        "DESCENT_DEBUG": "cl", "PATH": "/a::/b",
      ], processors: 16)
    #expect(settings.compiler == "clang-16" && settings.threads == 12 && settings.keepC == "/k")
    #expect(
      settings.checks == [.graph, .numbers] && settings.record && settings.debug == [.code, .lines]
        && settings.searchPath == ["/a", "/b"])
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4), ("7", 7), ("8", 8), ("g", 1), ("lpcg", 4), ("snmb", 4),
  ])
  func debugLevels(text: String, kinds: Int) throws {
    #expect(try Settings(environment: ["DESCENT_DEBUG": text]).debug.rawValue.nonzeroBitCount == kinds)
  }

  @Test(
    arguments: [("", []), ("0", []), ("1", [.graph, .numbers]), ("graph", .graph), ("nan", .numbers)]
      as [(String, Checks)])
  func checks(text: String, checks: Checks) throws {
    #expect(try Settings(environment: ["DESCENT_CHECK": text]).checks == checks)
  }

  @Test(arguments: [
    ("DESCENT_THREADS", "0"), ("DESCENT_THREADS", "-1"), ("DESCENT_THREADS", "four"), ("DESCENT_THREADS", "1e3"),
    ("DESCENT_THREADS", "99999999999999999999"), ("DESCENT_THREADS", " 4"), ("DESCENT_THREADS", "+4"),
    ("DESCENT_THREADS", "1.5"),
    ("DESCENT_DEBUG", "9"),
    ("DESCENT_DEBUG", "-1"),
    ("DESCENT_DEBUG", "lx"), ("DESCENT_CHECK", "yes"), ("DESCENT_CHECK", "2"), ("RECORD", "2"),
  ])
  func malformed(name: String, value: String) {
    let error = failure { try Settings(environment: [name: value]) }
    #expect(error.kind == .usage)
    #expect(error.message.hasPrefix("\(name) is '\(value)': expected "))
  }

  /// At most one for each processor, and a line that says so.
  @Test(arguments: [
    ("", 8, 8), ("1", 8, 1), ("8", 8, 8), ("9", 8, 8), ("65536", 8, 8), ("65536", 1, 1), ("5000", 4096, 1024),
  ])
  func threadsAreBounded(text: String, processors: Int, threads: Int) throws {
    let settings = try Settings(environment: ["DESCENT_THREADS": text], processors: processors)
    #expect(settings.threads == threads)
    #expect((settings.threadsNotice != nil) == (Int(text).map { $0 > threads } ?? false))
    if let notice = settings.threadsNotice {
      #expect(notice.hasPrefix("descent: DESCENT_THREADS is \(text), and this process may use \(processors) processor"))
      #expect(notice.contains(": \(threads) thread") && notice.contains("--threads") && !notice.contains("\n"))
    }
  }

  @Test func thisProcess() throws {
    #expect(processEnvironment()["PATH"] != nil)
    #expect(try Settings.current().threads >= 1)
  }
}
