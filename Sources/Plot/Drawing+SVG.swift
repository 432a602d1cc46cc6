// A drawing as SVG 1.1, on white. What is clipped is in an inner <svg>, which cuts off what lies outside without needing an
// identifier that could meet another picture's on the same page.

extension Drawing {
  /// This drawing as an SVG document.
  func svg() -> String {
    let (w, h) = (Text.coordinate(width), Text.coordinate(height))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(w) \(h)" width="\(w)" height="\(h)" \
      font-family="\(Style.font)" font-size="13" fill="\(Style.ink)" role="img" aria-label="\(Text.xml(label))">
      <rect width="\(w)" height="\(h)" fill="#ffffff"/>

      """ + items.map(\.svg).joined() + "</svg>\n"
  }
}

extension Drawing.Item {
  fileprivate var svg: String {
    switch self {
    case .path(let path): return path.svg
    case .text(let line): return line.svg
    case .raster(let raster, let box):
      return "<image \(box.svg) preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
        + "href=\"data:image/png;base64,\(raster.png)\"/>\n"
    case .clipped(let box, let items):
      let view = [box.left, box.top, box.width, box.height].map(Text.coordinate).joined(separator: " ")
      return "<svg \(box.svg) viewBox=\"\(view)\">\n" + items.map(\.svg).joined() + "</svg>\n"
    }
  }
}

extension Rectangle {
  fileprivate var svg: String {
    "x=\"\(Text.coordinate(left))\" y=\"\(Text.coordinate(top))\" "
      + "width=\"\(Text.coordinate(width))\" height=\"\(Text.coordinate(height))\""
  }
}

extension Point {
  fileprivate var svg: String { "\(Text.coordinate(x)) \(Text.coordinate(y))" }
}

extension Path {
  fileprivate var svg: String {
    guard !steps.isEmpty else { return "" }
    let d = steps.map { step in
      switch step {
      case .move(let p): "M" + p.svg
      case .line(let p): "L" + p.svg
      case .curve(let a, let b, let p): "C\(a.svg) \(b.svg) \(p.svg)"
      case .close: "Z"
      }
    }.joined()
    var out = "<path d=\"\(d)\" fill=\"\(fill ?? "none")\""
    if let stroke {
      out += " stroke=\"\(stroke)\" stroke-width=\"\(Text.coordinate(width))\" stroke-linejoin=\"round\""
      out += dash.isEmpty ? " stroke-linecap=\"round\"" : ""
      if !dash.isEmpty { out += " stroke-dasharray=\"\(dash.map(Text.coordinate).joined(separator: " "))\"" }
    }
    if opacity < 1 { out += " opacity=\"\(Text.coordinate(opacity))\"" }
    return out + "/>\n"
  }
}

extension Line {
  fileprivate var svg: String {
    let pieces = text.layout(size: size, bold: bold).pieces
    guard !pieces.isEmpty else { return "" }
    var out =
      upward
      ? "<text transform=\"translate(\(place.svg)) rotate(-90)\""
      : "<text x=\"\(Text.coordinate(place.x))\" y=\"\(Text.coordinate(place.y))\""
    if anchor != .start { out += " text-anchor=\"\(anchor.rawValue)\"" }
    if size != 13 { out += " font-size=\"\(Text.coordinate(size))\"" }
    if bold { out += " font-weight=\"600\"" }
    if color != Style.ink { out += " fill=\"\(color)\"" }
    out += " xml:space=\"preserve\">"
    // Steps from piece to piece, so that the whole line stays one text to its anchor.
    var end = 0.0, base = 0.0
    for piece in pieces {
      var style = piece.italic ? " font-style=\"italic\"" : ""
      if piece.size != size { style += " font-size=\"\(Text.coordinate(piece.size))\"" }
      if piece.x < end - 1e-9 { style += " dx=\"\(Text.coordinate(piece.x - end))\"" }
      if piece.y != base { style += " dy=\"\(Text.coordinate(piece.y - base))\"" }
      out += style.isEmpty ? Text.xml(piece.text) : "<tspan\(style)>\(Text.xml(piece.text))</tspan>"
      (end, base) = (piece.x + piece.width, piece.y)
    }
    return out + "</text>\n"
  }
}

extension Raster {
  /// The pixels as a PNG in base 64. Very small ones are enlarged: viewers that smooth what they enlarge, whatever the document
  /// asks for, then leave pixels to be seen.
  fileprivate var png: String {
    let times = max(1, 32 / max(width, height, 1))
    let large = (0..<height * times * width * times).flatMap { i in
      let at = (i / (width * times) / times * width + i % (width * times) / times) * channels
      return pixels[at..<at + channels]
    }
    return PNG.base64(PNG.encode(large, width: width * times, height: height * times, channels: channels))
  }
}
