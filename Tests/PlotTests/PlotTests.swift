// What a plot must hold: nice ticks, escaped text, the same bytes each time, and no trouble with numbers that are none.

import DescentPlot
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Whether a text is well-formed XML.
private func isWellFormed(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }

/// The texts of an SVG document, in order; what is raised stands behind ^, what is lowered behind _.
private func texts(_ svg: String) -> [String] {
  svg.split(separator: "\n").filter { $0.hasPrefix("<text") }.map { line in
    let text = line.split(separator: ">", maxSplits: 1)[1].dropLast("</text>".count)
    let marked = text.replacing(/<tspan[^>]*dy="-[^>]*>/, with: "^").replacing(/<tspan[^>]*dy="[^>]*>/, with: "_")
    return String(marked.replacing(/<[^>]*>/, with: ""))
  }
}

@Suite struct PlotTests {
  @Test func ticksAreRound() {
    let svg = Plot(series: [.line(x: [0, 160], y: [-0.31, 0.42])]).svg()
    #expect(
      texts(svg) == [
        "0", "20", "40", "60", "80", "100", "120", "140", "160", "−0.3", "−0.2", "−0.1", "0", "0.1", "0.2", "0.3",
        "0.4",
      ])
    #expect(texts(Plot(series: [.line(y: [1, 2, 3])]).svg()).prefix(3) == ["1", "2", "3"])
    let large = texts(Plot(series: [.points(x: [0, 4e9], y: [1e-9, 2e-9])]).svg())
    #expect(large.contains("10^9") && large.contains("4·10^9") && large.contains("1.2·10^−9"), "\(large)")
    #expect(large.contains("0"))
  }

  @Test func logarithmicTicks() {
    let wide = Plot(x: .init(scale: .logarithmic), series: [.line(x: [1, 1e6], y: [0, 1])]).svg()
    #expect(texts(wide).prefix(7) == ["10^0", "10^1", "10^2", "10^3", "10^4", "10^5", "10^6"])
    let plain = Plot(x: .init(scale: .logarithmic), series: [.line(x: [0.01, 1000], y: [0, 1])]).svg()
    #expect(texts(plain).prefix(6) == ["0.01", "0.1", "1", "10", "100", "1000"])
    let narrow = Plot(y: .init(scale: .logarithmic), series: [.line(x: [0, 1], y: [0.3, 2])]).svg()
    #expect(texts(narrow).contains("0.5") && texts(narrow).contains("2"))
    let tiny = Plot(y: .init(scale: .logarithmic), series: [.line(x: [0, 1], y: [0.301, 0.302])]).svg()
    #expect(texts(tiny).contains("0.3012"), "\(texts(tiny))")
  }

  @Test func textIsEscaped() {
    let name = "<b> & \"q\" \u{1B}[31m \u{0} \u{FFFF}"
    let plot = Plot(title: name, x: .init(name), y: .init(name), series: [.line(name, y: [1, 2])])
    #expect(isWellFormed(plot.svg()))
    #expect(plot.svg().contains("&lt;b&gt; &amp; &quot;q&quot; ?[31m ? ?"))
    #expect(!plot.terminal().contains("\u{1B}") && !plot.terminal().contains("\u{0}"))
    let grid = ImageGrid(title: name, images: [.init([0], width: 1, height: 1, caption: name, verdict: .wrong)])
    #expect(isWellFormed(grid.svg()))
    #expect(!grid.terminal().contains("\u{1B}"))
  }

  @Test func numbersThatAreNone() {
    let odd: [Double] = [.nan, .infinity, -.infinity, 1e308, -1e308, 0, -1, .leastNonzeroMagnitude, 1, 2]
    for scale in [Plot.Scale.linear, .logarithmic] {
      for values in [[], [1], [.nan], [0], [1e149, -1e149], [1, 1 + 1e-15], odd] as [[Double]] {
        for other in [values, values.map { _ in 1 }] {
          let plot = Plot(
            x: .init(scale: scale), y: .init(scale: scale),
            series: [
              .line("a", x: values, y: other), .points("b", x: other, y: values),
              .band("c", x: values, lower: other, upper: values),
            ])
          let svg = plot.svg()
          #expect(isWellFormed(svg))
          #expect(!svg.contains("nan") && !svg.contains("inf\""))
          #expect(!plot.terminal().isEmpty && !plot.terminal(width: 0, height: 0).isEmpty)
        }
      }
    }
    // A line is broken at a number that is none.
    let broken = Plot(series: [.line(y: [1, 2, .nan, 3, 4])]).svg()
    let path = broken.split(separator: "\n").first { $0.contains("stroke-width=\"1.8\"") }
    #expect(path?.filter { $0 == "M" }.count == 2)
  }

  @Test func rangesCutOff() {
    let far = Plot(y: .init(range: 0...1), series: [.line(y: [0.5, 1e30, 0.2])])
    #expect(texts(far.svg()).contains("1.0") && isWellFormed(far.svg()))
    #expect(far.terminal().split(separator: "\n").count < 30)
  }

  @Test func sameBytesAndSize() {
    let plot = Plot(title: "t", series: [.line("a", y: [1, 3, 2]), .points("b", x: [1, 2], y: [2, 2])])
    #expect(plot.svg() == plot.svg())
    #expect(plot.svg().contains("width=\"720\" height=\"440\""))
    var silent = plot
    silent.legend = false
    #expect(!texts(silent.svg()).contains("a"))
  }

  @Test func terminalPlot() {
    let plot = Plot(
      title: "line", x: .init("epoch"), y: .init("loss"),
      series: [.line("a", y: [0, 1, 2, 3]), .line("b", y: [3, 2, 1])])
    let text = plot.terminal(width: 40, height: 8)
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 40 }, "\(text)")
    #expect(text.contains("── a   ╌╌ b") && text.contains("epoch") && text.contains("loss"))
    #expect(text.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
    #expect(!text.contains("\u{1B}") && plot.terminal(color: true).contains("\u{1B}[94m"))
  }
}

