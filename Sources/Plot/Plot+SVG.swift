// A plot as SVG, 720 by 440 pixels on no background. The data is in an inner <svg>, which cuts off what lies outside
// without needing an identifier that could meet another picture's on the same page.

extension Plot {
  /// This plot as an SVG document.
  public func svg() -> String {
    let (width, height) = (720.0, 440.0)
    let (xMap, yMap) = axes
    let xTicks = xMap.ticks(8), yTicks = yMap.ticks(6)
    let rows = legendRows(width: width - 40)
    let top = (title.isEmpty ? 16.0 : 44) + Double(rows.count) * 22
    let labels = yTicks.major.map { Style.width($0.text) }.max() ?? 0
    let frame = Frame(
      left: 16 + labels + (y.label.isEmpty ? 6 : 28), top: top, right: width - 20,
      bottom: height - (x.label.isEmpty ? 34 : 56), x: xMap, y: yMap)

    var out = Style.open(width, height, title.isEmpty ? "plot" : title)
    if !title.isEmpty { out += Style.text(title, 20, 29, "font-size=\"17\" font-weight=\"600\"") }
    out += legend(rows, top: title.isEmpty ? 22 : 52)
    out += frame.grid(xTicks, yTicks)
    out += frame.open
    // Bands lie under lines, lines under points.
    for layer in 0..<3 {
      for (index, item) in series.enumerated() where item.layer == layer {
        out += frame.draw(item, Style.color(item.color ?? index), self)
      }
    }
    out += "</svg>\n" + frame.labels(xTicks.major, yTicks.major)
    if !x.label.isEmpty {
      out += Style.text(x.label, (frame.left + frame.right) / 2, height - 12, "text-anchor=\"middle\"")
    }
    if !y.label.isEmpty {
      let middle = Text.coordinate((frame.top + frame.bottom) / 2)
      out += Style.text(y.label, 0, 0, "text-anchor=\"middle\" transform=\"translate(22 \(middle)) rotate(-90)\"")
    }
    return out + "</svg>\n"
  }

  /// The legend's entries, as many in a row as fit.
  private func legendRows(width: Double) -> [[(series: Series, color: Int)]] {
    var rows: [[(series: Series, color: Int)]] = []
    var used = width
    for item in named {
      let wide = 52 + Style.width(item.series.name)
      if used + wide > width, used > 0 {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(item)
      used += wide
    }
    return rows
  }

  private func legend(_ rows: [[(series: Series, color: Int)]], top: Double) -> String {
    var out = ""
    for (row, items) in rows.enumerated() {
      var left = 20.0
      let middle = top + Double(row) * 22
      for (item, color) in items {
        let paint = Style.color(color)
        let (x, y) = (Text.coordinate(left), Text.coordinate(middle))
        switch item.shape {
        case .line:
          out += "<path d=\"M\(x) \(y)h22\" stroke=\"\(paint)\" stroke-width=\"2.5\" stroke-linecap=\"round\"/>\n"
        case .points: out += "<circle cx=\"\(Text.coordinate(left + 11))\" cy=\"\(y)\" r=\"4\" fill=\"\(paint)\"/>\n"
        case .band:
          out += "<rect x=\"\(x)\" y=\"\(Text.coordinate(middle - 6))\" width=\"22\" height=\"12\" rx=\"2\" "
          out += "fill=\"\(paint)\" fill-opacity=\"0.25\"/>\n"
        }
        out += Style.text(item.name, left + 30, middle + 4.5)
        left += 52 + Style.width(item.name)
      }
    }
    return out
  }
}

extension Plot.Series {
  /// What lies above what.
  fileprivate var layer: Int {
    switch shape {
    case .band: 0
    case .line: 1
    case .points: 2
    }
  }
}

/// The rectangle of the data, in pixels.
private struct Frame {
  var left, top, right, bottom: Double
  var x, y: AxisMap

  /// Begins the inner picture, whose origin is the rectangle's corner.
  var open: String {
    let (w, h) = (Text.coordinate(right - left), Text.coordinate(bottom - top))
    let place = "x=\"\(Text.coordinate(left))\" y=\"\(Text.coordinate(top))\""
    return "<svg \(place) width=\"\(w)\" height=\"\(h)\" viewBox=\"0 0 \(w) \(h)\" fill=\"none\">\n"
  }

