// Single arrays in files: NumPy's NPY and the IDX of MNIST, plain or gzipped, read by Runtime/include.

import DescentIR
import DescentRuntime

/// Arrays in NumPy's NPY format.
public enum NPY {
  /// Reads an array of f32, f64, i32, i64, u8 or bool; f16 becomes f32, i8, i16 and u16 become i32, u32 and u64 i64, which a
  /// note tells. Throws an error that names the file and the offset.
  public static func read(_ path: String) throws -> Tensor { Tensor(try readingArray(path, dsc_npy_read)) }

  /// Writes an array, whole or not at all; a file that is there is replaced.
  public static func write(_ tensor: Tensor, to path: String) throws {
    try tensor.value.withDescription { array in
      try callingC(path) { dsc_npy_write($0, array, $1) }
    }
  }
}

/// Arrays in IDX, the format of MNIST.
public enum IDX {
  /// Reads an array: bytes as u8, signed ones and short integers as i32, which a note tells; throws an error that names the file and the offset.
  public static func read(_ path: String) throws -> Tensor { Tensor(try readingArray(path, dsc_idx_read)) }
}
