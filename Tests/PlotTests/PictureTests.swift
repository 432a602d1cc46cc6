// Pictures as files: the same drawing in SVG and PDF, a PDF whose parts are where it says, lines told apart, mathematics.

import DescentPlot
import Foundation
import Testing

/// A picture of every kind, with text that no font has and with numbers that are none.
private let pictures: [(name: String, picture: any Picture)] = {
  let x = (0..<30).map { Double($0) / 10 }, wave = x.map { sin($0) }
  let plot = Plot(
    title: #"$\beta_1^2 \le 10^{-3}$ (é \ 𝄞)"#, x: .init("$k$"), y: .init("ℓ"),
    series: [
      .band("band", x: x, lower: wave.map { $0 - 1 }, upper: wave.map { $0 + 1 }), .line("a", x: x, y: wave),
      .line("b", x: x, y: wave), .points("c", x: x, y: wave.map { -$0 }), .line(x: [1, .nan, 2], y: [1, 1, 1]),
    ])
  var values = (0..<300).map { sin(Double($0 % 30) / 9) * cos(Double($0 / 30)) }
  values[7] = .nan
  let ys = (0..<10).map { Double($0 + 1) }
  return [
    ("plot", plot), ("panels", Panels(columns: 2, sharesX: true, sharesY: true, [plot, plot, plot])),
    ("heat map", HeatMap(z: .init("$V(k, z)$"), xs: x, ys: ys, values: values)),
    (
      "uneven", HeatMap(y: .init(scale: .logarithmic), xs: x.map { $0 * $0 + $0 }, ys: ys, values: values)
    ),
    ("surface", Surface(x: .init("k"), y: .init("z"), z: .init("V"), xs: x, ys: ys, values: values)),
    ("images", ImageGrid(images: [.init([0, 1], width: 2, height: 1, caption: "(7", verdict: .right)])),
  ]
}()

/// What a program writes to its standard output, nil where it is not installed.
private func output(of program: String, _ arguments: [String]) throws -> (status: Int32, text: String)? {
  guard
    let path = ["/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map({ $0 + program }).first(where: {
      FileManager.default.isExecutableFile(atPath: $0)
    })
  else { return nil }
  let process = Process(), pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
}

