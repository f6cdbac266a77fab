#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The stack test: builds images from the executables in .build/release and runs the stack in containers. Needs a Docker engine; to start one:
# scripts/engine.sh scripts/stack.sh
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/images.sh host
python3 Tests/Containers/stack.py
