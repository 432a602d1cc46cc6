// Numbers as people read them.

import Foundation

/// `1,234,567`
func grouped(_ number: Int) -> String {
  var digits = Array(String(number.magnitude))
  for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
  return (number < 0 ? "-" : "") + String(digits)
}

/// Four digits, as `0.04117` or `1.2e-07`.
func short(_ number: Double) -> String { String(format: "%.4g", number) }

/// A loss with four decimals where they say something, in six characters or more, so that lines stand below each other.
func lossText(_ value: Double) -> String {
  let text = abs(value) >= 0.01 && abs(value) < 1e5 ? String(format: "%.4f", value) : short(value)
  return String(repeating: " ", count: max(0, 6 - text.count)) + text
}

/// A metric with its name: in percent where it is an accuracy.
func metricText(_ name: String, _ value: Double) -> String {
  "\(name) " + (name == "accuracy" ? String(format: "%5.2f%%", value * 100) : lossText(value))
}

/// A time in seconds, minutes or hours.
func duration(_ seconds: Double) -> String {
  if seconds < 1 { return String(format: "%.0f ms", seconds * 1000) }
  if seconds < 100 { return String(format: "%.1f s", seconds) }
  let whole = Int(min(seconds, 1e9).rounded())
  return whole < 6000 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
}

/// The time of a step.
func stepTime(_ microseconds: Double) -> String {
  microseconds < 100_000
    ? String(format: microseconds < 100 ? "%.1f µs" : "%.0f µs", microseconds) : duration(microseconds / 1e6)
}

/// `12.3 MiB`
func byteText(_ bytes: Int) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
  return unit == 0 ? "\(bytes) B" : String(format: "%.1f %@", value, units[unit])
}

/// Rows of text in columns of equal width; `right` says which columns are numbers.
func table(_ rows: [[String]], right: Set<Int> = []) -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, text in
      let blank = String(repeating: " ", count: widths[column] - text.count)
      return right.contains(column) ? blank + text : text + blank
    }
    let line = cells.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
