#!/usr/bin/env bash
# Runs the tests of .build/release in as many processes at a time as there are cores, two at least: one process for the modules, and one for
# each suite of the stack, whose tests wait more than they compute. What a process prints is shown when it has ended.
set -euo pipefail
cd "$(dirname "$0")/.."
export bundle=.build/release/understudyPackageTests.xctest
lock=$(mktemp /tmp/us-tests-XXXXXX)
export lock
trap 'rm -f "$lock"' EXIT

tests() {
    local log status=0
    log=$(mktemp /tmp/us-tests-XXXXXX)
    "$bundle" --testing-library swift-testing --no-parallel "$@" >"$log" 2>&1 || status=1
    flock "$lock" cat "$log"
    rm -f "$log"
    return "$status"
}
export -f tests

suites=$("$bundle" --testing-library swift-testing --list-tests | sed -n 's|^StackTests\.\([A-Za-z0-9]*\)/.*|\1|p' | sort -u)
[ -n "$suites" ] || { echo "test: no suite of the stack was found in $bundle" >&2; exit 1; }
jobs=$(nproc)
{
    echo "--skip ^StackTests[.]"
    for suite in $suites; do echo "--filter ^StackTests[.]$suite/"; done
} | xargs -P "$((jobs < 2 ? 2 : jobs))" -L 1 bash -c 'tests "$@"' tests