  /// Grid lines at the ticks, and the line at the bottom.
  func grid(_ xTicks: (major: [Tick], minor: [Double]), _ yTicks: (major: [Tick], minor: [Double])) -> String {
    func path(_ xs: [Double], _ ys: [Double]) -> String {
      let down = "V" + Text.coordinate(bottom), across = "H" + Text.coordinate(right)
      let start = Text.coordinate(left), head = Text.coordinate(top)
      return xs.map { "M\(Text.coordinate(left + x.place($0) * (right - left))) \(head)\(down)" }.joined()
        + ys.map { "M\(start) \(Text.coordinate(bottom - y.place($0) * (bottom - top)))\(across)" }.joined()
    }
    var out = ""
    for (lines, opacity) in [
      (path(xTicks.major.map(\.value), yTicks.major.map(\.value)), "0.3"), (path(xTicks.minor, yTicks.minor), "0.13"),
    ] where !lines.isEmpty {
      out += "<path d=\"\(lines)\" stroke=\"\(Style.grid)\" stroke-opacity=\"\(opacity)\" fill=\"none\"/>\n"
    }
    let edges = "M\(Text.coordinate(left)) \(Text.coordinate(top))V\(Text.coordinate(bottom))H\(Text.coordinate(right))"
    return out + "<path d=\"\(edges)\" stroke=\"\(Style.ink)\" fill=\"none\"/>\n"
  }

  /// The numbers at the ticks.
  func labels(_ xTicks: [Tick], _ yTicks: [Tick]) -> String {
    let below = xTicks.map {
      Style.text($0.text, left + x.place($0.value) * (right - left), bottom + 19, "text-anchor=\"middle\"")
    }
    let beside = yTicks.map {
      Style.text($0.text, left - 8, bottom - y.place($0.value) * (bottom - top) + 4.5, "text-anchor=\"end\"")
    }
    return (below + beside).joined()
  }

  /// "x y" of a point in the inner picture, held near it: some viewers lose their way far out.
  func point(_ p: (x: Double, y: Double)) -> String {
    let across = min(max(x.place(p.x), -20), 20), up = min(max(y.place(p.y), -20), 20)
    return "\(Text.coordinate(across * (right - left))) \(Text.coordinate((1 - up) * (bottom - top)))"
  }

  private func dot(_ p: (x: Double, y: Double), _ color: String, _ opacity: String) -> String {
    let place = point(p).split(separator: " ")
    return "<circle cx=\"\(place[0])\" cy=\"\(place[1])\" r=\"3.2\" fill=\"\(color)\" fill-opacity=\"\(opacity)\"/>\n"
  }

  func draw(_ series: Plot.Series, _ color: String, _ plot: Plot) -> String {
    func shown(_ p: (x: Double, y: Double)) -> Bool { plot.x.shows(p.x) && plot.y.shows(p.y) }
    switch series.shape {
    case .points: return series.points.filter(shown).map { dot($0, color, "0.75") }.joined()
    case .line:
      let runs = Plot.runs(series.points, shown)
      let lines = runs.map { "M" + $0.map(point).joined(separator: "L") }.joined()
      guard !lines.isEmpty else { return "" }
      // A point without neighbours, such as the first epoch of a run, would be a line of no length.
      return "<path d=\"\(lines)\" stroke=\"\(color)\" stroke-width=\"2.2\" "
        + "stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n"
        + runs.filter { $0.count == 1 }.map { dot($0[0], color, "1") }.joined()
    case .band:
      let pairs = Array(zip(series.points, series.upperPoints))
      let areas = Plot.runs(pairs) { shown($0.0) && shown($0.1) }.map { run in
        "M" + (run.map { point($0.0) } + run.reversed().map { point($0.1) }).joined(separator: "L") + "Z"
      }.joined()
      return areas.isEmpty ? "" : "<path d=\"\(areas)\" fill=\"\(color)\" fill-opacity=\"0.22\"/>\n"
    }
  }
}

extension Plot {
  /// The stretches of neighbours that are all shown.
  static func runs<T>(_ items: [T], _ shown: (T) -> Bool) -> [[T]] {
    var runs: [[T]] = [[]]
    for item in items {
      if shown(item) {
        runs[runs.count - 1].append(item)
      } else if !runs[runs.count - 1].isEmpty {
        runs.append([])
      }
    }
    return runs.filter { !$0.isEmpty }
  }
}
