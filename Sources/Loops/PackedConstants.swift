// What products of a loop's body take as their right operand and no step changes, as recurrent weights are, is packed once before
// the first step, in the order in which the matrix product reads it. Else every step would pack it anew.

import DescentIR
import DescentPasses

extension StepPlan {
  /// The inputs among `constants` that only products read, as their right operands and all in one way, with one of the products.
  /// In the functions the operands become packed ones.
  mutating func packRightOperands(_ constants: Range<Int>) -> [Int: MatrixProduct] {
    var packed: [Int: MatrixProduct] = [:], others = Set<Int>()
    for call in calls {
      let product = functions[call.function].packable
      for (parameter, buffer) in call.buffers.enumerated() {
        guard case .input(let number) = buffer, constants.contains(number) else { continue }
        guard let product, product.rhs.storage == .parameter(parameter), packed[number]?.packs(as: product) ?? true
        else {
          others.insert(number)
          continue
        }
        packed[number] = product
      }
    }
    // All calls of one function are given a packed operand, or none is.
    func isPacked(_ call: Call) -> Bool {
      guard let product = functions[call.function].packable, case .parameter(let parameter) = product.rhs.storage,
        case .input(let number) = call.buffers[parameter]
      else { return false }
      return packed[number] != nil && !others.contains(number)
    }
    var isStable = false
    while !isStable {
      isStable = true
      for call in calls where !isPacked(call) {
        for same in calls where same.function == call.function && isPacked(same) {
          guard case .parameter(let parameter)? = functions[call.function].packable?.rhs.storage,
            case .input(let number) = same.buffers[parameter]
          else { continue }
          others.insert(number)
          isStable = false
        }
      }
    }
    for function in Set(calls.filter(isPacked).map(\.function)) {
      guard case .product(var product) = functions[function].body[0] else { continue }
      product.isRightPacked = true
      functions[function].body[0] = .product(product)
    }
    return packed.filter { !others.contains($0.key) }
  }
}

extension LoopFunction {
  /// The product that it is, if that would pack the whole of a right operand with strides that it reads nowhere else.
  fileprivate var packable: MatrixProduct? {
    guard body.count == 1, case .product(let product) = body[0],
      product.batch.allSatisfy({ variables[$0].extent == 1 }),
      product.packsRight, product.lhs.storage != product.rhs.storage,
      !product.epilogue.storages.contains(product.rhs.storage)
    else { return nil }
    return product
  }
}

extension MatrixProduct {
  /// Whether the runtime would pack the right operand, which lies by strides from the beginning of an array (DSC_GEMM_PACKS_B in
  /// descent_gemm.h); not as its transpose, as products of very few columns are computed.
  fileprivate var packsRight: Bool {
    guard case .strides(let row, let column) = rhs.place, rhs.start == Affine(), columns > 4 || rows <= columns else {
      return false
    }
    let size = dtype.byteSize
    let lies = column == 1 && columns * size % 64 == 0 && row * size <= 256
    return rows > 1 && (rows > 8 || column != 1) && !lies
  }
  /// Whether one packing serves both.
  fileprivate func packs(as other: MatrixProduct) -> Bool {
    dtype == other.dtype && columns == other.columns && depth == other.depth && rhs.place == other.rhs.place
  }
  /// Bytes of the packed right operand (DSC_GEMM_PACKED_ELEMENTS).
  var packedBytes: Int { (columns + 31) / 32 * 32 * depth * dtype.byteSize }
}
