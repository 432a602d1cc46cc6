// The program of README.md under "A program of your own", word for word; there it is the main one.

import Descent

struct Wages: TrainingProgram {
  static let name = "wages"
  static let abstract = "Log wages from schooling, experience and tenure."
  static let defaults = TrainingDefaults(epochs: 50, batch: 64)

  func data() throws -> TrainingData {
    let (training, heldOut) = try Dataset.csv("wages.csv", target: "wage").split(0.2, seed: 1)
    return (training, heldOut)
  }

  func trainer() throws -> Trainer<Weights> {
    let network = Sequential {
      Dense(32, activation: .tanh)
      Dense(32, activation: .tanh)
      Dense(1)
    }
    return Trainer(
      network, input: TensorType(.f32, [1, 3]), optimizer: Adam(learningRate: 0.005),
      loss: { prediction, wage in meanSquaredError(reshape(prediction, [wage.shape[0]]), wage) })
  }
}