@Suite struct ImageGridTests {
  @Test func halfBlocks() {
    let image = ImageGrid.Image([1, 0, 1, 1, 0, 1], width: 2, height: 3, caption: "7", verdict: .right)
    #expect(ImageGrid(title: "t", images: [image]).terminal() == "t\n\n█▄\n ▀\n✓ 7\n")
    #expect(ImageGrid(images: [image, image]).terminal() == "█▄   █▄\n ▀    ▀\n✓ 7  ✓ 7\n")
    #expect(ImageGrid(images: [image]).terminal(color: true).contains("\u{1B}[38;5;255;48;5;255m▀"))
    #expect(ImageGrid(images: []).terminal() == "" && isWellFormed(ImageGrid(images: []).svg()))
  }

  @Test func colours() throws {
    let image = ImageGrid.Image([1, 0, 0, 0, 1, 0], width: 2, height: 1, channels: 3)
    let grid = ImageGrid(images: [image])
    // Of the colour cube full red and full green, black below.
    #expect(grid.terminal(color: true).contains("\u{1B}[38;5;196;48;5;16m▀"))
    #expect(grid.terminal(color: true).contains("\u{1B}[38;5;46;48;5;16m▀"))
    #expect(grid.terminal().hasPrefix(" ▀\n"), "green is light, red is not")
    let svg = grid.svg(), start = try #require(svg.range(of: "base64,")).upperBound
    let bytes = try #require(Data(base64Encoded: String(svg[start...].prefix { $0 != "\"" })))
    // Enlarged sixteenfold, eight bits of red, green and blue each: 96 bytes a row and its filter.
    #expect(Array(bytes[16..<26]) == [0, 0, 0, 32, 0, 0, 0, 16, 8, 2])
    #expect(bytes.count == 8 + 25 + 12 + 2 + 5 + 16 * 97 + 4 + 12)
  }

  @Test func pixels() {
    let image = ImageGrid.Image([-5, 0, 8, 16, 99, .nan], width: 3, height: 2, range: 0...16)
    #expect(image.pixels == [0, 0, 128, 255, 255, 0])
    #expect(ImageGrid.Image([3], width: 1, height: 1, range: 3...3).pixels == [0])
  }

  @Test func pictureInside() throws {
    let svg = ImageGrid(images: [.init(Array(repeating: 1, count: 20), width: 20, height: 1)]).svg()
    let start = try #require(svg.range(of: "base64,")).upperBound
    let bytes = try #require(Data(base64Encoded: String(svg[start...].prefix { $0 != "\"" })))
    #expect(bytes.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    // Chunks: IHDR 13 bytes, IDAT of two header bytes, five of the block, 21 of the row and four of the sum, IEND.
    #expect(bytes.count == 8 + 25 + 12 + 32 + 12)
    // Its last four bytes are the CRC of a chunk IEND, which the standard fixes.
    #expect(bytes.suffix(4) == Data([0xAE, 0x42, 0x60, 0x82]))
  }
}
