import DescentData
import DescentIR
import DescentNN

extension Trainer {
  func emitTrainer(data: Dataset, validation: Dataset?, options: TrainingOptions, to directory: String, prefix: String) throws {
    throw DescentError(.usage, "emit trainer is not there yet")
  }
  func emitInference(parameters: P, inputs: TensorType, to directory: String, prefix: String) throws {
    throw DescentError(.usage, "emit inference is not there yet")
  }
}
