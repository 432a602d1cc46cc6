"""Plants faults in the lowering, one at a time, and says which of them the ordinary tests catch.

    python3 Tests/mutations.py [NAME ...]

Each fault is a replacement of one piece of source text in a copy of the repository (in the folder that TMPDIR or /tmp
holds), where FAULT stands for a condition: the copy is built once with all of them, and the environment's DESCENT_FAULT
says which one holds. The tests run without the records of emitted C: those see any change. A fault is caught where a
test fails or a program that is built no longer compiles. Takes half an hour; Tests/README.md says what the last run
found.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = (
    "CCodeTests.(Registry|Reduction|Sum|Contraction|IndexedContraction|Window|Loop|Chunk|Empty|Memory|RandomTraining)"
    "|PassesTests.Rule"
)

# name: file, what stands there, what stands there instead; FAULT is true for the fault that is tried.
FAULTS = {
    "dropped-term": (
        "Loops/Reductions.swift",
        "[OpenLoop(variable: j, lower: from, upper: .position(Affine(end)), step: lanes)]",
        "[OpenLoop(variable: j, lower: from, upper: .position(Affine(FAULT ? end - lanes : end)), step: lanes)]",
    ),
    "lost-tail": ("Loops/Reductions.swift", "return main + (rest == 0 ? [] : step(", "return main + (rest == 0 || FAULT ? [] : step("),
    "tile-too-wide": (
        "Loops/Reductions.swift",
        "let least = Expression.least(.position(Affine(tile)), .infix(.subtract, loop.upper, .position(Affine(variable: j))))",
        "let least = FAULT ? Expression.position(Affine(tile)) : Expression.least(.position(Affine(tile)), "
        ".infix(.subtract, loop.upper, .position(Affine(variable: j))))",
    ),
    "block-overlaps": (
        "Loops/Reductions.swift",
        ".index(to, .least(.position(begin + Affine(cut.turns)), upper))",
        ".index(to, .least(.position(begin + Affine(FAULT ? cut.turns + 1 : cut.turns)), upper))",
    ),
    "block-not-cleared": ("Loops/Reductions.swift", "upper))] + clear\n", "upper))] + (FAULT ? [] : clear)\n"),
    "part-left-out": (
        "Loops/Reductions.swift",
        "parts = (extent(reduced[0]) + size - 1) / size",
        "parts = FAULT ? max(1, extent(reduced[0]) / size) : (extent(reduced[0]) + size - 1) / size",
    ),
    "wrong-lost-digits": ("Loops/Reductions.swift", "[\n      .define(term, minus(x, ", "[\n      .define(term, minus(FAULT ? .negated(x) : x, "),
    "wrong-axis": ("Loops/Families.swift", "index.insert(Affine(variable: r), at: axis)", "index.insert(Affine(variable: r), at: FAULT ? 0 : axis)"),
    "last-greatest": (
        "Loops/Families.swift",
        "var isBetter = Expression.infix(.greater, value, known)",
        "var isBetter = Expression.infix(FAULT ? .greaterOrEqual : .greater, value, known)",
    ),
    "row-of-a-neighbour": (
        "Loops/Families.swift",
        ".infix(.greaterOrEqual, row, from), .infix(.less, row, to)), sums)",
        ".infix(FAULT ? .greater : .greaterOrEqual, row, from), .infix(.less, row, to)), sums)",
    ),
    "window-one-off": (
        "Loops/Folds.swift",
        "Affine((count - 1) * window.stride + 1)",
        "Affine((count - 1) * window.stride + (FAULT ? 0 : 1))",
    ),
    "part-at-the-start": ("Loops/Families.swift", "index[axis] = index[axis] + Affine(start)\n", "index[axis] = index[axis] + Affine(FAULT ? 0 : start)\n"),
    "chunk-one-tile-short": (
        "Loops/Chunks.swift",
        "let first = Expression.position(Affine(variable: chunk) * (order.tilesPerChunk * Self.lanes))",
        "let first = Expression.position(Affine(variable: chunk) * (order.tilesPerChunk * Self.lanes) + Affine(FAULT ? Self.lanes : 0))",
    ),
    "chunk-left-out": ("Loops/Chunks.swift", "pairs(0..<chunks)", "pairs(0..<(FAULT ? max(1, chunks - 1) : chunks))"),
    "region-ignores-order": (
        "Loops/Regions.swift",
        "!run!.skipped.contains(where: { $0.conflicts(with: function) })",
        "FAULT || !run!.skipped.contains(where: { $0.conflicts(with: function) })",
    ),
    "region-of-other-rows": (
        "Loops/Regions.swift",
        "return touching.count == 1 || touching.allSatisfy { $0.isRegular(buffer) }",
        "return FAULT || touching.count == 1 || touching.allSatisfy { $0.isRegular(buffer) }",
    ),
    "region-keeps-what-others-want": ("Loops/Regions.swift", "touched[buffer] == users[buffer],", "FAULT ? touched[buffer] != nil : touched[buffer] == users[buffer],"),
    "loops-that-are-not-one": (
        "Loops/Rewrites.swift",
        "guard accesses.allSatisfy({ $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) else { continue }",
        "guard FAULT ? accesses.contains(where: { $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) : "
        "accesses.allSatisfy({ $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) else { continue }",
    ),
    "load-after-store": ("Loops/Rewrites.swift", "where x.loads {", "where x.loads && !FAULT {"),
    "missing-barrier": (
        "Loops/StepPlan.swift",
        "return touched(a).contains { x in",
        "return !(FAULT && calls[a].isShared) && touched(a).contains { x in",
    ),
    "memory-too-early": (
        "Loops/StepPlan.swift",
        "temporaries[known].life.last = call",
        "temporaries[known].life.last = FAULT ? min(call, temporaries[known].life.first + 1) : call",
    ),
    "backwards-forwards": ("CCode/CPrinter+Scan.swift", "let isDown = usesTime && scan.isReversed", "let isDown = usesTime && scan.isReversed != FAULT"),
    "bracket-lost": (
        "CCode/CExpression.swift",
        'case .negated(let x): return CText(text: "-" + text(x).within(.primary), precedence: .bits)',
        'case .negated(let x): return CText(text: "-" + (FAULT ? text(x).text : text(x).within(.primary)), precedence: .bits)',
    ),
    "windows-of-every-row": (
        "Passes/SimplifySlices.swift",
        "windows.strides[i] *= cut.step",
        "windows.strides[i] *= FAULT ? 1 : cut.step",
    ),
    "last-part-of-depth": (
        "Loops/DeepContractions.swift",
        "parts = (form.depth + steps - 1) / steps",
        "parts = FAULT ? form.depth / steps : (form.depth + steps - 1) / steps",
    ),
    "packed-though-it-changes": (
        "Loops/PackedConstants.swift",
        "guard case .input(let number) = buffer, constants.contains(number) else { continue }",
        "guard case .input(let number) = buffer, FAULT || constants.contains(number) else { continue }",
    ),
}

PLANTED = """import Foundation

