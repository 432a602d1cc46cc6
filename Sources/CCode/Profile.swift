// A step with a clock beside every call. Barriers around each call tell its time apart from that of others, so a
// profiled step is slower than a plain one and its times are those of calls alone, threads waiting for the slowest
// included.

import DescentIR
import DescentPasses

extension StepProgram {
  /// `PREFIX_profile(io, arena, steps, threads, seconds)`: runs steps and adds the time of call k to `seconds[k]`.
  package func profileFunction(linkage: String) -> String {
    let timed = callLines.enumerated().map { k, line in
      """
          \(line)
          DSC_BARRIER
          if (thread == 0) { const double now = \(prefix)_now(); seconds[\(k)] += now - last; last = now; }
          DSC_BARRIER
      """
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
      \(timed.joined(separator: "\n"))
      }

      \(linkage) void \(prefix)_profile(void *const *io, void *arena, int64_t steps, int64_t threads, double *seconds);
      \(linkage) void \(prefix)_profile(void *const *io, void *arena, int64_t steps, int64_t threads, double *seconds) {
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
            \(prefix)_timed_step(io, (unsigned char *)arena, thread, count, seconds);
            DSC_BARRIER
          }
        }
      }

      """
  }

  /// What a call must do: floating-point operations (a multiply-add is two, a pointwise operation one an element), and
  /// bytes that it must read and write at least once. Of an array from which rows are picked only as many count as are
  /// picked.
  package func cost(ofCall index: Int) -> (operations: Double, bytes: Double) {
    let graph = schedule.graph
    var operations = 0.0, space = 0
    for id in calls[index].nodes {
      let node = graph[id]
      let types = node.operands.map { graph[$0].type }
      var points = node.type.shape.count
      switch node.op.lowering(types) {
      case .contraction(let axes):
        points *= axes.lhsContracting.reduce(1) { $0 * types[0].shape[$1] }
        operations += 2 * Double(points)
      case .reduction, .argmax, .fold:
        points = types[0].shape.count
        operations += Double(points)
      case .scatterAdd:
        points = max(points, types[2].shape.count)
        operations += Double(types[2].shape.count)
      case .pointwise: if node.type.dtype.isFloating { operations += Double(points) }
      default: break
      }
      space = max(space, points)
    }
    let bytes = calls[index].arrays.reduce(0.0) { $0 + Double(min($1.shape.count, space) * $1.dtype.byteSize) }
    return (operations, bytes)
  }
}
