// Checkpoints: parameters, optimizer state, position in the data and early stopping, as a safetensors file that is whole or
// absent, by Runtime/include/descent_checkpoint.h. A run that is resumed has the bits of one that was never interrupted: the
// order of an epoch follows from seed and epoch.

import DescentData
import DescentIR
import DescentRuntime
import Foundation

extension TrainingSession {
  /// Writes everything that a resumed run needs; throws, with the file as it was, where a number is not finite.
  package func save(to path: String, _ fingerprint: Fingerprint, _ stopping: dsc_stopping) throws {
    try withCheckpoint(fingerprint, stopping) { checkpoint in
      try callingC(path) { dsc_checkpoint_write(&checkpoint, $0, $1) }
    }
  }

  /// Takes everything from a checkpoint and gives its early stopping; throws where it is of another run, or, with `anyway`, where
  /// its tensors do not fit. `differences` then says what is another.
  package func restore(
    from path: String, _ fingerprint: Fingerprint, anyway: Bool
  ) throws -> (stopping: dsc_stopping, differences: String?) {
    try withCheckpoint(fingerprint, dsc_stopping_begin()) { checkpoint in
      var differences = dsc_run_differences()
      try callingC(path) { dsc_checkpoint_read(&checkpoint, $0, anyway ? 1 : 0, &differences, $1) }
      let sums = checkpoint.sums
      setPosition(Int(checkpoint.step), lossSum: sums.0, metricSum: sums.1, steps: Int(sums.2))
      let text = string(differences.text)
      return (checkpoint.stopping, text.isEmpty ? nil : text)
    }
  }

  /// Throws where a parameter is not finite.
  package func checkParameters() throws {
    try withTensors { parameters, _ in
      try callingC("parameters") {
        dsc_check_finite(parameters.baseAddress, Int64(parameters.count), 1, Int64(step), nil, $1)
      }
    }
  }

  /// The run as C's checkpoint sees it: its own memory, described.
  private func withCheckpoint<R>(
    _ fingerprint: Fingerprint, _ stopping: dsc_stopping, _ body: (inout dsc_checkpoint) throws -> R
  ) throws -> R {
    try withTensors { parameters, state in
      try fingerprint.withDescription { version, run in
        let best: [UnsafeMutableRawPointer?] = try bestArrays().map(\.address)
        return try best.withUnsafeBufferPointer { best in
          let sums = self.sums
          var checkpoint = dsc_checkpoint(
            version: version, run: run, parameters: parameters.baseAddress, state: state.baseAddress,
            parameter_count: Int64(parameters.count), state_count: Int64(state.count),
            best: fingerprint.stopping.keeps_best != 0 ? best.baseAddress : nil, step: Int64(step),
            sums: (sums.loss, sums.metric, Double(sums.steps)), stopping: stopping)
          return try body(&checkpoint)
        }
      }
    }
  }

  /// Parameters and state as C sees them.
  private func withTensors<R>(
    _ body: (UnsafeBufferPointer<dsc_checkpoint_tensor>, UnsafeBufferPointer<dsc_checkpoint_tensor>) throws -> R
  ) throws -> R {
    try withCStrings(graphs.parameterPaths + graphs.statePaths) { names in
      let arrays = parameterArrays + stateArrays
      let tensors = try zip(names, arrays).map { name, array in
        var tensor = dsc_checkpoint_tensor(name: name, array: dsc_array())
        let sizes = array.type.shape.dimensions.map { Int64($0) }
        try callingC("checkpoint") {
          dsc_array_describe(&tensor.array, array.type.dtype.rawValue, Int32(clamping: sizes.count), sizes, name, $1)
        }
        tensor.array.data = array.address
        return tensor
      }
      return try tensors.withUnsafeBufferPointer { all in
        try body(
          UnsafeBufferPointer(rebasing: all[..<parameterArrays.count]),
          UnsafeBufferPointer(rebasing: all[parameterArrays.count...]))
      }
    }
  }
}

extension Fingerprint {
  /// The same as C sees it, with the version of Descent.
  fileprivate func withDescription<R>(
    _ body: (_ version: UnsafePointer<CChar>, UnsafePointer<dsc_run>) throws -> R
  ) throws -> R {
    try withCStrings([program, optimizer, learningRate, engine.rawValue, data, validation, version]) { text in
      var run = dsc_run(
        program: text[0], optimizer: text[1], learning_rate: text[2], engine: text[3], data: text[4],
        validation: text[5],
        seed: Int64(seed), batch: Int64(batch), steps_per_epoch: Int64(stepsPerEpoch), shuffled: isShuffled ? 1 : 0,
        stopping: stopping)
      return try withUnsafePointer(to: &run) { try body(text[6], $0) }
    }
  }
}

/// Texts as C has them, while `body` runs.
private func withCStrings<R>(_ texts: [String], _ body: ([UnsafePointer<CChar>]) throws -> R) throws -> R {
  for text in texts where text.utf8.contains(0) {
    throw DescentError(.file, "\(text.debugDescription) cannot be in a checkpoint, as it holds a zero byte")
  }
  let copies = texts.map { strdup($0)! }
  defer { for copy in copies { free(copy) } }
  return try body(copies.map { UnsafePointer($0) })
}
