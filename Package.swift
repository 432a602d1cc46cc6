// swift-tools-version:6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "Descent",
  products: [],
  dependencies: [
    // The commands of every training program: parsing, help, exit status 64 for usage.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Starting clang with an argument vector and no shell.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    // File paths and descriptors for swift-subprocess.
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // The C headers that emitted programs are made of; Swift calls the readers among them and embeds the text of all.
    .target(
      name: "DescentRuntime", path: "Runtime", cSettings: [.define("DSC_QUIET")],
      linkerSettings: [.linkedLibrary("z"), .linkedLibrary("m")]),
    .target(name: "DescentIR", path: "Sources/IR"),
    .target(name: "DescentOps", dependencies: ["DescentIR"], path: "Sources/Ops"),
    .target(name: "DescentInterpreter", dependencies: ["DescentIR"], path: "Sources/Interpreter"),
    .target(
      name: "DescentTransforms", dependencies: ["DescentIR", "DescentOps", "DescentInterpreter"],
      path: "Sources/Transforms"),
    .target(name: "DescentPasses", dependencies: ["DescentIR", "DescentOps"], path: "Sources/Passes"),
    .target(
      name: "DescentCCode", dependencies: ["DescentIR", "DescentOps", "DescentPasses", "DescentRuntime"],
      path: "Sources/CCode"),
    .target(
      name: "DescentDriver",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentPasses", "DescentCCode", subprocess, system,
      ], path: "Sources/Driver"),
    .target(name: "DescentData", dependencies: ["DescentIR", "DescentRuntime"], path: "Sources/Data"),
    .target(
      name: "DescentNN",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentCCode",
        "DescentDriver", "DescentData",
      ], path: "Sources/NN"),
    .executableTarget(
      name: "bench",
      dependencies: ["DescentIR", "DescentOps", "DescentNN", "DescentData", "DescentDriver", argumentParser],
      path: "Sources/Bench"),
    .executableTarget(name: "scratch", dependencies: ["DescentIR", "DescentOps", "DescentPasses", "DescentCCode", "DescentTransforms", "DescentInterpreter", "DescentDriver", "DescentNN"], path: "examples/scratch"),
    // Figures of curves and pictures, for examples.
    .target(name: "DescentPlot", path: "Sources/Plot"),
    .testTarget(name: "IRTests", dependencies: ["DescentIR", "DescentOps"], path: "Tests/IRTests"),
    .testTarget(
      name: "NNTests",
      dependencies: ["DescentNN", "DescentTransforms", "DescentInterpreter", "DescentOps", "DescentIR"],
      path: "Tests/NNTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "OpsTests", dependencies: ["DescentIR", "DescentOps", "DescentRuntime", "DescentTransforms"],
      path: "Tests/OpsTests"),
    .testTarget(
      name: "PassesTests",
      dependencies: ["DescentPasses", "DescentInterpreter", "DescentOps", "DescentTransforms", "DescentIR"],
      path: "Tests/PassesTests"),
    .testTarget(
      name: "DataTests", dependencies: ["DescentData", "DescentRuntime", "DescentIR"], path: "Tests/DataTests"),
    .testTarget(
      name: "CCodeTests",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentCCode", "DescentDriver",
      ], path: "Tests/CCodeTests", exclude: ["Golden"]),
    .testTarget(
      name: "DriverTests",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentCCode", "DescentDriver",
      ], path: "Tests/DriverTests"),
    .testTarget(name: "PlotTests", dependencies: ["DescentPlot"], path: "Tests/PlotTests"),
  ],
  swiftLanguageModes: [.v6]
)
