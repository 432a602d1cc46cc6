// The legend: the names of series beside what they look like, in rows above the data, where it hides none of it.

struct Legend {
  private static let sample = 38.0
  private static let row = 22.0
  private var rows: [[Plot.Drawn]] = []

  /// The entries, as many in a row as fit.
  init(_ entries: [Plot.Drawn], width: Double) {
    var used = width
    for item in entries {
      let wide = Legend.sample + 28 + Style.width(item.series.name)
      if used + wide > width, used > 0 {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(item)
      used += wide
    }
  }

  var height: Double { Double(rows.count) * Legend.row }

  /// The legend with its upper left corner at a point.
  func items(_ corner: Point) -> [Drawing.Item] {
    var out: [Drawing.Item] = []
    for (row, entries) in rows.enumerated() {
      var left = corner.x
      let middle = corner.y + (Double(row) + 0.5) * Legend.row
      for entry in entries {
        let color = Style.color(entry.color), center = Point(left + Legend.sample / 2, middle)
        switch entry.series.shape {
        case .line:
          var line = Path(stroke: color, width: Plot.lineWidth, dash: entry.dash.lengths)
          line.add([Point(left, middle), Point(left + Legend.sample, middle)])
          out += [.path(line), .path(entry.marker.path([center], color, radius: 3.2))]
        case .points: out.append(.path(entry.marker.path([center], color, radius: 3.6)))
        case .band:
          var area = Path(fill: color, opacity: 0.25)
          area.add(Rectangle(left: left, top: middle - 6, right: left + Legend.sample, bottom: middle + 6))
          out.append(.path(area))
        }
        out.append(.text(Line(entry.series.name, Point(left + Legend.sample + 8, middle + 4.5))))
        left += Legend.sample + 28 + Style.width(entry.series.name)
      }
    }
    return out
  }
}
