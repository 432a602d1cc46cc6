// Steps printed as the source of a shared library: what dlopen loads for training and for compiled functions.

import DescentIR
import DescentPasses

/// The source of a library of several steps with distinct prefixes. For each it exports
/// `PREFIX_arena_bytes(threads)` and `PREFIX_run(io, arena, steps, threads)`.
package func librarySource(_ programs: [StepProgram]) -> String {
  let body = programs.map { $0.banner + $0.text + $0.runFunction(linkage: "DSC_EXPORT") }.joined(separator: "\n")
  return Prelude.text(programs.reduce(into: []) { $0.formUnion($1.headers) }) + """

    #if defined(__GNUC__)
    #define DSC_EXPORT __attribute__((visibility("default")))
    #else
    #define DSC_EXPORT
    #endif


    """ + body
}

extension StepProgram {
  /// The functions that tell the arena's size and run steps, one parallel region for all of them.
  package func runFunction(linkage: String) -> String {
    """

    \(linkage) int64_t \(prefix)_arena_bytes(int64_t threads);
    \(linkage) void \(prefix)_run(void *const *io, void *arena, int64_t steps, int64_t threads);

    /* Bytes of the arena for this many threads; it begins at a multiple of 64. */
    \(linkage) int64_t \(prefix)_arena_bytes(int64_t threads) { return \(prefix)_arena + threads * \(prefix)_scratch; }

    /* Runs `steps` steps in place. */
    \(linkage) void \(prefix)_run(void *const *io, void *arena, int64_t steps, int64_t threads) {
    \(region("\(prefix)_step(io, (unsigned char *)arena, thread, count);"))
    }

    """
  }

  /// The parallel region of a function: all threads take every step, one after another.
  func region(_ step: String) -> String {
    """
    #ifdef _OPENMP
    #pragma omp parallel num_threads((int)threads)
      {
        const int64_t thread = omp_get_thread_num(), count = omp_get_num_threads();
    #else
      (void)threads;
      {
        const int64_t thread = 0, count = 1;
    #endif
        for (int64_t s = 0; s < steps; s++) {
          \(step)
          DSC_BARRIER
        }
      }
    """
  }

  /// A comment: how big the graph is and what it became.
  package var banner: String {
    """
    /* Descent \(version): \(counted(plan.schedule.graph.nodes.count, "operation")) in \(counted(plan.calls.count, "kernel")), \
    \(counted(plan.barriers, "barrier")) a step, \(counted(plan.arenaBytes, "byte")) of arena. */

    """
  }
}

/// A number with what it counts.
private func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
