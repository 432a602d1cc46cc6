// Plots side by side in rows, their frames aligned, with one legend where their series have the same names.

/// Plots in a grid, such as the policies of several models.
public struct Panels: Picture {
  /// From left to right and from above.
  public var plots: [Plot]
  /// Panels in a row.
  public var columns: Int
  /// Whether all panels have one horizontal axis, told below the lowest of each column, and one vertical axis, told left of the
  /// first of each row: labels and ranges are the first plot's.
  public var sharesX: Bool
  public var sharesY: Bool
  /// Pixels of the whole, and of the frames of one row.
  public var width: Double
  public var rowHeight: Double

  public init(
    columns: Int = 2, sharesX: Bool = false, sharesY: Bool = false, width: Double = 720, rowHeight: Double = 200,
    _ plots: [Plot]
  ) {
    self.columns = max(1, columns)
    (self.sharesX, self.sharesY, self.width, self.rowHeight, self.plots) = (sharesX, sharesY, width, rowHeight, plots)
  }

  public func svg() -> String { drawing.svg() }
  public func pdf() -> [UInt8] { drawing.pdf() }
  public func terminal(width: Int, color: Bool) -> String {
    plots.map { $0.terminal(width: width, color: color) }.joined(separator: "\n")
  }

  /// Each plot's axes, with the maps that all share where they do.
  private var axes: [(x: Plot.Axis, y: Plot.Axis, xMap: AxisMap, yMap: AxisMap)] {
    plots.map { plot in
      let (x, y) = (sharesX ? plots[0].x : plot.x, sharesY ? plots[0].y : plot.y)
      let xMap = Plot.axes(sharesX ? plots : [plot], x, y).x, yMap = Plot.axes(sharesY ? plots : [plot], x, y).y
      return (x, y, xMap, yMap)
    }
  }

  var drawing: Drawing {
    let axes = axes, named = plots.map(\.named), first = named.first ?? []
    // One legend serves all panels that name the same series.
    let isCommon = named.allSatisfy { $0.map(\.series.name) == first.map(\.series.name) }
    let legend = Legend(isCommon ? first : [], width: width - 40)
    var items = legend.items(Point(20, 8))
    var height = legend.height + (legend.height > 0 ? 14 : 8)
    // What labels take left of the frames of a column, and the width of all frames.
    let labels =
      axes.map { Frame.margins($0.x, $0.y, $0.xMap, $0.yMap, height: rowHeight + 54, top: 0).left }.max() ?? 0
    let rooms = (0..<columns).map { sharesY && $0 > 0 ? 6.0 : labels }
    let wide = (width - rooms.reduce(0, +) - 20 * Double(columns)) / Double(columns)
    for start in stride(from: 0, to: plots.count, by: columns) {
      let members = start..<min(start + columns, plots.count)
      let own = members.map { Legend(isCommon ? [] : named[$0], width: wide) }
      let titles = members.contains { !plots[$0].title.isEmpty } ? 28.0 : 0
      let head = titles + (own.map(\.height).max() ?? 0)
      var left = 0.0
      for (column, index) in members.enumerated() {
        var (plot, x, y) = (plots[index], axes[index].x, axes[index].y)
        (plot.x, plot.y) = (x, y)
        left += rooms[column]
        let box = Rectangle(left: left, top: height + head, right: left + wide, bottom: height + head + rowHeight)
        let frame = Frame(box, axes[index].xMap, axes[index].yMap)
        if !plot.title.isEmpty {
          items.append(.text(Line(plot.title, Point(left + wide / 2, height + 17), .middle, size: 14)))
        }
        items += own[column].items(Point(left, height + titles)) + plot.content(frame)
        items += frame.labels(
          x, y, left: left - rooms[column], showsX: !sharesX || index + columns >= plots.count,
          showsY: !sharesY || column == 0)
        left += wide + 20
      }
      let isLast = start + columns >= plots.count
      // Of a last row that is not full, the columns beside it end in the row above, with their labels.
      let isAbove = start + 2 * columns > plots.count
      height += head + rowHeight
      if !sharesX || isLast || isAbove {
        height += members.contains { !axes[$0].x.label.isEmpty } ? 58 : 36
      } else {
        height += 16
      }
    }
    return Drawing(width: width, height: height, label: "plots", items: items)
  }
}
