// Numbers that stand in a tree beside its tensors, as arguments of a program: the function is traced again with other numbers, and
// what changes are constants, which are then inputs. A number decides the program only where it decides operations.
// Invariant: an earlier build serves only where a trace with the numbers at hand is its graph, node for node.

import DescentIR

/// A trace, with the constants that came up.
package struct LedgerTrace<Traced> {
  package var traced: Traced
  package var constants: [HostArray]
  /// The values of the arguments, in the order of their inputs.
  package var values: [HostArray]
  package var conflicts: Bool

  /// Calls `trace` with a ledger in which these constants are arguments.
  package init(_ arguments: ConstantArguments, _ trace: (ConstantLedger) throws -> Traced) rethrows {
    let ledger = ConstantLedger(arguments)
    traced = try trace(ledger)
    (constants, values, conflicts) = (ledger.constants, ledger.values, ledger.conflicts)
  }
}

extension ConstantArguments {
  /// The constants that are not the same in all of several traces of one function; those that are equal to one another in every
  /// trace are one argument. The traces have as many constants, of the same types.
  package init(differing traces: [[HostArray]]) {
    self.init()
    guard let first = traces.first else { return }
    var representatives: [Int] = []
    for place in first.indices where traces.contains(where: { !$0[place].isIdentical(to: first[place]) }) {
      let same = representatives.firstIndex { other in
        traces.allSatisfy { $0[other].isIdentical(to: $0[place]) }
      }
      if same == nil { representatives.append(place) }
      numbers[place] = same ?? representatives.count - 1
    }
  }
}

extension TreeStructure {
  /// The structure without the values of its settings: what trees have in common that may share a program.
  package var form: TreeStructure { mapSettings { _, _ in .bool(false) } }

  /// Whether a real number stands beside the tensors.
  package var hasNumbers: Bool { settings.contains { if case .real = $0.value { true } else { false } } }

  /// The structure with every real number another one close by, but not so close that f32 would not tell them apart. Those inside
  /// a range stay inside: the new number is nearer to zero, or, of zero, a small positive one.
  package var nearby: TreeStructure {
    mapSettings { _, value in
      guard case .real(let bits) = value, case let number = Double(bitPattern: bits), number.isFinite else {
        return value
      }
      return .real((number == 0 ? 0x1p-20 : number * (1 - 0x1p-20)).bitPattern)
    }
  }
}
