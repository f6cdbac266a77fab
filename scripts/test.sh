#!/usr/bin/env bash
# Runs the tests of .build/release in two processes at a time: those of the real executables wait more than they compute. The first half
# prints as it goes, the second one when it has ended.
set -euo pipefail
cd "$(dirname "$0")/.."
run() { .build/release/understudyPackageTests.xctest --testing-library swift-testing --no-parallel "$@" 2>&1; }

# The suites of the stack that run beside those of the modules: about half of the time of all.
beside='^StackTests\.[A-M]'
log=$(mktemp /tmp/us-tests-XXXXXX)
trap 'rm -f "$log"' EXIT
run --filter '^StackTests\.' --skip "$beside" >"$log" &
second=$!
status=0
run --skip '^StackTests\.[^A-M]' || status=$?
wait "$second" || status=$?
cat "$log"
exit "$status"
