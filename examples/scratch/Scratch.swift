import DescentIR
import DescentOps
import DescentTransforms
import DescentDriver
import DescentNN
import DescentData
import Foundation

@main struct M { static func main() throws {
  let d = "/usr/share/datasets/fashion-mnist/"
  let train = try Dataset.idx(inputs: d + "train-images-idx3-ubyte.gz", targets: d + "train-labels-idx1-ubyte.gz", classes: 10)
  let test = try Dataset.idx(inputs: d + "t10k-images-idx3-ubyte.gz", targets: d + "t10k-labels-idx1-ubyte.gz", classes: 10)
  let model = Sequential { Flatten(); Dense(256, activation: .relu); Dense(128, activation: .relu); Dense(10) }
  let trainer = Trainer(model, input: TensorType(.f32, [1, 28, 28]), optimizer: Adam(), metric: .accuracy,
    prepare: { convert($0, to: .f32) / 255 }, loss: { softmaxCrossEntropy($0, labels: $1) })
  let t0 = Date()
  let s = try TrainingSession(trainer, train, validation: test, batch: 128, seed: 1, threads: 2, engine: .compiled)
  print("built", Date().timeIntervalSince(t0))
  for e in 0..<10 {
    let t = Date()
    try s.run(steps: s.graphs.stepsPerEpoch)
    let dt = Date().timeIntervalSince(t)
    let sums = s.takeSums()
    let n = Double(s.graphs.stepsPerEpoch)
    let v = try s.evaluate()!
    print(e, dt / n * 1e6, "us/step", sums.loss / n, sums.metric / n, v.loss, v.metric)
  }
} }
