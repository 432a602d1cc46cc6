// A plot: series of points over two axes. What it looks like is in Plot+SVG.swift and Plot+Terminal.swift.
// Invariant: the same plot makes the same text. A point that is not finite, or not positive on a logarithmic axis, is left
// out, and a line is broken there.

/// Curves, points and bands over two axes, as SVG or as text for a terminal.
public struct Plot: Sendable {
  /// How an axis maps numbers to places.
  public enum Scale: Sendable, Hashable { case linear, logarithmic }

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
    var shape: Shape
    var x: [Double]
    var y: [Double]

    /// A line through the points in their order.
    public static func line(_ name: String = "", x: [Double], y: [Double], color: Int? = nil) -> Series {
      Series(name: name, color: color, shape: .line, x: x, y: y)
    }
    /// A line over 1, 2, 3, …, such as the losses of epochs.
    public static func line(_ name: String = "", y: [Double], color: Int? = nil) -> Series {
      line(name, x: y.indices.map { Double($0 + 1) }, y: y, color: color)
    }
    /// A dot at each point.
    public static func points(_ name: String = "", x: [Double], y: [Double], color: Int? = nil) -> Series {
      Series(name: name, color: color, shape: .points, x: x, y: y)
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

  public var title: String
  public var x: Axis
  public var y: Axis
  public var series: [Series]
  /// Whether the names of the series are shown.
  public var legend: Bool

  public init(title: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series], legend: Bool = true) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
    self.legend = legend
  }

  /// The series that the legend names, with their colours' numbers.
  var named: [(series: Series, color: Int)] {
    legend ? zip(series, series.indices).filter { !$0.0.name.isEmpty }.map { ($0, $0.color ?? $1) } : []
  }

  /// The two axes over the data, ready to place points.
  var axes: (x: AxisMap, y: AxisMap) {
    let points = series.flatMap { $0.points + $0.upperPoints }.filter { x.shows($0.x) && y.shows($0.y) }
    var xMap = AxisMap(x, points.map(\.x), margin: 0.02)
    // Epochs and steps are counted: no ticks at half an epoch.
    xMap.whole = points.allSatisfy { $0.x == $0.x.rounded() }
    return (xMap, AxisMap(y, points.map(\.y), margin: 0.05))
  }
}

extension Plot.Axis {
  /// Whether a number has a place on this axis; those near the end of the range of doubles have none.
  func shows(_ value: Double) -> Bool { abs(value) < 1e150 && (scale == .linear || value > 1e-150) }
}
