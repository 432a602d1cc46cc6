import DescentIR
import DescentOps
import DescentTransforms
import DescentDriver
import Foundation

struct Layer: ParameterTree { var W, b: Tensor }

func f(_ θ: [Layer], _ x: Tensor, σ: (Tensor) -> Tensor = { tanh($0) }) -> Tensor {
  θ.reduce(x) { x, layer in σ(matmul(x, layer.W) + layer.b) }
}
func loss(_ θ: [Layer], _ x: Tensor, _ y: Tensor) -> Tensor { sum(square(y - f(θ, x))) }

let lossGradient = compile(grad(loss))
let v = valueAndGrad(loss)
let cv = compile(v)

@main struct M { static func main() throws {
let key = RandomKey(seed: 1)
var θ: [Layer] = []
for (i, (a, b)) in [(1, 10), (10, 10), (10, 10), (10, 1)].enumerated() {
  θ.append(Layer(W: normal([a, b], key: key.fold(i)), b: zeros([b])))
}
let x = uniform([400, 1], key: key.fold(9)) * 5.0
let y = sqrt(x) + sin(x)
print(try loss(θ, x, y).scalar)
let gl = grad(loss)
let g1 = gl(θ, x, y)
let g2 = try lossGradient(θ, x, y)
for (a, b) in zip(g1, g2) { print(try a.W.doubles.prefix(4), try b.W.doubles.prefix(4)) }
let (l, _) = try cv(θ, x, y)
print(try l.scalar)
let t0 = Date()
for _ in 0..<1000 { _ = try lossGradient(θ, x, y) }
print("call", Date().timeIntervalSince(t0) * 1000, "µs")
let h = grad { (x: Tensor) in grad { (x: Tensor) in sum(x * x * x) }(x) }
print(try h(Tensor(2.0)).scalar, try compile(h)(Tensor(2.0)).scalar)

} }
