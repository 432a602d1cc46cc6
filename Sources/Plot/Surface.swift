// Values over two axes as a surface in space, seen from far (an orthographic projection), its quadrilaterals drawn from the
// farthest to the nearest (the painter's algorithm).

import Foundation

/// Values over two axes as a surface in space, coloured by height.
public struct Surface: Picture {
  /// Above the picture; empty for none.
  public var title: String
  public var x: Plot.Axis
  public var y: Plot.Axis
  public var z: Plot.Axis
  /// Where it is seen from, in degrees: turned about the vertical axis, and above the ground.
  public var azimuth: Double
  public var elevation: Double
  public var width: Double
  public var height: Double
  let grid: Grid

  /// `values[j * xs.count + i]` is the height at (`xs[i]`, `ys[j]`), as `meshgrid` and row-major arrays have it; coordinates grow.
  /// Where a value is not finite there is a hole. `elevation` is held within 0 to 90.
  public init(
    title: String = "", x: Plot.Axis = .init(), y: Plot.Axis = .init(), z: Plot.Axis = .init(), xs: [Double],
    ys: [Double], values: [Double], azimuth: Double = -60, elevation: Double = 30, width: Double = 600,
    height: Double = 480
  ) {
    (self.title, self.x, self.y, self.z, self.width, self.height) = (title, x, y, z, width, height)
    (self.azimuth, self.elevation) = (azimuth, min(max(elevation, 0), 90))
    grid = Grid(xs, ys, values, "a surface")
  }

  public func svg() -> String { drawing.svg() }
  public func pdf() -> [UInt8] { drawing.pdf() }
  public func terminal(width: Int, color: Bool) -> String { grid.terminal(title, x, y, z, width: width) }

  var drawing: Drawing {
    let maps = [
      AxisMap(x, grid.xs.filter(x.shows), margin: 0), AxisMap(y, grid.ys.filter(y.shows), margin: 0),
      AxisMap(z, grid.values.filter { $0.isFinite && z.shows($0) }, margin: 0.02),
    ]
    let top = title.isEmpty ? 0.0 : 36
    let view = View(azimuth: azimuth, elevation: elevation, Rectangle(left: 0, top: top, right: width, bottom: height))
    return Drawing(
      width: width, height: height, label: title.isEmpty ? "surface" : title,
      items: Plot.heading(title, 20) + view.room(maps) + mesh(view, maps) + view.edges(maps, [x, y, z].map(\.label)))
  }

  /// The quadrilaterals, the farthest first.
  private func mesh(_ view: View, _ maps: [AxisMap]) -> [Drawing.Item] {
    struct Face {
      var corners: [Space]
      var depth, height: Double
    }
    var faces: [Face] = []
    for j in 0..<max(grid.ys.count - 1, 0) {
      for i in 0..<max(grid.xs.count - 1, 0) {
        let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        let isShown = corners.allSatisfy {
          x.shows(grid.xs[$0.0]) && y.shows(grid.ys[$0.1]) && z.shows(grid.value($0.0, $0.1))
        }
        guard isShown else { continue }
        let places = corners.map { i, j in
          Space(
            maps[0].place(grid.xs[i]) - 0.5, maps[1].place(grid.ys[j]) - 0.5,
            min(max(maps[2].place(grid.value(i, j)), 0), 1) - 0.5)
        }
        faces.append(
          Face(
            corners: places, depth: places.reduce(0) { $0 + view.depth($1) },
            height: places.reduce(0) { $0 + $1.z } / 4 + 0.5))
      }
    }
    // Of equal depths the first stays the first, so that the same surface makes the same bytes.
    return faces.enumerated().sorted { ($0.element.depth, $0.offset) < ($1.element.depth, $1.offset) }.map { _, face in
      var path = Path(fill: ColorMap.color(face.height), stroke: "#303030", width: 0.35)
      path.add(face.corners.map(view.place), closed: true)
      return .path(path)
    }
  }
}

/// A point of the box -1/2...1/2 in all three directions.
private struct Space {
  var x, y, z: Double
  init(_ x: Double, _ y: Double, _ z: Double) { (self.x, self.y, self.z) = (x, y, z) }
  /// With one coordinate another.
  func with(_ axis: Int, _ value: Double) -> Space {
    Space(axis == 0 ? value : x, axis == 1 ? value : y, axis == 2 ? value : z)
  }
}

/// The box as it is seen.
private struct View {
  /// To the right, up, and toward the eye.
  private let right, up, eye: Space
  private let center: Point
  private let scale: Double
  /// The height of the box beside its sides.
  private static let tall = 0.75

