// A trained network printed as C for a device: weights as constants, memory that is static or the caller's, one
// thread, and nothing of the system's: no heap, no files, no output. What can go wrong is a return code.

import DescentIR

/// A network's prediction with its weights.
package struct Inference: Sendable {
  package var prefix: String
  /// Takes the weights in order, then the rows; gives the predictions.
  package var program: StepProgram
  package var weights: [(name: String, value: HostArray)]
  package var input: TensorType
  package var output: TensorType

  /// `prefix` has been checked, as a name and as that of files. Throws for more numbers than an `int` counts.
  package init(prefix: String, program: StepProgram, weights: [(name: String, value: HostArray)], input: TensorType)
    throws
  {
    guard let output = program.externals.last?.type, program.externals.count == weights.count + 2 else {
      preconditionFailure("a prediction takes weights and rows, and gives one tensor")
    }
    for (what, type) in [("input", input), ("output", output)]
    where type.shape.count > Int(Int32.max) || type.shape.count == 0 {
      throw DescentError(
        .usage, "the \(what) of one prediction is \(type); C for devices takes 1 to 2147483647 numbers")
    }
    self.prefix = prefix
    self.program = program
    self.weights = weights
    self.input = input
    self.output = output
  }

  /// Numbers in a row of predictions, for printing.
  var outputColumns: Int {
    input.shape.rank > 0 && output.shape.rank > 0 && output.shape[0] == input.shape[0]
      ? output.shape.count / output.shape[0]
      : output.shape.count
  }

  /// `PREFIX.h`
  package var header: String {
    """
    /* Predictions of a trained network: input \(input), output \(output), both dense and row-major.
     * No function here allocates, prints or ends the program; the weights are constants in \(prefix).c. */
    #ifndef \(prefix.uppercased())_H
    #define \(prefix.uppercased())_H

    #include <stddef.h>
    #include <stdint.h>

    #ifdef __cplusplus
    extern "C" {
    #endif

    enum {
      \(prefix)_input_count = \(input.shape.count),  /* numbers of an input */
      \(prefix)_output_count = \(output.shape.count), /* numbers of an output */
      \(prefix)_output_columns = \(outputColumns), /* numbers that belong to one row */
      \(prefix)_ok = 0,
      \(prefix)_missing = 1,  /* a pointer is null */
      \(prefix)_unaligned = 2 /* the arena does not begin at a multiple of 64 */
    };

    /* Bytes of the arena, the memory for everything between input and output. */
    size_t \(prefix)_arena_bytes(void);

    /* Reads \(prefix)_input_count numbers and writes \(prefix)_output_count, with an arena of the caller's that begins at a
     * multiple of 64. Calls with different arenas may run at the same time. Returns \(prefix)_ok or another code. */
    int \(prefix)_predict_in(const \(input.dtype.cName) *input, \(output.dtype.cName) *output, void *arena);

    /* The same with an arena inside \(prefix).c, so one call at a time. A build with \(prefix)_own_arena defined as 0 has
     * neither this function nor that memory. */
    int \(prefix)_predict(const \(input.dtype.cName) *input, \(output.dtype.cName) *output);

    /* What a code means, in English. */
    const char *\(prefix)_message(int code);

    #ifdef __cplusplus
    }
    #endif

    #endif

    """
  }

  /// `PREFIX.c`
  package var source: String {
    let body = weights.enumerated().map(array).joined() + program.banner + program.text
    return """
      /* Predictions of a trained network; \(prefix).h says how to call them. Keep -ffp-contract=off: results depend on it.
       * Part 1: the runtime. Part 2: weights and kernels. Part 3: the functions of \(prefix).h. */
      #define DSC_ONE_THREAD
      /* Blocks of the matrix product that ask for little memory. */
      #define DSC_GEMM_MC 48
      #define DSC_GEMM_NC 64

      """ + Prelude.text(program.headers) + "\n#include \"\(prefix).h\"\n\n" + body + functions
  }

  private func array(_ index: Int, _ weight: (name: String, value: HostArray)) -> String {
    let numbers = weight.value.count > 0 ? cLiterals(weight.value) : ["0"]
    var text = "/* \(commentName(weight.name, "weight \(index)")) \(weight.value.type) */\n"
    text += "static const \(weight.value.dtype.cName) \(prefix)_w\(index)[\(numbers.count)] DSC_ALIGNED(64) = {\n"
    return text + cTable(numbers) + "\n"
  }

  private var functions: String {
    let net = program.prefix
    let pointers =
      weights.indices.map { "(void *)(uintptr_t)\(prefix)_w\($0)" } + ["(void *)(uintptr_t)input", "output"]
    return """

      size_t \(prefix)_arena_bytes(void) { return \(net)_arena + \(net)_scratch > 0 ? \(net)_arena + \(net)_scratch : 64; }

      int \(prefix)_predict_in(const \(input.dtype.cName) *input, \(output.dtype.cName) *output, void *arena) {
        if (input == NULL || output == NULL || arena == NULL)
          return \(prefix)_missing;
        if ((uintptr_t)arena % 64 != 0)
          return \(prefix)_unaligned;
        void *const io[\(pointers.count)] = {
      \(pointers.map { "      \($0)," }.joined(separator: "\n"))
        };
        \(net)_step(io, (unsigned char *)arena, 0, 1);
        return \(prefix)_ok;
      }

      #ifndef \(prefix)_own_arena
      #define \(prefix)_own_arena 1
      #endif
      #if \(prefix)_own_arena
      int \(prefix)_predict(const \(input.dtype.cName) *input, \(output.dtype.cName) *output) {
        static unsigned char arena[\(net)_arena + \(net)_scratch > 0 ? \(net)_arena + \(net)_scratch : 64] DSC_ALIGNED(64);
        return \(prefix)_predict_in(input, output, arena);
      }
      #endif

      const char *\(prefix)_message(int code) {
        switch (code) {
        case \(prefix)_ok: return "all is well";
        case \(prefix)_missing: return "input, output or arena is a null pointer";
        case \(prefix)_unaligned: return "the arena does not begin at a multiple of 64";
        default: return "no such code";
        }
      }

      """
  }
}
