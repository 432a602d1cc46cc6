// The data sets of the README, compiled; the arguments are tested in Tests/DataTests/TableTests.swift.

import Descent

func penguins() throws -> (training: Dataset, test: Dataset) {
  let training = try Dataset.csv(
    "penguins.csv", target: "species", separator: ";", decimal: ",", missing: .dropped, skipped: ["comment"],
    categories: ["species", "island"])
  let test = try Dataset.csv("test.csv", target: "species", categories: training.categories)
  return (training, test)
}
