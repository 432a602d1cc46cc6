// What goes beside C for inference: an example that calls it, how to build both, how to use it.

import DescentIR

extension Inference {
  private var number: (type: String, check: String, what: String) {
    let c = input.dtype.cName
    switch input.dtype {
    case .f32, .f64: return (c, "value == value", "a number")
    case .i32:
      return (
        c, "value >= -2147483648.0 && value <= 2147483647.0 && value == (double)(int32_t)value",
        "a whole number of 32 bits"
      )
    // Beyond 2^53 a double would not hold the digits.
    case .i64:
      return (
        c, "value >= -9007199254740992.0 && value <= 9007199254740992.0 && value == (double)(int64_t)value",
        "a whole number"
      )
    case .u8: return (c, "value >= 0 && value <= 255 && value == (double)(int)value", "a whole number in 0...255")
    case .bool: return (c, "value == 0 || value == 1", "0 or 1")
    }
  }
  private var format: (text: String, cast: String) {
    switch output.dtype {
    case .f32: ("%.9g", "(double)")
    case .f64: ("%.17g", "")
    case .i32, .i64: ("%lld", "(long long)")
    case .u8, .bool: ("%d", "")
    }
  }

  /// `example.c`
  package var example: String {
    let (type, check, what) = number
    let (format, cast) = format
    return """
      /* Reads the numbers of one or more inputs, from the command line or else from the standard input, and prints a line of
       * predictions for each row. Exit status: 0, 1 for wrong numbers in the input, 64 for wrong ones on the command line. */
      #include "\(prefix).h"
      #include <stdio.h>
      #include <stdlib.h>

      static \(type) input[\(prefix)_input_count];
      static \(output.dtype.cName) output[\(prefix)_output_count];

      /* Takes a number written in text: 1, or 0 after a line that says what is wrong. */
      static int take(const char *text, long index) {
        char *end;
        const double value = strtod(text, &end);
        if (end == text || *end != 0 || !(\(check))) {
          fprintf(stderr, "example: number %ld is '%s'; expected \(what)\\n", index + 1, text);
          return 0;
        }
        input[index % \(prefix)_input_count] = (\(type))value;
        return 1;
      }

      /* Predicts when an input is complete: 1, or 0 after a line that says what is wrong. */
      static int complete(long count) {
        if (count % \(prefix)_input_count != 0)
          return 1;
        const int code = \(prefix)_predict(input, output);
        if (code != \(prefix)_ok) {
          fprintf(stderr, "example: %s\\n", \(prefix)_message(code));
          return 0;
        }
        for (int i = 0; i < \(prefix)_output_count; i++)
          printf("\(format)%s", \(cast)output[i], (i + 1) % \(prefix)_output_columns == 0 ? "\\n" : " ");
        return 1;
      }

      int main(int argc, char **argv) {
        char text[64];
        long count = 0;
        for (int i = 1; i < argc; i++, count++)
          if (!take(argv[i], count) || !complete(count + 1))
            return 64;
        if (argc <= 1)
          for (; scanf("%63s", text) == 1; count++)
            if (!take(text, count) || !complete(count + 1))
              return 1;
        if (count % \(prefix)_input_count != 0 || count == 0) {
          fprintf(stderr, "example: %ld numbers; expected %d for each input\\n", count, \(prefix)_input_count);
          return argc > 1 ? 64 : 1;
        }
        return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
      }

      """
  }

  /// `Makefile`
  package var makefile: String {
    """
    # make: the network as \(prefix).o, and a program that calls it. A device's compiler: make CC=... CFLAGS=...
    \(makefileFlags)
    example: example.c \(prefix).h \(prefix).o
    \t$(CC) $(CFLAGS) $(STRICT) -o $@ example.c \(prefix).o -lm

    \(prefix).o: \(prefix).c \(prefix).h
    \t$(CC) $(CFLAGS) $(STRICT) -c -o $@ \(prefix).c

    clean:
    \trm -f example \(prefix).o

    .PHONY: clean

    """
  }

  /// `README.md`
  package var readme: String {
    """
    # A trained network in C

    `\(prefix).c` and `\(prefix).h` predict: input \(input), output \(output), \
    \(weights.reduce(0) { $0 + $1.value.count }) weights. C11 or C++17; no heap, no files, no output, one thread.

        #include "\(prefix).h"
        \(input.dtype.cName) input[\(prefix)_input_count];
        \(output.dtype.cName) output[\(prefix)_output_count];
        int code = \(prefix)_predict(input, output);     /* 0, or see \(prefix)_message(code) */

    Inputs are as they were in the data set; what prepares them is part of the network.

    `\(prefix)_predict` keeps intermediate values in static memory, so one call at a time. `\(prefix)_predict_in` takes that
    memory from the caller: `\(prefix)_arena_bytes()` bytes from a multiple of 64 on. `-D\(prefix)_own_arena=0` leaves the static
    memory out. How much is needed depends on the target's vectors and is a constant when the file is compiled.

    `make` builds `example`, which reads numbers and prints predictions: `./example < numbers.txt`. Keep
    `-ffp-contract=off`: with it, the results are the same with every compiler on every processor that has a fused
    multiply-add instruction.

    """
  }
}
