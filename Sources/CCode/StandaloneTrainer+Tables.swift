// The tables of a standalone trainer: what descent_trainer_options.h declares, with a name before each value. What is not
// named is zero or null.

import DescentData
import DescentIR

extension StandaloneTrainer {
  /// The tables and the main.
  func tables() -> String {
    """

    /* ---- tables ---- */

    \(tensors("constants", constants.entries))\(programs.map(program).joined())\
    \(batchTable)\(evaluationTable)\(tensors("parameters", parameters))\(tensors("state", state))\
    \(rows("data", data))\(validation.map { rows("validation", $0) } ?? "")\
    \(CTable("dsc_trainer", "\(prefix)_trainer", fields).text)\
    int main(int argc, char **argv) { return dsc_trainer_main(&\(prefix)_trainer, argc, argv); }

    """
  }

  /// The table that has all others.
  private var fields: CFields {
    var fields: CFields = [("version", cString(version)), ("metric", metric.map(cString))]
    fields.append(("initialize", name(of: initialize)))
    fields += list("batch", "batches", batches.count) + list("evaluate", "evaluate", evaluate.count)
    fields += list("parameter", "parameters", parameters.count) + list("state", "state", state.count)
    if !constants.entries.isEmpty {
      fields += [("constants_file", cString(constantsFile)), ("constants_checksum", cString(constants.checksum))]
      fields += list("constant", "constants", constants.entries.count)
    }
    fields += [("data", "&\(prefix)_data"), ("validation", validation.map { _ in "&\(prefix)_validation" })]
    fields += [("carried", isCarried ? "1" : nil), ("steps_per_epoch", cLiteral(stepsPerEpoch))]
    fields.append(("stopping", stopping.line))
    fields.append(("gradient_norm_state", defaults.gradientNorm.map { cLiteral($0.state) }))
    fields += [("optimizer", cString(words.optimizer)), ("learning_rate", cString(words.learningRate))]
    fields += [("own_rate", cLiteral(rate.own, .f64)), ("rate", cLiteral(rate.value, .f64))]
    fields.append(("constant_rate", rate.isConstant ? "1" : nil))
    fields += [
      ("epochs", cLiteral(min(defaults.epochs, 1_000_000_000))), ("steps", defaults.steps.map { cLiteral($0) }),
    ]
    fields += [("seed", cLiteral(defaults.seed)), ("threads", defaults.threads.map { cLiteral($0) })]
    return fields
  }

  private var stopping: CFields {
    [
      ("patience", cLiteral(defaults.patience ?? 0)), ("tolerance", cLiteral(defaults.tolerance ?? -1, .f64)),
      ("gradient_norm", cLiteral(defaults.gradientNorm?.bound ?? -1, .f64)),
      ("keeps_best", defaults.keepsBest ? "1" : "0"),
    ]
  }

  /// The fields for a table of `count` elements.
  private func list(_ one: String, _ table: String, _ count: Int) -> CFields {
    count == 0 ? [] : [(table, "\(prefix)_\(table)"), ("\(one)_count", "\(count)")]
  }

  private func name(of program: StepProgram) -> String { "&\(program.prefix)_program" }

  private func program(_ program: StepProgram) -> String {
    let numbers = constants.numbers(of: program).map { "\($0)" }
    var text = ""
    var fields: CFields = [("arena_bytes", "\(program.prefix)_arena_bytes"), ("run", "\(program.prefix)_run")]
    if !numbers.isEmpty {
      let name = "\(program.prefix)_constants"
      let list = numbers.joined(separator: ", ")
      text = "static const int32_t \(name)[\(numbers.count)] = {"
      text += text.count + list.count < 118 ? "\(list)};\n\n" : "\n\(cTable(numbers))\n"
      fields += [("constants", name), ("constant_count", "\(numbers.count)")]
    }
    return text + CTable("dsc_trainer_program", "\(program.prefix)_program", fields).text
  }

