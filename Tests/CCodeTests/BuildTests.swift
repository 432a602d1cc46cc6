// Emitted C under other compilers and languages: no warning, no undefined behaviour, the same bits.

import DescentCCode
import DescentDriver
import DescentIR
import DescentOps
import DescentTransforms
import Foundation
import Testing

@Suite struct BuildTests {
  static let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Werror"]

  /// Every sample and every form of loop, as one library.
  static func everything() throws -> [StepProgram] {
    let samples = try (RegistryTests.samples(.f32) + RegistryTests.samples(.f64)).enumerated().filter {
      $0.offset % 2 == 0
    }.map(\.element)
    // Through the passes, as always outside these tests: dead code would be unused variables.
    let graphs = try (0..<8).map { number in
      var trial = try RandomProgram(seed: 900 + number).trial()
      trial.isOptimized = true
      return trial
    }
    let large = try ReductionTests.forms.prefix(40).enumerated().map { number, form in
      try Trial("sum", [TensorType(number % 2 == 0 ? .f32 : .f64, form.0)]) {
        [sum(square($0[0]), axes: form.1), max($0[0], axes: form.1)]
      }
    }
    let loops = try LoopTests.trials().prefix(5)
    return try (samples + graphs + large + EmptyTests.trials(optimized: true) + loops).enumerated().map {
      try $1.program($0)
    }
  }

