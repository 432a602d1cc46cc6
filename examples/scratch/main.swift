import DescentIR
import DescentOps
import DescentPasses
import DescentCCode
import DescentTransforms
import DescentInterpreter
import Foundation

typealias Run = @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>, UnsafeMutableRawPointer, Int64, Int64) -> Void
typealias Size = @convention(c) (Int64) -> Int64

func build(_ programs: [StepProgram], _ path: String, _ flags: [String]) throws -> UnsafeMutableRawPointer {
  try librarySource(programs).write(toFile: path + ".c", atomically: true, encoding: .utf8)
  let p = Process()
  p.executableURL = URL(fileURLWithPath: "/usr/bin/clang")
  p.arguments = ["-std=c11", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-fopenmp", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"] + flags + ["-o", path + ".so", path + ".c"]
  let t = Date()
  try p.run(); p.waitUntilExit()
  print("clang \(p.terminationStatus) in \(Date().timeIntervalSince(t)) s")
  guard let h = dlopen(path + ".so", RTLD_NOW) else { fatalError(String(cString: dlerror())) }
  return h
}
func execute(_ h: UnsafeMutableRawPointer, _ p: StepProgram, _ inputs: [HostArray], threads: Int64) -> [HostArray] {
  let run = unsafeBitCast(dlsym(h, p.prefix + "_run"), to: Run.self)
  let size = unsafeBitCast(dlsym(h, p.prefix + "_arena_bytes"), to: Size.self)
  let arena = UnsafeMutableRawPointer.allocate(byteCount: Int(size(threads)) + 64, alignment: 64)
  var io: [UnsafeMutableRawPointer?] = []
  for e in p.externals { io.append(UnsafeMutableRawPointer.allocate(byteCount: e.type.byteCount + 64, alignment: 64)) }
  for (i, x) in inputs.enumerated() { x.withBytes { b in if let a = b.baseAddress { io[i]!.copyMemory(from: a, byteCount: b.count) } } }
  run(io, arena, 1, threads)
  let out = zip(p.schedule.graph.outputs, p.outputPlaces).map { id, place in
    let t = p.schedule.graph[id].type
    return HostArray(t) { $0.copyMemory(from: UnsafeRawBufferPointer(start: io[place]!, count: t.byteCount)) }
  }
  for x in io { x?.deallocate() }
  arena.deallocate()
  return out
}
var programs: [(StepProgram, Graph, [HostArray], String)] = []
var seed: UInt64 = 1
func rnd() -> Double { seed = seed &* 6364136223846793005 &+ 1442695040888963407; return Double(seed >> 11) / 9007199254740992 }
for real in [DType.f32, .f64] {
  for kind in registry {
    for sample in kind.samples(real) {
      var g = Graph()
      let ids = sample.operands.enumerated().map { g.addInput("x\($0)", $1.type) }
      let y = try g.append(sample.op, ids)
      g.outputs = [y]; g.outputLabels = ["y"]
      let inputs = sample.operands.map { o in HostArray(o.type) { _ in let v = o.range.lowerBound + (o.range.upperBound - o.range.lowerBound) * rnd(); return o.type.dtype.isFloating ? v : v.rounded(.down) } }
      let s = try fuse(g)
      programs.append((StepProgram(s, prefix: "s\(programs.count)"), g, inputs, "\(kind.name) \(real.name) \(sample.op.attributes.text) \(sample.operands.map { $0.type.description })"))
    }
  }
}
print(programs.count, "programs")
let h = try build(programs.map(\.0), "/tmp/samples", CommandLine.arguments.dropFirst().map { $0 })
var bad = 0
for (p, g, inputs, name) in programs {
  let want = try g.evaluate(inputs)[0]
  let got = execute(h, p, inputs, threads: 1)[0]
  let got2 = execute(h, p, inputs, threads: 2)[0]
  if got != got2 && !got.doubles.contains(where: \.isNaN) { print("THREADS DIFFER", name) }
  let err = zip(want.doubles, got.doubles).map { a, b in a == b || (a.isNaN && b.isNaN) ? 0 : abs(a - b) / max(1, abs(a)) }.max() ?? 0
  if !(err < (want.dtype == .f64 ? 1e-12 : 1e-5)) { bad += 1; print("DIFF", name, err, want.doubles.prefix(6), got.doubles.prefix(6)) }
}
print("bad", bad)
