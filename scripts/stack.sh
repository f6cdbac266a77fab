#!/usr/bin/env bash
# The stack test: builds the images of the executables in .build/release, and treats the stack as its users do. Needs a Docker engine:
# scripts/engine.sh scripts/stack.sh
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/images.sh host
python3 Tests/Containers/stack.py
