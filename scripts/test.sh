#!/usr/bin/env bash
# Runs all tests of .build/release: in as many processes at a time as there are cores, two at least, and the stack in containers beside them.
# One process has the tests of the modules; each suite of the stack has one of its own, since its tests wait more than they compute. What a
# process prints is shown when it has ended. Processes are killed at random with nothing beside them: the slower the machine, the more of
# the same work they hit.
set -euo pipefail
cd "$(dirname "$0")/.."
export bundle=.build/release/understudyPackageTests.xctest
export logs
logs=$(mktemp -d /tmp/us-tests-XXXXXX)
trap 'rm -rf "$logs"' EXIT

tests() {
    local log status=0
    log=$(mktemp "$logs/XXXXXX")
    "$bundle" --testing-library swift-testing --no-parallel "$@" >"$log" 2>&1 || status=1
    flock "$logs" cat "$log"
    return "$status"
}
export -f tests

suites=$("$bundle" --testing-library swift-testing --list-tests | sed -n 's|^StackTests\.\([A-Za-z0-9]*\)/.*|\1|p' | sort -u)
[ -n "$suites" ] || { echo "test: $bundle has no suite of the stack" >&2; exit 1; }

scripts/engine.sh scripts/stack.sh >"$logs/containers" 2>&1 &
containers=$!
status=0
{
    echo "--skip ^StackTests[.]"
    for suite in $suites; do [ "$suite" = ChaosTests ] || echo "--filter ^StackTests[.]$suite/"; done
} | xargs -P "$(($(nproc) < 2 ? 2 : $(nproc)))" -L 1 bash -c 'tests "$@"' tests || status=1
wait "$containers" || status=1
cat "$logs/containers"
tests --filter '^StackTests[.]ChaosTests/' || status=1
exit "$status"
