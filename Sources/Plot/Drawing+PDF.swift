// A drawing as PDF 1.4 (PDF Reference, third edition): one page, text in the standard fonts, nothing compressed, no date, so that
// the same picture makes the same bytes. A pixel is 3/4 of a point, as in SVG.

extension Drawing {
  /// This drawing as a PDF document.
  func pdf() -> [UInt8] {
    var page = PDFPage()
    let scale = 0.75
    page.out += "0.75 0 0 -0.75 0 \(Text.coordinate(height * scale)) cm\n"
    for item in items { page.add(item) }
    var file = PDFFile()
    // 1 catalog, 2 pages, 3 page, 4 contents, 5 resources, 6 information; then fonts and pictures.
    let first = 7
    let fonts = page.faces.enumerated().map { "/F\($1.rawValue) \(first + $0) 0 R" }
    let images = page.rasters.indices.map { "/I\($0) \(first + fonts.count + $0) 0 R" }
    let states = page.opacities.enumerated().map { index, opacity in
      "/G\(index) << /ca \(Text.coordinate(opacity)) /CA \(Text.coordinate(opacity)) >>"
    }
    file.add("<< /Type /Catalog /Pages 2 0 R >>")
    file.add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    let box = "[0 0 \(Text.coordinate(width * scale)) \(Text.coordinate(height * scale))]"
    file.add("<< /Type /Page /Parent 2 0 R /MediaBox \(box) /Contents 4 0 R /Resources 5 0 R >>")
    file.add("<< /Length \(page.out.utf8.count) >>", stream: Array(page.out.utf8))
    file.add(
      "<< /Font << \(fonts.joined(separator: " ")) >> /XObject << \(images.joined(separator: " ")) >> "
        + "/ExtGState << \(states.joined(separator: " ")) >> >>")
    file.add("<< /Title \(PDFFile.text(Markup(label).unicode)) /Producer (Descent) >>")
    for face in page.faces {
      let encoding = face.isLatin ? " /Encoding /WinAnsiEncoding" : ""
      file.add("<< /Type /Font /Subtype /Type1 /BaseFont /\(face.name)\(encoding) >>")
    }
    for raster in page.rasters {
      let space = raster.channels == 3 ? "/DeviceRGB" : "/DeviceGray"
      file.add(
        "<< /Type /XObject /Subtype /Image /Width \(raster.width) /Height \(raster.height) /ColorSpace \(space) "
          + "/BitsPerComponent 8 /Length \(raster.pixels.count) >>", stream: raster.pixels)
    }
    return file.finished(root: 1, information: 6)
  }
}

/// The objects of a file and where they begin.
private struct PDFFile {
  // The second line tells programs that transfer files that bytes are no text.
  private var bytes: [UInt8] = Array("%PDF-1.4\n%".utf8) + [0xE2, 0xE3, 0xCF, 0xD3, 0x0A]
  private var offsets: [Int] = []

  /// The next object.
  mutating func add(_ dictionary: String, stream: [UInt8]? = nil) {
    offsets.append(bytes.count)
    bytes += Array("\(offsets.count) 0 obj\n\(dictionary)\n".utf8)
    if let stream { bytes += Array("stream\n".utf8) + stream + Array("\nendstream\n".utf8) }
    bytes += Array("endobj\n".utf8)
  }

  func finished(root: Int, information: Int) -> [UInt8] {
    var end = "xref\n0 \(offsets.count + 1)\n0000000000 65535 f \n"
    for offset in offsets { end += String(repeating: "0", count: 10 - "\(offset)".count) + "\(offset) 00000 n \n" }
    end += "trailer\n<< /Size \(offsets.count + 1) /Root \(root) 0 R /Info \(information) 0 R >>\n"
    return bytes + Array((end + "startxref\n\(bytes.count)\n%%EOF\n").utf8)
  }

  /// Any text: UTF-16 in hexadecimal digits, with the mark of its order of bytes.
  static func text(_ text: String) -> String {
    let units = text.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "<feff\(units.joined())>"
  }
}

/// The operators of a page, and what they name.
private struct PDFPage {
  var out = ""
  private(set) var faces: [Face] = []
  private(set) var rasters: [Raster] = []
  private(set) var opacities: [Double] = []

