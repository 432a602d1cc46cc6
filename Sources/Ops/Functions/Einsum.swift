// Products of tensors summed over axes that are named by letters (Einstein's convention), as NumPy's `einsum`.
// Takes the letters apart, sums what only one operand has, and contracts two operands at a time.

import DescentIR

/// The sum of products that `subscripts` says: a letter for each axis of each operand, operands set apart by commas, and behind `->`
/// the letters of the result.
///
/// `einsum("ij,jk->ik", a, b)` is the product of matrices: r[i, k] = Σ_j a[i, j] b[j, k]. A letter that is not in the result is summed
/// over; one that several operands have runs through them together; one that an operand has twice is a diagonal of it. Without `->`
/// the result has the letters that stand once, in alphabetical order. `...` stands for any number of axes, which broadcast; without
/// `->` they are the first of the result. Spaces count for nothing.
///
/// Any number of operands are contracted two at a time, in the order whose largest intermediate is the smallest (of such orders, one of
/// the fewest multiplications); of more than eight, the smallest product comes first. Operands meet in one type, i64 for u8 and bool.
/// Refused are letters that do not fit the operands' axes, one letter for two sizes, and letters of the result that are in no operand
/// or stand twice.
public func einsum(
  _ subscripts: String, _ operands: [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    do throws(EinsumRefusal) {
      let axes = try EinsumAxes(subscripts, operands.map(\.shape))
      let numbers = joined(operands, at: nil).map { converted($0, to: $0.dtype.summed, at: nil) }
      let terms = zip(numbers, axes.operands).map { EinsumTerm($0, $1) }
      return axes.evaluate(terms)
    } catch {
      let message = "einsum(\"\(subscripts)\") of shapes \(operands.map(\.shape)): \(error.message)"
      // What has failed before says why.
      for operand in operands {
        if case .failure = operand.storage { return operand }
      }
      return Tensor(failure: DescentError(.type, message, at: SourceLocation(file, line)), type: TensorType(.f32, []))
    }
  }
}

/// The same with the operands in a row.
public func einsum(
  _ subscripts: String, _ operands: Tensor..., file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) { einsum(subscripts, operands) }
}

/// Why letters say nothing of operands.
private struct EinsumRefusal: Error { var message: String }

/// The name of an axis: the code of its letter, or for those that `...` stands for -1, -2, … from the last.
private typealias AxisName = Int

private func text(_ name: AxisName) -> String {
  name > 0 ? "'\(Character(UnicodeScalar(UInt8(name))))'" : "an axis of ..."
}

/// The letters taken apart: what the axes of operands and result are called. Nothing is wrong with them.
private struct EinsumAxes {
  var operands: [[AxisName]] = []
  var result: [AxisName] = []
  /// All names in the order in which they first stand, with their sizes.
  var names: [AxisName] = []
  var sizes: [AxisName: Int] = [:]

  init(_ subscripts: String, _ shapes: [Shape]) throws(EinsumRefusal) {
    let text = subscripts.filter { $0 != " " }
    let arrow = text.range(of: "->")
    let sides = arrow.map { [text[..<$0.lowerBound], text[$0.upperBound...]] } ?? [text[...]]
    let parts = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == shapes.count else {
      throw EinsumRefusal(message: "letters for \(parts.count) operands, but there are \(shapes.count)")
    }
    for (number, (part, shape)) in zip(parts, shapes).enumerated() {
      operands.append(try Self.named(part, shape, number))
    }
    try measure(shapes)
    // Of what `...` stands for, the most that any operand has.
    let ellipsis = names.filter { $0 < 0 }.sorted()
    if sides.count == 2 {
      result = try Self.letters(sides[1], "the result").flatMap { $0.map { [$0] } ?? ellipsis }
      try checkResult(ellipsis)
    } else {
      let all = operands.flatMap { $0 }.filter { $0 > 0 }
      result = ellipsis + names.filter { name in name > 0 && all.count { $0 == name } == 1 }.sorted()
    }
  }

  /// The names of one operand's axes.
  private static func named(_ part: Substring, _ shape: Shape, _ number: Int) throws(EinsumRefusal) -> [AxisName] {
    let letters = try letters(part, "operand \(number)")
    let (count, isOpen) = (letters.count { $0 != nil }, letters.contains(nil))
    guard isOpen ? count <= shape.rank : count == shape.rank else {
      throw EinsumRefusal(
        message: "'\(part)' names \(count) axes\(isOpen ? " beside ..." : ""), and operand \(number) has \(shape.rank)")
    }
    return letters.flatMap { $0.map { [$0] } ?? Array(count - shape.rank..<0) }
  }

  /// Letters as names, nil for `...`.
  private static func letters(_ part: Substring, _ whose: String) throws(EinsumRefusal) -> [AxisName?] {
    let pieces = part.split(separator: "...", omittingEmptySubsequences: false)
    guard pieces.count <= 2 else { throw EinsumRefusal(message: "\(whose) has ... more than once") }
    var names: [AxisName?] = []
    for (number, piece) in pieces.enumerated() {
      if number > 0 { names.append(nil) }
      for letter in piece {
        guard letter.isASCII, letter.isLetter else {
          throw EinsumRefusal(
            message: "'\(letter)' of \(whose) is no letter; a to z, A to Z, ... and between operands , are known")
        }
        names.append(Int(letter.asciiValue!))
      }
    }
    return names
  }

