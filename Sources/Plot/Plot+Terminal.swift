// A plot as text: each character of Unicode's braille block is two by four dots.
// Without colours, series are told apart by how their lines are broken; control characters in names print as `?`.

extension Plot {
  public func terminal(width: Int, color: Bool) -> String { terminal(width: width, height: 18, color: color) }

  /// This plot in `height` lines for the data and a few for its axes, each at most `width` characters wide.
  public func terminal(width: Int = 72, height: Int = 18, color: Bool = false) -> String {
    let (xMap, yMap) = axes
    let xTicks = xMap.ticks(max(2, width / 12)).major
    let yTicks = yMap.ticks(max(2, height / 4)).major
    let margin = (yTicks.map { $0.text.count }.max() ?? 0) + 1
    var canvas = Canvas(columns: max(8, width - margin - 1), rows: max(3, height))
    for layer in 0..<3 {
      for (index, item) in series.enumerated() where item.terminalLayer == layer {
        draw(item, xMap, yMap, style: pattern(index), color: item.color ?? index, on: &canvas)
      }
    }

    var lines: [String] = []
    if !title.isEmpty { lines.append(Markup(title).unicode) }
    if !named.isEmpty {
      lines.append(
        series.indices.filter { !series[$0].name.isEmpty }.map { index in
          let paint = color ? series[index].color ?? index : nil
          return Canvas.paint(series[index].mark(pattern(index)), paint) + " " + Markup(series[index].name).unicode
        }.joined(separator: "   "))
    }
    if !y.label.isEmpty { lines.append(Markup(y.label).unicode) }
    for row in 0..<canvas.rows {
      let here = yTicks.first { canvas.row(yMap.place($0.value)) == row }
      let label = here?.text ?? ""
      lines.append(
        String(repeating: " ", count: margin - 1 - label.count) + label + (here == nil ? " │" : " ┤")
          + canvas.line(row, color: color))
    }
    lines += footer(xMap, xTicks, margin, canvas.columns)
    if !x.label.isEmpty {
      let label = Markup(x.label).unicode
      lines.append(String(repeating: " ", count: margin + 1 + max(0, (canvas.columns - label.count) / 2)) + label)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// How the line of a series is broken: its number among the lines; a band's edges are dotted.
  private func pattern(_ index: Int) -> Int {
    series[..<index].count { $0.shape == .line }
  }

  /// The line under the data and the numbers of the horizontal axis, of those that do not touch.
  private func footer(_ map: AxisMap, _ ticks: [Tick], _ margin: Int, _ columns: Int) -> [String] {
    var edge = [Character](repeating: "─", count: columns)
    var numbers = [Character](repeating: " ", count: margin + 1 + columns)
    var free = 0
    for tick in ticks {
      let column = min(columns - 1, Int(map.place(tick.value) * Double(columns)))
      let start = min(max(0, margin + 1 + column - tick.text.count / 2), numbers.count - tick.text.count)
      guard column >= 0, start >= free else { continue }
      edge[column] = "┬"
      for (i, character) in tick.text.enumerated() { numbers[start + i] = character }
      free = start + tick.text.count + 1
    }
    while numbers.last == " " { numbers.removeLast() }
    return [String(repeating: " ", count: margin) + "└" + String(edge), String(numbers)]
  }

  private func draw(
    _ item: Series, _ xMap: AxisMap, _ yMap: AxisMap, style: Int, color: Int, on canvas: inout Canvas
  ) {
    func shown(_ p: (x: Double, y: Double)) -> Bool { x.shows(p.x) && y.shows(p.y) }
    func dot(_ p: (x: Double, y: Double)) -> (Double, Double) {
      canvas.dot(min(max(xMap.place(p.x), -20), 20), min(max(yMap.place(p.y), -20), 20))
    }
    switch item.shape {
    case .points:
      for p in item.points where shown(p) {
        let (column, row) = dot(p)
        canvas.set(column, row, color)
      }
    case .line:
      for run in Plot.runs(item.points, shown) {
        var drawn = 0
        canvas.line(dot(run[0]), dot(run[0]), color, pattern: style, &drawn)
        for (a, b) in zip(run, run.dropFirst()) { canvas.line(dot(a), dot(b), color, pattern: style, &drawn) }
      }
    case .band:
      // Its edges: an area of dots would hide what lies in it.
      for edge in [item.points, item.upperPoints] {
        for run in Plot.runs(edge, shown) {
          var drawn = 0
          for (a, b) in zip(run, run.dropFirst()) { canvas.line(dot(a), dot(b), color, pattern: 2, &drawn) }
        }
      }
    }
  }
}

extension Plot.Series {
  /// What is drawn over what, as far as colours go.
  fileprivate var terminalLayer: Int {
    switch shape {
    case .band: 0
    case .points: 1
    case .line: 2
    }
  }

  /// The mark beside the name in the legend.
  fileprivate func mark(_ index: Int) -> String {
    switch shape {
    case .points: "⠂⠂"
    case .band: "┈┈"
    case .line: ["──", "╌╌", "··"][(index % 3 + 3) % 3]
    }
  }
}
