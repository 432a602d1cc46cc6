// Logarithms of sums of two, and numbers times logarithms.

import DescentIR

/// ln(e^a + e^b) of each two elements, broadcast, without overflow, and smooth also where they are equal.
public func logaddexp(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let at = SourceLocation(file, line)
    let isFirst = pointwise(Compare(.gt), a, b, at: at)
    let high = real(`where`(isFirst, a, b), at: at)
    let low = real(`where`(isFirst, b, a), at: at)
    // Of two equal infinities there is no difference; beside one that is infinite the other does not count.
    let difference = `where`(isInfinite(high), -Double.infinity, low - high)
    return high + softplus(difference)
  }
}

/// x ln y of each two elements, broadcast, and 0 where x is 0, whatever number y is. The derivatives are ln y and x / y.
public func xlogy(_ x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  pinned(file, line) {
    let y = real(y, at: SourceLocation(file, line))
    let product = weigh(x, log(y))
    return `where`(isNaN(y), y, product)
  }
}
