// The list of all operations: what the parser may name and the generic laws are tried on.

import DescentIR

/// Every operation but `input`, in alphabetical order.
package let registry: [any Op.Type] = [
  Add.self,
  Broadcast.self,
  Constant.self,
  Contract.self,
  Identity.self,
  Multiply.self,
  Negate.self,
  Reshape.self,
  Subtract.self,
  Sum.self,
  Tanh.self,
  Transpose.self,
]
