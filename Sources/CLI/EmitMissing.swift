import DescentData
import DescentIR
import DescentNN

extension Trainer {
  func emitInference(parameters: P, inputs: TensorType, to directory: String, prefix: String) throws {
    throw DescentError(.usage, "emit inference is not there yet")
  }
}
