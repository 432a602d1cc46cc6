// The C of three small programs, as recorded; and that the same program gives the same text whenever and wherever it is emitted.
// RECORD=1 rewrites the records.

import DescentCCode
import DescentIR
import DescentOps
import DescentPasses
import DescentTransforms
import Foundation
import Testing

@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  @Test(arguments: ["slide", "softmax", "embedding"])
  func isAsRecorded(_ name: String) throws {
    let text = try Self.text(name)
    #expect(try Self.text(name) == text, "emitted twice")
    let file = Self.folder.appendingPathComponent(name + ".c")
    if ProcessInfo.processInfo.environment["RECORD"] == "1" { try Data(text.utf8).write(to: file) }
    let recorded = try String(contentsOf: file, encoding: .utf8)
    let difference = zip(text.split(separator: "\n"), recorded.split(separator: "\n")).first { $0 != $1 }
    #expect(text == recorded, "first difference: \(difference.map { "\($0.0)\nrecorded: \($0.1)" } ?? "length"); RECORD=1 rewrites")
  }

  /// Without the runtime's headers, which have tests of their own. The records were made by another process.
  private static func text(_ name: String) throws -> String {
    let (graph, donations) = try graph(name)
    let program = StepProgram(try fuse(try optimize(graph, check: true), donations: donations), prefix: name)
    return program.banner + program.text + program.runFunction(linkage: "DSC_EXPORT")
  }

  private static func graph(_ name: String) throws -> (Graph, [Int?]) {
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
    default:
      // A table trained through the rows that a batch picks.
      let graph = try traced([f(50, 16), TensorType(.i32, [32]), f(32, 16)]) { x in
        let loss = mean(square(gather(x[0], x[1]) - x[2]))
        return [x[0] - 0.1 * (try Trace.current!.gradients(of: loss, withRespectTo: [x[0]])[0]), loss]
      }
      return (graph, [0, nil])
    }
  }
}
