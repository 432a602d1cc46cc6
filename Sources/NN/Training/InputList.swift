// The inputs of a training graph while it is traced, with what is known of each; and graphs with fewer of them.

import DescentIR

/// Inputs in the order in which they are added.
struct InputList {
  let trace: Trace
  private let ledger: ConstantLedger?
  private var count = 0
  private var lengths: [Int: Int] = [:]
  private var fixed: Set<Int> = []

  /// Constants that the ledger makes inputs stand behind those that are added here, which is done before anything else is traced.
  init(_ ledger: ConstantLedger?) {
    self.ledger = ledger
    trace = Trace(ledger: ledger)
  }

  /// Adds an input. `length` is that which says how many rows it has; a fixed one stays as it is for the whole run.
  mutating func add(_ label: String, _ type: TensorType, length: Int? = nil, isFixed: Bool = false) -> Tensor {
    if let length { lengths[count] = length }
    if isFixed { fixed.insert(count) }
    count += 1
    return trace.input(label, type)
  }
  /// Adds the tensors of a tree.
  mutating func add<T: ParameterTree>(
    _ tree: T.Type, _ structure: TreeStructure, _ paths: [String], _ types: [TensorType]
  ) throws -> T {
    try FlatTree.rebuild(tree, structure, zip(paths, types).map { add($0, $1) })
  }
  /// Adds the number of rows; gives the number of the input.
  mutating func addCount() -> Int {
    _ = add("rows", TensorType(.i64, []))
    return count - 1
  }
  /// Adds the rows of a data set.
  mutating func addRows(_ inputs: TensorType, _ targets: TensorType, length: Int? = nil) -> (Tensor, Tensor) {
    (add("inputs", inputs, length: length, isFixed: true), add("targets", targets, length: length, isFixed: true))
  }

  /// The graph; its outputs take over the inputs from the given one on, in order.
  func finish(_ outputs: [(label: String, tensor: Tensor)], donatingFrom first: Int) throws -> StateGraph {
    let graph = try trace.finish(outputs)
    return StateGraph(
      graph: graph, donations: graph.outputs.indices.map { first + $0 }, lengths: lengths, fixedInputs: fixed,
      numbers: ledger?.values ?? [])
  }
}

extension StateGraph {
  /// Without an output.
  func removing(output number: Int) throws -> StateGraph {
    var result = self
    result.graph.outputs.remove(at: number)
    result.graph.outputLabels.remove(at: number)
    result.donations.remove(at: number)
    return result
  }

  /// Without an input that nothing uses; those behind it move up.
  func removing(input number: Int) throws -> StateGraph {
    func moved(_ input: Int) -> Int { input > number ? input - 1 : input }
    return StateGraph(
      graph: try graph.removing(input: number), donations: donations.map { $0.map(moved) },
      lengths: Dictionary(uniqueKeysWithValues: lengths.map { (moved($0), moved($1)) }),
      fixedInputs: Set(fixedInputs.map(moved)), numbers: numbers)
  }
}

extension Graph {
  fileprivate func removing(input number: Int) throws -> Graph {
    var result = Graph()
    var places: [NodeID: NodeID] = [:]
    for id in ids where id != inputs[number] {
      var op = self[id].op
      if var input = op as? Input, input.index > number {
        input.index -= 1
        op = input
      }
      places[id] = try result.append(
        op, self[id].operands.map { places[$0]! }, at: self[id].location, adjointOf: self[id].adjointOf)
    }
    result.outputs = outputs.map { places[$0]! }
    result.outputLabels = outputLabels
    return result
  }
}

extension TreeStructure {
  /// Without one of its fields.
  func removing(_ name: String) -> TreeStructure {
    guard case .keyed(let fields) = self else { return self }
    return .keyed(fields.filter { $0.name != name })
  }
}
