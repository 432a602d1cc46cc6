// Index arithmetic: affine functions of loop variables.

/// `constant + Σ coefficient * variable`. Variables are numbered loops; their extents are known beside it.
package struct Affine: Hashable, Sendable {
  package var constant: Int
  /// Coefficients by variable, ascending, none zero.
  package private(set) var terms: [Term]

  package struct Term: Hashable, Sendable {
    package var variable: Int
    package var coefficient: Int
  }

  package init(_ constant: Int = 0) {
    self.constant = constant
    terms = []
  }
  package init(variable: Int) {
    constant = 0
    terms = [Term(variable: variable, coefficient: 1)]
  }
  private init(constant: Int, terms: [Term]) {
    self.constant = constant
    self.terms = terms
  }

  package func coefficient(of variable: Int) -> Int { terms.first { $0.variable == variable }?.coefficient ?? 0 }

  package static func + (a: Affine, b: Affine) -> Affine {
    var terms: [Term] = []
    var (i, j) = (0, 0)
    while i < a.terms.count || j < b.terms.count {
      if j == b.terms.count || (i < a.terms.count && a.terms[i].variable < b.terms[j].variable) {
        terms.append(a.terms[i])
        i += 1
      } else if i == a.terms.count || b.terms[j].variable < a.terms[i].variable {
        terms.append(b.terms[j])
        j += 1
      } else {
        let sum = a.terms[i].coefficient + b.terms[j].coefficient
        if sum != 0 { terms.append(Term(variable: a.terms[i].variable, coefficient: sum)) }
        i += 1
        j += 1
      }
    }
    return Affine(constant: a.constant + b.constant, terms: terms)
  }
  package static func * (a: Affine, k: Int) -> Affine {
    if k == 0 { return Affine() }
    return Affine(
      constant: a.constant * k, terms: a.terms.map { Term(variable: $0.variable, coefficient: $0.coefficient * k) })
  }

  /// Row-major position of an index.
  package static func linear(_ index: [Affine], _ shape: Shape) -> Affine {
    zip(index, shape.strides).reduce(Affine()) { $0 + $1.0 * $1.1 }
  }

  /// The index whose row-major position in `shape` this is, if it is affine as well; nil where division is needed.
  package func delinearized(_ shape: Shape, extents: [Int]) -> [Affine]? {
    // Nothing is there to be read, at any index.
    if shape.count == 0 { return shape.dimensions.map { _ in Affine() } }
    var rest = self
    var index: [Affine] = []
    for (dimension, stride) in zip(shape.dimensions, shape.strides) {
      if dimension == 1 {
        index.append(Affine())
        continue
      }
      var part = Affine(), remainder = Affine()
      // An offset goes to the outer dimension as far as whole strides reach.
      part.constant = rest.constant / stride
      remainder.constant = rest.constant % stride
      for term in rest.terms {
        if term.coefficient % stride == 0 {
          part.terms.append(Term(variable: term.variable, coefficient: term.coefficient / stride))
        } else {
          remainder.terms.append(term)
        }
      }
      guard remainder.isWithin(0..<stride, extents), part.isWithin(0..<dimension, extents) else { return nil }
      index.append(part)
      rest = remainder
    }
    return rest == Affine() ? index : nil
  }

  /// Whether every value, the variables running over their extents, lies in a range.
  package func isWithin(_ range: Range<Int>, _ extents: [Int]) -> Bool {
    var (low, high) = (constant, constant)
    for term in terms {
      let reach = term.coefficient * max(extents[term.variable] - 1, 0)
      if reach < 0 { low += reach } else { high += reach }
    }
    return range.contains(low) && range.contains(high)
  }
}
