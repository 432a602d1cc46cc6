import DescentIR
import DescentOps
import Testing

@Suite struct NestedArrayTests {
  @Test func literalsHaveTheTypeOfTheirNumbers() throws {
    let whole = Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(whole.type == TensorType(.i64, [2, 3]))
    #expect(try whole.array() == [[1, 2, 3], [4, 5, 6]])
    #expect(Tensor([[1, 2.5]]).type == TensorType(.f64, [1, 2]))
    #expect(Tensor([[Float(1)], [2]]).type == TensorType(.f32, [2, 1]))
    #expect(Tensor([[true, false]]).type == TensorType(.bool, [1, 2]))
    #expect(Tensor([[[1], [2]], [[3], [4]]], dtype: .f32).type == TensorType(.f32, [2, 2, 1]))
    #expect(Tensor([1, 2, 300], dtype: .i32).type == TensorType(.i32, [3]))
  }
  @Test func arraysComeBackInTheirOrder() throws {
    let x = reshape(arange(24, dtype: .f64), [2, 3, 4])
    let rows: [[[Double]]] = try x.array()
    #expect(rows[1][2] == [20, 21, 22, 23])
    #expect(try Tensor(rows).doubles == x.doubles)
    let big = Int64.max - 1
    let same: [Int64] = try Tensor([big]).array()
    #expect(same == [big])
    let none: [[Double]] = try zeros([0, 3], dtype: .f64).array()
    #expect(none.isEmpty)
  }
  @Test func whatIsNoTensorIsRefused() throws {
    #expect(throws: DescentError.self) { try Tensor([[1, 2], [3]]).value }
    #expect(throws: DescentError.self) { try Tensor([[1, 300]], dtype: .u8).value }
    #expect(throws: DescentError.self) { try Tensor([[0.5]], dtype: .i32).value }
    #expect(throws: DescentError.self) { let _: [Double] = try Tensor([[1.5]]).array() }
  }
}

@Suite struct ArrangingErrors {
  private func message(_ x: Tensor) -> String {
    do {
      _ = try x.value
      return ""
    } catch { return "\(error)" }
  }
  @Test func sayWhatCameAndWhere() {
    let line: UInt = #line + 1
    #expect(message(einsum("ij,jk->il", ones([2, 3]), ones([3, 4]))).contains("'l' of the result is in no operand"))
    #expect(message(einsum("ij,jk->ik", ones([2, 3]), ones([4, 4]))).contains("'j' has size 3 and size 4"))
    #expect(message(einsum("ij", ones([2, 3]))).isEmpty)
    #expect(message(einsum("ij,jk->ik", ones([2, 3]))).contains("letters for 2 operands, but there are 1"))
    #expect(message(einsum("ij->ik->i", ones([2, 3]))).contains("'-' of the result is no letter"))
    #expect(message(einsum("ij,jk->il", ones([2, 3]), ones([3, 4]))).contains("NestedArrayTests.swift:\(line + 5)"))
    #expect(message(diag(ones([2, 2, 2]))).contains("diag of shape [2,2,2]; a vector or a matrix is needed"))
    #expect(message(tril(ones([2]))).contains("a matrix is needed"))
    #expect(message(roll(ones([2]), by: 1, axis: 3)).contains("roll along axis 3 of shape [2]"))
    #expect(message(repeated(ones([2]), counts: [1], axis: 0)).contains("one for each slice"))
    #expect(message(cumsum(ones([2]), axis: 4)).contains("cumsum along axis 4 of shape [2]"))
    #expect(message(geomspace(-1, 1, count: 3)).contains("two numbers of one sign"))
    #expect(message(tensordot(ones([2, 3]), ones([2, 3]), axes: 1)).contains("pairs of one size"))
  }
}
