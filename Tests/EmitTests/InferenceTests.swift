// C for inference: the predictions of the process that emitted it, and nothing of the system's in the object file.

import DescentCCode
import DescentData
import DescentDriver
import DescentIR
import DescentNN
import DescentOps
import Foundation
import Testing

@Suite(.serialized) struct InferenceTests {
  /// Dense layers; and windows, running statistics, a loop and attention.
  static let trainers = [
    Sample.classifier(),
    Trainer(
      Sequential {
        Lambda { reshape($0, [$0.shape[0], 5, 1]) }
        Convolution(8, kernel: [3], padding: .same, activation: .relu)
        BatchNorm()
        MaxPool([2], strides: [1])
        MultiHeadAttention(2)
        Dropout(0.5)
        GRU(6, isLastOnly: true)
        Dense(3)
      }, input: TensorType(.f32, [1, 5]), optimizer: Adam(learningRate: 0.01), metric: .accuracy,
      loss: { softmaxCrossEntropy($0, labels: $1) }),
  ]
  @Test(arguments: [(1, 0), (7, 0), (1, 1), (4, 1)]) func predictionsAreThoseInProcess(_ rows: Int, _ which: Int) throws
  {
    let folder = try Folder()
    let (data, _) = try Sample.points()
    let trainer = Self.trainers[which]
    let result = try trainer.fit(data, options: TrainingOptions(epochs: 2, batch: 50))
    let model = Model(result.parameters, running: result.running)
    try trainer.emitInference(
      parameters: model.parameters, running: model.running, inputs: TensorType(.f32, [rows, 5]), to: folder.path,
      prefix: "net")
    #expect(folder.names == ["Makefile", "README.md", "example.c", "net.c", "net.h"])

    // In process, compiled, as many rows at a time.
    let graphs = try trainer.graphs(inputs: data.inputs.type, targets: data.targets.type, validation: nil, batch: nil)
    let program = try prepare(
      try trainer.predictionGraph(graphs, inputs: TensorType(.f32, [rows, 5])), prefix: "predict")
    let executable = try load([program])[0]
    let arrays = try program.externals.map { try MemoryArray($0.type) }
    for (array, leaf) in zip(arrays, try model.flattened().leaves) { array.load(try leaf.value) }
    let values = try data.inputs.doubles
    let count = 140 / rows
    var expected: [Double] = []
    for i in 0..<count {
      let part = values[i * rows * 5..<(i + 1) * rows * 5].map { Float($0) }
      arrays[arrays.count - 2].load(HostArray([rows, 5], part))
      executable.run(arrays)
      expected += arrays[arrays.count - 1].read().doubles
    }
    let input = values[..<(count * rows * 5)].map { "\(Float($0))" }.joined(separator: " ")

    for build in which == 0 ? Build.all : Build.two {
      try build.program(["example.c", "net.c"], "example", in: folder.path)
      try build.checkCxx("net.c", in: folder.path)
      try build.checkCxx("example.c", in: folder.path)
      let outcome = try execute(folder.path + "/example", [], in: folder.path, input: input)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map { Double($0)! } }
      #expect(
        lines.allSatisfy { $0.count == 3 } && lines.flatMap { $0 }.map { Float($0) } == expected.map { Float($0) },
        "\(build)")
      try checkSymbols(build, folder)
    }
  }

  /// Every symbol that the object file needs is of memory or of arithmetic.
  private func checkSymbols(_ build: Build, _ folder: Folder) throws {
    let flags = ["-std=c11"] + Build.warnings + Build.flags + (build.openMP ? ["-fopenmp"] : [])
    for own in ["1", "0"] {
      let outcome = try execute(
        build.compiler, flags + ["-Dnet_own_arena=\(own)", "-c", "net.c", "-o", "net.o"], in: folder.path)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let needed = try execute("nm", ["-u", "net.o"], in: folder.path).output.split { $0 == " " || $0 == "\n" }.filter {
        $0 != "U"
      }
      #expect(Set(needed).isSubset(of: ["memcpy", "memset", "memmove", "fma", "fmaf", "sqrtf", "floorf"]), "\(needed)")
      let all = try execute("nm", ["--defined-only", "-g", "net.o"], in: folder.path).output
      let names = all.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }.sorted()
      #expect(
        names
          == (own == "1"
            ? ["net_arena_bytes", "net_message", "net_predict", "net_predict_in"]
            : ["net_arena_bytes", "net_message", "net_predict_in"]))
    }
  }

  /// A network for devices, its input, and the bytes that it may ask for.
  struct Device: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var network: Sequential
    var input: TensorType
    var bytes: Int
  }
  static let devices = [
    Device(
      testDescription: "784-256-128-10",
      network: Sequential {
        Dense(256, activation: .relu)
        Dense(128, activation: .relu)
        Dense(10)
      }, input: TensorType(.f32, [1, 784]), bytes: 4_000),
    Device(
      testDescription: "fashion-cnn",
      network: Sequential {
        Convolution(32, kernel: [3, 3], padding: .same, bias: false)
        BatchNorm()
        ReLU()
        MaxPool([2, 2])
        Convolution(64, kernel: [3, 3], padding: .same, bias: false)
        BatchNorm()
        ReLU()
        MaxPool([2, 2])
        Flatten()
        Dense(128, activation: .relu)
        Dense(10)
      }, input: TensorType(.f32, [1, 28, 28, 1]), bytes: 250_000),
    Device(
      testDescription: "LSTM 64 over 32 steps",
      network: Sequential {
        LSTM(64)
      }, input: TensorType(.f32, [1, 32, 64]), bytes: 20_000),
    Device(
      testDescription: "transformer block of 128, 64 tokens",
      network: Sequential {
        TransformerBlock(4, causal: true)
      }, input: TensorType(.f32, [1, 64, 128]), bytes: 300_000),
  ]
  /// The memory between input and output is what the layers need.
  @Test(arguments: devices) func memoryIsSmall(_ device: Device) throws {
    let folder = try Folder()
    let trainer = Trainer(
      device.network, input: device.input, optimizer: SGD(learningRate: 1), loss: { mean(square($0 - $1)) })
    let weights = try device.network.initialize(input: device.input, seed: 0)
    try trainer.emitInference(
      parameters: weights, running: try trainer.initialState(), inputs: device.input, to: folder.path, prefix: "net")
    let main = """
      #include "net.h"
      #include <stdio.h>
      int main(void) { return printf("%zu\\n", net_arena_bytes()) < 0; }
      """
    try Data(main.utf8).write(to: URL(fileURLWithPath: folder.path + "/bytes.c"))
    try Build.all[0].program(["bytes.c", "net.c"], "bytes", in: folder.path)
    let outcome = try execute(folder.path + "/bytes", [], in: folder.path)
    let bytes = try #require(Int(outcome.output.dropLast()))
    #expect(bytes <= device.bytes)
  }

  @Test func wrongNumbersAreTold() throws {
    let folder = try Folder()
    let model = Sequential { Dense(1) }
    let trainer = Trainer(
      model, input: TensorType(.f32, [1, 3]), optimizer: SGD(learningRate: 1), prepare: { convert($0, to: .f32) / 255 },
      loss: { mean(square($0 - $1)) })
    let weights = try model.initialize(input: TensorType(.f32, [1, 3]), seed: 0)
    try trainer.emitInference(parameters: weights, inputs: TensorType(.u8, [1, 3]), to: folder.path, prefix: "net")
    for arguments in [["CC=gcc"], ["CC=clang"]] where find(String(arguments[0].dropFirst(3))) != nil {
      let built = try execute("make", ["-B"] + arguments, in: folder.path)
      #expect(built.status == 0 && built.errors.isEmpty, "\(built.errors)")
      #expect(try execute(folder.path + "/example", ["1", "2", "255"], in: folder.path).status == 0)
      for wrong in [["1", "2"], ["1", "2", "256"], ["1", "2", "x"], ["1", "2", "0.5"]] {
        let outcome = try execute(folder.path + "/example", wrong, in: folder.path)
        #expect(outcome.status == 64 && outcome.errorLines == 1)
        let read = try execute(folder.path + "/example", [], in: folder.path, input: wrong.joined(separator: "\n"))
        #expect(read.status == 1 && read.errorLines == 1)
      }
      #expect(try execute(folder.path + "/example", [], in: folder.path).status == 1)
    }
  }
}

