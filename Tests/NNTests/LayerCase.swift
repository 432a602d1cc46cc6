// One configuration of Fixtures/layers.json or Fixtures/windows.json, and the graph that computes what it states.

import DescentIR
import DescentNN
import DescentOps
import DescentTransforms
import Foundation
import Testing

/// All numbers of Fixtures/layers.json and Fixtures/windows.json.
struct LayerFixture: Sendable {
  struct Training: Decodable, Sendable {
    var start, parameters: [FixtureTensor]
    var inputs, targets, inference: FixtureTensor
    var losses: [Double]
    var means, variances: [[Double]]
  }
  var batchNormTraining: Training
  var cases: [LayerCase]

  private struct File: Decodable {
    var batchNormTraining: Training?
    var cases: [LayerCase]
  }
  static func read() throws -> LayerFixture {
    let files = try ["layers", "windows"].map { name in
      let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name).json")
      return try JSONDecoder().decode(File.self, from: try Data(contentsOf: url))
    }
    return LayerFixture(batchNormTraining: files[0].batchNormTraining!, cases: files.flatMap(\.cases))
  }

  /// A tree from paths; `tensor` says what stands for each.
  static func weights<T>(_ tensors: [String: T], _ tensor: (String, T) -> Tensor) throws -> Weights {
    func set(_ tree: inout Weights, _ names: ArraySlice<Substring>, _ leaf: Tensor) {
      let name = String(names.first!)
      guard names.count > 1 else { return tree[name] = leaf }
      var subtree: Weights = tree[name]
      set(&subtree, names.dropFirst(), leaf)
      tree[name] = subtree
    }
    return tensors.sorted { $0.key < $1.key }.reduce(into: Weights()) { tree, entry in
      set(&tree, entry.key.split(separator: ".")[...], tensor(entry.key, entry.value))
    }
  }
  static func weights(_ tensors: [String: FixtureTensor]) throws -> Weights {
    try weights(tensors) { Tensor($1.array) }
  }
}

/// A tensor in JSON; null stands for NaN.
struct FixtureTensor: Decodable, Sendable {
  var array: HostArray
  var type: TensorType { array.type }

  private enum Key: CodingKey { case type, shape, values }
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let values = try container.decode([Double?].self, forKey: .values).map { $0 ?? .nan }
    let name = try container.decode(String.self, forKey: .type)
    let shape = Shape(try container.decode([Int].self, forKey: .shape))
    guard let dtype = DType(name: name), values.count == shape.count else {
      throw DescentError(.usage, "\(values.count) numbers for \(name)\(shape)")
    }
    array = HostArray(TensorType(dtype, shape)) { values[$0] }
  }
  /// With real numbers in another floating type.
  func array(in dtype: DType) -> HostArray {
    guard type.dtype.isFloating, dtype != type.dtype else { return array }
    let values = array.doubles
    return HostArray(TensorType(dtype, type.shape)) { values[$0] }
  }
}

/// Numbers, truth values and lists of whole numbers by name, with what holds where there is none.
struct FixtureOptions: Decodable, Sendable {
  private var values: [String: [Double]]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    struct Value: Decodable {
      var numbers: [Double]
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let isTrue = try? container.decode(Bool.self) {
          numbers = [isTrue ? 1 : 0]
        } else {
          numbers = try (try? container.decode([Double].self)) ?? [container.decode(Double.self)]
        }
      }
    }
    values = try container.decode([String: Value].self).mapValues(\.numbers)
  }
  subscript(name: String, other: Double) -> Double { values[name]?[0] ?? other }
  subscript(name: String, other: Int) -> Int { self[name] ?? other }
  subscript(name: String, other: Bool) -> Bool { values[name].map { $0[0] != 0 } ?? other }
  subscript(name: String) -> Int? { values[name].map { Int($0[0]) } }
  subscript(list name: String) -> [Int]? { values[name]?.map { Int($0) } }
}

/// A layer, or a function of tensors.
enum Subject {
  case layer(any Layer)
  case function(([Tensor]) -> Tensor)
}

struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
  var name, subject: String
  var options: FixtureOptions
  var isTraining: Bool
  var inputs: [FixtureTensor]
  var parameters, state: [String: FixtureTensor]
  var output, cotangent: FixtureTensor
  /// Null for an input without gradient.
  var inputGradients: [FixtureTensor?]
  var parameterGradients, newState: [String: FixtureTensor]

  var testDescription: String { name }

  /// The results of `graph`, with labels.
  var expected: [(label: String, tensor: FixtureTensor)] {
    [("output", output)] + sorted(newState).map { ("state \($0)", $1) }
      + inputGradients.enumerated().compactMap { i, g in g.map { ("gradient of input \(i)", $0) } }
      + sorted(parameterGradients).map { ("gradient of \($0)", $1) }
  }
  private func sorted(_ tensors: [String: FixtureTensor]) -> [(String, FixtureTensor)] {
    tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The subject with new state and gradients, as `expected` lists them, from inputs, parameters, state and cotangent.
  func graph(_ dtype: DType = .f64) throws -> (graph: Graph, inputs: [HostArray]) {
    let trace = Trace()
    var values: [HostArray] = []
    func input(_ label: String, _ tensor: FixtureTensor) -> Tensor {
      values.append(tensor.array(in: dtype))
      return trace.input(label, values.last!.type)
    }
    let graph = try trace.record {
      let x = inputs.enumerated().map { input("input\($0.offset)", $0.element) }
      let w = try LayerFixture.weights(parameters, input)
      let running = RunningState(try LayerFixture.weights(state) { input("state.\($0)", $1) })
      let y: Tensor
      switch try makeSubject() {
      case .function(let f): y = f(x)
      case .layer(let layer):
        y = layer(w, x[0], Context(isTraining: isTraining, key: RandomKey(seed: 1), state: running))
      }
      let variables = zip(x, inputGradients).filter { $1 != nil }.map(\.0) + (try w.flattened().leaves)
      let total = sum(y * input("cotangent", cotangent))
      let gradients = try trace.gradients(of: total, withRespectTo: variables)
      let state = try newState.isEmpty ? [] : running.current.flattened().leaves
      return try trace.finish(zip(expected.map(\.label), [y] + state + gradients).map { ($0, $1) })
    }
    return (graph, values)
  }
}

/// The largest |a - b| / max(|b|, 1e-3) of two lists of numbers; NaN is as good as NaN.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { greatest, pair in
    let (x, y) = pair
    if x == y || (x.isNaN && y.isNaN) { return greatest }
    let difference = abs(x - y) / max(abs(y), 1e-3)
    return difference.isNaN ? .infinity : max(greatest, difference)
  }
}
