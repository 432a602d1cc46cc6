// swift-tools-version:6.1
import PackageDescription

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
    .target(
      name: "DescentRuntime", path: "Runtime", cSettings: [.define("DSC_QUIET")], linkerSettings: [.linkedLibrary("z"), .linkedLibrary("m")]),
    .target(name: "DescentIR", path: "Sources/IR"),
    .target(name: "DescentOps", dependencies: ["DescentIR"], path: "Sources/Ops"),
    .target(name: "DescentInterpreter", dependencies: ["DescentIR"], path: "Sources/Interpreter"),
    .target(
      name: "DescentTransforms", dependencies: ["DescentIR", "DescentOps", "DescentInterpreter"],
      path: "Sources/Transforms"),
    .target(name: "DescentDriver", dependencies: ["DescentIR"], path: "Sources/Driver"),
    .testTarget(name: "DriverTests", dependencies: ["DescentDriver"], path: "Tests/DriverTests"),
  ],
  swiftLanguageModes: [.v6]
)
