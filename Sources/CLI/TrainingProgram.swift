// What a training program states, and the `main` that gives it all commands.

import ArgumentParser
import DescentData
import DescentDriver
import DescentIR
import DescentNN
import Foundation

/// A network, its data and its training: a type that states these is a program with commands to train, predict,
/// compare, emit, inspect and profile.
///
/// ```swift
/// @main struct Digits: TrainingProgram {
///   static let name = "digits"
///   static let abstract = "Handwritten digits of 8 by 8 pixels."
///   static let defaults = TrainingDefaults(epochs: 20, batch: 32)
///   func data() throws -> TrainingData { ... }
///   func trainer() throws -> Trainer<Weights> { ... }
/// }
/// ```
/// Stored properties with ArgumentParser's `@Option` and `@Flag` are options of every command.
public protocol TrainingProgram: ParsableArguments {
  associatedtype Parameters: ParameterTree
  /// The name of the program in its help.
  static var name: String { get }
  /// One line that says what it trains.
  static var abstract: String { get }
  /// The settings of a run where the command line has none.
  static var defaults: TrainingDefaults { get }
  /// Commands of the program's own beside those that all have.
  static var subcommands: [any ParsableCommand.Type] { get }
  /// The rows to learn from, and rows to measure on if there are any.
  func data() throws -> TrainingData
  /// Network, loss and optimizer.
  func trainer() throws -> Trainer<Parameters>
  /// Called after training, to draw what came out.
  func finish(_ run: FinishedRun<Parameters>) throws
}

/// Rows to learn from, and rows to measure on if there are any.
public typealias TrainingData = (training: Dataset, validation: Dataset?)

/// The settings of a run where the command line has none.
public struct TrainingDefaults: Sendable {
  public var epochs: Int
  /// Rows of a batch; nil for all rows at once.
  public var batch: Int?
  /// Where a batch is all rows: the steps between two reports, which then count as an epoch.
  public var stepsPerEpoch: Int?
  public var seed: Int
  /// What ends training before its last epoch.
  public var stopping: Stopping

  public init(
    epochs: Int, batch: Int? = nil, stepsPerEpoch: Int? = nil, seed: Int = 0, stopping: Stopping = Stopping()
  ) {
    self.stopping = stopping
    self.epochs = epochs
    self.batch = batch
    self.stepsPerEpoch = stepsPerEpoch
    self.seed = seed
  }
}

extension TrainingProgram {
  public static var subcommands: [any ParsableCommand.Type] { [] }
  public func finish(_ run: FinishedRun<Parameters>) throws {}

  /// Runs the command of the command line and ends the process: 0 where all went well, 64 where the command line is
  /// wrong, 130 after Ctrl-C, 1 for every other error, which is one message on the standard error.
  public static func main() { Program<Self>.start(CommandLine.arguments.dropFirst().map { $0 }) }
}

/// The command that holds all others.
package struct Program<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: P.name, abstract: P.abstract,
      subcommands: [
        Train<P>.self, Predict<P>.self, Compare<P>.self, Emit<P>.self, Inspect<P>.self, Profile<P>.self,
      ] + P.subcommands)
  }
  package init() {}

  static func start(_ arguments: [String]) -> Never {
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      Foundation.exit(0)
    } catch let error as DescentError {
      Console.complain("error: \(error)")
      Foundation.exit(error.kind == .interrupted ? 128 + (Interruption.signal ?? SIGINT) : 1)
    } catch let error as CocoaError {
      Console.complain("error: \(error.localizedDescription)")
      Foundation.exit(1)
    } catch is ClosedOutput {
      // Whoever read has enough; nobody is there to be told.
      Foundation.exit(0)
    } catch {
      // Help, usage errors and exit codes.
      exit(withError: error)
    }
  }
}
