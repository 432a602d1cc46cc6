#!/usr/bin/env bash
# The tests that need no C compiler's patience, in under a minute once things are built: graphs, passes, derivatives, readers in
# Swift, documents, and the golden C. Tests/run.sh runs everything.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --build-tests
exec swift test -c release --skip-build --filter 'IRTests|PassesTests|TransformsTests|DataTests|DocsTests|PlotTests|GoldenTests|SizeTests|TailTests|ConstantTests'
