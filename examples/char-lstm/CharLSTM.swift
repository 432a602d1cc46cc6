// A recurrent network that reads nine plays of Shakespeare character by character, and then writes on, its state carried from
// one character to the next.

import ArgumentParser
import Descent
import ExampleData

@main struct CharLSTM: TrainingProgram {
  static let name = "char-lstm"
  static let abstract = "Shakespeare by characters: embedding of 128, LSTM of 256, context 64, cross-entropy, Adam."
  static let defaults = TrainingDefaults(epochs: 8, batch: 32)

  @Option(help: "A text to learn instead.") var text: String?
  @Option(help: "Characters to write at the end.") var write = 400
  @Option(help: "What the writing begins with.") var prompt = "ROMEO.\n"
  @Option(help: "Less is more cautious.") var temperature = 0.8

  func data() throws -> TrainingData { try Characters(of: text).windows(of: 64) }

  func trainer() throws -> Trainer<Weights> {
    let characters = try Characters(of: text).tokenizer.count
    let network = Sequential {
      Embedding(characters, 128)
      LSTM(256)
      Dense(characters)
    }
    return Trainer(
      network, input: TensorType(.i32, [1, 64]), optimizer: Adam(learningRate: 0.002),
      loss: { logits, next in softmaxCrossEntropy(logits, labels: next) })
  }

  /// The curves of training, and what the network writes.
  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    let characters = try Characters(of: text).tokenizer
    let tokens = Tensor(try characters.encode(prompt).map { Int32($0) }, shape: [prompt.count, 1])
    let write = compile(writer(characters: characters.count, count: write, temperature: max(temperature, 0.01)))
    try run.show(prompt + characters.decode(try write(run.result.parameters, tokens).integers), as: "writing")
  }

  /// The function from weights and a prompt [t, 1] to the characters after it [count, 1]: a loop that reads, and one that writes.
  func writer(characters: Int, count: Int, temperature: Double) -> @Sendable (Weights, Tensor) -> Tensor {
    let (embedding, cell, readout) = (Embedding(characters, 128), LSTM(256), Dense(characters))
    /// One character: the carry is the cell's state and output, and the logits of the next character.
    @Sendable func read(_ w: Weights, _ carry: [Tensor], _ character: Tensor) -> [Tensor] {
      let lstm: Weights = w[1]
      let product = matmul(embedding(w[0], character), lstm.input) + lstm.bias
      let state = cell.step(lstm, product, Array(carry[..<2]))
      return state + [readout(w[2], state[0])]
    }
    return { w, prompt in
      let start = [zeros([1, 256]), zeros([1, 256]), zeros([1, characters])]
      let (carry, _) = scan(start, over: prompt) { carry, character in (read(w, carry, character), [Tensor]()) }
      let (_, written) = scan(carry, count: count) { (carry: [Tensor], index: Tensor) in
        // The greatest of logits with Gumbel's noise is a draw from their softmax.
        let noise = -log(-log(uniform([1, characters], key: RandomKey(seed: 0).fold(index))))
        let next = argmax(carry[2] / temperature + noise)
        return (read(w, carry, next), next)
      }
      return written
    }
  }
}
