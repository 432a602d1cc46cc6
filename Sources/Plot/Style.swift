// The look that pictures share: black on white, as a paper is printed. Series are told apart by colour, by how their lines are
// broken and by markers, so that they are told apart without colours too.

enum Style {
  /// Axes and text.
  static let ink = "#000000"
  /// Grid lines.
  static let grid = "#dcdcdc"
  /// M. Okabe and K. Ito, "Color universal design", 2008: told apart by people who see red and green alike.
  static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a63d2", "#a07a1b"]
  static let right = "#00804f"
  static let wrong = "#d0342c"
  static let font = "'Times New Roman', Times, 'Nimbus Roman', 'Liberation Serif', 'DejaVu Serif', serif"

  static func color(_ index: Int) -> String { colors[cycle(index, colors.count)] }

  /// A number as a position in a list that begins again at its end.
  static func cycle(_ index: Int, _ count: Int) -> Int { (index % count + count) % count }

  /// How wide a line of text is, in pixels.
  static func width(_ text: String, size: Double = 13) -> Double { Markup(text).layout(size: size).width }
}

extension Plot.Dash {
  /// Lengths of marks and gaps, in pixels.
  var lengths: [Double] {
    switch self {
    case .solid: []
    case .dashed: [7, 4]
    case .dotted: [2, 3]
    case .dashDotted: [8, 3, 2, 3]
    case .longDashed: [14, 5]
    }
  }
}

extension Plot.Marker {
  /// The marker at each of the places, as one path. Every second kind is hollow.
  func path(_ places: [Point], _ color: String, radius r: Double, opacity: Double = 1) -> Path {
    var path = Path(opacity: opacity)
    for p in places {
      func at(_ x: Double, _ y: Double) -> Point { Point(p.x + x * r, p.y + y * r) }
      switch self {
      case .none: break
      case .circle: path.addCircle(p, r)
      case .square: path.add([at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9), at(-0.9, 0.9)], closed: true)
      case .triangle: path.add([at(0, -1.2), at(1.1, 0.8), at(-1.1, 0.8)], closed: true)
      case .diamond: path.add([at(0, -1.3), at(1.1, 0), at(0, 1.3), at(-1.1, 0)], closed: true)
      case .plus:
        path.add([at(-1.2, 0), at(1.2, 0)])
        path.add([at(0, -1.2), at(0, 1.2)])
      case .cross:
        path.add([at(-0.9, -0.9), at(0.9, 0.9)])
        path.add([at(-0.9, 0.9), at(0.9, -0.9)])
      }
    }
    switch self {
    case .none: break
    case .circle, .triangle: path.fill = color
    case .square, .diamond: (path.fill, path.stroke, path.width) = ("#ffffff", color, 1.3)
    case .plus, .cross: (path.stroke, path.width) = (color, 1.5)
    }
    return path
  }
}
