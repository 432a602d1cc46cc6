// The programs whose C is recorded. Their lines stand in the records, so they have a file of their own.

import DescentIR
import DescentOps
import DescentTransforms

enum GoldenPrograms {
  static let names = ["slide", "softmax", "embedding", "convolution", "lstm", "product", "layernorm"]

  static func graph(_ name: String) throws -> (Graph, [Int?]) {
    func f(_ dimensions: Int...) -> TensorType { TensorType(.f32, Shape(dimensions)) }
    switch name {
    case "slide":
      // A step of gradient descent on a network of one hidden layer.
      let types = [f(1, 10), f(10), f(10, 1), f(1), f(400, 1), f(400, 1)]
      let graph = try traced(types) { x in
        let y = matmul(tanh(matmul(x[4], x[0]) + x[1]), x[2]) + x[3]
        let loss = sum(square(x[5] - y))
        let gradients = try Trace.current!.gradients(of: loss, withRespectTo: Array(x[..<4]))
        return zip(x, gradients).map { $0 - 0.01 * $1 } + [loss]
      }
      return (graph, [0, 1, 2, 3, nil])
    case "softmax":
      return (try traced([f(128, 1000)]) { [softmax($0[0]), logSumExp($0[0])] }, [])
    case "embedding":
      // A table trained through the rows that a batch picks.
      let graph = try traced([f(50, 16), TensorType(.i32, [32]), f(32, 16)]) { x in
        let loss = mean(square(gather(x[0], x[1]) - x[2]))
        return [x[0] - 0.1 * (try Trace.current!.gradients(of: loss, withRespectTo: [x[0]])[0]), loss]
      }
      return (graph, [0, nil])
    case "convolution":
      return (
        try traced([f(8, 28, 28, 3), f(3, 3, 3, 16), f(16)]) { x in
          [maxPool(relu(convolution(x[0], x[1], padding: .same) + x[2]), sizes: [2, 2])]
        }, []
      )
    case "lstm":
      // One step: hidden and cell state, the products of the inputs, the recurrent weights.
      let graph = try traced([f(32, 64), f(32, 64), f(32, 256), f(64, 256)]) { x in
        let z = split(x[2] + matmul(x[0], x[3]), parts: 4, axis: 1)
        let cell = sigmoid(z[1]) * x[1] + sigmoid(z[0]) * tanh(z[2])
        return [sigmoid(z[3]) * tanh(cell), cell]
      }
      return (graph, [0, 1])
    case "product":
      return (try traced([f(128, 784), f(784, 256), f(256)]) { [tanh(matmul($0[0], $0[1]) + $0[2])] }, [])
    default:
      return (
        try traced([f(512, 128), f(128), f(128), f(512, 128)]) { x in
          let centred = x[0] - mean(x[0], axes: [1], keepAxes: true)
          let y = centred * rsqrt(mean(square(centred), axes: [1], keepAxes: true) + 1e-5) * x[1] + x[2]
          return [y] + (try Trace.current!.gradients(of: sum(y * x[3]), withRespectTo: Array(x[..<3])))
        }, []
      )
    }
  }
}
