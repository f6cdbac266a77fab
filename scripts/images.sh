#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the images of compose/docker-compose.yml: images.sh [source|host]. `source` builds the executables in Docker, `host` uses those of
# .build/release. Base images that cannot be pulled are made: Debian's by mmdebstrap, Swift's from it and this machine's toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=${1:-source}
export DOCKER_BUILDKIT=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docker info >/dev/null 2>&1 || { echo "images: no Docker engine responds: start one, or give this user access to it" >&2; exit 1; }
# Version 1 or 2 of Compose.
if docker compose version >/dev/null 2>&1; then compose="docker compose"; else compose=docker-compose; fi

has() { docker image inspect "$1" >/dev/null 2>&1 || docker pull -q "$1" >/dev/null 2>&1; }

make_debian() {
    echo "images: debian:bookworm-slim cannot be pulled; making it by mmdebstrap"
    # Both formats of apt's sources; usually only one of the files exists.
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        sed -n 's/^deb \(\[[^]]*\] \)\?\(http[^ ]*\) .*/\2/p; s/^URIs: \([^ ]*\).*/\1/p' | grep -v security | head -n 1) || true
    # As in Debian's image, /usr is merged without the package usrmerge, which would bring Perl.
    mmdebstrap --mode=root --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
        --dpkgopt=path-exclude="/usr/share/doc/*" --dpkgopt=path-exclude="/usr/share/man/*" --dpkgopt=path-exclude="/usr/share/info/*" \
        bookworm "$work/debian" "${mirror:-http://deb.debian.org/debian}" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
    rm -rf "$work"/debian/var/lib/apt/lists/*
    # The apt settings of this machine, such as its proxy.
    cp -r /etc/apt/apt.conf.d/. "$work/debian/etc/apt/apt.conf.d/"
    tar -C "$work/debian" -c . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
}

make_swift() {
    echo "images: swift:6.3-bookworm cannot be pulled; making it from debian:bookworm-slim and this toolchain"
    toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
    container=$(docker run -d --network host debian:bookworm-slim sleep infinity)
    # The dependencies of the toolchain.
    docker exec "$container" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        binutils ca-certificates git libc6-dev libcurl4 libedit2 libgcc-12-dev libncurses6 libpython3.11 libsqlite3-0 libstdc++-12-dev \
        libxml2 libz3-4 tzdata' >/dev/null
    docker cp "$toolchain/usr/." "$container:/usr/"
    docker commit -c 'CMD ["bash"]' "$container" swift:6.3-bookworm >/dev/null
    docker rm -f "$container" >/dev/null
}

has debian:bookworm-slim || make_debian
if [ "$binaries" = source ]; then
    has swift:6.3-bookworm || make_swift
else
    rm -rf .build/images
    DESTDIR=.build/images PREFIX=/usr/local scripts/install.sh
fi
BINARIES=$binaries $compose -f compose/docker-compose.yml --profile cloud --profile dashboard --profile debug --profile drill build -q >"$work/build" 2>&1 ||
    { tail -n 50 "$work/build" >&2; exit 1; }
echo "images: sizes, including the base of $(docker images --format '{{.Size}}' debian:bookworm-slim)"
docker images --filter reference='understudy/*' --format '{{.Repository}}\t{{.Size}}' | sort
