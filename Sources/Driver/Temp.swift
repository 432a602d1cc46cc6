import Foundation
import DescentIR
import DescentPasses
import DescentCCode
package final class Library: Sendable {
  nonisolated(unsafe) let handle: UnsafeMutableRawPointer
  init(_ h: UnsafeMutableRawPointer) { handle = h }
  package func symbol(_ name: String) throws -> UnsafeMutableRawPointer { dlsym(handle, name)! }
}
func prepare(_ g: Graph) throws -> Graph { g }
package func load(_ programs: [StepProgram]) throws -> [Executable] {
  let path = "/tmp/dsc\(getpid())_\(programs[0].text.hashValue)"
  try librarySource(programs).write(toFile: path + ".c", atomically: true, encoding: .utf8)
  let p = Process()
  p.executableURL = URL(fileURLWithPath: "/usr/bin/clang")
  p.arguments = ["-std=c11", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-fopenmp", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"] + ["-o", path + ".so", path + ".c"]
  let t = Date()
  try p.run(); p.waitUntilExit()
  print("clang \(p.terminationStatus) in \(Date().timeIntervalSince(t)) s", path)
  guard let h = dlopen(path + ".so", RTLD_NOW) else { fatalError(String(cString: dlerror())) }
  let l = Library(h)
  return try programs.map { try Executable($0, in: l, threads: 2) }
}
