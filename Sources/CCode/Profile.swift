// A step with a clock beside every call. Barriers around each call tell its time apart from that of others, so a
// profiled step is slower than a plain one and its times are those of calls alone, threads waiting for the slowest
// included.

import DescentIR
import DescentPasses

extension StepProgram {
  /// `PREFIX_profile(io, arena, steps, threads, seconds)`: runs steps and adds the time of call k to `seconds[k]`.
  package func profileFunction(linkage: String) -> String {
    let timed = eachCall { k, lines in
      lines + [
        "DSC_BARRIER", "if (thread == 0) {", "  const double now = \(prefix)_now();", "  seconds[\(k)] += now - last;",
        "  last = now;", "}", "DSC_BARRIER",
      ]
    }
    return """

      #include <time.h>

      static double \(prefix)_now(void) {
        struct timespec t;
        timespec_get(&t, TIME_UTC);
        return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
      }

      static void \(prefix)_timed_step(void *const *io, unsigned char *arena, int64_t thread, int64_t threads,
                                 double *seconds) {
      \(declarations.map { "  " + $0 }.joined(separator: "\n"))
        double last = \(prefix)_now();
        (void)seconds;
        (void)last;
      \(timed.map { "  " + $0 }.joined(separator: "\n"))
      }

      \(linkage) void \(prefix)_profile(void *const *io, void *arena, int64_t steps, int64_t threads, double *seconds);
      \(linkage) void \(prefix)_profile(void *const *io, void *arena, int64_t steps, int64_t threads, double *seconds) {
      \(region("\(prefix)_timed_step(io, (unsigned char *)arena, thread, count, seconds);"))
      }

      """
  }
}
