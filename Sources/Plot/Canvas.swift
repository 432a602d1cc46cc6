// Dots in the braille characters U+2800...U+28FF, two by four in each, with one colour per character.

/// A field of dots; dot (0, 0) is at the upper left.
struct Canvas {
  let columns: Int
  let rows: Int
  private var cells: [UInt8]
  private var colors: [Int]

  init(columns: Int, rows: Int) {
    (self.columns, self.rows) = (columns, rows)
    cells = Array(repeating: 0, count: columns * rows)
    colors = Array(repeating: -1, count: columns * rows)
  }

  /// The dot at a place in 0...1 from the left and from below.
  func dot(_ across: Double, _ up: Double) -> (Double, Double) {
    ((across * Double(columns * 2 - 1)).rounded(), ((1 - up) * Double(rows * 4 - 1)).rounded())
  }
  /// The row of characters of a place from below.
  func row(_ up: Double) -> Int { Int(((1 - up) * Double(rows * 4 - 1)).rounded()) / 4 }

  /// Sets a dot, if it lies in the field.
  mutating func set(_ column: Double, _ row: Double, _ color: Int) {
    guard column >= 0, row >= 0, column < Double(columns * 2), row < Double(rows * 4) else { return }
    let (c, r) = (Int(column), Int(row))
    let bits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
    let cell = r / 4 * columns + c / 2
    cells[cell] |= bits[r % 4 * 2 + c % 2]
    colors[cell] = color
  }

  /// A line of dots; `pattern` 0 is whole, 1 dashed, 2 dotted. `drawn` counts the dots of a line of several pieces.
  mutating func line(
    _ a: (Double, Double), _ b: (Double, Double), _ color: Int, pattern: Int, _ drawn: inout Int
  ) {
    let steps = Int(max(abs(b.0 - a.0), abs(b.1 - a.1)))
    for i in 0...steps {
      let t = steps == 0 ? 0 : Double(i) / Double(steps)
      // The first dot of a piece is the last of the one before.
      if i > 0 || steps == 0 { drawn += 1 }
      let on = [true, drawn % 8 < 5, drawn % 4 < 1][(pattern % 3 + 3) % 3]
      if on { set((a.0 + (b.0 - a.0) * t).rounded(), (a.1 + (b.1 - a.1) * t).rounded(), color) }
    }
  }

  /// One row of characters, blanks at its end left out.
  func line(_ row: Int, color: Bool) -> String {
    let cells = cells[row * columns..<(row + 1) * columns]
    guard let last = cells.lastIndex(where: { $0 != 0 }) else { return "" }
    var out = "", run = "", runColor: Int?
    for i in cells.startIndex...last {
      // A blank takes on the colour before it, so that a line's colour is named once.
      let here = cells[i] == 0 ? runColor : color ? colors[i] : nil
      if here != runColor {
        out += Canvas.paint(run, runColor)
        (run, runColor) = ("", here)
      }
      run.unicodeScalars.append(cells[i] == 0 ? " " : UnicodeScalar(UInt16(0x2800) + UInt16(cells[i]))!)
    }
    return out + Canvas.paint(run, runColor)
  }

  /// Text in one of six ANSI colours, or as it is.
  static func paint(_ text: String, _ color: Int?) -> String {
    guard let color, !text.isEmpty else { return text }
    return "\u{1B}[\([94, 33, 32, 35, 36, 31][((color % 6) + 6) % 6])m\(text)\u{1B}[0m"
  }
}
