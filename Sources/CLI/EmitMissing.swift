// Stands in until inference code can be emitted; `Trainer.emitInference` of DescentNN takes its place, and this file goes.

import DescentData
import DescentIR
import DescentNN

extension Trainer {
  func emitInference(parameters: P, inputs: TensorType, to directory: String, prefix: String) throws {
    throw DescentError(.usage, "emit inference is not there yet")
  }
}
