// Residual networks for small images: He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016, section 4.2.

import DescentIR
import DescentOps

/// The network for images [n, height, width, channels]: a convolution, three stages of `blocks` blocks with `filters`, twice and
/// four times as many filters on maps each half as wide as those before, the mean over all places, and a dense layer. Three blocks
/// make ResNet-20; n blocks a depth of 6n + 2.
///
/// A block is two 3×3 convolutions with batch normalisation, added to its input. Where a stage begins, the input passes by without
/// weights: every second row and column, and zeros for the new channels (option A of the paper).
public func residualNetwork(
  blocks: Int = 3, filters: Int = 16, classes: Int, file: StaticString = #fileID, line: UInt = #line
) -> Sequential {
  pinned(file, line) {
    func convolution(_ filters: Int, stride: Int = 1) -> Convolution {
      Convolution(
        filters, kernel: [3, 3], strides: [stride, stride], padding: .all(1), bias: false, initializer: .heNormal)
    }
    func block(_ filters: Int, entersStage: Bool) -> any Layer {
      let shortcut = Lambda { x in
        let small = slice(x, start: [0, 0, 0, 0], limit: x.shape.dimensions, step: [1, 2, 2, 1])
        return pad(small, low: [0, 0, 0, filters / 4], high: [0, 0, 0, filters / 4])
      }
      return Residual(shortcut: entersStage ? shortcut : nil) {
        convolution(filters, stride: entersStage ? 2 : 1)
        BatchNorm()
        ReLU()
        convolution(filters)
        BatchNorm()
      }
    }
    return Sequential {
      convolution(filters)
      BatchNorm()
      ReLU()
      for stage in 0..<3 {
        for number in 0..<blocks {
          block(filters << stage, entersStage: stage > 0 && number == 0)
          ReLU()
        }
      }
      GlobalAveragePool()
      Dense(classes)
    }
  }
}
