// Every function of linear algebra. A new one joins by a line here and one of the same name in Tests/fixtures/linear_algebra.py,
// which has the arguments and the right numbers.

import DescentIR
import DescentOps
import DescentTransforms

/// A function of arrays to a vector.
struct LinearAlgebraCase: Sendable {
  typealias Function = @Sendable ([Tensor]) -> Tensor
  var name: String
  var function: Function
  init(_ name: String, _ function: @escaping Function) { (self.name, self.function) = (name, function) }

  static let all: [LinearAlgebraCase] = [
    .init("cholesky") { flat(cholesky(matmul($0[0], transpose($0[0])) + 2 * unit(4, $0[0]))) },
    .init("cholesky of a batch") { flat(cholesky($0[0])) },
    .init("triangularSolve") { flat(triangularSolve($0[0], $0[1], lower: true)) },
    .init("triangularSolve upper") { flat(triangularSolve($0[0], $0[1], lower: false)) },
    .init("triangularSolve transposed") { flat(triangularSolve($0[0], $0[1], lower: true, transposed: true)) },
    .init("triangularSolve unit") {
      flat(triangularSolve($0[0], $0[1], lower: false, transposed: true, unitDiagonal: true))
    },
    .init("solve") { flat(solve($0[0], $0[1])) },
    .init("solve of a batch") { flat(solve($0[0], $0[1])) },
    .init("lu") {
      let (lower, upper, permutation) = lu($0[0])
      return flat(lower, upper, convert(permutation, to: $0[0].dtype))
    },
    .init("inverse") { flat(inverse($0[0])) },
    .init("determinant 2") { flat(determinant($0[0])) },
    .init("determinant 3") { flat(determinant($0[0])) },
    .init("determinant 5") { flat(determinant($0[0])) },
    .init("slogdet") {
      let (sign, logarithm) = slogdet($0[0])
      return flat(sign, logarithm)
    },
    .init("qr") {
      let (q, r) = qr($0[0])
      return flat(q, r)
    },
    .init("qr wide") {
      let (q, r) = qr($0[0])
      return flat(q, r)
    },
    .init("eigh") {
      let (values, vectors) = eigh($0[0])
      return flat(values, vectors)
    },
    .init("svd") {
      let (u, s, vt) = svd($0[0])
      return flat(u, s, vt)
    },
    .init("svd wide") {
      let (u, s, vt) = svd($0[0])
      return flat(u, s, vt)
    },
    .init("pinv") { flat(pinv($0[0])) },
    .init("lstsq") { flat(lstsq($0[0], $0[1])) },
    .init("expm") { flat(expm($0[0])) },
    .init("expm squared") { flat(expm($0[0])) },
    .init("matrixPower 5") { flat(matrixPower($0[0], 5)) },
    .init("matrixPower -2") { flat(matrixPower($0[0], -2)) },
    .init("norms of vectors") { x in
      concatenate([.frobenius, .one, .two, .infinity].map { flat(norm(x[0], $0, axes: [1])) })
    },
    .init("norms of matrices") { x in
      concatenate([.frobenius, .one, .two, .infinity].map { flat(norm(x[0], $0, axes: [2, 0])) })
    },
    .init("conjugateGradient") { x in
      conjugateGradient({ full(x[0], $0) }, x[1], tolerance: tolerance(x[1]))
    },
    .init("bicgstab") { x in
      bicgstab({ full(x[0], $0) + x[0][0] * sum(x[0][1] * $0) }, x[1], tolerance: tolerance(x[1]))
    },
    .init("gmres") { x in
      gmres({ full(x[0], $0) + x[0][0] * sum(x[0][1] * $0) }, x[1], tolerance: tolerance(x[1]), restart: 4)
    },
  ]
}

private func flat(_ parts: Tensor...) -> Tensor { concatenate(parts.map { flatten($0) }) }
private func unit(_ size: Int, _ like: Tensor) -> Tensor {
  oneHot(arange(size, dtype: .i32), classes: size, dtype: like.dtype)
}
private func tolerance(_ x: Tensor) -> Double { x.dtype == .f32 ? 1e-6 : 1e-13 }
/// (diag(a₀ + 4) + a₁ a₁ᵀ) x.
private func full(_ a: Tensor, _ x: Tensor) -> Tensor { (a[0] + 4) * x + a[1] * sum(a[1] * x) }
