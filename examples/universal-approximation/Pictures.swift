// What came out: errors as a table and as pictures.

import Descent
import Foundation

extension UniversalApproximation {
  func finish(_ run: FinishedRun<[[Affine]]>) throws {
    let points = grid(fineness.error)
    let truth = try target(points).doubles
    let columns = try transpose(run.predict(points)).doubles
    let outputs = (0..<columns.count / truth.count).map { Array(columns[$0 * truth.count..<($0 + 1) * truth.count]) }
    let errors = outputs.map { zip($0, truth).map { abs($0 - $1) }.max() ?? .nan }
    let x = try points[.all, 0].doubles
    switch part {
    case .width:
      for (width, error) in zip(Self.widths, errors) { try show(run, "width \(width)", error) }
      try run.draw(
        Plot(
          title: "Error of one hidden layer", x: .init("width", scale: .logarithmic),
          y: .init("sup norm", scale: .logarithmic),
          series: [.line("error", x: Self.widths.map { Double($0) }, y: errors)]), as: "errors")
      let shown = [0, 1, 2, Self.widths.count - 1].map { i in
        Plot.Series.line("width \(Self.widths[i])", x: x, y: outputs[i])
      }
      try run.draw(
        Plot(
          title: "Networks of one hidden layer", x: .init("x"), y: .init("y"),
          series: [.line("f", x: x, y: truth)] + shown),
        as: "fits")
    case .depth:
      let best = (0..<2).map { network in
        (network * Self.beginnings..<(network + 1) * Self.beginnings).min { errors[$0] < errors[$1] } ?? 0
      }
      for (width, column) in zip([variables + 1, variables], best) {
        try show(run, "width \(width), \(layers) layers", errors[column])
      }
      let names = ["f", "width \(variables + 1)", "width \(variables)"]
      let values = [truth] + best.map { outputs[$0] }
      if variables == 1 {
        let lines = zip(names, values).map { Plot.Series.line($0, x: x, y: $1) }
        try run.draw(Plot(title: "Deep and narrow", x: .init("x"), y: .init("y"), series: lines), as: "deep")
      } else {
        let images = zip(names, values).map {
          ImageGrid.Image($1, width: fineness.error, height: fineness.error, caption: $0)
        }
        try run.draw(ImageGrid(title: "Deep and narrow", columns: 3, images: images), as: "deep")
      }
    }
  }
  private func show(_ run: FinishedRun<[[Affine]]>, _ network: String, _ error: Double) throws {
    try run.show("\(network): sup |f - g| = \(String(format: "%.5f", error))", as: "error")
  }
}
