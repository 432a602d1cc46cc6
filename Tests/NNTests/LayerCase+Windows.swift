// Convolutions, pooling and recurrent layers from the options that Tests/fixtures/windows.py gives them.

import DescentIR
import DescentNN
import DescentOps

extension LayerCase {
  private var padding: Padding {
    if options["same", false] { return .same }
    if let low = options[list: "low"], let high = options[list: "high"] { return .cells(low: low, high: high) }
    return options["padding"].map { .all($0) } ?? .valid
  }

  /// Nil where the subject is none of these.
  func makeWindowed() -> (any Layer)? {
    let o = options
    let (kernel, sizes, strides, dilations) = (
      o[list: "kernel"] ?? [], o[list: "sizes"] ?? [], o[list: "strides"], o[list: "dilations"]
    )
    let activation: Activation? = o["activated", false] ? .tanh : nil
    switch subject {
    case "Convolution":
      return Convolution(
        o["filters", 1], kernel: kernel, strides: strides, padding: padding, dilations: dilations,
        groups: o["groups", 1],
        bias: o["bias", true], activation: activation)
    case "TransposedConvolution":
      return TransposedConvolution(
        o["filters", 1], kernel: kernel, strides: strides, padding: o[list: "padding"],
        outputPadding: o[list: "outputPadding"],
        dilations: dilations, groups: o["groups", 1], bias: o["bias", true], activation: activation)
    case "MaxPool": return MaxPool(sizes, strides: strides, padding: padding, dilations: dilations)
    case "AveragePool":
      return AveragePool(sizes, strides: strides, padding: padding, countsPadding: o["countsPadding", true])
    case "GlobalAveragePool": return GlobalAveragePool()
    default: return nil
    }
  }

  /// Nil where the subject is none of these. `both` makes two layers a bidirectional one, `stacked` puts two on one another.
  func makeRecurrent() throws -> (any Layer)? {
    let o = options
    let units: Int = o["units", 1]
    func cell(isReversed: Bool, isLastOnly: Bool) throws -> any RecurrentLayer {
      switch subject {
      case "Elman":
        return Elman(
          units, activation: o["relu", false] ? .relu : .tanh, isLastOnly: isLastOnly, isReversed: isReversed)
      case "LSTM": return LSTM(units, isLastOnly: isLastOnly, isReversed: isReversed)
      case "GRU": return GRU(units, isLastOnly: isLastOnly, isReversed: isReversed)
      default: throw DescentError(.usage, "no recurrent layer is called '\(subject)'")
      }
    }
    func level(isLastOnly: Bool) throws -> any Layer {
      guard o["both", false] else { return try cell(isReversed: o["isReversed", false], isLastOnly: isLastOnly) }
      return Bidirectional(
        try cell(isReversed: false, isLastOnly: isLastOnly), try cell(isReversed: true, isLastOnly: isLastOnly))
    }
    guard ["Elman", "LSTM", "GRU"].contains(subject) else { return nil }
    let last = try level(isLastOnly: o["isLastOnly", false])
    guard o["stacked", false] else { return last }
    let first = try level(isLastOnly: false)
    return Sequential {
      first
      last
    }
  }
}
