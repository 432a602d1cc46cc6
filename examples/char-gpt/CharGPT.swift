// A small GPT that reads nine plays of Shakespeare character by character, and then writes on.

import ArgumentParser
import Descent
import ExampleData

@main struct CharGPT: TrainingProgram {
  static let name = "char-gpt"
  static let abstract = "Shakespeare by characters: 4 layers, 4 heads, width 128, context 64, cross-entropy, AdamW."
  static let defaults = TrainingDefaults(epochs: 4, batch: 12)

  @Option(help: "A text to learn instead.") var text: String?
  @Option(help: "Characters to write at the end.") var write = 400
  @Option(help: "What the writing begins with.") var prompt = "ROMEO.\n"
  @Option(help: "Less is more cautious; 0 takes the likeliest character.") var temperature = 0.8

  func data() throws -> TrainingData { try Characters(of: text).windows(of: 64) }

  func model(_ characters: CharacterTokenizer) -> LanguageModel {
    LanguageModel(vocabulary: characters.count, context: 64, width: 128, layers: 4, heads: 4)
  }

  func trainer() throws -> Trainer<Weights> {
    Trainer(
      model(try Characters(of: text).tokenizer), input: TensorType(.i32, [1, 64]),
      optimizer: AdamW(learningRate: 0.001, weightDecay: 0.1),
      loss: { logits, next in softmaxCrossEntropy(logits, labels: next) })
  }

  /// The curves of training, and what the model writes.
  func finish(_ run: FinishedRun<Weights>) throws {
    try run.draw(run.lossCurves, as: "loss")
    let characters = try Characters(of: text).tokenizer
    let tokens = try Generator(model(characters)).generate(
      run.result.parameters, prompt: try characters.encode(prompt), count: write,
      sampling: Sampling(temperature: temperature))
    try run.show(prompt + characters.decode(tokens), as: "writing")
  }
}
