// Checkpoints: parameters, optimizer state and position in the data, as a safetensors file that is whole or absent.
// A run that is resumed has the bits of one that was never interrupted: the order of an epoch follows from seed and epoch.

import DescentData
import DescentIR

extension TrainingSession {
  /// Writes everything that a resumed run needs.
  package func save(to path: String, seed: Int) throws {
    var tensors: [(name: String, tensor: Tensor)] = []
    tensors += zip(graphs.parameterPaths, parameterValues).map { ($0, Tensor($1)) }
    tensors += zip(graphs.statePaths, stateValues).map { ($0, Tensor($1)) }
    let sums = self.sums
    tensors.append(("training.step", Tensor(Int64(step))))
    tensors.append(("training.sums", Tensor([sums.loss, sums.metric])))
    try SafeTensors(
      tensors.map { .init($0.name, $0.tensor) },
      metadata: ["format": "descent-checkpoint-1", "seed": "\(seed)", "batch": "\(graphs.batch)"]
    ).write(to: path)
  }

  /// Takes everything from a checkpoint; throws where it is of another network, seed or batch.
  package func restore(from path: String, seed: Int) throws {
    let file = try SafeTensors.read(path)
    func fail(_ message: String) -> DescentError { DescentError(.file, "\(path): \(message)") }
    let notes = file.metadata
    guard notes["format"] == "descent-checkpoint-1" else { throw fail("is no checkpoint of a training run") }
    guard notes["seed"] == "\(seed)", notes["batch"] == "\(graphs.batch)" else {
      throw fail("was made with seed \(notes["seed"] ?? "?") and batches of \(notes["batch"] ?? "?") rows, "
        + "not with seed \(seed) and \(graphs.batch)")
    }
    func tensor(_ name: String, _ type: TensorType) throws -> HostArray {
      guard let found = file[name] else { throw fail("has no tensor '\(name)'") }
      guard found.type == type else { throw fail("'\(name)' is \(found.type), expected \(type)") }
      guard !file.converted.contains(name) else { throw fail("'\(name)' is stored in another type than that of the run") }
      return try found.value
    }
    let parameters = try zip(graphs.parameterPaths, graphs.parameterTypes).map { try tensor($0, $1) }
    let state = try zip(graphs.statePaths, graphs.stateTypes).map { try tensor($0, $1) }
    let step = try tensor("training.step", TensorType(.i64, [])).ints[0]
    let sums = try tensor("training.sums", TensorType(.f64, [2])).doubles
    guard step >= 0 else { throw fail("'training.step' is \(step)") }
    parameterValues = parameters
    stateValues = state
    // At the end of an epoch the sums have been reported already.
    let isWithin = step % graphs.stepsPerEpoch != 0
    setStep(step, lossSum: isWithin ? sums[0] : 0, metricSum: isWithin ? sums[1] : 0)
  }
}

extension Trainer {
  /// The model in a checkpoint, or in a safetensors file that names parameters by their paths, for data of the given types.
  package func model(from path: String, inputs: TensorType, targets: TensorType) throws -> Model<P> {
    let graphs = try graphs(inputs: inputs, targets: targets, validation: nil, batch: 1)
    let file = try SafeTensors.read(path)
    let leaves = try zip(graphs.parameterPaths, graphs.parameterTypes).map { name, type in
      guard let tensor = file[name] ?? file[String(name.drop { $0 != "." }.dropFirst())] else {
        throw DescentError(.file, "\(path): has no tensor '\(name)'")
      }
      guard tensor.type == type else { throw DescentError(.file, "\(path): '\(name)' is \(tensor.type), expected \(type)") }
      return tensor
    }
    return try FlatTree.rebuild(Model<P>.self, graphs.structure, leaves)
  }
}