  private var batchTable: String {
    CTable("dsc_trainer_batch", "\(prefix)_batches", batches.count).text(
      batches.map {
        [
          ("program", name(of: $0.program)), ("batch", cLiteral($0.rows)), ("shuffled", $0.isShuffled ? "1" : nil),
          ("checksum", cString($0.checksum)),
        ]
      })
  }

  private var evaluationTable: String {
    CTable("dsc_trainer_block", "\(prefix)_evaluate", evaluate.count).text(
      evaluate.map { [("program", name(of: $0.program)), ("rows", cLiteral($0.rows))] })
  }

  private func tensors(_ table: String, _ list: [(name: String, type: TensorType)]) -> String {
    CTable("dsc_trainer_tensor", "\(prefix)_\(table)", list.count).text(list.map { tensor($0.name, $0.type) })
  }
  private func tensor(_ name: String, _ type: TensorType) -> CFields {
    let sizes = type.shape.dimensions.map { cLiteral($0) }.joined(separator: ", ")
    return [
      ("name", cString(name)), ("dtype", type.dtype.cNumber), ("rank", "\(type.shape.rank)"),
      ("shape", sizes.isEmpty ? nil : "{\(sizes)}"),
    ]
  }

  private func rows(_ name: String, _ rows: Rows) -> String {
    let (source, own) = (rows.source, "\(prefix)_\(name)")
    var text = ""
    var fields: CFields
    switch source.origin {
    case .csv(let path, let options):
      let (definitions, table) = options.tables(own)
      text += definitions + CTable("dsc_csv_options", "\(own)_csv", table).text
      fields = [("origin", "DSC_ORIGIN_CSV"), ("inputs", cString(path)), ("csv", "&\(own)_csv")]
    case .idx(let inputs, let targets):
      fields = [("origin", "DSC_ORIGIN_IDX"), ("inputs", cString(inputs)), ("targets", cString(targets))]
    case .npy(let inputs, let targets):
      fields = [("origin", "DSC_ORIGIN_NPY"), ("inputs", cString(inputs)), ("targets", cString(targets))]
    case .memory: preconditionFailure("rows of a trainer that are in no file")
    }
    if !source.steps.isEmpty {
      text += CTable("dsc_data_step", "\(own)_steps", source.steps.count).text(source.steps.map(\.fields))
      fields += [("steps", "\(own)_steps"), ("step_count", "\(source.steps.count)")]
    }
    fields.append(("classes", source.classes.map { cLiteral($0) }))
    // Any number of rows: the first axis is not told, so that the text does not depend on it.
    for (field, label, type) in [("input", "inputs", rows.inputType), ("target", "targets", rows.targetType)] {
      fields.append((field, tensor(label, TensorType(type.dtype, Shape([0] + type.shape.dimensions.dropFirst()))).line))
    }
    return text + CTable("dsc_data_source", own, fields).text
  }
}

extension DataSource.Step {
  /// A dsc_data_step.
  fileprivate var fields: CFields {
    switch self {
    case .prefix(let count): [("kind", "DSC_STEP_PREFIX"), ("count", cLiteral(count))]
    case .split(let fraction, let seed, let part):
      [
        ("kind", "DSC_STEP_SPLIT"), ("fraction", cLiteral(fraction, .f64)), ("seed", "UINT64_C(\(seed))"),
        ("part", part == .heldOut ? "DSC_PART_HELD_OUT" : "DSC_PART_TRAINING"),
      ]
    }
  }
}

// MARK: How a table is read

