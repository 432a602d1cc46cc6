// What a picture is drawn of: paths, text and pixels, in pixels from the upper left. How it is written is in Drawing+SVG.swift and
// Drawing+PDF.swift, which draw the same.

/// A place, from the left and from above.
struct Point: Equatable {
  var x, y: Double
  init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// A rectangle.
struct Rectangle: Equatable {
  var left, top, right, bottom: Double
  var width: Double { right - left }
  var height: Double { bottom - top }
}

/// A line or an area.
struct Path {
  enum Step: Equatable {
    case move(Point), line(Point), close
    case curve(Point, Point, Point)
  }
  var steps: [Step] = []
  /// The colour inside, `#rrggbb`; nil for none.
  var fill: String?
  var stroke: String?
  var width = 1.0
  /// Of the inside and the line.
  var opacity = 1.0
  /// Lengths of marks and gaps; none for a whole line.
  var dash: [Double] = []

  /// A line through points, closed or open.
  mutating func add(_ points: [Point], closed: Bool = false) {
    guard let first = points.first else { return }
    steps.append(.move(first))
    steps += points.dropFirst().map(Step.line)
    if closed { steps.append(.close) }
  }
  mutating func add(_ box: Rectangle) {
    add(
      [
        Point(box.left, box.top), Point(box.right, box.top), Point(box.right, box.bottom), Point(box.left, box.bottom),
      ], closed: true)
  }
  /// A circle of four cubic curves, off by less than a thousandth of the radius.
  mutating func addCircle(_ c: Point, _ r: Double) {
    let k = 0.5523 * r
    func p(_ x: Double, _ y: Double) -> Point { Point(c.x + x, c.y + y) }
    steps += [
      .move(p(r, 0)), .curve(p(r, k), p(k, r), p(0, r)), .curve(p(-k, r), p(-r, k), p(-r, 0)),
      .curve(p(-r, -k), p(-k, -r), p(0, -r)), .curve(p(k, -r), p(r, -k), p(r, 0)), .close,
    ]
  }
}

/// A line of text, which may hold mathematics (`Markup`).
struct Line {
  enum Anchor: String { case start, middle, end }
  var text: Markup
  var place: Point
  var size = 13.0
  var anchor = Anchor.start
  var color = Style.ink
  var bold = false
  /// Whether it runs upward.
  var upward = false

  init(
    _ text: String, _ place: Point, _ anchor: Anchor = .start, size: Double = 13, color: String = Style.ink,
    bold: Bool = false, upward: Bool = false
  ) {
    (self.text, self.place, self.anchor, self.size) = (Markup(text), place, anchor, size)
    (self.color, self.bold, self.upward) = (color, bold, upward)
  }
}

/// Pixels, row by row, each one byte of gray or three of red, green and blue.
struct Raster {
  var pixels: [UInt8]
  var width, height, channels: Int
}

/// A picture of so many pixels. Its label says what it is to those who do not see it.
struct Drawing {
  indirect enum Item {
    case path(Path)
    case text(Line)
    case raster(Raster, Rectangle)
    /// What lies outside of the rectangle is cut off.
    case clipped(Rectangle, [Item])
  }
  var width, height: Double
  var label: String
  var items: [Item]
}
