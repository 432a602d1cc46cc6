// Small gray images side by side with captions, such as digits with what a network took them for.
// Right and wrong are told by a sign and by colour, so that neither has to be seen.

/// Gray images in rows, as SVG or as text for a terminal.
public struct ImageGrid: Sendable {
  /// Whether a prediction was right; `none` where nothing was predicted.
  public enum Verdict: Sendable, Hashable { case none, right, wrong }

  /// One image: width · height pixels row by row, 0 (black) to 255 (white).
  public struct Image: Sendable, Hashable {
    public let width: Int
    public let height: Int
    public let pixels: [UInt8]
    public var caption: String
    public var verdict: Verdict

    /// An image of numbers, of which `range` goes from black to white; what lies outside is cut off, NaN is black.
    public init(
      _ values: [Double], width: Int, height: Int, range: ClosedRange<Double> = 0...1, caption: String = "",
      verdict: Verdict = .none
    ) {
      precondition(width > 0 && height > 0 && values.count == width * height, "an image needs width · height pixels")
      let span = range.upperBound - range.lowerBound
      pixels = values.map { value in
        let gray = span > 0 ? (value - range.lowerBound) / span * 255 : 0
        return gray >= 255 ? 255 : gray > 0 ? UInt8(gray.rounded()) : 0
      }
      (self.width, self.height, self.caption, self.verdict) = (width, height, caption, verdict)
    }
  }

  public var title: String
  public var images: [Image]
  /// Images in a row.
  public var columns: Int

  public init(title: String = "", columns: Int = 8, images: [Image]) {
    self.title = title
    self.columns = max(1, columns)
    self.images = images
  }

  /// This grid as an SVG document, 720 pixels wide.
  public func svg() -> String {
    let (width, gap, left) = (720.0, 14.0, 20.0)
    let cell = (width - 2 * left - gap * Double(columns - 1)) / Double(columns)
    let top = title.isEmpty ? 16.0 : 46
    let captions = images.contains { !$0.caption.isEmpty || $0.verdict != .none }
    let tall = (images.map { cell * Double($0.height) / Double($0.width) }.max() ?? 0) + (captions ? 24 : 0)
    let rows = (images.count + columns - 1) / columns
    let height = top + Double(rows) * (tall + gap) - (rows > 0 ? gap : 0) + 16
    var out = Style.open(width, height, title.isEmpty ? "images" : title)
    if !title.isEmpty { out += Style.text(title, left, 29, "font-size=\"17\" font-weight=\"600\"") }
    for (index, image) in images.enumerated() {
      let x = left + Double(index % columns) * (cell + gap)
      let y = top + Double(index / columns) * (tall + gap)
      let high = cell * Double(image.height) / Double(image.width)
      let place =
        "x=\"\(Text.coordinate(x))\" y=\"\(Text.coordinate(y))\" "
        + "width=\"\(Text.coordinate(cell))\" height=\"\(Text.coordinate(high))\""
      out += "<image \(place) preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
      out += "href=\"data:image/png;base64,\(image.picture)\"/>\n"
      let stroke = image.verdict == .none ? "1" : "2.5"
      out += "<rect \(place) rx=\"2\" fill=\"none\" stroke=\"\(image.paint)\" stroke-width=\"\(stroke)\"/>\n"
      let bold = image.verdict == .wrong ? " font-weight=\"600\"" : ""
      out += Style.text(
        image.label, x + cell / 2, y + high + 18, "text-anchor=\"middle\" fill=\"\(image.paint)\"\(bold)")
    }
    return out + "</svg>\n"
  }

  /// This grid as text at most `width` characters wide, two pixels in a character. With `color`, grays and verdicts are
  /// ANSI colours; without, a pixel is on from half of white.
  public func terminal(width: Int = 80, color: Bool = false) -> String {
    var lines = title.isEmpty ? [] : [Text.plain(title), ""]
    let wide = max(images.map { max($0.width, $0.label.count) }.max() ?? 1, 1)
    let perRow = max(1, min(columns, (width + 2) / (wide + 2)))
    for start in stride(from: 0, to: images.count, by: perRow) {
      let row = images[start..<min(start + perRow, images.count)]
      for y in stride(from: 0, to: row.map(\.height).max() ?? 0, by: 2) {
        lines.append(
          row.map { image in
            let text = (0..<image.width).map { image.halves($0, y, color: color) }.joined()
            return text + String(repeating: " ", count: wide - image.width)
          }.joined(separator: "  "))
      }
      lines.append(
        row.map { image in
          let label = Text.plain(image.label)
          let paint = color && image.verdict != .none ? (image.verdict == .right ? "32" : "31") : nil
          return (paint.map { "\u{1B}[\($0)m\(label)\u{1B}[0m" } ?? label)
            + String(repeating: " ", count: max(0, wide - label.count))
        }.joined(separator: "  "))
      lines.append("")
    }
    return lines.map { line in
      line.hasSuffix(" ") ? String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)]) : line
    }.joined(separator: "\n")
  }
}

extension ImageGrid.Image {
  /// The caption with the verdict's sign.
  fileprivate var label: String {
    switch verdict {
    case .none: caption
    case .right: caption.isEmpty ? "✓" : "✓ " + caption
    case .wrong: caption.isEmpty ? "✗" : "✗ " + caption
    }
  }
  fileprivate var paint: String {
    switch verdict {
    case .none: Style.ink
    case .right: Style.right
    case .wrong: Style.wrong
    }
  }

  /// This image as a PNG in base 64. Very small ones are enlarged: viewers that smooth what they enlarge, whatever the
  /// document asks for, then leave pixels to be seen.
  fileprivate var picture: String {
    let times = max(1, 32 / max(width, height))
    let large = (0..<height * times * width * times).map { i in
      pixels[i / (width * times) / times * width + i % (width * times) / times]
    }
    return PNG.base64(PNG.encode(large, width: width * times, height: height * times))
  }

  /// The character of the pixels (x, y) and (x, y + 1); below the image it is black.
  fileprivate func halves(_ x: Int, _ y: Int, color: Bool) -> String {
    let upper = y < height ? pixels[y * width + x] : 0
    let lower = y + 1 < height ? pixels[(y + 1) * width + x] : 0
    if color {
      // The 24 grays of the 256 colours, 232...255.
      return "\u{1B}[38;5;\(232 + Int(upper) * 23 / 255);48;5;\(232 + Int(lower) * 23 / 255)m▀\u{1B}[0m"
    }
    switch (upper >= 128, lower >= 128) {
    case (true, true): return "█"
    case (true, false): return "▀"
    case (false, true): return "▄"
    case (false, false): return " "
    }
  }
}
