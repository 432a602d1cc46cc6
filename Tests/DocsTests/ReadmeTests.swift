// README.md says what is so: its programs are those that are built, its commands those that are run, its variables all.

import Descent
import Foundation
import Testing

@Suite struct ReadmeTests {
  private let readme = try! Repository.text("README.md")

  @Test func slideIsTheExample() throws {
    let slide = Repository.blocks("swift", in: readme)[0]
    let body = try #require(slide.components(separatedBy: "import Descent\n\n").last)
    #expect(try Repository.text("examples/one-slide/OneSlide.swift").contains(body))
  }

  @Test func programOfYourOwnIsCompiled() throws {
    let program = Repository.blocks("swift", in: readme)[1].replacing("@main ", with: "")
    #expect(try Repository.text("Tests/DocsTests/Wages.swift").hasSuffix(program + "\n"))
  }

  @Test func tablesAreCompiled() throws {
    let lines = Repository.blocks("swift", in: readme)[2].split(separator: "\n").map { "  " + $0 }
    #expect(try Repository.text("Tests/DocsTests/Penguins.swift").contains(lines.joined(separator: "\n")))
  }

  /// Wages that grow with schooling: the network of the README learns more than their mean.
  @Test func programOfYourOwnLearns() throws {
    let rows = 256
    let x = normal([rows, 3], key: RandomKey(seed: 1))
    let wage = x[.all, 0] * 2 + tanh(x[.all, 1])
    let data = try Dataset(inputs: x, targets: wage)
    let result = try Wages().trainer().fit(data, options: TrainingOptions(epochs: 30, batch: 64))
    let last = try #require(result.history.last), first = try #require(result.history.first)
    #expect(last.loss < first.loss / 10)
  }

  /// Data that do not fit: the error names both sizes and the line of the program.
  @Test func dataOfAnotherShapeAreAnErrorThatNamesTheLine() throws {
    let data = try Dataset(inputs: zeros([8, 4]), targets: zeros([8]))
    let error = #expect(throws: DescentError.self) {
      try Wages().trainer().fit(data, options: TrainingOptions(epochs: 1))
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("DocsTests/Wages.swift:") && text.contains("[8,4]") && text.contains("[3,32]"), "\(text)")
  }

  @Test func environmentTableIsThatOfTheSettings() throws {
    let settings = try Repository.text("Sources/Driver/Settings.swift")
    let read = settings.matches(of: /"(DESCENT_[A-Z_]+|RECORD)"/).map { String($0.1) }
    let table = Repository.section("## Environment", in: readme).matches(of: /\n\| `([A-Z_]+)` \|/).map { String($0.1) }
    #expect(!table.isEmpty && table.count <= 8)
    #expect(Set(read) == Set(table))
    for file in try Repository.files("Sources") where file.hasSuffix(".swift") {
      for match in try Repository.text(file).matches(of: /DESCENT_[A-Z_]*[A-Z]/) where !table.contains(String(match.0))
      {
        Issue.record("\(file) names \(match.0), which the table has not")
      }
    }
  }

  /// Tests/programs.sh runs every line of the bash blocks, but for scripts and the build, which others run.
  @Test func commandsAreRun() throws {
    let lines = Repository.blocks("bash", in: readme).flatMap { $0.split(separator: "\n") }
    let package = try Repository.text("Package.swift")
    #expect(lines.count > 5)
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      if words[0] == "bash" {
        #expect(FileManager.default.fileExists(atPath: "\(Repository.root)/\(words[1])"), "\(line)")
      } else if words[0].hasPrefix(".build/release/") {
        #expect(package.contains("name: \"\(words[0].dropFirst(".build/release/".count))\""), "\(line)")
      }
    }
    let programs = try Repository.text("Tests/programs.sh")
    #expect(programs.contains("'/^```bash$/,/^```$/{/^```/d;p}' \"$root/README.md\""))
    #expect(programs.contains("examples/quickstart.sh") && programs.contains("swift build -c release"))
    #expect(try Repository.text("Tests/run.sh").contains("bash Tests/programs.sh"))
    #expect(try Repository.text(".ci/run").contains("bash Tests/run.sh"))
  }

  /// The places that it names exist.
  @Test func pathsExist() {
    for match in readme.matches(of: /`((?:examples|Sources|Tests|Runtime)\/[A-Za-z0-9_.\/-]+)`/) {
      #expect(FileManager.default.fileExists(atPath: "\(Repository.root)/\(match.1)"), "\(match.1)")
    }
  }
}
