// The numbers on which samples are tried: drawn from the range that each operand names, the same on every machine.

import DescentIR

extension Sample.Operand {
  /// Numbers of this operand's type: reals uniform over its range, integers of it alike, bools true half of the time.
  package func draw(seed: Int64) -> HostArray {
    let units = Philox(seed: seed, stream: 0).uniform53(type.shape.count)
    let (low, width) = (range.lowerBound, range.upperBound - range.lowerBound)
    switch type.dtype {
    case .f32, .f64: return HostArray(type) { low + units[$0] * width + shift($0) }
    case .i32, .i64, .u8: return HostArray(type) { (low + units[$0] * (width + 1)).rounded(.down) }
    case .bool: return HostArray(type.shape, units.map { $0 < 0.5 })
    }
  }
}

extension Sample {
  /// Numbers for every operand.
  package func draw(seed: Int64) -> [HostArray] {
    operands.enumerated().map { $0.element.draw(seed: seed &* 1000 &+ Int64($0.offset)) }
  }
}