extension CSV.Options {
  /// A dsc_csv_options, and the definitions of the arrays that it points to, whose names begin with `prefix`.
  fileprivate func tables(_ prefix: String) -> (definitions: String, fields: CFields) {
    var definitions = ""
    var fields: CFields = [
      ("header", header.cNumber), ("separator", cCharacter(separatorCode)), ("dtype", dtype.cNumber),
    ]
    switch target {
    case .name(let name): fields += [("target", "DSC_CSV_TARGET_NAME"), ("target_name", cString(name))]
    case .index(let index): fields += [("target", "DSC_CSV_TARGET_INDEX"), ("target_index", cLiteral(index))]
    case nil: break
    }
    fields += [("target_dtype", targetType.cNumber), ("limit", limit.map { cLiteral($0) })]
    fields += [("decimal", cCharacter(decimalCode)), ("missing", missing.cNumber)]
    for (field, columns) in [("skipped", skipped), ("chosen", columns)] where !columns.isEmpty {
      let name = "\(prefix)_\(field)"
      definitions += CTable("dsc_csv_column", name, columns.count).text(columns.map(\.fields))
      fields += [(field, name), ("\(field)_count", "\(columns.count)")]
    }
    let all = categories.enumerated().map { number, category -> CFields in
      let labels = category.labels ?? [], name = "\(prefix)_labels\(number)"
      guard !labels.isEmpty else { return [("column", category.column.fields.line)] }
      let lines = labels.map { "    \(cString($0)),\n" }.joined()
      definitions += "static const char *const \(name)[\(labels.count)] = {\n\(lines)};\n\n"
      return [("column", category.column.fields.line), ("labels", name), ("count", "\(labels.count)")]
    }
    if !all.isEmpty {
      definitions += CTable("dsc_csv_category", "\(prefix)_categories", all.count).text(all)
      fields += [("categories", "\(prefix)_categories"), ("category_count", "\(all.count)")]
    }
    return (definitions, fields)
  }
}

extension CSV.Column {
  /// A dsc_csv_column.
  fileprivate var fields: CFields {
    switch self {
    case .name(let name): [("name", cString(name))]
    case .index(let index): [("index", cLiteral(index))]
    }
  }
}

extension CSV.Header {
  fileprivate var cNumber: String {
    switch self {
    case .no: "DSC_CSV_HEADER_NO"
    case .yes: "DSC_CSV_HEADER_YES"
    case .detected: "DSC_CSV_HEADER_DETECT"
    }
  }
}

extension CSV.Missing {
  fileprivate var cNumber: String {
    switch self {
    case .refused: "DSC_CSV_MISSING_REFUSED"
    case .nan: "DSC_CSV_MISSING_NAN"
    case .dropped: "DSC_CSV_MISSING_DROPPED"
    }
  }
}

extension DType {
  /// Its number by its name in C.
  fileprivate var cNumber: String { "DSC_" + name.uppercased() }
}

/// A character by its code; one that C would need to escape as a number.
private func cCharacter(_ code: Int32) -> String {
  guard (0x20..<0x7F).contains(code), code != 0x27, code != 0x5C else { return "\(code)" }
  return "'\(Character(Unicode.Scalar(UInt8(code))))'"
}

// MARK: Named fields

/// The fields of a C struct with their values; nil is left out, and so zero or null.
private typealias CFields = [(name: String, value: String?)]

extension CFields {
  /// `{.name = "x", .rank = 2}`
  fileprivate var line: String { "{\(initializers.joined(separator: ", "))}" }
  fileprivate var initializers: [String] { compactMap { field in field.value.map { ".\(field.name) = \($0)" } } }
}

/// A constant of C: a struct, or an array of structs.
private struct CTable {
  let text: String
  private let head: String

  init(_ type: String, _ name: String, _ fields: CFields) {
    head = "static const \(type) \(name) = {\n"
    text = head + fields.initializers.map { "    \($0),\n" }.joined() + "};\n\n"
  }
  init(_ type: String, _ name: String, _ count: Int) {
    head = "static const \(type) \(name)[\(count)] = {\n"
    text = ""
  }
  /// The array of these; nothing where there are none.
  func text(_ elements: [CFields]) -> String {
    elements.isEmpty ? "" : head + elements.map { "    \($0.line),\n" }.joined() + "};\n\n"
  }
}
