#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the sample's narrations from its storyboard: Festival's SLT voice, trimmed, normalized, encoded as MP3.
# Needs: apt-get install festival festvox-us-slt-hts sox libsox-fmt-mp3 ffmpeg python3
set -euo pipefail
cd "$(dirname "$0")/../services/understudy/Sample"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'PY'
import json, sys
for segment in json.load(open("storyboard.json"))["segments"]:
    open(f"{sys.argv[1]}/{segment['id']}.txt", "w").write(segment["narration"])
PY
for text in "$work"/*.txt; do
    id=$(basename "$text" .txt)
    text2wave -eval '(voice_cmu_us_slt_arctic_hts)' "$text" -o "$work/$id.wav"
    # Remove silence at both ends.
    sox "$work/$id.wav" "$work/$id.trim.wav" silence 1 0.01 0.5% reverse silence 1 0.05 0.5% reverse \
        tempo -s 0.89 bass +2 treble +1 norm -3
    ffmpeg -v error -y -i "$work/$id.trim.wav" -ac 1 -ar 44100 -c:a libmp3lame -b:a 64k -map_metadata -1 "$id.mp3"
done
ls -l ./*.mp3