  /// Notes the size of each name. An axis of size 1 that `...` stands for fits any size.
  private mutating func measure(_ shapes: [Shape]) throws(EinsumRefusal) {
    for (operand, shape) in zip(operands, shapes) {
      for (name, size) in zip(operand, shape.dimensions) {
        guard let known = sizes[name] else {
          names.append(name)
          sizes[name] = size
          continue
        }
        if name < 0, known == 1 || size == 1 {
          sizes[name] = known == 1 ? size : known
        } else if known != size {
          throw EinsumRefusal(message: "\(text(name)) has size \(known) and size \(size)")
        }
      }
    }
  }

  private func checkResult(_ ellipsis: [AxisName]) throws(EinsumRefusal) {
    for (place, name) in result.enumerated() {
      guard sizes[name] != nil else {
        throw EinsumRefusal(message: "\(text(name)) of the result is in no operand")
      }
      guard !result[..<place].contains(name) else {
        throw EinsumRefusal(message: "\(text(name)) is in the result twice")
      }
    }
    guard ellipsis.allSatisfy(result.contains) else {
      throw EinsumRefusal(message: "the result lacks the ... of an operand")
    }
  }
}

/// A tensor with the names of its axes, all different.
private struct EinsumTerm {
  var tensor: Tensor
  var names: [AxisName]

  init(_ tensor: Tensor, _ names: [AxisName]) {
    (self.tensor, self.names) = (tensor, names)
    // What is there twice is a diagonal, which becomes the last axis.
    while let second = self.names.indices.first(where: { self.names[..<$0].contains(self.names[$0]) }) {
      let name = self.names[second]
      let first = self.names.firstIndex(of: name)!
      self.tensor = diagonal(self.tensor, axes: (first, second))
      self.names = self.names.indices.filter { $0 != first && $0 != second }.map { self.names[$0] } + [name]
    }
  }

  /// Without the axes of other names, over which it is summed, and of those of size 1 that stretch beside others.
  func reduced(to kept: (AxisName) -> Bool, _ sizes: [AxisName: Int]) -> EinsumTerm {
    let places = names.indices
    let stretched = places.filter { tensor.shape[$0] != sizes[names[$0]] }
    let summed = places.filter { !kept(names[$0]) && !stretched.contains($0) }
    let rest = summed.isEmpty ? tensor : sum(tensor, axes: summed, keepAxes: true)
    let gone = Set(stretched + summed)
    var result = self
    result.tensor = reshape(rest, tensor.shape.removing(Array(gone)))
    result.names = places.filter { !gone.contains($0) }.map { names[$0] }
    return result
  }

  /// The axes in the order of `order`, which has all names; where a name is missing an axis of size 1.
  func aligned(to order: [AxisName]) -> Tensor {
    let places = order.compactMap(names.firstIndex)
    let ordered = places == Array(names.indices) ? tensor : transpose(tensor, places)
    return reshape(ordered, Shape(order.map { name in names.firstIndex(of: name).map { tensor.shape[$0] } ?? 1 }))
  }

  /// The product with another term, summed over the axes that both have and that are not kept.
  func product(_ other: EinsumTerm, keeping kept: (AxisName) -> Bool) -> EinsumTerm {
    let shared = names.filter(other.names.contains)
    let (batch, summed) = (shared.filter(kept), shared.filter { !kept($0) })
    func free(_ term: EinsumTerm) -> [AxisName] { term.names.filter { !shared.contains($0) } }
    var result = self
    result.names = batch + free(self) + free(other)
    guard !summed.isEmpty else {
      result.tensor = aligned(to: result.names) * other.aligned(to: result.names)
      return result
    }
    func places(_ wanted: [AxisName], _ term: EinsumTerm) -> [Int] { wanted.map { term.names.firstIndex(of: $0)! } }
    let axes = ContractionAxes(
      lhsBatch: places(batch, self), rhsBatch: places(batch, other), lhsContracting: places(summed, self),
      rhsContracting: places(summed, other))
    result.tensor = .apply(Contract(axes), [tensor, other.tensor])
    return result
  }
}

extension EinsumAxes {
  /// The result, from the operands.
  fileprivate func evaluate(_ terms: [EinsumTerm]) -> Tensor {
    let reduced = terms.indices.map { place in
      terms[place].reduced(
        to: { name in
          result.contains(name) || terms.indices.contains { $0 != place && terms[$0].names.contains(name) }
        }, sizes)
    }
    let order = EinsumOrder(reduced.map(\.names), result, sizes)
    var left = reduced
    for (first, second) in order.pairs {
      let (a, b) = (left[first], left.remove(at: second))
      left.remove(at: first)
      let others = left.flatMap(\.names)
      left.append(a.product(b) { result.contains($0) || others.contains($0) })
    }
    return left[0].aligned(to: result)
  }
}

