// swift-tools-version:6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "Descent",
  products: [
    .library(name: "Descent", targets: ["Descent"]),
    .library(name: "DescentEconomics", targets: ["DescentEconomics"]),
  ],
  dependencies: [
    // The commands of every training program: parsing, help, exit status 64 for usage.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // The C headers that emitted programs are made of; Swift calls the readers among them and embeds the text of all.
    .target(
      name: "DescentRuntime", path: "Runtime", cSettings: [.define("DSC_QUIET")],
      linkerSettings: [.linkedLibrary("z"), .linkedLibrary("m")]),
    .target(name: "DescentIR", dependencies: ["DescentRuntime"], path: "Sources/IR"),
    .target(name: "DescentOps", dependencies: ["DescentIR", "DescentRuntime"], path: "Sources/Ops"),
    .target(name: "DescentInterpreter", dependencies: ["DescentIR"], path: "Sources/Interpreter"),
    .target(
      name: "DescentTransforms", dependencies: ["DescentIR", "DescentOps", "DescentInterpreter"],
      path: "Sources/Transforms"),
    .target(name: "DescentPasses", dependencies: ["DescentIR", "DescentOps"], path: "Sources/Passes"),
    .target(name: "DescentLoops", dependencies: ["DescentIR", "DescentOps", "DescentPasses"], path: "Sources/Loops"),
    .target(
      name: "DescentCCode",
      dependencies: ["DescentIR", "DescentOps", "DescentLoops", "DescentPasses", "DescentData", "DescentRuntime"],
      path: "Sources/CCode"),
    .target(
      name: "DescentDriver",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentLoops",
        "DescentCCode",
        "DescentRuntime",
      ], path: "Sources/Driver"),
    .target(name: "DescentData", dependencies: ["DescentIR", "DescentRuntime"], path: "Sources/Data"),
    .target(
      name: "DescentNN",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentLoops",
        "DescentCCode",
        "DescentDriver", "DescentData", "DescentRuntime",
      ], path: "Sources/NN"),
    // Figures of curves and pictures, for examples.
    .target(name: "DescentPlot", path: "Sources/Plot"),
    // The commands of every training program.
    .target(
      name: "DescentCLI",
      dependencies: [
        "DescentIR", "DescentOps", "DescentInterpreter", "DescentPasses", "DescentLoops", "DescentCCode",
        "DescentDriver",
        "DescentData", "DescentNN", "DescentPlot", argumentParser,
      ], path: "Sources/CLI"),
    // The one module that users import.
    .target(
      name: "Descent",
      dependencies: [
        "DescentIR", "DescentOps", "DescentInterpreter", "DescentTransforms", "DescentDriver", "DescentData",
        "DescentNN",
        "DescentPlot", "DescentCLI",
      ], path: "Sources/Descent"),
    .target(name: "DescentEconomics", dependencies: ["Descent"], path: "Sources/Economics"),
    .executableTarget(name: "one-slide", dependencies: ["Descent", argumentParser], path: "examples/one-slide"),
    .executableTarget(name: "cake-eating", dependencies: ["Descent", argumentParser], path: "examples/cake-eating"),
    .executableTarget(name: "brock-mirman", dependencies: ["Descent", argumentParser], path: "examples/brock-mirman"),
    .executableTarget(
      name: "hamilton-jacobi-bellman", dependencies: ["Descent", argumentParser],
      path: "examples/hamilton-jacobi-bellman"),
    .executableTarget(
      name: "black-scholes", dependencies: ["Descent", argumentParser], path: "examples/black-scholes"),
    .executableTarget(
      name: "fashion-mnist", dependencies: ["Descent", argumentParser], path: "examples/fashion-mnist"),
    .executableTarget(name: "digits", dependencies: ["Descent", "ExampleData"], path: "examples/digits"),
    .executableTarget(
      name: "char-gpt", dependencies: ["Descent", "ExampleData", argumentParser], path: "examples/char-gpt"),
    .executableTarget(name: "fashion-cnn", dependencies: ["Descent", argumentParser], path: "examples/fashion-cnn"),
    .executableTarget(
      name: "char-lstm", dependencies: ["Descent", "ExampleData", argumentParser], path: "examples/char-lstm"),
    .executableTarget(name: "resnet20", dependencies: ["Descent", argumentParser], path: "examples/resnet20"),
    .executableTarget(name: "perceptron", dependencies: ["Descent", "ExampleData"], path: "examples/perceptron"),
    .executableTarget(
      name: "universal-approximation", dependencies: ["Descent", argumentParser],
      path: "examples/universal-approximation"),
    .executableTarget(name: "families", dependencies: ["Descent"], path: "examples/families"),
    .executableTarget(name: "regularization", dependencies: ["Descent"], path: "examples/regularization"),
    // What several examples learn from.
    .target(
      name: "ExampleData", dependencies: ["Descent"], path: "examples/data", exclude: ["README.md"],
      resources: [.copy("digits.csv"), .copy("shakespeare.txt")]),
    .testTarget(
      name: "CLITests",
      dependencies: [
        "DescentCLI", "DescentNN", "DescentData", "DescentIR", "DescentInterpreter", "DescentOps", argumentParser,
      ], path: "Tests/CLITests"),
    .executableTarget(
      name: "bench",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentNN", "DescentData", "DescentDriver", argumentParser,
      ],
      path: "Sources/Bench"),
    .testTarget(
      name: "EmitTests",
      dependencies: ["DescentNN", "DescentData", "DescentDriver", "DescentCCode", "DescentOps", "DescentIR"],
      path: "Tests/EmitTests", exclude: ["Golden"]),
    .testTarget(
      name: "DriverTests",
      dependencies: ["DescentDriver", "DescentIR", "DescentOps", "DescentTransforms", "DescentRuntime"],
      path: "Tests/DriverTests"),
    .testTarget(
      name: "IRTests", dependencies: ["DescentIR", "DescentOps"], path: "Tests/IRTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "TransformsTests",
      dependencies: ["DescentTransforms", "DescentInterpreter", "DescentOps", "DescentIR"],
      path: "Tests/TransformsTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "NNTests",
      dependencies: [
        "DescentNN", "DescentDriver", "DescentCCode", "DescentPasses", "DescentTransforms", "DescentInterpreter",
        "DescentOps", "DescentIR", "DescentData",
      ], path: "Tests/NNTests", exclude: ["Fixtures"]),
    // Functions against fixtures and laws, for the tests of several modules.
    .target(
      name: "FunctionTrials",
      dependencies: ["DescentDriver", "DescentIR", "DescentInterpreter", "DescentOps", "DescentTransforms"],
      path: "Tests/FunctionTrials"),
    .testTarget(
      name: "OpsTests",
      dependencies: [
        "DescentDriver", "DescentIR", "DescentInterpreter", "DescentNN", "DescentOps", "DescentRuntime",
        "DescentTransforms", "FunctionTrials",
      ],
      path: "Tests/OpsTests", exclude: ["Fixtures"]),
    .testTarget(
      name: "PassesTests",
      dependencies: ["DescentPasses", "DescentInterpreter", "DescentOps", "DescentTransforms", "DescentIR"],
      path: "Tests/PassesTests"),
    .testTarget(
      name: "DataTests", dependencies: ["DescentData", "DescentRuntime", "DescentIR"], path: "Tests/DataTests"),
    .testTarget(
      name: "CCodeTests",
      dependencies: [
        "DescentIR", "DescentOps", "DescentTransforms", "DescentInterpreter", "DescentPasses", "DescentLoops",
        "DescentCCode",
        "DescentDriver", "DescentNN",
      ], path: "Tests/CCodeTests", exclude: ["Fixtures", "Golden"]),
    .testTarget(
      name: "EconomicsTests", dependencies: ["Descent", "DescentEconomics"], path: "Tests/EconomicsTests"),
    .testTarget(name: "DocsTests", dependencies: ["Descent", "DescentDriver"], path: "Tests/DocsTests"),
    .testTarget(name: "PlotTests", dependencies: ["DescentPlot"], path: "Tests/PlotTests"),
  ],
  swiftLanguageModes: [.v6]
)
