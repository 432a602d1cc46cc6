// Parameter trees: flattening to paths and rebuilding.

import DescentIR
import DescentOps
import Testing

private struct Layer: ParameterTree, Equatable {
  var weight, bias: Tensor
  var stride = 1
  static func == (a: Layer, b: Layer) -> Bool {
    (try? a.weight.doubles) == (try? b.weight.doubles) && (try? a.bias.doubles) == (try? b.bias.doubles)
      && a.stride == b.stride
  }
}
private enum Kind: String, Codable, Sendable { case wide, deep }
private struct Network: ParameterTree {
  var layers: [Layer]
  var named: [String: Tensor]
  var extra: Tensor?
  var kind: Kind
  var rate: Float
  var flag: Bool
  var sizes: [Int]
}

private func layer(_ x: Double) -> Layer { Layer(weight: Tensor([x, x + 1]), bias: Tensor(x), stride: Int(x)) }
private func network(extra: Tensor?) -> Network {
  Network(
    layers: [layer(1), layer(2)], named: ["b": Tensor(5.0), "a": Tensor(6.0)], extra: extra, kind: .deep, rate: 0.25,
    flag: true, sizes: [3, 4])
}

@Suite struct ParameterTreeTests {
  @Test func pathsAreCodingPaths() throws {
    let flat = try network(extra: Tensor(7.0)).flattened()
    #expect(
      flat.paths == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "named.a", "named.b", "extra",
      ])
    #expect(try flat.leaves[4].scalar == 6)
  }

  @Test(arguments: [true, false])
  func rebuildsWhatItFlattened(_ hasExtra: Bool) throws {
    let tree = network(extra: hasExtra ? Tensor(7.0) : nil)
    let flat = try tree.flattened()
    let again = try FlatTree.rebuild(Network.self, flat.structure, flat.leaves)
    #expect(again.layers == tree.layers)
    #expect(again.kind == .deep && again.rate == 0.25 && again.flag && again.sizes == [3, 4])
    #expect((again.extra == nil) == !hasExtra)
    #expect(try again.flattened().structure == flat.structure)
    #expect(throws: DescentError.self) {
      try FlatTree.rebuild(Network.self, flat.structure, flat.leaves + [Tensor(0.0)])
    }
    #expect(throws: DescentError.self) {
      try FlatTree.rebuild(Network.self, flat.structure, Array(flat.leaves.dropLast()))
    }
  }

  @Test func structureTellsSettingsApart() throws {
    var other = network(extra: nil)
    let structure = try other.flattened().structure
    other.rate = 0.5
    #expect(try other.flattened().structure != structure)
    other.rate = 0.25
    other.layers[0].weight = Tensor([9.0])
    #expect(try other.flattened().structure == structure)
  }

  @Test func commonContainersAreTrees() throws {
    #expect(try Tensor(1.0).flattened().paths == [""])
    #expect(try [Tensor(1.0), Tensor(2.0)].flattened().paths == ["0", "1"])
    #expect(try [String: Tensor]().flattened().leaves.isEmpty)
    #expect(try [Layer]().flattened().leaves.isEmpty)
    let optional: Tensor? = nil
    #expect(try optional.flattened().leaves.isEmpty)
    let nested: [[String: Tensor]] = [["y": Tensor(1.0), "x": Tensor(2.0)], [:]]
    #expect(try nested.flattened().paths == ["0.x", "0.y"])
    let structure = try nested.flattened()
    let rebuilt = try FlatTree.rebuild([[String: Tensor]].self, structure.structure, structure.leaves)
    #expect(rebuilt.count == 2 && rebuilt[1].isEmpty)
    let key = try RandomKey(seed: 1, stream: 2).flattened()
    #expect(key.paths == ["seed", "stream"])
  }

  @Test func mapGoesLeafByLeaf() throws {
    let tree = [layer(1), layer(2)]
    let doubled = map(tree) { $0 * 2 }
    #expect(try doubled[1].weight.doubles == [4, 6])
    #expect(doubled[1].stride == 2)
    #expect(try map(tree, doubled) { $0 + $1 }[0].bias.scalar == 3)
    #expect(try map(tree, doubled, tree) { $0 + $1 - $2 }[0].bias.scalar == 2)
    let failed = map(tree, [layer(1)]) { $0 + $1 }
    let error = #expect(throws: DescentError.self) { try failed[0].weight.value }
    #expect(error?.message.hasPrefix("map over trees of different structure") == true)
  }
}
