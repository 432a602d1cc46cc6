// What command lines mean, and which ones are refused with exit status 64.

import ArgumentParser
import DescentCLI
import DescentNN
import Testing

@Suite struct ArgumentTests {
  @Test func defaultsComeFromTheProgram() throws {
    let options = try command(FewDigits.self, Train<FewDigits>.self, "train").options
    #expect(options.epochs == 2 && options.batch == 32 && options.seed == 3 && options.engine == .compiled)
    #expect(options.steps == nil && options.threads == nil && options.checkpoint == nil && !options.checksNumbers)
    #expect(try command(Line.self, Train<Line>.self, "train").options.stepsPerEpoch == 25)
  }

  @Test func allOptionsOfTrain() throws {
    let options = try command(
      FewDigits.self, Train<FewDigits>.self, "train", "--epochs", "7", "--batch", "9", "--seed", "-5", "--threads", "2",
      "--engine", "interpreted", "--checkpoint", "c.st", "--every", "10", "--resume", "d.st", "--log", "l", "--json",
      "--plot", "--rows", "100", "--check-nan", "--lr", "0.5"
    ).options
    #expect(options.epochs == 7 && options.batch == 9 && options.seed == -5 && options.threads == 2)
    #expect(options.engine == .interpreted && options.checkpoint == "c.st" && options.every == 10)
    #expect(options.resume == "d.st" && !options.resumeAnyway && options.checksNumbers && options.learningRate == 0.5)
    #expect(try command(Line.self, Train<Line>.self, "train", "--resume", "c", "--resume-anyway").options.resumeAnyway)
  }

  @Test func stepsTakeThePlaceOfEpochs() throws {
    let options = try command(FewDigits.self, Train<FewDigits>.self, "train", "--steps", "1000").options
    #expect(options.steps == 1000 && options.epochs == Int.max)
  }

  @Test func otherCommands() throws {
    _ = try command(Line.self, Compare<Line>.self, "compare", "--steps", "3", "--json", "--seed", "1")
    _ = try command(Line.self, Profile<Line>.self, "profile", "--steps", "3", "--threads", "1")
    _ = try command(
      Line.self, EmitTrainer<Line>.self, "emit", "trainer", "--output", "x", "--prefix", "net_1", "--batch", "32,64")
    _ = try command(Line.self, EmitInference<Line>.self, "emit", "inference", "--output", "x", "--weights", "w.st")
    for stage in ["graph", "backward", "schedule", "memory", "c", "dot"] {
      _ = try command(Line.self, Inspect<Line>.self, "inspect", stage)
    }
  }

  @Test(arguments: [
    ["train", "--epochs", "0"], ["train", "--steps", "-1"], ["train", "--epochs", "1", "--steps", "1"],
    ["train", "--engine", "gpu"], ["train", "--every", "5"], ["train", "--every", "0", "--checkpoint", "c"],
    ["train", "--resume-anyway"],
    ["train", "--batch", "0"], ["train", "--batch", "32,64"], ["train", "--lr", "0"], ["train", "--lr=-1"],
    ["train", "--lr", "nan"],
    ["train", "--lr", "inf"], ["compare", "--lr", "x"], ["emit", "trainer", "--output", "x", "--batch", "32,0"],
    ["emit", "trainer", "--output", "x", "--batch", "32,,64"],
    ["emit", "trainer", "--output", "x", "--batch", "32,32"], ["train", "--threads", "0"],
    ["train", "--threads", "5000"],
    ["train", "--epochs", "many"],
    ["compare", "--steps", "0"], ["profile", "--steps", "0"], ["inspect"], ["inspect", "everything"], ["fly"],
    ["emit", "trainer"], ["emit", "trainer", "--output", ""], ["emit", "inference", "--output", "x", "--batch", "0"],
    ["emit", "trainer", "--output", "x", "--prefix", "1st"], ["emit", "trainer", "--output", "x", "--prefix", "a b"],
    ["emit", "inference", "--output", "x", "--prefix", ""], ["train", "--unknown"], ["train", "--rows", "few"],
  ]) func usageErrors(_ arguments: [String]) {
    do {
      let command = try Program<FewDigits>.parseAsRoot(arguments)
      Issue.record("\(arguments) were taken as \(command)")
    } catch {
      #expect(Program<FewDigits>.exitCode(for: error).rawValue == 64)
    }
  }
}