  mutating func add(_ item: Drawing.Item) {
    switch item {
    case .path(let path): add(path)
    case .text(let line): add(line)
    case .raster(let raster, let box):
      // A picture's rows run from 1 down to 0.
      let place = [box.width, 0, 0, -box.height, box.left, box.bottom].map(Text.coordinate).joined(separator: " ")
      out += "q \(place) cm /I\(rasters.count) Do Q\n"
      rasters.append(raster)
    case .clipped(let box, let items):
      let place = [box.left, box.top, box.width, box.height].map(Text.coordinate).joined(separator: " ")
      out += "q \(place) re W n\n"
      for item in items { add(item) }
      out += "Q\n"
    }
  }

  private mutating func add(_ path: Path) {
    guard !path.steps.isEmpty, path.fill != nil || path.stroke != nil else { return }
    out += "q 1 j \(path.dash.isEmpty ? 1 : 0) J"
    if path.opacity < 1 {
      if !opacities.contains(path.opacity) { opacities.append(path.opacity) }
      out += " /G\(opacities.firstIndex(of: path.opacity) ?? 0) gs"
    }
    if let fill = path.fill { out += " \(PDFPage.color(fill)) rg" }
    if let stroke = path.stroke { out += " \(PDFPage.color(stroke)) RG \(Text.coordinate(path.width)) w" }
    if !path.dash.isEmpty { out += " [\(path.dash.map(Text.coordinate).joined(separator: " "))] 0 d" }
    out += "\n"
    func text(_ p: Point) -> String { "\(Text.coordinate(p.x)) \(Text.coordinate(p.y))" }
    for step in path.steps {
      switch step {
      case .move(let p): out += "\(text(p)) m\n"
      case .line(let p): out += "\(text(p)) l\n"
      case .curve(let a, let b, let p): out += "\(text(a)) \(text(b)) \(text(p)) c\n"
      case .close: out += "h\n"
      }
    }
    out += (path.stroke == nil ? "f" : path.fill == nil ? "S" : "B") + " Q\n"
  }

  private mutating func add(_ line: Line) {
    let (pieces, width) = line.text.layout(size: line.size, bold: line.bold)
    guard !pieces.isEmpty else { return }
    let start = line.anchor == .start ? 0 : line.anchor == .middle ? -width / 2 : -width
    out += "BT \(PDFPage.color(line.color)) rg\n"
    for piece in pieces {
      var x = start + piece.x
      let glyphs = piece.text.unicodeScalars.map { Glyph($0, italic: piece.italic, bold: line.bold) }
      for run in PDFPage.runs(glyphs) {
        if !faces.contains(run[0].face) { faces.append(run[0].face) }
        // The page's axis points down, letters up.
        let slant: Double = run[0].isSlanted ? 0.21 : 0
        let turn: [Double] = line.upward ? [0, -1, -1, -slant] : [1, 0, slant, -1]
        let place =
          line.upward
          ? Point(line.place.x + piece.y, line.place.y - x) : Point(line.place.x + x, line.place.y + piece.y)
        let matrix = (turn + [place.x, place.y]).map(Text.coordinate).joined(separator: " ")
        let font = "/F\(run[0].face.rawValue) \(Text.coordinate(piece.size)) Tf"
        out += "\(font) \(matrix) Tm (\(PDFPage.string(run))) Tj\n"
        x += run.reduce(0) { $0 + Double($1.width) } / 1000 * piece.size
      }
    }
    out += "ET\n"
  }

  /// Neighbours of one face.
  private static func runs(_ glyphs: [Glyph]) -> [[Glyph]] {
    var runs: [[Glyph]] = []
    for glyph in glyphs {
      if let last = runs.last?.last, last.face == glyph.face, last.isSlanted == glyph.isSlanted {
        runs[runs.count - 1].append(glyph)
      } else {
        runs.append([glyph])
      }
    }
    return runs
  }

  private static func string(_ glyphs: [Glyph]) -> String {
    glyphs.map { glyph -> String in
      let digits = String(glyph.code, radix: 8)
      switch glyph.code {
      case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"): return "\\" + String(UnicodeScalar(glyph.code))
      case 32...126: return String(UnicodeScalar(glyph.code))
      default: return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }.joined()
  }

  /// `#rrggbb` as three numbers of 0 to 1.
  private static func color(_ color: String) -> String {
    let word = Int(color.dropFirst(), radix: 16) ?? 0
    return [word >> 16, word >> 8, word].map { Text.coordinate((Double($0 & 255) / 255 * 100).rounded() / 100) }
      .joined(separator: " ")
  }
}
