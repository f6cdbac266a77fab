# SPDX-License-Identifier: Apache-2.0
"""Corrupted media files, for all methods that open one."""

import json
import os
import struct
import subprocess

from stack import Broken

KINDS = {"invalid_params", "corrupt_media", "too_large", "not_found", "timeout", "unauthorized", "conflict"}
NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**62, -(2**62), 2**63 - 1, -(2**63), 2**64 - 1, 10**9]

VIDEO = "testsrc2=s=160x90:r=15:d=1"
SOUND = "sine=f=440:d=1"
SEEDS = {
    "clip.mp4": ["-f", "lavfi", "-i", VIDEO, "-f", "lavfi", "-i", SOUND, "-shortest", "-pix_fmt", "yuv420p"],
    "edit.mov": ["-f", "lavfi", "-i", VIDEO, "-itsoffset", "0.4", "-f", "lavfi", "-i", SOUND, "-shortest", "-pix_fmt", "yuv420p"],
    "fragments.mp4": ["-f", "lavfi", "-i", VIDEO, "-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov"],
    "clip.mkv": ["-f", "lavfi", "-i", VIDEO, "-f", "lavfi", "-i", SOUND, "-shortest", "-pix_fmt", "yuv420p", "-cluster_time_limit",
                 "200"],
    "clip.webm": ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=15:d=1", "-f", "lavfi", "-i", SOUND, "-shortest", "-c:v", "libvpx-vp9",
                  "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"],
    "clip.ts": ["-f", "lavfi", "-i", VIDEO, "-f", "lavfi", "-i", SOUND, "-shortest", "-pix_fmt", "yuv420p"],
    "voice.wav": ["-f", "lavfi", "-i", SOUND], "voice.mp3": ["-f", "lavfi", "-i", SOUND],
    "voice.ogg": ["-f", "lavfi", "-i", SOUND, "-c:a", "libvorbis"], "voice.flac": ["-f", "lavfi", "-i", SOUND],
    "voice.m4a": ["-f", "lavfi", "-i", SOUND], "voice.opus": ["-f", "lavfi", "-i", SOUND, "-c:a", "libopus"],
    "voice.aac": ["-f", "lavfi", "-i", SOUND],
    "still.png": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "1"], "still.jpg": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "1"],
    "still.webp": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "1"], "still.gif": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "3"],
    "still.bmp": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "1"], "still.tiff": ["-f", "lavfi", "-i", VIDEO, "-frames:v", "1"],
}
# Markers that precede lengths and times of the formats.
MARKS = [b"mvhd", b"tkhd", b"mdhd", b"elst", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"stss", b"avc1", b"avcC", b"esds", b"mp4a", b"trun",
         b"tfhd", b"tfdt", b"sidx", b"moov", b"mdat", b"trak", b"edts", b"fmt ", b"data", b"RIFF", b"IHDR", b"IDAT", b"pHYs", b"\x2a\xd7\xb1",
         b"\x44\x89", b"\xe7", b"\xa3", b"\xa1", b"\x23\xe3\x83", b"\xb0", b"\xba", b"\x1f\x43\xb6\x75", b"OggS", b"fLaC", b"VP8 ", b"VP8L",
         b"\xff\xc0", b"\xff\xda", b"LAME", b"Xing", b"ID3", b"GIF8", b"II*\x00"]