/// Emitted programs under the sanitizers of addresses and of undefined behaviour.
@Suite(.serialized, .enabled(if: find("gcc") != nil, "gcc is missing: install gcc")) struct SanitizerTests {
  private let build = Build(compiler: "gcc", openMP: false)
  private let flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

  @Test func trainers() throws {
    let (data, validation) = try Sample.points()
    let batches = try Folder(), whole = try Folder()
    try Sample.classifier().emitTrainer(
      data: data, validation: validation, options: TrainingOptions(epochs: 2, batch: 33), to: batches.path)
    try Sample.regression().emitTrainer(
      data: try Sample.curve(), validation: nil, options: TrainingOptions(epochs: 9), to: whole.path)
    for folder in [batches, whole] {
      try build.program(["trainer.c"], "trainer", in: folder.path, extra: flags)
      for arguments in [["--checkpoint", "c", "--every", "3"], ["--resume", "c", "--epochs", "20"], ["--help"]] {
        let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      }
      for arguments in [["--resume", "trainer.c"], ["--inputs", "Makefile"], ["--targets", "trainer"]] {
        let outcome = try execute(folder.path + "/trainer", arguments, in: folder.path)
        #expect(outcome.status == 1 && outcome.errorLines == 1, "\(outcome.errors)")
      }
    }
  }

  @Test func inference() throws {
    let folder = try Folder()
    let trainer = Sample.classifier()
    let (data, _) = try Sample.points()
    let weights = try trainer.fit(data, options: TrainingOptions(epochs: 1, batch: 50)).parameters
    try trainer.emitInference(parameters: weights, inputs: TensorType(.f32, [2, 5]), to: folder.path, prefix: "net")
    try build.program(["example.c", "net.c"], "example", in: folder.path, extra: flags)
    let outcome = try execute(folder.path + "/example", (0..<20).map { "\($0)" }, in: folder.path)
    #expect(
      outcome.status == 0 && outcome.errors.isEmpty && outcome.output.split(separator: "\n").count == 4, "\(outcome)")
  }
}