/// In which order operands are contracted.
private struct EinsumOrder {
  /// Two places of the list that is left, the first the lower: both go, and their product comes last.
  var pairs: [(Int, Int)] = []

  /// How costly a product is: its largest intermediate, then all multiplications.
  private typealias Cost = (largest: Double, work: Double)

  private let names: [[AxisName]]
  private let result: [AxisName]
  private let sizes: [AxisName: Int]

  init(_ names: [[AxisName]], _ result: [AxisName], _ sizes: [AxisName: Int]) {
    (self.names, self.result, self.sizes) = (names, result, sizes)
    if names.count <= 8 { orderBest() } else { orderGreedily() }
  }

  private func size(_ names: [AxisName]) -> Double { names.reduce(1) { $0 * Double(sizes[$1]!) } }

  /// The names that the product of some operands has: those that the result or another operand has too.
  private func kept(of members: [[AxisName]], beside others: [[AxisName]]) -> [AxisName] {
    var kept: [AxisName] = []
    for name in members.joined() where !kept.contains(name) {
      if result.contains(name) || others.contains(where: { $0.contains(name) }) { kept.append(name) }
    }
    return kept
  }

  /// Each set of operands, a bit for each, is the product of two smaller ones: by the best two.
  private mutating func orderBest() {
    let count = names.count
    guard count > 1 else { return }
    let whole = 1 << count
    func members(_ set: Int) -> [[AxisName]] { names.indices.filter { set >> $0 & 1 == 1 }.map { names[$0] } }
    let products = (0..<whole).map { kept(of: members($0), beside: members(~$0)) }
    var best = [Cost](repeating: (0, 0), count: whole)
    var halves = [Int](repeating: 0, count: whole)
    for set in 1..<whole where set & (set - 1) != 0 {
      best[set] = (.infinity, .infinity)
      // The half with the lowest operand, so that each pair of halves comes once.
      var half = (set - 1) & set
      while half > 0 {
        defer { half = (half - 1) & set }
        guard half & set & -set != 0 else { continue }
        let (a, b) = (best[half], best[set ^ half])
        let all = products[half] + products[set ^ half].filter { !products[half].contains($0) }
        let cost = (Swift.max(a.largest, b.largest, size(products[set])), a.work + b.work + size(all))
        if cost < best[set] { (best[set], halves[set]) = (cost, half) }
      }
    }
    var left = names.indices.map { 1 << $0 }
    func contract(_ set: Int, _ pairs: inout [(Int, Int)]) {
      guard halves[set] != 0 else { return }
      contract(halves[set], &pairs)
      contract(set ^ halves[set], &pairs)
      let places = [halves[set], set ^ halves[set]].map { left.firstIndex(of: $0)! }.sorted()
      left.remove(at: places[1])
      left.remove(at: places[0])
      left.append(set)
      pairs.append((places[0], places[1]))
    }
    var pairs: [(Int, Int)] = []
    contract(whole - 1, &pairs)
    self.pairs = pairs
  }

  /// The two whose product is the smallest, again and again.
  private mutating func orderGreedily() {
    var left = names
    while left.count > 1 {
      var best = (size: Double.infinity, first: 0, second: 1)
      for second in left.indices {
        for first in 0..<second {
          let others = left.indices.filter { $0 != first && $0 != second }.map { left[$0] }
          let size = size(kept(of: [left[first], left[second]], beside: others))
          if size < best.size { best = (size, first, second) }
        }
      }
      let second = left.remove(at: best.second), first = left.remove(at: best.first)
      left.append(kept(of: [first, second], beside: left))
      pairs.append((best.first, best.second))
    }
  }
}

/// The products of `a` and `b` summed over pairs of axes: axis `axes.left[i]` of `a` runs with axis `axes.right[i]` of `b`. The result has
/// the other axes of `a`, then those of `b`.
public func tensordot(
  _ a: Tensor, _ b: Tensor, axes: (left: [Int], right: [Int]), file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    let (left, right) = (axes.left.compactMap(a.place), axes.right.compactMap(b.place))
    guard left.count == axes.left.count, right.count == axes.right.count, left.count == right.count,
      Set(left).count == left.count, Set(right).count == right.count,
      zip(left, right).allSatisfy({ a.shape[$0] == b.shape[$1] })
    else {
      let message =
        "tensordot of shapes \(a.shape) and \(b.shape) over axes \(axes.left) and \(axes.right): as many different axes of "
        + "each are needed, and pairs of one size"
      return .fail(message, a, b, at: nil)
    }
    return contract(
      ContractionAxes(lhsContracting: left, rhsContracting: right), a, b, at: SourceLocation(file, line))
  }
}

/// The same over the last `count` axes of `a` and the first of `b`, in their order; 0 gives the outer product.
public func tensordot(
  _ a: Tensor, _ b: Tensor, axes count: Int = 2, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pinned(file, line) {
    guard (0...Swift.min(a.rank, b.rank)).contains(count) else {
      return .fail("tensordot of shapes \(a.shape) and \(b.shape) over \(count) axes", a, b, at: nil)
    }
    return tensordot(a, b, axes: (Array(a.rank - count..<a.rank), Array(0..<count)))
  }
}
