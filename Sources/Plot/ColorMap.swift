// Colours for numbers: viridis (S. van der Walt and N. Smith, 2015), whose lightness grows with the number, so that it is read in
// black and white and by people who see red and green alike.

enum ColorMap {
  private static let stops: [(Double, Double, Double)] = [
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99),
    (170, 220, 50), (253, 231, 37),
  ]

  /// Red, green and blue of a number of 0...1; white where it is NaN.
  static func bytes(_ value: Double) -> [UInt8] {
    if value.isNaN { return [255, 255, 255] }
    let place = min(max(value, 0), 1) * Double(stops.count - 1)
    let i = min(Int(place), stops.count - 2), t = place - Double(i)
    let (a, b) = (stops[i], stops[i + 1])
    return [a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, a.2 + (b.2 - a.2) * t].map { UInt8($0.rounded()) }
  }

  /// The same as `#rrggbb`.
  static func color(_ value: Double) -> String {
    "#" + bytes(value).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
