// Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf, 2017; MIT licence) where Debian's package installs it.

import DescentIR
import Foundation

/// Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28 by 28 gray pixels in ten classes.
public enum FashionMNIST {
  /// Where Debian's package `dataset-fashion-mnist` keeps the four gzipped IDX files.
  public static let directory = "/usr/share/datasets/fashion-mnist"
  /// The names of the classes 0...9.
  public static let classNames = [
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
  ]

  /// The 60,000 training images: inputs u8[60000,28,28], targets i32[60000].
  public static func training(in directory: String = directory) throws -> Dataset {
    try read("train", in: directory)
  }
  /// The 10,000 test images: inputs u8[10000,28,28], targets i32[10000].
  public static func test(in directory: String = directory) throws -> Dataset {
    try read("t10k", in: directory)
  }

  private static func read(_ part: String, in directory: String) throws -> Dataset {
    let files = ["images-idx3", "labels-idx1"].map { "\(directory)/\(part)-\($0)-ubyte.gz" }
    for file in files where access(file, F_OK) != 0 {
      throw DescentError(
        .file, "\(file) is missing; 'apt-get install dataset-fashion-mnist' puts the data set into \(Self.directory)")
    }
    return try Dataset.idx(inputs: files[0], targets: files[1], classes: classNames.count)
  }
}
