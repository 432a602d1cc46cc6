// Numbers as NumPy prints them, by the same C that prints them in compiled programs.

import DescentRuntime

extension HostArray {
  /// Prints the array to the standard error under a name.
  package func show(_ name: String) {
    withBytes { bytes in
      shape.dimensions.map(Int64.init).withUnsafeBufferPointer {
        dsc_print_named(name, dtype.rawValue, Int32(shape.rank), $0.baseAddress, bytes.baseAddress)
      }
    }
  }
}

extension HostArray: CustomStringConvertible {
  /// `numpy.array2string` of the array, and of a scalar `str`, but for bools, which are `true` and `false`: rows and columns
  /// aligned, at most 8 digits behind the point, as few as tell a number from its neighbours; more than 1000 elements as three
  /// of either end of each axis.
  package var description: String {
    withBytes { bytes in
      // Of an empty array there is no address, and none is read.
      let written = shape.dimensions.map(Int64.init).withUnsafeBufferPointer { shape in
        func write(_ text: UnsafeMutableBufferPointer<CChar>?) -> Int {
          var sink = dsc_sink()
          (sink.text, sink.room) = (text?.baseAddress, Int64(text?.count ?? 0))
          dsc_print_array(&sink, dtype.rawValue, Int32(shape.count), shape.baseAddress, bytes.baseAddress)
          return Int(sink.used)
        }
        let length = write(nil)
        return [CChar](unsafeUninitializedCapacity: length) { buffer, count in
          count = write(UnsafeMutableBufferPointer(rebasing: buffer[..<length]))
        }
      }
      return String(decoding: written.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
