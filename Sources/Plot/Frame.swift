// The rectangle of the data: its grid, ticks and labels, and where points lie in it.

/// Room around a rectangle of data, in pixels.
struct Margins {
  var left, top, right, bottom: Double

  func inside(_ box: Rectangle) -> Rectangle {
    Rectangle(left: box.left + left, top: box.top + top, right: box.right - right, bottom: box.bottom - bottom)
  }
}

/// A rectangle of data with its axes.
struct Frame {
  var box: Rectangle
  var x, y: AxisMap
  var xTicks: (major: [Tick], minor: [Double])
  var yTicks: (major: [Tick], minor: [Double])

  /// Ticks as many as there is room for.
  init(_ box: Rectangle, _ x: AxisMap, _ y: AxisMap) {
    (self.box, self.x, self.y) = (box, x, y)
    xTicks = x.ticks(max(2, Int(box.width / (x.logarithmic ? 50 : 80))))
    yTicks = Frame.upright(y, box.height)
  }

  /// The ticks of a vertical axis of so many pixels; decades stand closer than other numbers.
  private static func upright(_ map: AxisMap, _ height: Double) -> (major: [Tick], minor: [Double]) {
    map.ticks(max(2, Int(height / (map.logarithmic ? 30 : 55))))
  }

  /// The room that tick labels and labels of axes take, in a picture of this height whose data begins at `top`.
  static func margins(
    _ x: Plot.Axis, _ y: Plot.Axis, _ xMap: AxisMap, _ yMap: AxisMap, height: Double, top: Double
  ) -> Margins {
    let below = x.label.isEmpty ? 34.0 : 54
    let labels = upright(yMap, height - top - below).major.map { Style.width($0.text) }.max() ?? 0
    return Margins(left: 16 + labels + (y.label.isEmpty ? 4 : 24), top: top, right: 20, bottom: below)
  }

  private func across(_ value: Double) -> Double { box.left + x.place(value) * box.width }
  private func up(_ value: Double) -> Double { box.bottom - y.place(value) * box.height }

  /// A point's place, held near the rectangle: some viewers lose their way far out.
  func place(_ p: (x: Double, y: Double)) -> Point {
    let right = min(max(x.place(p.x), -20), 20), up = min(max(y.place(p.y), -20), 20)
    return Point(box.left + right * box.width, box.bottom - up * box.height)
  }

  /// Grid lines at the ticks, below the data.
  var grid: [Drawing.Item] {
    var lines = Path(stroke: Style.grid, width: 0.8), fine = Path(stroke: Style.grid, width: 0.8, opacity: 0.5)
    for tick in xTicks.major { lines.add([Point(across(tick.value), box.top), Point(across(tick.value), box.bottom)]) }
    for tick in yTicks.major { lines.add([Point(box.left, up(tick.value)), Point(box.right, up(tick.value))]) }
    for value in xTicks.minor { fine.add([Point(across(value), box.top), Point(across(value), box.bottom)]) }
    for value in yTicks.minor { fine.add([Point(box.left, up(value)), Point(box.right, up(value))]) }
    return [.path(fine), .path(lines)]
  }

  /// The axes with their ticks, above the data. `whole` draws all four sides.
  func axes(whole: Bool = false) -> Drawing.Item {
    var edges = Path(stroke: Style.ink)
    if whole {
      edges.add(box)
    } else {
      edges.add([Point(box.left, box.top), Point(box.left, box.bottom), Point(box.right, box.bottom)])
    }
    for (values, length) in [(xTicks.major.map(\.value), 5.0), (xTicks.minor, 3)] {
      for x in values.map(across) { edges.add([Point(x, box.bottom), Point(x, box.bottom + length)]) }
    }
    for (values, length) in [(yTicks.major.map(\.value), 5.0), (yTicks.minor, 3)] {
      for y in values.map(up) { edges.add([Point(box.left - length, y), Point(box.left, y)]) }
    }
    return .path(edges)
  }

  /// The numbers at the ticks and the labels of the axes; those of an axis that a panel shares with its neighbour are left out.
  func labels(_ xAxis: Plot.Axis, _ yAxis: Plot.Axis, left: Double, showsX: Bool = true, showsY: Bool = true)
    -> [Drawing.Item]
  {
    var out: [Drawing.Item] = []
    if showsX {
      var free = -Double.infinity
      for tick in xTicks.major {
        // Texts that would touch are left out.
        let half = Style.width(tick.text) / 2, at = across(tick.value)
        guard at - half > free else { continue }
        free = at + half + 6
        out.append(.text(Line(tick.text, Point(at, box.bottom + 20), .middle)))
      }
      if !xAxis.label.isEmpty {
        out.append(.text(Line(xAxis.label, Point((box.left + box.right) / 2, box.bottom + 42), .middle, size: 14)))
      }
    }
    if showsY {
      out += yTicks.major.map { .text(Line($0.text, Point(box.left - 9, up($0.value) + 4.5), .end)) }
      if !yAxis.label.isEmpty {
        let middle = (box.top + box.bottom) / 2
        out.append(.text(Line(yAxis.label, Point(left + 18, middle), .middle, size: 14, upward: true)))
      }
    }
    return out
  }
}