private let planted = ProcessInfo.processInfo.environment["DESCENT_FAULT"]

/// Whether the fault of this name is tried.
package func isPlanted(_ name: String) -> Bool { planted == name }
"""


def run(command, folder, environment):
    """Whether a command succeeds, and within twenty minutes. At the first test that fails it is ended."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    late = threading.Timer(1200, os.killpg, (process.pid, signal.SIGKILL))
    late.start()
    isRed = any("recorded an issue" in line for line in process.stdout)
    late.cancel()
    if isRed:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == 0 and not isRed


def main():
    names = sys.argv[1:] or list(FAULTS)
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        sys.exit(f"mutations.py: there is no fault named {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    missing = [name for name, (file, old, _) in FAULTS.items() if (ROOT / "Sources" / file).read_text().count(old) != 1]
    if missing:
        sys.exit(f"mutations.py: the text of {', '.join(missing)} does not stand in its file once")
    caught = {}
    with tempfile.TemporaryDirectory(prefix="descent-mutations-") as folder:
        copy = pathlib.Path(folder) / "main"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
        for name, (file, old, new) in FAULTS.items():
            path = copy / "Sources" / file
            path.write_text(path.read_text().replace(old, new.replace("FAULT", f'isPlanted("{name}")')))
        (copy / "Sources/IR/Planted.swift").write_text(PLANTED)
        environment = dict(os.environ, DESCENT_CHECK="graph", DESCENT_CACHE=f"{folder}/cache")
        if not run(["swift", "build", "-c", "release", "--build-tests"], copy, environment):
            sys.exit("mutations.py: the faults do not build")
        for name in [None, *names]:
            environment["DESCENT_FAULT"] = name or ""
            isGreen = run(["swift", "test", "-c", "release", "--skip-build", "--filter", TESTS], copy, environment)
            if name:
                caught[name] = not isGreen
                print(f"{name}: {'caught' if caught[name] else 'ESCAPED'}", flush=True)
            elif not isGreen:
                sys.exit("mutations.py: the tests fail without a fault")
    print(f"{sum(caught.values())} of {len(caught)} caught")
    sys.exit(0 if all(caught.values()) else 1)


if __name__ == "__main__":
    main()
