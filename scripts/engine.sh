#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command with a Docker engine: the running one, or one that is started for the command and stopped afterwards. If there is no engine
# and none can be started, prints the reason and exits with 0, in CI with 1.
#   scripts/engine.sh COMMAND...
set -euo pipefail
cd "$(dirname "$0")/.."

cannot() {
    echo "engine: $1; the stack test is skipped"
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

# Use Debian's client, which matches Debian's engine, with the local socket: no other engine that the environment or a context names.
export PATH="/usr/bin:$PATH"
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
DOCKER_CONFIG=$(mktemp -d /tmp/us-docker-XXXXXX)
export DOCKER_CONFIG
trap 'rm -rf "$DOCKER_CONFIG"' EXIT

# An engine of another machine answers too if its socket is mounted here; it does not see this machine's folders and ports.
is_local() { [ "$(docker info --format '{{.Name}}' 2>/dev/null)" = "$(hostname)" ]; }

# The command, whose status is this script's.
run() {
    local status=0
    "$@" || status=$?
    exit "$status"
}

if is_local && command -v docker-compose >/dev/null; then run "$@"; fi

[ "$(id -u)" -eq 0 ] || cannot "no Docker engine responds, and only root can start one"
scripts/setup.sh stack || cannot "docker.io and docker-compose cannot be installed"
if is_local; then run "$@"; fi

folder=$(mktemp -d /tmp/us-engine-XXXXXX)
dockerd --data-root "$folder/data" --exec-root "$folder/exec" -H "unix://$folder/docker.sock" --pidfile "$folder/pid" >"$folder/log" 2>&1 &
engine=$!
stop() {
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    find "$folder" -maxdepth 4 -type d \( -name merged -o -name netns \) -exec umount -l {} + 2>/dev/null || true
    rm -rf "$folder" "$DOCKER_CONFIG"
}
trap stop EXIT
export DOCKER_HOST=unix://$folder/docker.sock
for _ in $(seq 150); do
    docker info >/dev/null 2>&1 && break
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.2
done
docker info >/dev/null 2>&1 || { tail -n 5 "$folder/log" >&2; cannot "a Docker engine cannot run here"; }
"$@"
