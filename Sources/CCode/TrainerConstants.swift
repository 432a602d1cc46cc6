// The large constants of a standalone trainer: in a safetensors file beside it, as text would cost a C compiler seconds for
// each million of numbers.
// Invariant: equal numbers of several programs are there once; equal means bit for bit.

import DescentData
import DescentIR
import DescentRuntime
import Foundation

/// What the programs of a trainer are given beside their arrays.
package struct TrainerConstants: Sendable {
  private var arrays: [HostArray] = []
  private var places: [String: [Int]] = [:]

  init(_ programs: [StepProgram]) {
    for program in programs {
      places[program.prefix] = program.givenConstants.map { id in
        guard case .constant(let array) = program.schedule.graph.lowering(of: id) else {
          preconditionFailure("no constant")
        }
        return add(array)
      }
    }
  }

  /// Gives the number of an array.
  private mutating func add(_ array: HostArray) -> Int {
    // Files have at most eight axes; only the order of the numbers matters.
    let array = array.shape.rank <= 8 ? array : array.reshaped([array.count])
    if let known = arrays.firstIndex(where: { $0.hasBits(of: array) }) { return known }
    arrays.append(array)
    return arrays.count - 1
  }

  /// Names in the file, and types.
  package var entries: [(name: String, type: TensorType)] {
    arrays.enumerated().map { ("constant\($0)", $1.type) }
  }

  /// The numbers of a program's constants, in the order in which it takes them.
  func numbers(of program: StepProgram) -> [Int] { places[program.prefix] ?? [] }

  /// A hash of all numbers, as 16 digits.
  var checksum: String {
    var hash = dsc_hash()
    dsc_hash_begin(&hash)
    for array in arrays { array.withBytes { dsc_hash_add(&hash, $0.baseAddress, Int64($0.count)) } }
    var digits = dsc_hash_show(dsc_hash_value(&hash))
    return withUnsafeBytes(of: &digits) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) }
  }

  /// Writes the file.
  package func write(to path: String) throws {
    try SafeTensors(zip(entries, arrays).map { .init($0.name, Tensor($1)) }).write(to: path)
  }
}

extension HostArray {
  /// Whether both are the same type and the same bits.
  fileprivate func hasBits(of other: HostArray) -> Bool {
    type == other.type
      && withBytes { a in other.withBytes { b in a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 } }
  }
}