  @Test(arguments: [
    ("/usr/bin/clang", ["-std=c11", "-fopenmp"]), ("/usr/bin/clang", ["-std=c11"]),
    ("/usr/bin/clang", ["-x", "c++", "-std=c++17", "-fopenmp"]),
    ("/usr/bin/gcc", ["-std=c11", "-fopenmp"]), ("/usr/bin/gcc", ["-std=c11", "-march=native"]),
    ("/usr/bin/gcc", ["-x", "c++", "-std=c++17", "-fopenmp"]),
    ("/usr/bin/clang", ["-std=c11", "-march=native", "-DDSC_NO_VECTORS"]),
  ])
  func noWarning(_ compiler: String, _ flags: [String]) throws {
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      return print("skipped: there is no \(compiler)")
    }
    let folder = try Folder()
    try folder.write("all.c", librarySource(Self.everything()))
    // Pragmas of OpenMP are meant to be ignored where it is off; DSC_QUIET: the host may lack fma.
    let ignored = flags.contains("-fopenmp") ? [] : ["-Wno-unknown-pragmas"]
    let result = try runProgram(
      compiler, flags + Self.warnings + ignored + ["-O1", "-DDSC_QUIET", "-c", "-o", "all.o", "all.c"],
      folder: folder.path, timeLimit: 600)
    #expect(result.ending == .exited(0), "\(result.output.prefix(3000))")
  }

  /// Options that give up IEEE 754 stop the compiler, with their name.
  @Test(arguments: [
    (
      "/usr/bin/gcc",
      [
        "-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-ffinite-math-only", "-fno-signed-zeros",
        "-freciprocal-math",
      ]
    ),
    ("/usr/bin/clang", ["-ffast-math", "-Ofast", "-ffinite-math-only"]),
  ])
  func fastMathIsRefused(_ compiler: String, _ options: [String]) throws {
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      return print("skipped: there is no \(compiler)")
    }
    let folder = try Folder()
    try folder.write("one.c", librarySource([try Trial("sum", [TensorType(.f32, [5])]) { [sum($0[0])] }.program(0)]))
    for option in options + ["-O2"] {
      let result = try runProgram(
        compiler, ["-std=c11", "-O2", option, "-DDSC_QUIET", "-c", "-o", "one.o", "one.c"], folder: folder.path,
        timeLimit: 60)
      if option == "-O2" {
        #expect(result.ending == .exited(0), "\(result.output.prefix(2000))")
      } else {
        #expect(
          result.ending != .exited(0) && result.output.contains("built with -ffast-math"),
          "\(compiler) \(option): \(result.output.prefix(500))")
      }
    }
  }

  /// A build without a fused multiply-add says so, and none other.
  @Test(arguments: ["/usr/bin/gcc", "/usr/bin/clang", "/usr/bin/arm-linux-gnueabihf-gcc"])
  func secondClassSaysSo(_ compiler: String) throws {
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      return print("skipped: there is no \(compiler)")
    }
    let folder = try Folder()
    try folder.write("one.c", librarySource([try Trial("sum", [TensorType(.f32, [5])]) { [sum($0[0])] }.program(0)]))
    let isArm = compiler.contains("arm")
    #if arch(x86_64)
      let fused = isArm ? "-mfpu=neon-vfpv4" : "-mfma"
      let builds = [([], true), (["-DDSC_QUIET"], false), (["-DDSC_EXACT_FMA"], false), ([fused], false)]
    #else
      let builds = isArm ? [([], true), (["-DDSC_EXACT_FMA"], false)] : [([], false)]
    #endif
    for (flags, warns) in builds {
      let result = try runProgram(
        compiler, ["-std=c11", "-Wpedantic", "-c", "-o", "one.o", "one.c"] + flags, folder: folder.path, timeLimit: 60)
      #expect(
        result.ending == .exited(0) && result.output.contains("no fused multiply-add") == warns,
        "\(compiler) \(flags): \(result.output)")
    }
  }

  /// A program of its own, sanitized: each array is an allocation by itself. Its results have the bits of the library's.
  @Test(arguments: [
    ("/usr/bin/gcc", ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fopenmp"], true),
    ("/usr/bin/gcc", ["-O2", "-march=native", "-ffp-contract=off"], true),
    (
      "/usr/bin/gcc",
      ["-O3", "-march=native", "-mno-avx512f", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"], true
    ),
    ("/usr/bin/gcc", ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"], true),
    ("/usr/bin/clang", ["-O1", "-march=native", "-ffp-contract=off", "-DDSC_NO_VECTORS"], true),
  ])
  func sameBitsElsewhere(_ compiler: String, _ flags: [String], _ isFused: Bool) throws {
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      return print("skipped: there is no \(compiler)")
    }
    var trials = try RegistryTests.samples(.f32) + (0..<6).map { try RandomProgram(seed: 700 + $0).trial() }
    let f = { (dimensions: [Int]) in TensorType(.f32, Shape(dimensions)) }
    trials.append(
      try Trial("network", [f([65, 33]), f([33, 70]), f([70])], donations: [1]) { x in
        let loss = mean(square(tanh(matmul(x[0], x[1]) + x[2])))
        return [x[1] - 0.1 * (try Trace.current!.gradients(of: loss, withRespectTo: [x[1]])[0])]
      })
    for (shape, axes) in ReductionTests.forms where shape.count < 100_000 {
      trials.append(try Trial("sum over \(axes) of \(shape)", [TensorType(.f32, shape)]) { [sum($0[0], axes: axes)] })
    }
    trials += try ChoiceTests.all()
    let programs = try trials.enumerated().map { try $1.program($0) }
    let library = try load(LibraryRequest(name: "elsewhere", source: librarySource(programs)), settings: .current())
    let folder = try Folder()
    try folder.write("all.c", librarySource(programs) + Self.mainFunction(programs))
    let isSanitized = flags.contains { $0.hasPrefix("-fsanitize") }
    // Without the host's fused multiply-add the bits are of another class, unless it is emulated.
    let fused = flags.contains("-march=native") ? [] : ["-DDSC_EXACT_FMA"]
    let built = try runProgram(
      compiler, ["-std=c11", "-DDSC_QUIET"] + flags + fused + ["-o", "all", "all.c", "-lm"], folder: folder.path,
      timeLimit: 600)
    try #require(built.ending == .exited(0), "\(built.output.prefix(2000))")
    var input = Data()
    for trial in trials { for value in trial.inputs { value.withBytes { input.append(contentsOf: $0) } } }
    try input.write(to: URL(fileURLWithPath: folder.path + "/in"))
    let run = try runProgram(
      folder.path + "/all", ["3"], folder: folder.path, environment: ["ASAN_OPTIONS": "detect_leaks=0"], timeLimit: 600)
    try #require(run.ending == .exited(0), "\(isSanitized ? "sanitizer: " : "")\(run.output.prefix(3000))")
    var output = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out"))[...]
    for (trial, program) in zip(trials, programs) {
      let arrays = try program.externals.enumerated().map { index, external in
        index < trial.inputs.count ? try MemoryArray(trial.inputs[index]) : try MemoryArray(external.type)
      }
      try Executable(program, in: library, threads: 2).run(arrays)
      for array in arrays {
        let wanted = array.read()
        let got = HostArray(wanted.type) { output.prefix($0.count).copyBytes(to: $0) }
        output = output.dropFirst(wanted.type.byteCount)
        #expect(sameBits(got, wanted), "\(trial.name) by \(compiler) \(flags)")
      }
    }
    #expect(output.isEmpty)
  }

  /// Reads all arrays of all programs from `in`, runs each, and writes them to `out`.
  private static func mainFunction(_ programs: [StepProgram]) -> String {
    var text = """

      #include <stdio.h>
      #include <stdlib.h>

      static void *array(FILE *from, size_t bytes) {
        void *p = malloc(bytes ? bytes : 1);
        if (!p || (from && bytes && fread(p, 1, bytes, from) != bytes)) exit(3);
        if (!from) memset(p, 0, bytes);
        return p;
      }
      static void *aligned(int64_t bytes) { return aligned_alloc(64, ((size_t)bytes / 64 + 1) * 64); }

      int main(int count, char **arguments) {
        const int64_t threads = count > 1 ? atoll(arguments[1]) : 1;
        FILE *in = fopen("in", "rb"), *out = fopen("out", "wb");
        if (!in || !out) return 2;

      """
    for program in programs {
      let reads = program.externals.indices.map { $0 < program.schedule.graph.inputs.count }
      text += "  {\n    void *io[\(max(program.externals.count, 1))];\n"
      for (k, external) in program.externals.enumerated() {
        text += "    io[\(k)] = array(\(reads[k] ? "in" : "NULL"), \(external.type.byteCount));\n"
      }
      text +=
        "    void *arena = aligned(\(program.prefix)_arena_bytes(threads));\n    \(program.prefix)_run(io, arena, 1, threads);\n    free(arena);\n"
      for (k, external) in program.externals.enumerated() {
        if external.type.byteCount > 0 {
          text +=
            "    if (fwrite(io[\(k)], 1, \(external.type.byteCount), out) != \(external.type.byteCount)) return 4;\n"
        }
        text += "    free(io[\(k)]);\n"
      }
      text += "  }\n"
    }
    return text + "  return fclose(out) ? 5 : 0;\n}\n"
  }
}
