// Gray or coloured pixels as PNG (RFC 2083), for a picture inside an SVG: one file of text, no rectangles by the thousand.
// The pixels go into stored blocks of deflate (RFC 1951), so that no compressor is needed; digits are small.

/// The smallest writer of PNG files.
enum PNG {
  /// A PNG of `pixels`, row by row, width · height of them, each one byte of gray or three of red, green and blue.
  static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
    var rows: [UInt8] = []
    let row = width * channels
    rows.reserveCapacity((row + 1) * height)
    for y in 0..<height { rows += [0] + pixels[y * row..<(y + 1) * row] }
    let header = big(UInt32(width)) + big(UInt32(height)) + [8, channels == 3 ? 2 : 0, 0, 0, 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", zlib(rows))
      + chunk("IEND", [])
  }

  /// The bytes in base 64 (RFC 4648).
  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for i in 0..<4 {
        out.append(i <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * i)) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func big(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { Array($0) } }

  private static func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + bytes
    var crc = ~UInt32(0)
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return big(UInt32(bytes.count)) + body + big(~crc)
  }

  private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x78, 0x01]
    var at = 0
    repeat {
      let size = min(65535, bytes.count - at)
      let last: UInt8 = at + size == bytes.count ? 1 : 0
      out += [last, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255)]
      out += bytes[at..<at + size]
      at += size
    } while at < bytes.count
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in bytes { (a, b) = ((a + UInt32(byte)) % 65521, (b + (a + UInt32(byte)) % 65521) % 65521) }
    return out + big(b << 16 | a)
  }
}
