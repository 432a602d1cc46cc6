// The kernels whose addresses depend on data, and those that draw random numbers.

import DescentIR
import DescentPasses

extension ProgramContext {
  /// The index of the first greatest element; a NaN is greater than all.
  func argmax(_ kernel: Kernel, _ axis: Int) -> KernelCode {
    let anchor = kernel.anchor!
    let operand = graph[anchor].operands[0]
    let shape = graph[operand].type.shape
    let outputs = LoopVariable.over(kernel.domain.dimensions)
    let variables = outputs + [LoopVariable(name: "r", extent: shape[axis])]
    let outputIndex = outputs.indices.map { Affine(variable: $0) }
    var body = Body(self, Parameters(), variables)
    var index = outputIndex
    index.insert(Affine(variable: outputs.count), at: axis)
    let value = body.value(operand, index)
    let dtype = graph[operand].type.dtype
    let greater = dtype.isFloating ? "\(value) > best || (\(value) != \(value) && best == best)" : "\(value) > best"
    var end = Body(self, body.parameters, variables)
    end.store(anchor, outputIndex, "arg")
    let lines = ["{", "  \(dtype.cName) best = 0;", "  int32_t arg = -1;", "  for (int64_t r = 0; r < \(shape[axis]); r++) {"]
      + body.lines.map { $0.indented(2) }
      + ["    if (arg < 0 || \(greater)) {", "      best = \(value);", "      arg = (int32_t)r;", "    }", "  }"]
      + end.lines.map { $0.indented(1) } + ["}"]
    let shared = sharedLoop(outputs.indices, outputs)
    return KernelCode(
      parameters: end.parameters, body: withoutShares(shared) + nest(opened(outputs.indices, outputs, shared: shared), outputs, lines),
      units: cLiteral(shared.map { outputs[$0].extent } ?? 1), work: shape.count * 2, nodes: [anchor])
  }

  /// Base and additions for each place of the result in the order of the indices: whoever owns a place does all its additions.
  func scatterAdd(_ kernel: Kernel, _ axis: Int) -> KernelCode {
    let anchor = kernel.anchor!
    let node = graph[anchor]
    let (base, indices, updates) = (node.operands[0], node.operands[1], node.operands[2])
    let shape = node.type.shape
    let indexShape = graph[indices].type.shape
    // Loops: the axes before, the axis itself, the axes after, and those of the indices.
    var variables = LoopVariable.over(shape.dimensions)
    let first = variables.count
    variables += indexShape.dimensions.enumerated().map { LoopVariable(name: "u\($0.offset)", extent: $0.element) }
    let place = shape.dimensions.indices.map { Affine(variable: $0) }
    let number = indexShape.dimensions.indices.map { Affine(variable: first + $0) }
    let others = shape.dimensions.indices.filter { $0 != axis }
    // The widest other axis is shared out; where all are narrow, the axis of the additions itself.
    let widest = others.max { shape[$0] < shape[$1] }
    let shared = widest.map { shape[$0] >= 32 || shape[$0] >= shape[axis] } == true ? widest! : axis
    var copy = Body(self, Parameters(), variables)
    copy.store(anchor, place, copy.value(base, place))
    var pick = Body(self, copy.parameters, variables)
    let picked = pick.value(indices, number)
    var add = Body(self, pick.parameters, variables, names: pick.counter)
    let update = add.value(updates, Array(place[..<axis]) + number + Array(place[(axis + 1)...]))
    let dtype = node.type.dtype
    let array = add.parameters.name(buffer(anchor), dtype, node: anchor, writing: true)
    let position = add.c(.linear(place, shape))
    let sum = dtype.isFloating ? "\(array)[\(position)] + \(update)" : "(\(dtype.cName))(\(array)[\(position)] + \(update))"
    let axisName = variables[axis].name
    let (from, to) = shared == axis ? ("lo", "hi") : ("0", cLiteral(shape[axis]))
    let inner = pick.lines
      + ["const int64_t \(axisName) = (int64_t)\(picked);", "if (\(axisName) >= \(from) && \(axisName) < \(to)) {", "  DSC_BRANCH;"]
      + nest(opened(others, variables, shared: shared), variables, add.lines + ["\(array)[\(position)] = \(sum);"]).map { $0.indented(1) } + ["}"]
    let lines = nest(opened(shape.dimensions.indices, variables, shared: shared), variables, copy.lines)
      + nest(opened(first..<variables.count, variables), variables, ["{"] + inner.map { $0.indented(1) } + ["}"])
    let isShared = shape.rank > 0
    return KernelCode(
      parameters: add.parameters, body: (isShared ? [] : ["(void)lo;", "(void)hi;"]) + lines,
      units: cLiteral(isShared ? shape[shared] : 1), grain: shared == shape.rank - 1 ? 16 : 1,
      work: shape.count + graph[updates].type.shape.count * 2, nodes: [anchor])
  }

  func random(_ kernel: Kernel, _ draw: RandomDraw) -> KernelCode {
    let anchor = kernel.anchor!
    let node = graph[anchor]
    let keys = graph[node.operands[0]].type.shape
    let count = node.type.shape.count / (keys.count / 2)
    // Keys of an array are variables of one loop; a single one needs none.
    let variables = LoopVariable.over(keys.dimensions.dropLast())
    let index = variables.indices.map { Affine(variable: $0) }
    var body = Body(self, Parameters(), variables)
    let seed = body.value(node.operands[0], index + [Affine()])
    let stream = body.value(node.operands[0], index + [Affine(1)])
    let array = body.parameters.name(buffer(anchor), node.type.dtype, node: anchor, writing: true)
    let function = draw == .bits ? "bits" : "\(draw.rawValue)_\(node.type.dtype.name)"
    let blocks = "dsc_random_blocks_\(node.type.dtype == .f64 ? 64 : 32)(\(count))"
    let place = Affine.linear(index, Shape(Array(keys.dimensions.dropLast()))) * count
    let target = variables.isEmpty ? array : "\(array) + \(place.c(variables))"
    func call(_ from: String, _ to: String) -> String {
      "dsc_random_\(function)(\(target), (uint64_t)\(seed), (uint64_t)\(stream), \(count), \(from), \(to));"
    }
    let loops = opened(variables.indices, variables, shared: 0)
    return KernelCode(
      parameters: body.parameters,
      body: variables.isEmpty ? body.lines + [call("lo", "hi")] : nest(loops, variables, body.lines + [call("0", blocks)]),
      units: variables.first.map { cLiteral($0.extent) } ?? blocks, grain: variables.isEmpty ? 16 : 1,
      work: node.type.shape.count * (draw == .normal ? 40 : 10), nodes: [anchor])
  }
}
