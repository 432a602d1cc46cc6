// Colours that are as legible on white as on the dark gray of a night theme: of middle luminance, told apart by
// people who see red and green alike, as neighbours in the list also differ in lightness.

/// The look that all pictures share.
enum Style {
  /// Axes and text.
  static let ink = "#777d86"
  /// Grid lines, drawn with low opacity.
  static let grid = "#8b929c"
  static let colors = ["#2f81f7", "#e8730c", "#1f9d61", "#c9418f", "#8a63d2", "#a07a1b"]
  static let right = "#1f9d61"
  static let wrong = "#e0483e"
  static let font = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

  static func color(_ index: Int) -> String { colors[((index % colors.count) + colors.count) % colors.count] }

  /// The beginning of an SVG of this size; text is in `ink` at 13 pixels.
  static func open(_ width: Double, _ height: Double, _ label: String) -> String {
    let (w, h) = (Text.coordinate(width), Text.coordinate(height))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(w) \(h)" width="\(w)" height="\(h)" \
      font-family="\(font)" font-size="13" fill="\(ink)" role="img" aria-label="\(Text.xml(label))">

      """
  }

  /// Text at a place; `attributes` are further ones, such as the anchor.
  static func text(_ text: String, _ x: Double, _ y: Double, _ attributes: String = "") -> String {
    let extra = attributes.isEmpty ? "" : " " + attributes
    return "<text x=\"\(Text.coordinate(x))\" y=\"\(Text.coordinate(y))\"\(extra)>\(Text.xml(text))</text>\n"
  }

  /// About how wide text is, in pixels; no font is at hand to ask.
  static func width(_ text: String, size: Double = 13) -> Double { Double(text.count) * size * 0.58 }
}
