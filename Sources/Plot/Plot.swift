// A plot: series of points over two axes. How it is drawn is in Plot+Drawing.swift and Plot+Terminal.swift.
// Invariant: the same plot makes the same text. A point that is not finite, or not positive on a logarithmic axis, is left
// out, and a line is broken there.

/// What can be drawn: curves (`Plot`), several of them (`Panels`), values over two axes (`HeatMap`, `Surface`), small images
/// (`ImageGrid`).
///
/// Titles, labels and names may hold mathematics between dollar signs as TeX writes it: `"$\\beta_1^2$"`. Scripts, groups in
/// braces, Greek letters and a few signs (`\infty`, `\le`, `\partial`, …) are known.
public protocol Picture: Sendable {
  /// An SVG document.
  func svg() -> String
  /// The bytes of a PDF of one page with the same drawing. Characters that the standard fonts lack are question marks.
  func pdf() -> [UInt8]
  /// Text of lines at most `width` characters wide, with ANSI colours or without.
  func terminal(width: Int, color: Bool) -> String
}

/// Curves, points and bands over two axes.
///
/// Where a plot has several lines, they are broken in different ways and carry different markers, each at places of its own, so
/// that they are told apart in black and white and both are seen where two of them coincide.
public struct Plot: Picture {
  /// How an axis maps numbers to places.
  public enum Scale: Sendable, Hashable { case linear, logarithmic }
  /// How a line is broken.
  public enum Dash: Sendable, Hashable, CaseIterable { case solid, dashed, dotted, dashDotted, longDashed }
  /// What stands at a point.
  public enum Marker: Sendable, Hashable, CaseIterable { case none, circle, square, triangle, diamond, plus, cross }

  /// An axis: its label, its scale, and the range it shows, nil for all the data.
  public struct Axis: Sendable, Hashable {
    public var label: String
    public var scale: Scale
    public var range: ClosedRange<Double>?

    public init(_ label: String = "", scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
      self.label = label
      self.scale = scale
      self.range = range
    }
  }

  /// Numbers to show, in one of three shapes.
  public struct Series: Sendable, Hashable {
    enum Shape: Sendable, Hashable {
      case line, points
      /// Between `y` and these.
      case band(upper: [Double])
    }
    /// The name in the legend; an empty one is left out there.
    public var name: String
    /// Position among the colours; nil for the series' place in the plot.
    public var color: Int?
    /// How the line is broken; nil for its place among the plot's lines, a single one being whole.
    public var dash: Dash?
    /// What stands at the points of points, or at a few places of a line; nil for the series' place among those of its shape, and
    /// nothing on a single line.
    public var marker: Marker?
    var shape: Shape
    var x: [Double]
    var y: [Double]

    /// A line through the points in their order.
    public static func line(
      _ name: String = "", x: [Double], y: [Double], color: Int? = nil, dash: Dash? = nil, marker: Marker? = nil
    ) -> Series {
      Series(name: name, color: color, dash: dash, marker: marker, shape: .line, x: x, y: y)
    }
    /// A line over 1, 2, 3, …, such as the losses of epochs.
    public static func line(
      _ name: String = "", y: [Double], color: Int? = nil, dash: Dash? = nil, marker: Marker? = nil
    ) -> Series {
      line(name, x: y.indices.map { Double($0 + 1) }, y: y, color: color, dash: dash, marker: marker)
    }
    /// A marker at each point.
    public static func points(
      _ name: String = "", x: [Double], y: [Double], color: Int? = nil, marker: Marker? = nil
    ) -> Series {
      Series(name: name, color: color, marker: marker, shape: .points, x: x, y: y)
    }
    /// The area between two curves.
    public static func band(
      _ name: String = "", x: [Double], lower: [Double], upper: [Double], color: Int? = nil
    ) -> Series {
      Series(name: name, color: color, shape: .band(upper: upper), x: x, y: lower)
    }

    /// The points, as many as all of the coordinates have.
    var points: [(x: Double, y: Double)] { zip(x, y).map { ($0, $1) } }
    /// The points of a band's upper curve, none for another shape.
    var upperPoints: [(x: Double, y: Double)] {
      if case .band(let upper) = shape { return zip(x, upper).map { ($0, $1) } }
      return []
    }
  }

  /// Above the plot; empty for none.
  public var title: String
  public var x: Axis
  public var y: Axis
  public var series: [Series]
  /// Whether the names of the series are shown.
  public var legend: Bool
  /// Pixels, 96 to the inch. Letters keep their size.
  public var width: Double
  public var height: Double

  public init(
    title: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series], legend: Bool = true, width: Double = 720,
    height: Double = 440
  ) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
    self.legend = legend
    self.width = width
    self.height = height
  }

  /// A series with its look settled.
  struct Drawn {
    var series: Series
    /// Position among the colours.
    var color: Int
    var dash: Dash
    var marker: Marker
    /// Its place among the series of its shape, and how many there are.
    var place, count: Int
  }

  /// The series with their looks.
  var drawn: [Drawn] {
    let lines = series.filter { $0.shape == .line }.count, points = series.filter { $0.shape == .points }.count
    var line = 0, point = 0
    return series.enumerated().map { index, item in
      var drawn = Drawn(series: item, color: item.color ?? index, dash: .solid, marker: .none, place: 0, count: 1)
      switch item.shape {
      case .line:
        (drawn.place, drawn.count) = (line, lines)
        drawn.dash = item.dash ?? Dash.allCases[line % Dash.allCases.count]
        drawn.marker = item.marker ?? (lines > 1 ? Marker.visible(line) : .none)
        line += 1
      case .points:
        (drawn.place, drawn.count) = (point, points)
        drawn.marker = item.marker ?? Marker.visible(point)
        point += 1
      case .band: break
      }
      return drawn
    }
  }

  /// The series that the legend names.
  var named: [Drawn] { legend ? drawn.filter { !$0.series.name.isEmpty } : [] }

  /// The two axes over the data, ready to place points.
  var axes: (x: AxisMap, y: AxisMap) { Plot.axes([self], x, y) }

  /// Axes over the data of several plots.
  static func axes(_ plots: [Plot], _ x: Axis, _ y: Axis) -> (x: AxisMap, y: AxisMap) {
    let points = plots.flatMap(\.series).flatMap { $0.points + $0.upperPoints }.filter {
      x.shows($0.x) && y.shows($0.y)
    }
    var xMap = AxisMap(x, points.map(\.x), margin: 0.02)
    // Epochs and steps are counted: no ticks at half an epoch.
    xMap.whole = points.allSatisfy { $0.x == $0.x.rounded() }
    return (xMap, AxisMap(y, points.map(\.y), margin: 0.05))
  }
}

extension Plot.Marker {
  /// The kinds that are seen, one after another.
  static func visible(_ index: Int) -> Plot.Marker { allCases[1 + Style.cycle(index, allCases.count - 1)] }
}

extension Plot.Axis {
  /// Whether a number has a place on this axis; those near the end of the range of doubles have none.
  func shows(_ value: Double) -> Bool { abs(value) < 1e150 && (scale == .linear || value > 1e-150) }
}
