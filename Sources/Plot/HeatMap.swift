// Values over two axes as colours, with a bar that tells which colour is which value.

import Foundation

/// Numbers on a grid, such as a policy over two states: `values[j * xs.count + i]` stands at (`xs[i]`, `ys[j]`).
struct Grid: Sendable {
  let xs, ys, values: [Double]

  init(_ xs: [Double], _ ys: [Double], _ values: [Double], _ what: String) {
    precondition(
      !xs.isEmpty && !ys.isEmpty && values.count == xs.count * ys.count,
      "\(what) of \(xs.count) by \(ys.count) points needs \(xs.count * ys.count) values, row by row of the second "
        + "axis, not \(values.count)")
    precondition(
      zip(xs, xs.dropFirst()).allSatisfy { $0 < $1 } && zip(ys, ys.dropFirst()).allSatisfy { $0 < $1 },
      "the coordinates of \(what) must grow")
    (self.xs, self.ys, self.values) = (xs, ys, values)
  }

  func value(_ i: Int, _ j: Int) -> Double { values[j * xs.count + i] }

  /// The least and the greatest of the finite values.
  var range: ClosedRange<Double> {
    let finite = values.filter(\.isFinite)
    return (finite.min() ?? 0)...(finite.max() ?? 1)
  }

  /// As text: dots of five densities, from a blank for the least to a block for the greatest.
  func terminal(_ title: String, _ x: Plot.Axis, _ y: Plot.Axis, _ z: Plot.Axis, width: Int) -> String {
    let map = AxisMap(z, values.filter { $0.isFinite && z.shows($0) }, margin: 0)
    let columns = max(2, min(width - 2, 60)), rows = columns * 3 / 10
    var lines = title.isEmpty ? [] : [Markup(title).unicode]
    for row in (0..<max(rows, 1)).reversed() {
      let j = rows > 1 ? row * (ys.count - 1) / (rows - 1) : 0
      lines.append(
        "│"
          + String(
            (0..<columns).map { column -> Character in
              let place = map.place(value(column * (xs.count - 1) / (columns - 1), j))
              return place.isNaN ? "?" : Array(" ░▒▓█")[Int(min(max(place, 0), 0.999) * 5)]
            }))
    }
    lines.append("└" + String(repeating: "─", count: columns))
    func span(_ name: String, _ axis: Plot.Axis, _ low: Double, _ high: Double) -> String {
      "\(axis.label.isEmpty ? name : Markup(axis.label).unicode): \(Text.short(low)) to \(Text.short(high))"
    }
    lines.append(
      [
        span("across", x, xs[0], xs[xs.count - 1]), span("up", y, ys[0], ys[ys.count - 1]),
        span("blank to full", z, range.lowerBound, range.upperBound),
      ].joined(separator: ", "))
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Values over two axes as colours, with a colour bar.
public struct HeatMap: Picture {
  /// Above the picture; empty for none.
  public var title: String
  public var x: Plot.Axis
  public var y: Plot.Axis
  /// The axis of the values: its label, its scale and the range that the colours cover, nil for all.
  public var z: Plot.Axis
  public var width: Double
  public var height: Double
  let grid: Grid

  /// `values[j * xs.count + i]` is the value at (`xs[i]`, `ys[j]`), as `meshgrid` and row-major arrays have it; coordinates grow.
  /// A value that is not finite is left white.
  public init(
    title: String = "", x: Plot.Axis = .init(), y: Plot.Axis = .init(), z: Plot.Axis = .init(), xs: [Double],
    ys: [Double], values: [Double], width: Double = 600, height: Double = 440
  ) {
    (self.title, self.x, self.y, self.z, self.width, self.height) = (title, x, y, z, width, height)
    grid = Grid(xs, ys, values, "a heat map")
  }

  public func svg() -> String { drawing.svg() }
  public func pdf() -> [UInt8] { drawing.pdf() }
  public func terminal(width: Int, color: Bool) -> String { grid.terminal(title, x, y, z, width: width) }

  /// The edges of cells around coordinates: halfway between them.
  private static func edges(_ centers: [Double], _ axis: Plot.Axis) -> [Double] {
    let isLogarithmic = axis.scale == .logarithmic
    let c = isLogarithmic ? centers.map { log10($0) } : centers
    guard c.count > 1 else { return isLogarithmic ? [centers[0] / 2, centers[0] * 2] : [c[0] - 0.5, c[0] + 0.5] }
    let middles = zip(c, c.dropFirst()).map { ($0 + $1) / 2 }
    let all = [2 * c[0] - middles[0]] + middles + [2 * c[c.count - 1] - middles[middles.count - 1]]
    return isLogarithmic ? all.map { pow(10, $0) } : all
  }

  var drawing: Drawing {
    let xEdges = HeatMap.edges(grid.xs, x), yEdges = HeatMap.edges(grid.ys, y)
    let xMap = AxisMap(x, xEdges, margin: 0), yMap = AxisMap(y, yEdges, margin: 0)
    let zMap = AxisMap(z, grid.values.filter { $0.isFinite && z.shows($0) }, margin: 0)
    var room = Frame.margins(x, y, xMap, yMap, height: height, top: Plot.head(title))
    let zTicks = zMap.ticks(6)
    let numbers = zTicks.major.map { Style.width($0.text) }.max() ?? 0
    room.right = 52 + numbers + (z.label.isEmpty ? 0 : 22)
    let box = room.inside(Rectangle(left: 0, top: 0, right: width, bottom: height))
    let frame = Frame(box, xMap, yMap)
    return Drawing(
      width: width, height: height, label: title.isEmpty ? "heat map" : title,
      items: Plot.heading(title, 20) + [.clipped(box, cells(frame, xEdges, yEdges, zMap)), frame.axes(whole: true)]
        + frame.labels(x, y, left: 0)
        + bar(
          Rectangle(left: box.right + 18, top: box.top, right: box.right + 34, bottom: box.bottom), zMap, zTicks.major,
          numbers))
  }

  /// Cells of one size as pixels, others as rectangles.
  private func cells(_ frame: Frame, _ xEdges: [Double], _ yEdges: [Double], _ map: AxisMap) -> [Drawing.Item] {
    func isEven(_ places: [Double]) -> Bool {
      let width = (places[places.count - 1] - places[0]) / Double(places.count - 1)
      return places.indices.allSatisfy { abs(places[$0] - places[0] - Double($0) * width) < abs(width) * 0.02 }
    }
    func place(_ value: Double) -> Double { z.shows(value) ? map.place(value) : .nan }
    let corners = xEdges.map { frame.place((x: $0, y: yEdges[0])).x }
    let sides = yEdges.map { frame.place((x: xEdges[0], y: $0)).y }
    let (columns, rows) = (grid.xs.count, grid.ys.count)
    if isEven(corners), isEven(sides) {
      // The first row of values is the lowest.
      let pixels = (0..<rows).reversed().flatMap { j in
        (0..<columns).flatMap { ColorMap.bytes(place(grid.value($0, j))) }
      }
      return [
        .raster(
          Raster(pixels: pixels, width: columns, height: rows, channels: 3),
          Rectangle(left: corners[0], top: sides[rows], right: corners[columns], bottom: sides[0]))
      ]
    }
    return (0..<rows).flatMap { j in
      (0..<columns).map { i in
        let color = ColorMap.color(place(grid.value(i, j)))
        // The line closes the gaps that viewers leave between neighbours.
        var cell = Path(fill: color, stroke: color, width: 0.4)
        cell.add(Rectangle(left: corners[i], top: sides[j + 1], right: corners[i + 1], bottom: sides[j]))
        return .path(cell)
      }
    }
  }

  /// The colours with their numbers.
  private func bar(_ box: Rectangle, _ map: AxisMap, _ ticks: [Tick], _ numbers: Double) -> [Drawing.Item] {
    let shades = 128
    let pixels = (0..<shades).reversed().flatMap { ColorMap.bytes((Double($0) + 0.5) / Double(shades)) }
    var edges = Path(stroke: Style.ink)
    edges.add(box)
    var items: [Drawing.Item] = [.raster(Raster(pixels: pixels, width: 1, height: shades, channels: 3), box)]
    for tick in ticks {
      let y = box.bottom - map.place(tick.value) * box.height
      edges.add([Point(box.right, y), Point(box.right + 4, y)])
      items.append(.text(Line(tick.text, Point(box.right + 8, y + 4.5))))
    }
    items.append(.path(edges))
    if !z.label.isEmpty {
      let place = Point(box.right + numbers + 26, (box.top + box.bottom) / 2)
      items.append(.text(Line(z.label, place, .middle, size: 14, upward: true)))
    }
    return items
  }
}
