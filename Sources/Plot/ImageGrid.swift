// Small images, gray or coloured, side by side with captions, such as digits with what a network took them for.
// Right and wrong are told by a sign and by colour, so that neither has to be seen.

/// Images in rows.
public struct ImageGrid: Picture {
  /// Whether a prediction was right; `none` where nothing was predicted.
  public enum Verdict: Sendable, Hashable { case none, right, wrong }

  /// One image: width · height pixels row by row, each one number of gray or three of red, green and blue, 0 (black) to 255.
  public struct Image: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// 1 or 3.
    public let channels: Int
    public let pixels: [UInt8]
    public var caption: String
    public var verdict: Verdict

    /// An image of numbers, of which `range` goes from black to white; what lies outside is cut off, NaN is black.
    public init(
      _ values: [Double], width: Int, height: Int, channels: Int = 1, range: ClosedRange<Double> = 0...1,
      caption: String = "",
      verdict: Verdict = .none
    ) {
      precondition(
        width > 0 && height > 0 && [1, 3].contains(channels) && values.count == width * height * channels,
        "an image needs width · height pixels of one or three numbers")
      let span = range.upperBound - range.lowerBound
      pixels = values.map { value in
        let gray = span > 0 ? (value - range.lowerBound) / span * 255 : 0
        return gray >= 255 ? 255 : gray > 0 ? UInt8(gray.rounded()) : 0
      }
      (self.width, self.height, self.channels, self.caption, self.verdict) = (width, height, channels, caption, verdict)
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

  public func svg() -> String { drawing.svg() }
  public func pdf() -> [UInt8] { drawing.pdf() }

  /// 720 pixels wide.
  var drawing: Drawing {
    let (width, gap, left) = (720.0, 14.0, 20.0)
    let cell = (width - 2 * left - gap * Double(columns - 1)) / Double(columns)
    let top = title.isEmpty ? 16.0 : 46
    let captions = images.contains { !$0.caption.isEmpty || $0.verdict != .none }
    let tall = (images.map { cell * Double($0.height) / Double($0.width) }.max() ?? 0) + (captions ? 24 : 0)
    let rows = (images.count + columns - 1) / columns
    let height = top + Double(rows) * (tall + gap) - (rows > 0 ? gap : 0) + 16
    var items = Plot.heading(title, left)
    for (index, image) in images.enumerated() {
      let x = left + Double(index % columns) * (cell + gap)
      let y = top + Double(index / columns) * (tall + gap)
      let high = cell * Double(image.height) / Double(image.width)
      let box = Rectangle(left: x, top: y, right: x + cell, bottom: y + high)
      let pixels = Raster(pixels: image.pixels, width: image.width, height: image.height, channels: image.channels)
      var edge = Path(stroke: image.paint, width: image.verdict == .none ? 1 : 2.5)
      edge.add(box)
      items += [
        .raster(pixels, box), .path(edge),
        .text(
          Line(
            image.label, Point(x + cell / 2, y + high + 18), .middle, color: image.paint, bold: image.verdict == .wrong)
        ),
      ]
    }
    return Drawing(width: width, height: height, label: title.isEmpty ? "images" : title, items: items)
  }

  /// This grid as text at most `width` characters wide, two pixels in a character. With `color`, grays and verdicts are
  /// ANSI colours; without, a pixel is on from half of white.
  public func terminal(width: Int = 80, color: Bool = false) -> String {
    var lines = title.isEmpty ? [] : [Markup(title).unicode, ""]
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
          let label = Markup(image.label).unicode
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

  /// The numbers of one pixel; below the image it is black.
  private func pixel(_ x: Int, _ y: Int) -> ArraySlice<UInt8> {
    y < height ? pixels[(y * width + x) * channels..<(y * width + x + 1) * channels] : [0, 0, 0][..<channels]
  }

  /// The character of the pixels (x, y) and (x, y + 1).
  fileprivate func halves(_ x: Int, _ y: Int, color: Bool) -> String {
    let (upper, lower) = (pixel(x, y).map { Int($0) }, pixel(x, y + 1).map { Int($0) })
    if color {
      // Of the 256 colours the 24 grays 232...255, or 16...231, six of each of red, green and blue.
      func code(_ p: [Int]) -> Int {
        channels == 1 ? 232 + p[0] * 23 / 255 : p.reduce(0) { $0 * 6 + ($1 * 5 + 127) / 255 } + 16
      }
      return "\u{1B}[38;5;\(code(upper));48;5;\(code(lower))m▀\u{1B}[0m"
    }
    // Without colour, by the share of the three in what the eye takes for light (ITU-R BT.601).
    func isLight(_ p: [Int]) -> Bool { channels == 1 ? p[0] >= 128 : p[0] * 299 + p[1] * 587 + p[2] * 114 >= 128_000 }
    switch (isLight(upper), isLight(lower)) {
    case (true, true): return "█"
    case (true, false): return "▀"
    case (false, true): return "▄"
    case (false, false): return " "
    }
  }
}
