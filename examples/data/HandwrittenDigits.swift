// Handwritten digits of 8 by 8 pixels, 1,797 of them, in a CSV file beside this one.

import Descent
import Foundation

public enum HandwrittenDigits {
  /// Pixels of 0 to 16, f32 [n, 64], and labels. A fifth is held out, drawn with a seed of its own: the same fifth in every run.
  public static func read() throws -> TrainingData {
    let file = Bundle.module.path(forResource: "digits", ofType: "csv") ?? "digits.csv"
    let (training, heldOut) = try Dataset.csv(file, target: "label", classes: 10).split(0.2, seed: 1)
    return (training, heldOut)
  }
}
