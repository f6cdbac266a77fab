#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of .build/release.
#   scripts/test.sh unit         the unit tests that neither decode media nor use stand-ins: some seconds
#   scripts/test.sh rest         the others: media, modules with stand-ins, the stack, the page, the containers
#   scripts/test.sh all          both
#   scripts/test.sh only REGEX   those whose name matches, e.g. 'BreakerMachineTests' or 'a cancelled caller'
# The tests run in a clean environment, without the developer's proxy, locale, home folder and settings. The output of a process is printed
# when it has ended; the slowest processes, and what failed, are listed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
bundle=$PWD/.build/release/understudyPackageTests.xctest
[ -x "$bundle" ] || { echo "test: $bundle is missing: run make check or make test, which build it" >&2; exit 1; }

if [ -z "${US_TEST_HOME:-}" ]; then
    US_TEST_HOME=$(mktemp -d /tmp/us-tests-XXXXXX)
    # And what tests have left behind: see Tests/Support/TemporaryPath.swift.
    trap 'rm -rf "$US_TEST_HOME" "/tmp/us-${US_TEST_HOME##*-}"-*' EXIT
    mkdir "$US_TEST_HOME/home" "$US_TEST_HOME/tmp"
    environment=(PATH="$PATH" HOME="$US_TEST_HOME/home" TMPDIR="$US_TEST_HOME/tmp" LC_ALL=C.UTF-8 US_TEST_HOME="$US_TEST_HOME")
    for name in CI LD_LIBRARY_PATH UNDERSTUDY_TEST_SEED UNDERSTUDY_CHAOS_S UNDERSTUDY_RECORD_GOLDEN; do
        [ -z "${!name:-}" ] || environment+=("$name=${!name}")
    done
    umask 022
    status=0
    env -i "${environment[@]}" scripts/test.sh "$@" || status=$?
    exit "$status"
fi

logs=$US_TEST_HOME
export bundle logs

# Runs tests in a process of their own: tests NAME ARGUMENTS...
tests() {
    local log status=0 name=$1 TIMEFORMAT='%0R %0U %0S'
    shift
    log=$(mktemp "$logs/log-XXXXXX")
    { time "$bundle" --testing-library swift-testing "$@" >"$log" 2>&1 || status=1; } 2>"$log.time"
    flock "$logs" cat "$log"
    echo "$(cat "$log.time") $name" >>"$logs/times"
    # A process that ended without a word of a failed test crashed, or hung until its time limit.
    [ "$status" -eq 0 ] || { echo "test: failed: $name" && { grep -aE '✘|Fatal error|UNDERSTUDY_TEST_SEED' "$log" || tail -n 5 "$log"; }; } >>"$logs/failures"
    return "$status"
}
export -f tests

status=0
modules=$("$bundle" --testing-library swift-testing --list-tests | sed -n 's|^\([A-Za-z0-9]*\)\.\([A-Za-z0-9]*\)/.*|\1 \2|p' | sort -u)
suites=$(sed -n 's/^StackTests //p' <<<"$modules")
[ -n "$suites" ] || { echo "test: $bundle has no suite of the stack" >&2; exit 1; }

# Modules whose tests use stand-ins in Python, and suites of Media that decode nothing.
stand_ins='AWSTests Agent5Tests ArtifactsTests HTTPTests ImageGenTests'
in_memory='Caption|SubRip|MediaTime|SkipPictures|SoundPlacement|FilmPlan|Bit|Tempo|PeakLimiter'

if [ "$what" = only ]; then
    tests "$2" --no-parallel --filter "$2" || status=1
fi
if [ "$what" = unit ] || [ "$what" = all ]; then
    tests unit --skip "^StackTests[.]" --skip "^(${stand_ins// /|})[.]" --skip "^MediaTests[.](?!$in_memory)" || status=1
fi
if [ "$what" = rest ] || [ "$what" = all ]; then
    # The slowest first, so that none of them is left alone at the end.
    first='HostileMediaTests PaidOrdersTests InstallationTests PageJobTests PageAccessTests ImageServerTests PageServicesTests'
    second='ClientTests VideoProvidersOnStackTests PageContractTests MediaConvertFaultTests S3OnStackTests PageHostileTests PageFormTests SourceColoursTests'
    for suite in $first $second; do
        grep -qx "$suite" <<<"$suites" || { echo "test: StackTests has no suite $suite" >&2; exit 1; }
    done
    scripts/engine.sh scripts/stack.sh >"$logs/containers" 2>&1 &
    containers=$!
    media=$(sed -n 's/^MediaTests //p' <<<"$modules" | grep -vE "^($in_memory)")
    {
        for suite in $first; do echo "$suite --filter ^StackTests[.]$suite/"; done
        # Media's suites in four processes of about the same length.
        for part in 1 2 3 4; do echo "media-$part --filter ^MediaTests[.]($(sed -n "$part~4p" <<<"$media" | paste -sd '|'))/"; done
        for module in $stand_ins; do echo "$module --filter ^$module[.]"; done
        for suite in $second; do echo "$suite --filter ^StackTests[.]$suite/"; done
        for suite in $suites; do
            case " $first $second ChaosTests " in *" $suite "*) ;; *) echo "$suite --filter ^StackTests[.]$suite/" ;; esac
        done
    } >"$logs/queue"
    # Twice as many processes as cores, since they often wait; the containers run beside them.
    xargs -a "$logs/queue" -P "$((2 * $(nproc)))" -L 1 bash -c 'tests "$@" --no-parallel' tests || status=1
    wait "$containers" || { status=1; { echo "test: failed: scripts/stack.sh"; tail -n 20 "$logs/containers"; } >>"$logs/failures"; }
    cat "$logs/containers"
    # Without the others: the slower the machine, the more often the random kills hit the same work.
    tests ChaosTests --filter '^StackTests[.]ChaosTests/' || status=1
fi
echo "test: the slowest processes (seconds, of the user's processor time, of the system's):"
sort -rn "$logs/times" | head -n 12
awk '{ user += $2; kernel += $3 } END { printf "test: %d s of processor time, %d s of it in the kernel\n", user + kernel, kernel }' "$logs/times"
[ ! -e "$logs/failures" ] || cat "$logs/failures"
exit "$status"
