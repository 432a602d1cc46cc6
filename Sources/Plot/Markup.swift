// Text with mathematics as TeX writes it, between dollar signs: $\beta_1^2$. Only ^, _, {…}, Greek letters and a few signs.
// Takes a string; gives runs of one style, and from those either pieces with places, for a drawing, or a line of Unicode, for a
// terminal. What is no TeX of this kind stays as it was written.

/// Characters in one style.
struct TextRun: Equatable {
  enum Level: Equatable { case base, superscript, subscripted }
  var text: String
  var level = Level.base
  var italic = false
}

/// A run with its place in a line of text.
struct TextPiece {
  var text: String
  var italic: Bool
  /// From the beginning of the line, and down from its base.
  var x, y: Double
  var size: Double
  var width: Double
}

/// A line of text as runs.
struct Markup {
  private(set) var runs: [TextRun] = []

  init(_ text: String) {
    var rest = Substring(Text.plain(text))
    while let dollar = rest.firstIndex(of: "$") {
      let inside = rest[rest.index(after: dollar)...]
      guard let end = inside.firstIndex(of: "$") else { break }
      plain(rest[..<dollar])
      var formula = inside[..<end]
      math(&formula, .base)
      rest = inside[inside.index(after: end)...]
    }
    plain(rest)
  }

  private mutating func add(_ text: String, _ level: TextRun.Level, italic: Bool) {
    if let last = runs.last, last.level == level, last.italic == italic {
      runs[runs.count - 1].text += text
    } else {
      runs.append(TextRun(text: text, level: level, italic: italic))
    }
  }

  /// Text outside of formulas, in which Unicode's small digits become scripts.
  private mutating func plain(_ text: Substring) {
    for character in text {
      if let digit = Markup.raised.first(where: { $0.value == character })?.key {
        add(String(digit), .superscript, italic: false)
      } else if let digit = Markup.lowered.first(where: { $0.value == character })?.key {
        add(String(digit), .subscripted, italic: false)
      } else {
        add(String(character), .base, italic: false)
      }
    }
  }

  /// A formula, or what stands in braces.
  private mutating func math(_ rest: inout Substring, _ level: TextRun.Level) {
    while let next = rest.first {
      switch next {
      case "^" where rest.count > 1, "_" where rest.count > 1:
        rest.removeFirst()
        var script = Markup.argument(&rest)
        math(&script, next == "^" ? .superscript : .subscripted)
      case "{":
        var group = Markup.argument(&rest)
        math(&group, level)
      case "}", " ":
        rest.removeFirst()
      default:
        let sign = Markup.sign(&rest)
        // Relations stand apart, as TeX sets them, and so do sums.
        let apart = level == .base && Markup.apart.contains(sign) && !runs.isEmpty
        let spaced = apart ? " \(sign) " : sign == "," && level == .base ? ", " : sign
        add(spaced, level, italic: Markup.isVariable(sign))
      }
    }
  }

  /// What a script applies to: a group in braces, a command or a character.
  private static func argument(_ rest: inout Substring) -> Substring {
    guard rest.first == "{" else {
      let before = rest
      _ = sign(&rest)
      return before[..<rest.startIndex]
    }
    var depth = 0
    for index in rest.indices {
      depth += rest[index] == "{" ? 1 : rest[index] == "}" ? -1 : 0
      guard depth == 0 else { continue }
      defer { rest = rest[rest.index(after: index)...] }
      return rest[rest.index(after: rest.startIndex)..<index]
    }
    defer { rest = rest[rest.endIndex...] }
    return rest.dropFirst()
  }

  /// Takes a character or a command off the beginning.
  private static func sign(_ rest: inout Substring) -> String {
    let first = String(rest.removeFirst())
    guard first == "\\" else { return first == "-" ? "−" : first == "'" ? "′" : first }
    let name = rest.prefix { $0.isLetter && $0.isASCII }
    guard let sign = commands[String(name)] else { return first }
    rest = rest[name.endIndex...]
    return sign
  }

  /// Whether it is a variable, which TeX sets in italics: a Latin letter, or a small Greek one.
  private static func isVariable(_ sign: String) -> Bool {
    guard let scalar = sign.unicodeScalars.first, sign.unicodeScalars.count == 1 else { return false }
    return scalar.properties.isAlphabetic && (scalar.isASCII || (0x03B1...0x03D6).contains(scalar.value))
  }

  private static let apart: Set<String> = ["=", "<", ">", "≤", "≥", "≠", "≈", "∼", "→", "∈", "+", "−", "±", "×"]

  private static let commands: [String: String] = {
    let small = [
      "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
      "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ]
    var commands = Dictionary(uniqueKeysWithValues: zip(small, "αβγδεζηθικλμνξοπρςστυφχψω".map(String.init)))
    let large = [
      "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "vartheta", "varphi",
      "varepsilon",
    ]
    commands.merge(zip(large, "ΓΔΘΛΞΠΣΥΦΨΩϑϕε".map(String.init))) { $1 }
    let signs = [
      "infty", "partial", "nabla", "le", "leq", "ge", "geq", "ne", "approx", "sim", "times", "cdot", "pm", "to", "in",
      "sum", "int",
    ]
    commands.merge(zip(signs, "∞∂∇≤≤≥≥≠≈∼×·±→∈∑∫".map(String.init))) { $1 }
    return commands
  }()

  private static let raised = Dictionary(uniqueKeysWithValues: zip("0123456789−+n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ"))
  private static let lowered = Dictionary(uniqueKeysWithValues: zip("0123456789−+", "₀₁₂₃₄₅₆₇₈₉₋₊"))
}

extension Markup {
  /// The line in Unicode, as far as that has scripts: β₁², x_{it}.
  var unicode: String {
    var levels: [TextRun] = []
    for run in runs {
      if levels.last?.level == run.level {
        levels[levels.count - 1].text += run.text
      } else {
        levels.append(run)
      }
    }
    return levels.map { run in
      if run.level == .base { return run.text }
      let table = run.level == .superscript ? Markup.raised : Markup.lowered
      let small = run.text.compactMap { table[$0] }
      if small.count == run.text.count { return String(small) }
      return (run.level == .superscript ? "^" : "_") + (run.text.count == 1 ? run.text : "{\(run.text)}")
    }.joined()
  }

  /// The runs with their places, and the width of the line. Scripts have 7 tenths of the size; a second one stands under or over
  /// the first.
  func layout(size: Double, bold: Bool = false) -> (pieces: [TextPiece], width: Double) {
    var pieces: [TextPiece] = []
    // Where the line ends, where the scripts of the last base begin, and where those of each level end.
    var end = 0.0, base = 0.0
    var ends: [TextRun.Level: Double] = [:]
    for run in runs {
      let small = run.level == .base ? size : size * 0.7
      let width = run.text.unicodeScalars.reduce(0.0) {
        $0 + Double(Glyph($1, italic: run.italic, bold: bold).width) / 1000 * small
      }
      let x = run.level == .base ? end : ends[run.level] ?? base
      end = max(end, x + width)
      if run.level == .base { (base, ends) = (end, [:]) } else { ends[run.level] = x + width }
      let down = run.level == .base ? 0 : run.level == .superscript ? -0.36 * size : 0.2 * size
      pieces.append(TextPiece(text: run.text, italic: run.italic, x: x, y: down, size: small, width: width))
    }
    return (pieces, end)
  }
}
