// A step run by its nests alone, call after call.

import DescentIR

extension StepPlan {
  /// Runs one step on the caller's arrays, those of `externals` in order. Each shared call is cut into this many shares, which run
  /// one after another from the last to the first.
  package func interpret(_ arrays: [NestArray], shares: Int) {
    var memory: [Buffer: NestArray] = [:]
    for call in calls {
      let function = functions[call.function]
      let given = zip(call.buffers, function.parameters).map { buffer, parameter -> NestArray in
        switch buffer {
        case .input(let i): return arrays[i]
        case .output(let k): return arrays[outputPlaces[k]]
        case .constant(let id):
          guard case .constant(let array) = schedule.graph.lowering(of: id) else { preconditionFailure("no constant") }
          return NestArray(array)
        case .node, .partial:
          if let known = memory[buffer] { return known }
          let bytes = temporaries.first { $0.buffer == buffer }!.life.bytes
          let array = NestArray(parameter.dtype, count: bytes / parameter.dtype.byteSize)
          memory[buffer] = array
          return array
        }
      }
      if let scan = function.scan {
        scan.interpret(given, shares: shares)
      } else {
        var run = NestRun(function, given)
        run.run(shares: call.isShared ? shares : 1)
      }
    }
  }

  /// Multiply-adds and the like of all calls: how long interpreting takes.
  package var work: Int { calls.reduce(0) { $0.plus($1.work) } }
}

extension Scan {
  func interpret(_ parameters: [NestArray], shares: Int) {
    var places: [Place: NestArray] = [:]
    for (number, array) in parameters.enumerated() { places[.parameter(number)] = array }
    for argument in arguments where places[argument.storage] == nil {
      // A result that nothing reads.
      let count = Swift.max(1, argument.step == 0 ? carryCount(argument) : argument.step * (length ?? 1))
      places[argument.storage] = NestArray(argument.dtype, count: count)
    }
    for carry in carries {
      let (from, to) = (parameters[carry.from], places[carry.to]!)
      let count = carry.bytes / to.dtype.byteSize
      if to.dtype.isFloating {
        to.reals.replaceSubrange(0..<count, with: from.reals[..<count])
      } else {
        to.whole.replaceSubrange(0..<count, with: from.whole[..<count])
      }
    }
    func step(_ t: Int) {
      let slices = arguments.map {
        $0.step == 0 ? places[$0.storage]! : places[$0.storage]!.slice($0.step * t, $0.step)
      }
      body.interpret(slices, shares: shares)
      for (argument, slice) in zip(arguments, slices) where argument.step != 0 && argument.isWritten {
        places[argument.storage]!.replace(argument.step * t, with: slice)
      }
    }
    guard let length else {
      while places[carries[0].to]!.whole[0] != 0 { step(0) }
      return
    }
    for s in 0..<length { step(isReversed ? length - 1 - s : s) }
  }
  private func carryCount(_ argument: Argument) -> Int {
    carries.first { $0.to == argument.storage }.map { $0.bytes / argument.dtype.byteSize } ?? 1
  }
}

extension NestArray {
  fileprivate func slice(_ start: Int, _ count: Int) -> NestArray {
    let slice = NestArray(dtype, count: 0)
    if dtype.isFloating {
      slice.reals = Array(reals[start..<start + count])
    } else {
      slice.whole = Array(whole[start..<start + count])
    }
    return slice
  }
  fileprivate func replace(_ start: Int, with slice: NestArray) {
    if dtype.isFloating {
      reals.replaceSubrange(start..<start + slice.reals.count, with: slice.reals)
    } else {
      whole.replaceSubrange(start..<start + slice.whole.count, with: slice.whole)
    }
  }
}
