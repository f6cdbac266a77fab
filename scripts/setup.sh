#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that the project needs. Fast if nothing is missing.
#   scripts/setup.sh        for building and running
#   scripts/setup.sh dist   also for installing and packaging
#   scripts/setup.sh test   also for the tests
#   scripts/setup.sh bench  also for the benchmarks
#   scripts/setup.sh stack  also for the stack test: a Docker engine
set -euo pipefail
cd "$(dirname "$0")/.."

# The only list of packages. build: compiling and linking; run: making films; dist: installing and packaging; test: reference tools, stand-ins.
packages_build="libavcodec-dev libavformat-dev libavutil-dev libcairo2-dev libebur128-dev libcurl4-openssl-dev liblcms2-dev
    libpango1.0-dev libpng-dev libsonic-dev libsqlite3-dev libssl-dev libswresample-dev libswscale-dev
    libzimg-dev pkg-config zlib1g-dev"
packages_run="fontconfig fonts-noto-cjk fonts-noto-core"
packages_dist="binutils dpkg-dev python3"
packages_stack="docker.io docker-compose iptables mmdebstrap"
packages_test="chromium ffmpeg groff-base node-typescript nodejs procps python3 python3-pil python3-venv socat strace systemd util-linux"
packages_bench="nginx-light python3-numpy"

wanted="$packages_build $packages_run"
[ "${1:-}" = dist ] && wanted="$wanted $packages_dist"
[ "${1:-}" = stack ] && wanted="$wanted $packages_dist $packages_test $packages_stack"
[ "${1:-}" = test ] && wanted="$wanted $packages_dist $packages_test"
[ "${1:-}" = bench ] && wanted="$wanted $packages_dist $packages_test $packages_bench"

missing=""
for package in $wanted; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null; then
        echo "setup: this script installs packages on Debian only; install the equivalents of:$missing" >&2
        exit 1
    fi
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: missing packages; as root, run: apt-get install$missing" >&2
            exit 1
        fi
        as_root="sudo"
    fi
    echo "setup: installing$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# Python packages of the stand-ins (AWS, S3 stores, HTTP/2) and of the page tests; those that choose requests have one version.
if [ "${1:-}" = test ] && ! .venv/bin/python -c 'import axe_playwright_python, boto3, h2, moto.server, playwright, schemathesis, swift, websockets' 2>/dev/null; then
    echo "setup: installing moto, swift, h2, playwright, schemathesis and others into .venv"
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check 'moto[server]>=5.2,<6' 'swift>=2.35,<3' 'h2>=4.1,<5' \
        'playwright>=1.50,<2' 'axe-playwright-python>=0.1.4,<0.2' 'websockets>=15,<17' 'schemathesis==4.32.5' 'hypothesis==6.170.17'
fi

if ! command -v swift >/dev/null; then
    echo "setup: swift is not in PATH: install Swift 6.3 from swift.org and add its usr/bin to PATH" >&2
    exit 1
fi
version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
case "$version" in
    6.[2-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) ;;
    *)
        echo "setup: Swift $version is too old: 6.2 or newer is needed" >&2
        exit 1
        ;;
esac