@Suite struct PictureTests {
  @Test func documentsArePDF() throws {
    for (name, picture) in pictures {
      let bytes = picture.pdf(), text = String(decoding: bytes, as: UTF8.self)
      #expect(text.hasPrefix("%PDF-1.4\n") && text.hasSuffix("%%EOF\n"), "\(name)")
      #expect(bytes == picture.pdf(), "\(name)")
      // Each object begins where the table says, and the table where the last line but one says.
      func at(_ offset: Int) -> String { String(decoding: bytes[offset...].prefix(16), as: UTF8.self) }
      let start = try #require(text.components(separatedBy: "startxref\n").last?.split(separator: "\n").first)
      let table = try #require(Int(start))
      #expect(at(table).hasPrefix("xref\n"), "\(name)")
      let rows = String(decoding: bytes[table...], as: UTF8.self).split(separator: "\n").dropFirst(2)
        .filter { $0.hasSuffix(" n ") }
      #expect(rows.count >= 6)
      for (index, row) in rows.enumerated() {
        #expect(at(try #require(Int(row.prefix(10)))).hasPrefix("\(index + 1) 0 obj"), "\(name) \(row)")
      }
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("picture-\(UUID()).pdf")
      try Data(bytes).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      if let checked = try output(of: "qpdf", ["--check", file.path]) {
        #expect(checked.status == 0 && !checked.text.contains("WARNING"), "\(name): \(checked.text)")
      }
      if let words = try output(of: "pdftotext", [file.path, "-"]) {
        #expect(words.status == 0 && !words.text.isEmpty, "\(name)")
        if name == "plot" { #expect(words.text.contains("band") && words.text.contains("β"), "\(words.text)") }
      }
    }
  }

  /// As many paths, pictures and lines of text in one file as in the other.
  @Test func bothFilesShowTheSame() {
    for (name, picture) in pictures {
      let svg = picture.svg().split(separator: "\n")
      // Bytes of pixels are no text, so what is counted are lines.
      let pdf = String(decoding: picture.pdf(), as: UTF8.self).split(separator: "\n")
      let paths = svg.count { $0.hasPrefix("<path") }, painted = pdf.count { ["f Q", "S Q", "B Q"].contains($0) }
      #expect(paths == painted && paths > 0, "\(name)")
      #expect(svg.count { $0.hasPrefix("<text") } == pdf.count { $0 == "ET" }, "\(name)")
      #expect(svg.count { $0.hasPrefix("<image") } == pdf.count { $0.contains(" Do Q") }, "\(name)")
      #expect(svg.count { $0.hasPrefix("<svg x=") } == pdf.count { $0.hasSuffix(" re W n") }, "\(name)")
    }
  }

  @Test func linesAreToldApart() {
    let y = (0..<40).map { sin(Double($0) / 5) }
    func paths(_ series: [Plot.Series]) -> [Substring] {
      Plot(series: series, legend: false).svg().split(separator: "\n").drop { !$0.hasPrefix("<svg x=") }.filter {
        $0.hasPrefix("<path") && !$0.contains("#000000")
      }
    }
    // One line is whole and carries nothing.
    let one = paths([.line("a", y: y)])
    #expect(one.count == 1 && !one[0].contains("dasharray"))
    // Of two that coincide the second is broken, and each has markers at places of its own.
    let two = paths([.line("a", y: y), .line("b", y: y)])
    #expect(two.count == 4 && !two[0].contains("dasharray") && two[2].contains("stroke-dasharray=\"7 4\""))
    func starts(_ path: Substring) -> Set<Substring> {
      Set(path.split(separator: "\"")[1].split(separator: "M").map { $0.prefix { !"LCZ".contains($0) } })
    }
    #expect(starts(two[1]).count == 8 && starts(two[3]).count == 8 && starts(two[1]).isDisjoint(with: starts(two[3])))
    // What is asked for goes before what is chosen.
    let asked = paths([
      .line(y: y, dash: .solid, marker: Plot.Marker.none), .line(y: y, dash: .dotted, marker: .circle),
    ])
    #expect(asked.count == 3 && !asked[0].contains("dasharray") && asked[1].contains("\"2 3\""))
  }

  /// Bands lie under all else; lines and points lie in the order in which they are stated.
  @Test(arguments: [false, true]) func laterSeriesLieAbove(_ isLineLast: Bool) throws {
    let line = Plot.Series.line(x: [0, 1], y: [0, 1], color: 0), points = Plot.Series.points(x: [0], y: [1], color: 1)
    let band = Plot.Series.band(x: [0, 1], lower: [0, 0], upper: [1, 1], color: 2)
    let svg = Plot(series: (isLineLast ? [points, line] : [line, points]) + [band]).svg()
    func at(_ color: String) throws -> String.Index { try #require(svg.range(of: "\"\(color)\"")).lowerBound }
    #expect(try at("#009e73") < min(at("#0072b2"), at("#d55e00")))
    #expect(try (at("#d55e00") < at("#0072b2")) == isLineLast)
  }

  @Test func mathematics() {
    func svg(_ label: String) -> String {
      let svg = Plot(x: .init(label), series: [.line(y: [1, 2])]).svg()
      return svg.split(separator: "\n").first { $0.contains("font-size=\"14\"") }.map(String.init) ?? ""
    }
    func terminal(_ label: String) -> String {
      let text = Plot(x: .init(label), series: [.line(y: [1, 2])]).terminal()
      return String(text.split(separator: "\n").last ?? "").trimmingCharacters(in: .whitespaces)
    }
    // The second script stands over the first: back by its width, up by both their distances.
    #expect(svg(#"$\beta_1^2$"#).contains(#"<tspan font-style="italic">β</tspan><tspan font-size="9.8" dy="2.8">1"#))
    #expect(svg(#"$\beta_1^2$"#).contains(#"<tspan font-size="9.8" dx="-4.9" dy="-7.84">2</tspan>"#))
    for (label, text) in [
      (#"$\beta_1^2$"#, "β₁²"), ("$x_{it}^{n}$", "x_{it}ⁿ"), ("$K^\\alpha$", "K^α"), ("5 $ and 6", "5 $ and 6"),
      ("a_b", "a_b"), ("$\\Gamma(k, z) \\ge 0$", "Γ(k, z) ≥ 0"), ("$\\nothing$", "\\nothing"), ("$x^$", "x^"),
      ("$x_{a", "$x_{a"), ("$x_{a$", "x_a"), ("$a}b$", "ab"), ("$e^{-x^2}$", "e^{−x2}"), ("10⁻³", "10⁻³"),
    ] { #expect(terminal(label) == text, "\(label)") }
  }

  @Test func panelsShareAxes() {
    func numbers(_ shares: Bool) -> Int {
      let plots = (1...4).map { Plot(series: [.line("a", y: [0, Double($0)]), .line("b", y: [0, 1])]) }
      let svg = Panels(sharesX: shares, sharesY: shares, plots).svg()
      #expect(svg.components(separatedBy: ">a</text>").count == 2, "one legend for all")
      return svg.components(separatedBy: "<text").count
    }
    #expect(numbers(true) < numbers(false))
  }

  @Test func heatMapsAndSurfaces() {
    // The greatest is yellow, the least dark, and the first row is the lowest.
    let map = HeatMap(y: .init(scale: .logarithmic), xs: [0, 1], ys: [1, 5, 6], values: [0, 0, 1, 1, .nan, 2])
    let fills = map.svg().split(separator: "\n").filter { $0.contains("stroke-width=\"0.4\"") }.map {
      $0.components(separatedBy: "fill=\"")[1].prefix(7)
    }
    #expect(fills == ["#440154", "#440154", "#21908d", "#21908d", "#ffffff", "#fde725"])
    #expect(map.terminal(width: 20, color: false).contains("blank to full: 0 to 2"))
    // Seen from the front, what is far is drawn first.
    let surface = Surface(
      xs: [0, 1], ys: [0, 1, 2], values: [0, 0, 1, 1, 2, 2], azimuth: -90, elevation: 45)
    let faces = surface.svg().split(separator: "\n").filter { $0.contains("stroke-width=\"0.35\"") }
    #expect(faces.count == 2)
    func height(_ path: Substring) -> Double { Double(path.split(separator: " ")[2].prefix { $0 != "L" }) ?? 0 }
    #expect(height(faces[0]) < height(faces[1]))
    #expect(Surface(xs: [0], ys: [0], values: [.nan]).svg().contains("</svg>"))
  }
}
