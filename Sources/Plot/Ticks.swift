// Axes: from numbers to 0...1, ticks at round numbers (1, 2 or 5 times a power of ten), and the text of a tick.
// Invariant: a tick is an integer times a power of ten and its text is made from those, so no digit depends on rounding.

import Foundation

/// A tick and its text; minor ticks have none.
struct Tick: Equatable {
  var value: Double
  var text: String
}

/// An axis with its range settled.
struct AxisMap {
  let logarithmic: Bool
  /// The range, as logarithms to base 10 on a logarithmic axis.
  let low: Double
  let high: Double
  /// Whether ticks stand at whole numbers alone.
  var whole = false

  /// Covers the axis' own range, or the values and a margin (a fraction of their span) around them.
  init(_ axis: Plot.Axis, _ values: [Double], margin: Double) {
    logarithmic = axis.scale == .logarithmic
    let fixed = axis.range.flatMap { axis.shows($0.lowerBound) && axis.shows($0.upperBound) ? $0 : nil }
    var low = fixed?.lowerBound ?? values.min() ?? (logarithmic ? 1 : 0)
    var high = fixed?.upperBound ?? values.max() ?? (logarithmic ? 10 : 1)
    if logarithmic { (low, high) = (log10(low), log10(high)) }
    if high - low <= max(abs(low), abs(high)) * 1e-12 {
      // One value: room around it.
      let room = logarithmic ? 0.5 : max(abs(low) * 0.1, low == 0 ? 1 : 0)
      (low, high) = (low - room, high + room)
    } else if fixed == nil {
      let room = (high - low) * margin
      (low, high) = (low - room, high + room)
    }
    (self.low, self.high) = (low, high)
  }

  /// Where a value stands between the ends, 0...1.
  func place(_ value: Double) -> Double { ((logarithmic ? log10(value) : value) - low) / (high - low) }

  /// About `count` ticks with their texts, and the minor ones of a logarithmic axis.
  func ticks(_ count: Int) -> (major: [Tick], minor: [Double]) {
    logarithmic ? logarithmicTicks(count) : (linearTicks(low, high, count), [])
  }

  /// Ticks at multiples of 1, 2 or 5 times a power of ten.
  private func linearTicks(_ low: Double, _ high: Double, _ count: Int) -> [Tick] {
    let raw = (high - low) / Double(max(count, 1))
    var exponent = Int(floor(log10(raw)))
    let fraction = raw / pow(10, Double(exponent))
    var step = fraction <= 1.5 ? 1 : fraction <= 3.5 ? 2 : fraction <= 7.5 ? 5 : 10
    if step == 10 { (step, exponent) = (1, exponent + 1) }
    if whole, exponent < 0 { (step, exponent) = (1, 0) }
    let width = Double(step) * pow(10, Double(exponent))
    // A span too small beside its values has no ticks that a double can tell apart.
    guard abs(low / width) < 1e9, abs(high / width) < 1e9 else { return [] }
    let first = Int((low / width - 1e-9).rounded(.up)), last = Int((high / width + 1e-9).rounded(.down))
    guard first <= last else { return [] }
    let largest = max(abs(first), abs(last)) * step
    return (first...last).map { k in
      Tick(value: Double(k) * width, text: Text.decimal(k * step, exponent: exponent, largest: largest))
    }
  }

  /// Ticks at powers of ten; within two decades at 1, 2 and 5 times those, within less as on a linear axis.
  private func logarithmicTicks(_ count: Int) -> (major: [Tick], minor: [Double]) {
    let span = high - low
    if span < 0.7 { return (linearTicks(pow(10, low), pow(10, high), count), []) }
    let first = Int(floor(low)), last = Int(floor(high))
    let every = max(1, Int((span / Double(max(count, 1))).rounded(.up)))
    let digits = span < 2 ? [1, 2, 5] : [1]
    // Written out where all are of 0.001 to 1000, else all as powers of ten.
    let plain = low > -3.01 && high < 3.99
    var major: [Tick] = []
    var minor: [Double] = []
    for exponent in first...last {
      for digit in 1...9 {
        let value = Double(digit) * pow(10, Double(exponent))
        guard (low - 1e-9...high + 1e-9).contains(log10(value)) else { continue }
        if digits.contains(digit), exponent % every == 0 {
          major.append(Tick(value: value, text: Text.power(digit, exponent: exponent, plain: plain)))
        } else if every == 1 || digit == 1 {
          minor.append(value)
        }
      }
    }
    return (major, minor)
  }
}

/// Numbers and other people's words, made fit to print.
enum Text {
  /// `value` · 10^exponent. Beside ticks of up to `largest` · 10^exponent all take the same form.
  static func decimal(_ value: Int, exponent: Int, largest: Int) -> String {
    if value == 0 { return "0" }
    let sign = value < 0 ? "−" : ""
    let digits = String(value.magnitude)
    // Beyond a million or a hundred-thousandth, digits times a power of ten.
    let size = String(largest.magnitude).count + exponent
    if size > 6 || size < -3 {
      var mantissa = digits, power = exponent
      while mantissa.count > 1, mantissa.hasSuffix("0") {
        mantissa.removeLast()
        power += 1
      }
      power += mantissa.count - 1
      if mantissa.count > 1 { mantissa.insert(".", at: mantissa.index(after: mantissa.startIndex)) }
      return sign + (mantissa == "1" ? "" : mantissa + "·") + "10" + superscript(power)
    }
    if exponent >= 0 { return sign + digits + String(repeating: "0", count: exponent) }
    let padded = String(repeating: "0", count: max(0, 1 - exponent - digits.count)) + digits
    return sign + padded.dropLast(-exponent) + "." + padded.suffix(-exponent)
  }

  /// A tick of a logarithmic axis, written out or as a power of ten.
  static func power(_ digit: Int, exponent: Int, plain: Bool) -> String {
    if plain { return decimal(digit, exponent: exponent, largest: digit) }
    return (digit == 1 ? "" : "\(digit)·") + "10" + superscript(exponent)
  }

  /// A number in three digits.
  static func short(_ value: Double) -> String {
    String(format: "%.3g", value).replacingOccurrences(of: "-", with: "−")
  }

  static func superscript(_ n: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (n < 0 ? "⁻" : "") + String(String(n.magnitude).map { digits[$0.wholeNumberValue ?? 0] })
  }

  /// A coordinate with at most two decimals.
  static func coordinate(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let (whole, part) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
    let sign = hundredths < 0 ? "-" : ""
    if part == 0 { return "\(sign)\(whole)" }
    return part % 10 == 0 ? "\(sign)\(whole).\(part / 10)" : "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
  }

  /// Text that cannot steer a terminal: control characters become `?`.
  static func plain(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let control = scalar.properties.generalCategory == .control || scalar.value == 0xFFFE || scalar.value == 0xFFFF
      result.append(control ? "?" : scalar)
    }
    return String(result)
  }

  /// Text between tags or in quotes of XML; characters that XML 1.0 cannot hold become `?`.
  static func xml(_ text: String) -> String {
    var result = ""
    for scalar in plain(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
