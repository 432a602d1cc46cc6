// What bounds the number of threads, on trees of files as Linux shows them; and threads that cannot be made.

import DescentIR
import DescentRuntime
import Foundation
import Testing

import DescentDriver

#if os(Linux)
  @Suite struct ThreadsTests {
    /// Files of a machine of 64 processors, of which 8 are allowed; `more` are beside them.
    private static func machine(_ more: [String: String]) throws -> Scratch {
      let place = try Scratch()
      var files = [
        "/proc/self/status": "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\nMems_allowed:\t1\n",
        "/sys/devices/system/cpu/online": "0-63\n",
        "/proc/meminfo": "MemTotal:        1000 kB\nMemFree: 10 kB\nSwapTotal:         24 kB\n",
      ]
      files.merge(more) { $1 }
      for (name, text) in files {
        try makeFolders(try #require(parentFolder(place.path + name)))
        try place.file(String(name.dropFirst()), text)
      }
      return place
    }

    private static let second = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let first = """
      31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
      33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
      35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory

      """
    private static func v2(_ path: String, _ more: [String: String]) -> [String: String] {
      ["/proc/self/cgroup": "0::\(path)\n", "/proc/self/mountinfo": second].merging(more) { $1 }
    }
    private static func v1(_ path: String, _ more: [String: String]) -> [String: String] {
      [
        "/proc/self/cgroup": "9:cpuset:/x\n4:cpu,cpuacct:\(path)\n5:memory:\(path)\n0::/\n",
        "/proc/self/mountinfo": first,
      ].merging(more) { $1 }
    }
    private static func quota(_ folder: String, _ quota: String, _ period: String = "100000") -> [String: String] {
      [
        "/sys/fs/cgroup/cpu,cpuacct\(folder)/cpu.cfs_quota_us": quota,
        "/sys/fs/cgroup/cpu,cpuacct\(folder)/cpu.cfs_period_us": period,
      ]
    }

    /// What files say, and how many processors that makes.
    private static let machines: [(name: String, files: [String: String], processors: Int)] = [
      ("the affinity mask alone", [:], 8),
      ("a mask with gaps", ["/proc/self/status": "Cpus_allowed_list:\t0,2-3,9\n"], 4),
      ("processors that are off", ["/sys/devices/system/cpu/online": "0-3,6\n"], 5),
      ("no list of those online", ["/sys/devices/system/cpu/online": ""], 8),
      ("more than any machine has", ["/proc/self/status": "Cpus_allowed_list:\t0-99999999999999999999\n"], 64),
      ("quota of two", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "200000 100000\n"]), 2),
      ("quota of two and a half", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "250000 100000\n"]), 2),
      ("less than one", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "50000 100000\n"]), 1),
      ("none", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "max 100000\n"]), 8),
      ("more than there are", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "9900000 100000\n"]), 8),
      ("nonsense", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "many\n"]), 8),
      ("a period of nothing", v2("/a", ["/sys/fs/cgroup/a/cpu.max": "200000 0\n"]), 8),
      (
        "the parent's",
        v2("/a/b/c", ["/sys/fs/cgroup/a/cpu.max": "300000 100000\n", "/sys/fs/cgroup/a/b/c/cpu.max": "max 100000\n"]), 3
      ),
      (
        "the least of both",
        v2("/a/b", ["/sys/fs/cgroup/a/cpu.max": "300000 100000\n", "/sys/fs/cgroup/a/b/cpu.max": "600000 100000\n"]), 3
      ),
      ("a container, which sees its own group as the root", v2("/", ["/sys/fs/cgroup/cpu.max": "400000 100000\n"]), 4),
      ("a path outside of what the container sees", v2("/../../x", ["/sys/fs/cgroup/cpu.max": "400000 100000\n"]), 4),
      ("a path that is not mounted", v2("/docker/x", ["/sys/fs/cgroup/cpu.max": "400000 100000\n"]), 4),
      (
        "a part of the hierarchy that is mounted",
        [
          "/proc/self/cgroup": "0::/pods/x/y\n",
          "/proc/self/mountinfo": "30 23 0:26 /pods/x /mnt/groups rw - cgroup2 none rw\n",
          "/mnt/groups/y/cpu.max": "500000 100000\n", "/mnt/groups/cpu.max": "700000 100000\n",
        ], 5
      ),
      ("version 1", v1("/a", quota("/a", "200000")), 2),
      ("version 1 without a quota", v1("/a", quota("/a", "-1")), 8),
      ("version 1, the parent's", v1("/a/b", quota("/a", "350000").merging(quota("/a/b", "-1")) { $1 }), 3),
      ("version 1, a container", v1("/docker/x", quota("", "600000")), 6),
      ("version 1 with another period", v1("/a", quota("/a", "20000", "10000")), 2),
      (
        "lines that are none",
        ["/proc/self/cgroup": "\n:\n::\nx", "/proc/self/mountinfo": "\n - \n - cgroup2\n - cgroup2 a b\n"], 8
      ),
    ]
    @Test(arguments: machines.indices) func processors(_ number: Int) throws {
      let (name, files, processors) = Self.machines[number]
      let place = try Self.machine(files)
      withExtendedLifetime(place) { #expect(availableProcessors(root: place.path) == processors, "\(name)") }
    }

    @Test func ofThisMachine() {
      // Without any file there is still one.
      #expect(availableProcessors(root: "/nowhere") == max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      #expect((1...ProcessInfo.processInfo.activeProcessorCount).contains(availableProcessors()))
    }

    @Test func memory() throws {
      func bound(_ files: [String: String]) throws -> Int64 {
        let place = try Self.machine(files)
        return withExtendedLifetime(place) { dsc_memory_bound(place.path) }
      }
      #expect(try bound([:]) == 1024 * 1024)
      #expect(
        try bound(Self.v2("/a", ["/sys/fs/cgroup/a/memory.max": "max\n", "/sys/fs/cgroup/memory.max": "5000\n"]))
          == 5000 + 24 * 1024)
      #expect(try bound(Self.v1("/a", ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "4096\n"])) == 4096 + 24 * 1024)
      #expect(
        try bound(Self.v1("/a", ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n"])) == 1024
          * 1024)
      #expect(try bound(["/proc/meminfo": "nothing\n"]) == .max)
      #expect(dsc_memory_bound("/nowhere") == .max)
    }

    @Test(
      arguments: [
        ("16K", 16384), ("1B", 1), (" 2 m ", 2 << 20), ("3", 3072), ("1g", 1 << 30), ("2T", 2 << 40), ("nonsense", 0),
        ("12x", 0), ("", 0),
        ("99999999999999999999G", Int64.max), ("-5", 0), ("1 K B", 0),
      ] as [(String, Int64)]) func stackSizes(text: String, bytes: Int64)
    {
      #expect(dsc_stack_size(text, 1024) == bytes)
    }

    @Test(arguments: [0, -1, 1025, 65536]) func numbersOfThreads(_ threads: Int) {
      let error = failure { try Threads.prepare(threads) }
      #expect(error.kind == .usage && error.message == "\(threads) threads were asked for; expected 1...1024")
    }

    @Test func threadsOfEnormousStacksCannotBeMade() throws {
      var reason: Int32 = 0
      #expect(dsc_threads_made(2, Int64.max, &reason) == 0 && reason != 0)
      #expect(dsc_threads_made(3, 1 << 20, &reason) == 3 && reason == 0)
    }
  }
#endif
