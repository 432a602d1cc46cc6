// Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf, 2017; MIT licence) where Debian's package installs it.

import DescentIR

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
    try Dataset.idx(
      inputs: "\(directory)/\(part)-images-idx3-ubyte.gz", targets: "\(directory)/\(part)-labels-idx1-ubyte.gz",
      classes: classNames.count)
  }
}
