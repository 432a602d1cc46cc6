// A plot as a drawing: bands under lines and points, these in the order in which they are stated, all under the axes.

extension Plot {
  static let lineWidth = 1.8

  public func svg() -> String { drawing.svg() }
  public func pdf() -> [UInt8] { drawing.pdf() }

  var drawing: Drawing {
    let legend = Legend(named, width: width - 40), (xMap, yMap) = axes
    let top = Plot.head(title) + legend.height
    let frame = Frame(
      Frame.margins(x, y, xMap, yMap, height: height, top: top).inside(
        Rectangle(left: 0, top: 0, right: width, bottom: height)), xMap, yMap)
    return Drawing(
      width: width, height: height, label: title.isEmpty ? "plot" : title,
      items: Plot.heading(title, 20) + legend.items(Point(20, title.isEmpty ? 8 : 38)) + content(frame)
        + frame.labels(x, y, left: 0))
  }

  /// The room above a legend, and the title in it.
  static func head(_ title: String) -> Double { title.isEmpty ? 16 : 44 }
  static func heading(_ title: String, _ left: Double) -> [Drawing.Item] {
    title.isEmpty ? [] : [.text(Line(title, Point(left, 27), size: 16))]
  }

  /// The data in a frame, with grid and axes.
  func content(_ frame: Frame) -> [Drawing.Item] {
    let all = drawn, bands = all.filter(\.isBand), others = all.filter { !$0.isBand }
    return frame.grid + [.clipped(frame.box, (bands + others).flatMap { draw($0, frame) }), frame.axes()]
  }

  private func draw(_ item: Drawn, _ frame: Frame) -> [Drawing.Item] {
    func shown(_ p: (x: Double, y: Double)) -> Bool { x.shows(p.x) && y.shows(p.y) }
    let color = Style.color(item.color)
    switch item.series.shape {
    case .points:
      let places = item.series.points.filter(shown).map(frame.place)
      return [.path(item.marker.path(places, color, radius: 3.2, opacity: 0.8))]
    case .line:
      let runs = Plot.runs(item.series.points, shown).map { $0.map(frame.place) }
      var line = Path(stroke: color, width: Plot.lineWidth, dash: item.dash.lengths)
      for run in runs where run.count > 1 { line.add(run) }
      // A point without neighbours, such as the first epoch of a run, would be a line of no length.
      let alone = runs.filter { $0.count == 1 }.flatMap { $0 }
      return [
        .path(line), .path(Marker.circle.path(alone, color, radius: 3.2)),
        .path(item.marker.path(Plot.marked(runs, item, frame.box), color, radius: 3.2)),
      ]
    case .band:
      var area = Path(fill: color, opacity: 0.22)
      for run in Plot.runs(Array(zip(item.series.points, item.series.upperPoints)), { shown($0.0) && shown($0.1) }) {
        area.add(run.map { frame.place($0.0) } + run.reversed().map { frame.place($0.1) }, closed: true)
      }
      return [.path(area)]
    }
  }

  /// Where the markers of a line stand: at its points, where those are few, else at eight places of equal distance across, for
  /// each line others, so that of two lines that coincide both are seen.
  private static func marked(_ runs: [[Point]], _ item: Drawn, _ box: Rectangle) -> [Point] {
    guard item.marker != .none else { return [] }
    let points = runs.flatMap { $0 }
    if points.count <= 12 { return points }
    let pieces = runs.flatMap { zip($0, $0.dropFirst()) }
    // Mostly across: a curve that jitters has no more markers than another.
    func length(_ a: Point, _ b: Point) -> Double { abs(b.x - a.x) + abs(b.y - a.y) / 100 }
    let whole = pieces.reduce(0) { $0 + length($1.0, $1.1) }, count = 8
    guard whole > 0 else { return [points[0]] }
    var due = (0..<count).map { (Double($0) + (Double(item.place) + 0.5) / Double(item.count)) * whole / Double(count) }
    due.reverse()
    var gone = 0.0
    var places: [Point] = []
    for (a, b) in pieces {
      let here = length(a, b)
      while let next = due.last, next <= gone + here {
        let t = here > 0 ? (next - gone) / here : 0
        places.append(Point(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t))
        due.removeLast()
      }
      gone += here
    }
    return places
  }

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

extension Plot.Drawn {
  fileprivate var isBand: Bool { if case .band = series.shape { true } else { false } }
}
