#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes docs/contact-sheet.jpg from the demo's film: its four stills, and the middle of each cross-fade.
set -euo pipefail
cd "$(dirname "$0")/.."
film=store/scaffold_test/demo/lighthouse/agent5/final.mp4
[ -f "$film" ] || { echo "contact-sheet: no $film; run make demo first" >&2; exit 1; }
mkdir -p docs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
for at in 7 15 22 30 37 45 52 59; do
    number=$((number + 1))
    ffmpeg -v error -y -ss "$at" -i "$film" -frames:v 1 -vf scale=480:-1 "$work/$number.png"
done
ffmpeg -v error -y -i "$work/%d.png" -vf "tile=4x2:padding=6:color=0x101418" -frames:v 1 -q:v 5 docs/contact-sheet.jpg
ls -l docs/contact-sheet.jpg
