import ArgumentParser
package struct Profile<P: TrainingProgram>: ParsableCommand {
  package static var configuration: CommandConfiguration { CommandConfiguration(commandName: "profile") }
  package init() {}
}
