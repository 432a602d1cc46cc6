// Names and strings of a user's in emitted files: a prefix is checked, and any other text stands in an escaped
// literal only.

import DescentIR

extension UInt8 {
  /// Whether it is one of the characters of C's names.
  var isNameCharacter: Bool { isDigit || (65...90).contains(self) || (97...122).contains(self) || self == 95 }
  fileprivate var isDigit: Bool { (48...57).contains(self) }
}

/// Whether it is a valid C identifier, keywords included.
package func isCName(_ text: String) -> Bool {
  text.utf8.first.map { !$0.isDigit } == true && text.utf8.allSatisfy(\.isNameCharacter)
}

/// Throws unless `prefix` can begin the names of an emitted program, in C and in C++.
package func checkPrefix(_ prefix: String) throws {
  let bytes = Array(prefix.utf8)
  guard isCName(prefix) else {
    throw DescentError(
      .usage,
      "the prefix \(prefix.debugDescription) is not a valid C identifier; expected a letter or _, then letters, digits and _"
    )
  }
  guard bytes.count <= 64 else {
    throw DescentError(.usage, "the prefix of \(bytes.count) characters is too long; at most 64 are taken")
  }
  guard !keywords.contains(prefix) else {
    throw DescentError(.usage, "the prefix '\(prefix)' is a keyword of C or C++")
  }
  // The runtime's own names begin so.
  guard prefix.lowercased() != "dsc", !prefix.lowercased().hasPrefix("dsc_") else {
    throw DescentError(.usage, "the prefix '\(prefix)' is taken by the runtime; choose another")
  }
}

/// Throws where a header `PREFIX.h` would stand in the way of one of the standard's, or the source in that of the
/// example.
package func checkFileName(_ prefix: String) throws {
  guard !standardHeaders.contains(prefix.lowercased()), prefix.lowercased() != "example" else {
    throw DescentError(.usage, "the prefix '\(prefix)' would name files as others are named; choose another")
  }
}

private let keywords: Set<String> = Set(
  """
  alignas alignof and and_eq asm atomic auto bitand bitor bool break case catch char char8_t char16_t char32_t
  class compl complex concept const const_cast consteval constexpr constinit continue co_await co_return
  co_yield decltype default delete do double dynamic_cast else enum explicit export extern false final float for
  friend goto if import imaginary inline int long module mutable namespace new noexcept noreturn not not_eq
  nullptr operator or or_eq override private protected public register reinterpret_cast requires restrict return
  short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try
  typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor
  xor_eq _Alignas _Alignof _Atomic _BitInt _Bool _Complex _Decimal128 _Decimal32 _Decimal64 _Generic _Imaginary
  _Noreturn _Static_assert _Thread_local
  """.split { $0 == " " || $0 == "\n" }.map(String.init))

private let standardHeaders: Set<String> = Set(
  """
  assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
  stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar
  wchar wctype
  """.split { $0 == " " || $0 == "\n" }.map(String.init))

/// A C string literal with the bytes of `text`: what could mean anything to a compiler is written as an octal escape,
/// which has three digits, so that none of the text's own is taken for a fourth.
package func cString(_ text: String) -> String {
  var literal = "\""
  for byte in text.utf8 {
    // No ?, for a trigraph, and no line, quote, backslash or byte beyond ASCII.
    if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C, byte != 0x3F {
      literal.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      let digits = String(byte, radix: 8)
      literal += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
  }
  return literal + "\""
}