class Fuzzer:
    memory_mb = 1200

    def __init__(self, stack, random):
        self.stack = stack
        self.random = random
        self.folder = f"{stack.store}/media"
        os.makedirs(self.folder, exist_ok=True)
        self.seeds = {}
        for name, arguments in SEEDS.items():
            path = f"{self.folder}/{name}"
            subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, path], check=True, stdin=subprocess.DEVNULL)
            with open(path, "rb") as file:
                self.seeds[name] = file.read()

    # MARK: - Generating inputs

    def _number(self):
        value = self.random.choice(NUMBERS)
        size, code = self.random.choice([(1, "B"), (2, "H"), (4, "I"), (8, "Q")])
        return struct.pack(self.random.choice("<>") + code, value % 2 ** (8 * size))

    def _mutated(self, data):
        random = self.random
        data = bytearray(data)
        for _ in range(random.choice([1, 1, 2, 4, 16])):
            if len(data) < 16:
                break
            at = random.randrange(len(data))
            how = random.randrange(7)
            marks = [mark for mark in random.sample(MARKS, 12) if mark in data]
            if how < 3 and marks:
                # Numbers near a marker are lengths, times and sizes.
                mark = random.choice(marks)
                places = [index for index in range(len(data)) if data.startswith(mark, index)][:50]
                at = max(random.choice(places) + random.randint(-4, 40), 0)
                number = self._number()
                data[at:at + len(number)] = number
            elif how == 3:
                number = self._number()
                data[at:at + len(number)] = number
            elif how == 4:
                data[at] ^= 1 << random.randrange(8)
            elif how == 5:
                size = random.choice([1, 4, 100, 2000])
                part = data[at:at + size]
                place = random.randrange(len(data))
                data[place:place] = part * random.choice([1, 2, 50])
            else:
                del data[at:at + random.choice([1, 4, 500, len(data)])]
        return bytes(data)

    def _retimed(self, data):
        """Returns a Matroska file with another time of a cluster, in eight bytes, and the corrected size of the cluster."""
        clusters = [at for at in range(len(data)) if data.startswith(b"\x1f\x43\xb6\x75", at)]
        if not clusters:
            return data
        start = self.random.choice(clusters) + 4
        width = 9 - data[start].bit_length()
        size = int.from_bytes(data[start:start + width], "big") & ((1 << 7 * width) - 1)
        content = data[start + width:start + width + size]
        body = content[6:] if content.startswith(b"\xbf\x84") else content
        if not body.startswith(b"\xe7"):
            return data
        time = (self.random.choice(NUMBERS) + self.random.randint(-2, 2)) % 2**64
        body = b"\xe7\x88" + time.to_bytes(8, "big") + body[2 + (body[1] & 0x0F):]
        return data[:start] + b"\x01" + len(body).to_bytes(7, "big") + body + data[start + width + size:]

    def step(self):
        """Generates an input: the name of a seed file, a line break, and the mutated file."""
        random = self.random
        name = random.choice(list(self.seeds))
        data = self.seeds[name]
        if name.endswith((".mkv", ".webm")) and random.random() < 0.4:
            for _ in range(random.choice([1, 2, 2])):
                data = self._retimed(data)
        else:
            data = self._mutated(data)
        if random.random() < 0.1:
            other = self.seeds[random.choice(list(self.seeds))]
            data = data[:random.randrange(len(data) + 1)] + other[random.randrange(len(other)):]
        return name.encode() + b"\n" + data

    # MARK: - Sending inputs

    def play(self, data):
        """Sends an input to every method that opens such a file."""
        name, _, body = data.partition(b"\n")
        name = name.decode()
        path = f"{self.folder}/odd-{name}"
        with open(path, "wb") as file:
            file.write(body)
        odd, good, out = f"file://{path}", f"file://{self.folder}/clip.mp4", f"file://{self.folder}/out"
        self._ask("clipper", "clipper.probe", {"media": odd, "decode": True, "report": True})
        if name.startswith("still"):
            self._ask("clipper", "clipper.create", {"image": odd, "duration": 0.5, "output": out + ".mp4", "width": 320, "height": 180})
        elif name.startswith("voice"):
            self._ask("clipper", "clipper.replace_audio", {"clip": good, "audio": odd, "output": out + "2.mp4"})
        else:
            self._ask("clipper", "clipper.replace_audio", {"clip": odd, "audio": good, "output": out + "2.mp4"})
            self._ask("clipper", "clipper.convert", {"media": odd, "output": out + "4.mp4", "encode": True})
            self._ask("stitcher", "stitcher.stitch", {
                "clips": [{"clip": good, "segment_id": "a", "duration": 1}, {"clip": odd, "segment_id": "b", "duration": 1}],
                "output": out + "3.mp4", "width": 320, "height": 180})
        self.stack.check_processes()

    def _ask(self, service, method, params):
        try:
            reply = self.stack.call(service, method, params, timeout=90)
        except OSError as error:
            raise Broken(f"{method} of {params.get('media', '')}: {error!r}") from error
        error = reply.get("error")
        if error is None:
            return
        kind = (error.get("data") or {}).get("kind")
        if kind not in KINDS:
            raise Broken(f"{method} replied with {kind}: {json.dumps(error)[:400]}")
