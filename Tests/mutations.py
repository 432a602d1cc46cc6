"""Plants faults in the lowering, one at a time, and says which of them the ordinary tests catch.

    python3 Tests/mutations.py [NAME ...]

Each fault is a replacement of one piece of source text, made in a copy of the repository (in the folder that TMPDIR or /tmp
holds), which is built and tested without the records of emitted C: those see any change. A fault is caught where a test fails or
a program that is built no longer compiles. Takes about two minutes for each; Tests/README.md says what the last run found.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = "CCodeTests.(Registry|Reduction|Sum|Contraction|IndexedContraction|Window|Loop|Chunk|Empty|Memory|RandomTraining)"

# name: file, what stands there, what stands there instead
FAULTS = {
    "dropped-term": (
        "Loops/Reductions.swift",
        "[OpenLoop(variable: j, lower: from, upper: .position(Affine(end)), step: lanes)]",
        "[OpenLoop(variable: j, lower: from, upper: .position(Affine(end - lanes)), step: lanes)]",
    ),
    "lost-tail": ("Loops/Reductions.swift", "return main + (rest == 0 ? [] : step(", "return main + (rest > 0 ? [] : step("),
    "tile-too-wide": (
        "Loops/Reductions.swift",
        "let least = Expression.least(.position(Affine(tile)), .infix(.subtract, loop.upper, .position(Affine(variable: j))))",
        "let least = Expression.position(Affine(tile))",
    ),
    "block-overlaps": (
        "Loops/Reductions.swift",
        ".index(to, .least(.position(begin + Affine(cut.turns)), upper))",
        ".index(to, .least(.position(begin + Affine(cut.turns + 1)), upper))",
    ),
    "block-not-cleared": ("Loops/Reductions.swift", "upper))] + clear\n", "upper))]\n"),
    "part-left-out": (
        "Loops/Reductions.swift",
        "parts = (extent(reduced[0]) + size - 1) / size",
        "parts = max(1, extent(reduced[0]) / size)",
    ),
    "wrong-lost-digits": ("Loops/Reductions.swift", "[\n      .define(term, minus(x, ", "[\n      .define(term, minus(.negated(x), "),
    "wrong-axis": ("Loops/Families.swift", "index.insert(Affine(variable: r), at: axis)", "index.insert(Affine(variable: r), at: 0)"),
    "last-greatest": (
        "Loops/Families.swift",
        "var isBetter = Expression.infix(.greater, value, known)",
        "var isBetter = Expression.infix(.greaterOrEqual, value, known)",
    ),
    "row-of-a-neighbour": (
        "Loops/Families.swift",
        ".infix(.greaterOrEqual, row, from), .infix(.less, row, to)), sums)",
        ".infix(.greater, row, from), .infix(.less, row, to)), sums)",
    ),
    "window-one-off": (
        "Loops/Folds.swift",
        "Affine((count - 1) * window.stride + 1)",
        "Affine((count - 1) * window.stride)",
    ),
    "part-at-the-start": ("Loops/Families.swift", "index[axis] = index[axis] + Affine(start)\n", ""),
    "chunk-one-tile-short": (
        "Loops/Chunks.swift",
        "let first = Expression.position(Affine(variable: chunk) * (order.tilesPerChunk * Self.lanes))",
        "let first = Expression.position(Affine(variable: chunk) * (order.tilesPerChunk * Self.lanes) + Affine(Self.lanes))",
    ),
    "chunk-left-out": ("Loops/Chunks.swift", "pairs(0..<chunks)", "pairs(0..<max(1, chunks - 1))"),
    "region-ignores-order": (
        "Loops/Regions.swift",
        "!run!.skipped.contains(where: { $0.conflicts(with: function) })",
        "true",
    ),
    "region-of-other-rows": (
        "Loops/Regions.swift",
        "return touching.count == 1 || touching.allSatisfy { $0.isRegular(buffer) }",
        "return true",
    ),
    "region-keeps-what-others-want": ("Loops/Regions.swift", "touched[buffer] == users[buffer],", "touched[buffer] != nil,"),
    "loops-that-are-not-one": (
        "Loops/Rewrites.swift",
        "guard accesses.allSatisfy({ $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) else { continue }",
        "guard accesses.contains(where: { $0.coefficient(of: outer) == $0.coefficient(of: inner) * turn }) else { continue }",
    ),
    "load-after-store": ("Loops/Rewrites.swift", "where x.loads {", "where x.loads && false {"),
    "missing-barrier": (
        "Loops/StepPlan.swift",
        "return touched(a).contains { x in",
        "return !calls[a].isShared && touched(a).contains { x in",
    ),
    "memory-too-early": (
        "Loops/StepPlan.swift",
        "temporaries[known].life.last = call",
        "temporaries[known].life.last = min(call, temporaries[known].life.first + 1)",
    ),
    "backwards-forwards": ("CCode/CPrinter+Scan.swift", "let isDown = usesTime && scan.isReversed", "let isDown = usesTime && !scan.isReversed"),
    "bracket-lost": (
        "CCode/CExpression.swift",
        'case .negated(let x): return CText(text: "-" + text(x).within(.primary), precedence: .bits)',
        'case .negated(let x): return CText(text: "-" + text(x).text, precedence: .bits)',
    ),
}


def run(command, folder, environment):
    """Whether a command succeeds, and within twenty minutes."""
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=1200).returncode == 0
    except subprocess.TimeoutExpired:
        return False


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
        environment = dict(os.environ, DESCENT_CACHE=f"{folder}/cache", DESCENT_CHECK="graph")
        build = ["swift", "build", "-c", "release", "--build-tests"]
        test = ["swift", "test", "-c", "release", "--skip-build", "--filter", TESTS]
        if not run(build, copy, environment) or not run(test, copy, environment):
            sys.exit("mutations.py: the tests fail without a fault")
        for name in names:
            file, old, new = FAULTS[name]
            path = copy / "Sources" / file
            text = path.read_text()
            path.write_text(text.replace(old, new))
            if not run(build, copy, environment):
                print(f"{name}: DOES NOT BUILD", flush=True)
            else:
                caught[name] = not run(test, copy, environment)
                print(f"{name}: {'caught' if caught[name] else 'ESCAPED'}", flush=True)
            path.write_text(text)
    print(f"{sum(caught.values())} of {len(caught)} caught")
    sys.exit(0 if all(caught.values()) and len(caught) == len(names) else 1)


if __name__ == "__main__":
    main()
