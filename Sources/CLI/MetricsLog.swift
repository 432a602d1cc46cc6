// metrics.csv and metrics.jsonl: a line for each epoch, added with one write each, so that a reader never sees half of
// one.

import DescentData
import DescentIR
import DescentNN
import Foundation

/// The metrics of a run in a folder.
final class MetricsLog {
  private let metric: String?
  private let csv: LineFile
  private let jsonl: LineFile

  /// Makes the folder and its files; those of an earlier run are emptied unless this one continues it.
  init(_ folder: String, metric: String?, continues: Bool) throws {
    self.metric = metric
    try makeFolder(folder)
    csv = try LineFile(folder + "/metrics.csv", continues: continues)
    jsonl = try LineFile(folder + "/metrics.jsonl", continues: continues)
    if csv.isEmpty { try csv.add(CSV.line(EpochReport.columns(metric).compactMap { $0 })) }
  }

  func add(_ entry: EpochReport) throws {
    let fields = entry.fields(metric)
    try csv.add(fields.map { if case .null = $0.1 { "" } else { $0.1.text } }.joined(separator: ","))
    try jsonl.add(JSON.line(fields))
  }
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  } catch {
    throw DescentError(.file, "the folder \(path) cannot be made: \(error.localizedDescription)")
  }
}

private final class LineFile {
  private let path: String
  private let descriptor: Int32

  init(_ path: String, continues: Bool) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (continues ? 0 : O_TRUNC), 0o666)
    if descriptor < 0 { throw failure() }
  }
  deinit { close(descriptor) }

  var isEmpty: Bool { lseek(descriptor, 0, SEEK_END) == 0 }

  func add(_ line: String) throws {
    let bytes = Array((line + "\n").utf8)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written < 0 { throw failure() }
    if written < bytes.count { throw DescentError(.file, "\(path) cannot be written: the disk is full") }
  }
  private func failure() -> DescentError {
    DescentError(.file, "\(path) cannot be written: \(String(cString: strerror(errno)))")
  }
}
