#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests again and again, to find those that fail now and then.
#   scripts/repeat.sh [-n TIMES] [-l] [REGEX]
# -n TIMES: how often, 10 if absent. -l: keep every core busy meanwhile. REGEX: which tests, as for --filter; all of `make test` if absent. Stops at the
# first failure and shows its output; otherwise prints one line for each run.
set -euo pipefail
cd "$(dirname "$0")/.."
times=10
load=
while getopts n:l option; do
    case $option in
        n) times=$OPTARG ;;
        l) load=yes ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
log=$(mktemp /tmp/us-repeat-XXXXXX)
busy=()
stop() {
    [ ${#busy[@]} -eq 0 ] || kill "${busy[@]}" 2>/dev/null || true
    rm -f "$log"
}
trap stop EXIT
if [ -n "$load" ]; then
    for _ in $(seq "$(nproc)"); do
        sh -c 'while :; do :; done' &
        busy+=($!)
    done
fi

for run in $(seq "$times"); do
    began=$SECONDS
    if [ $# -gt 0 ]; then
        scripts/test.sh only "$1" >"$log" 2>&1 || status=$?
    else
        scripts/test.sh all >"$log" 2>&1 || status=$?
    fi
    if [ "${status:-0}" -ne 0 ]; then
        cat "$log"
        echo "repeat: run $run of $times failed after $((SECONDS - began)) s"
        exit 1
    fi
    echo "repeat: run $run of $times passed in $((SECONDS - began)) s${load:+, with every core kept busy}"
done