  init(azimuth: Double, elevation: Double, _ box: Rectangle) {
    let (a, e) = (azimuth * .pi / 180, elevation * .pi / 180)
    eye = Space(cos(e) * cos(a), cos(e) * sin(a), sin(e))
    right = Space(-sin(a), cos(a), 0)
    up = Space(-sin(e) * cos(a), -sin(e) * sin(a), cos(e))
    center = Point((box.left + box.right) / 2, (box.top + box.bottom) / 2 - 6)
    // Half the extent of the box, and room for labels around it.
    let wide = (abs(right.x) + abs(right.y)) / 2, high = (abs(up.x) + abs(up.y) + View.tall * abs(up.z)) / 2
    scale = min((box.width / 2 - 76) / wide, (box.height / 2 - 44) / high)
  }

  private func dot(_ p: Space, _ d: Space) -> Double { p.x * d.x + p.y * d.y + View.tall * p.z * d.z }
  /// How near to the eye.
  func depth(_ p: Space) -> Double { dot(p, eye) }
  func place(_ p: Space) -> Point { Point(center.x + dot(p, right) * scale, center.y - dot(p, up) * scale) }

  /// The sides of the box that look away: the ground, and the walls behind.
  private var back: Space { Space(eye.x > 0 ? -0.5 : 0.5, eye.y > 0 ? -0.5 : 0.5, -0.5) }

  /// The ground and the walls behind, with grid lines at the ticks.
  func room(_ maps: [AxisMap]) -> [Drawing.Item] {
    var sides = Path(fill: "#f7f7f7", stroke: "#9a9a9a", width: 0.8), lines = Path(stroke: Style.grid, width: 0.8)
    for axis in 0..<3 {
      let others = (0..<3).filter { $0 != axis }
      let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map {
        back.with(others[0], $0.0).with(others[1], $0.1)
      }
      sides.add(corners.map(place), closed: true)
      for (along, other) in [(others[0], others[1]), (others[1], others[0])] {
        for tick in maps[along].ticks(5).major {
          let start = back.with(along, maps[along].place(tick.value) - 0.5)
          lines.add([place(start.with(other, -0.5)), place(start.with(other, 0.5))])
        }
      }
    }
    return [.path(sides), .path(lines)]
  }

  /// The three edges with ticks, numbers and labels: two of the ground in front, and the leftmost upright one.
  func edges(_ maps: [AxisMap], _ labels: [String]) -> [Drawing.Item] {
    let front = Space(-back.x, -back.y, -0.5)
    let uprights = [(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)].map { Space($0.0, $0.1, 0) }
    let left = uprights.min { (place($0).x, $0.x) < (place($1).x, $1.x) } ?? front
    var line = Path(stroke: Style.ink)
    var items: [Drawing.Item] = []
    for axis in 0..<3 {
      let edge = axis == 2 ? left : front
      let (a, b) = (place(edge.with(axis, -0.5)), place(edge.with(axis, 0.5)))
      line.add([a, b])
      // Away from the middle of the box, across the edge.
      let length = max(((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot(), 1e-9)
      var out = Point((b.y - a.y) / length, (a.x - b.x) / length)
      let middle = Point((a.x + b.x) / 2, (a.y + b.y) / 2), ground = place(Space(0, 0, axis == 2 ? 0 : -0.5))
      if out.x * (middle.x - ground.x) + out.y * (middle.y - ground.y) < 0 { out = Point(-out.x, -out.y) }
      let anchor = abs(out.x) < 0.3 ? Line.Anchor.middle : out.x < 0 ? .end : .start
      var widest = 0.0
      for tick in maps[axis].ticks(5).major {
        let p = place(edge.with(axis, maps[axis].place(tick.value) - 0.5))
        line.add([p, Point(p.x + out.x * 5, p.y + out.y * 5)])
        items.append(.text(Line(tick.text, Point(p.x + out.x * 10, p.y + out.y * 14 + 4.5), anchor)))
        widest = max(widest, Style.width(tick.text))
      }
      let far = 18 + abs(out.x) * widest + abs(out.y) * 20
      let place = Point(middle.x + out.x * far, middle.y + out.y * far + 4.5)
      if !labels[axis].isEmpty {
        items.append(
          axis == 2
            ? .text(Line(labels[axis], Point(place.x, middle.y), .middle, size: 14, upward: true))
            : .text(Line(labels[axis], place, anchor, size: 14)))
      }
    }
    return [.path(line)] + items
  }
}
