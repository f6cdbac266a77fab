#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of media files with extreme numbers in their headers: hostile.py FOLDER.

Parses small files made by ffmpeg, replaces numbers in their headers, and serializes them again. The names state the field, the index of the
number and the container: `cluster-time-3.mkv`. Prints nothing unless it fails.
"""
import os
import struct
import subprocess
import sys
import zlib

EXTREMES = (0, 1, (1 << 31) - 1, (1 << 32) - 1, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
DOUBLES = (0.0, -1.0, 1e-300, 1e30, 1e300, float("inf"), float("-inf"), float("nan"))


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, stderr=subprocess.PIPE)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


# Matroska

MASTERS = {0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x1F43B675, 0xA0, 0x7670, 0x55B0}
DROPPED = {0x114D9B74, 0x1C53BB6B, 0xEC, 0xBF, 0x1254C367}


def vint(data, at, keep):
    first = data[at]
    length = 1
    while not first & (0x80 >> (length - 1)):
        length += 1
    value = first if keep else first & (0xFF >> length)
    for byte in data[at + 1 : at + length]:
        value = value << 8 | byte
    return value, at + length


def parse(data):
    """Returns a list of [id, bytes or list]."""
    elements, at = [], 0
    while at < len(data):
        kind, at = vint(data, at, True)
        size, at = vint(data, at, False)
        body = data[at : at + size]
        at += size
        if kind not in DROPPED:
            elements.append([kind, parse(body) if kind in MASTERS else body])
    return elements


def element(kind, body):
    if isinstance(body, list):
        body = b"".join(element(*part) for part in body)
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    return name + b"\x01" + len(body).to_bytes(7, "big") + body


def changed(elements, kind, value, only=None):
    """Returns a copy in which every element of a kind, or the one with the index `only`, has another value."""
    seen = [0]

    def walk(parts):
        result = []
        for name, body in parts:
            if isinstance(body, list):
                result.append([name, walk(body)])
                continue
            if name == kind:
                if only is None or seen[0] == only:
                    body = value
                seen[0] += 1
            result.append([name, body])
        return result

    return walk(elements)


def added(elements, parent, kind, value):
    return [
        [name, (added(body, parent, kind, value) + ([[kind, value]] if name == parent else []))]
        if isinstance(body, list) else [name, body]
        for name, body in elements
    ]


def matroska(elements):
    return b"".join(element(*part) for part in elements)


def matroskas():
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264", "-g", "3",
           "-c:a", "aac", "-cluster_time_limit", "200", "base.mkv")
    base = parse(read("base.mkv"))
    for number, value in enumerate(EXTREMES):
        raw = value.to_bytes(8, "big")
        write(f"cluster-time-{number}.mkv", matroska(changed(base, 0xE7, raw)))
        write(f"last-cluster-time-{number}.mkv", matroska(changed(base, 0xE7, raw, only=2)))
        write(f"time-scale-{number}.mkv", matroska(changed(base, 0x2AD7B1, raw)))
        write(f"frame-duration-{number}.mkv", matroska(added(changed(base, 0x23E383, raw), 0xAE, 0x23E383, raw)))
        write(f"codec-delay-{number}.mkv", matroska(added(added(base, 0xAE, 0x56AA, raw), 0xAE, 0x56BB, raw)))
    for number, value in enumerate((0, 1, 65535, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)):
        raw = value.to_bytes(8, "big")
        write(f"width-{number}.mkv", matroska(changed(base, 0xB0, raw)))
        write(f"display-{number}.mkv", matroska(added(base, 0xE0, 0x54B0, raw)))
        write(f"channels-{number}.mkv", matroska(changed(base, 0x9F, raw)))
    for number, value in enumerate(DOUBLES):
        raw = struct.pack(">d", value)
        write(f"length-{number}.mkv", matroska(changed(base, 0x4489, raw)))
        write(f"rate-{number}.mkv", matroska(changed(base, 0xB5, raw)))
    # Timestamps from one end of the range to the other, and back.
    ends = changed(changed(base, 0xE7, ((1 << 62) + 5).to_bytes(8, "big"), only=0), 0xE7, (3 << 62).to_bytes(8, "big"), only=2)
    write("both-ends.mkv", matroska(ends))
    write("sparse.mkv", matroska(changed(base, 0xE7, (20_000_000).to_bytes(8, "big"), only=2)))
    roll = struct.pack(">d", 1e300)
    projection = [[0x7671, b"\0"], [0x7675, roll]]
    turned = [[name, body] for name, body in base]
    write("roll.mkv", matroska(added(turned, 0xE0, 0x7670, projection)))


def voices():
    """Audio files in Matroska and WebM."""
    for name, codec in (("aac.mkv", "aac"), ("opus.webm", "libopus")):
        ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", codec, "-cluster_time_limit", "200", f"voice-base-{name}")
        base = parse(read(f"voice-base-{name}"))
        for number, value in enumerate(EXTREMES):
            raw = value.to_bytes(8, "big")
            write(f"voice-cluster-time-{number}-{name}", matroska(changed(base, 0xE7, raw)))
            write(f"voice-last-cluster-time-{number}-{name}", matroska(changed(base, 0xE7, raw, only=2)))
            write(f"voice-time-scale-{number}-{name}", matroska(changed(base, 0x2AD7B1, raw)))
            write(f"voice-delay-{number}-{name}", matroska(added(changed(changed(base, 0x56AA, raw), 0x56BB, raw), 0xA0, 0x75A2, raw)))
        for number, value in enumerate(DOUBLES):
            raw = struct.pack(">d", value)
            write(f"voice-length-{number}-{name}", matroska(changed(base, 0x4489, raw)))
            write(f"voice-rate-{number}-{name}", matroska(added(changed(base, 0xB5, raw), 0xE1, 0x78B5, raw)))
        for number, value in enumerate((0, 255, (1 << 31) - 1, (1 << 32) - 1)):
            raw = value.to_bytes(8, "big")
            write(f"voice-channels-{number}-{name}", matroska(changed(base, 0x9F, raw)))
        for number, (first, last) in enumerate((((1 << 62) + 5, 3 << 62), (3 << 62, (1 << 62) + 5), (0, 1 << 62))):
            ends = changed(changed(base, 0xE7, first.to_bytes(8, "big"), only=0), 0xE7, last.to_bytes(8, "big"), only=2)
            write(f"voice-ends-{number}-{name}", matroska(ends))


# Ogg


OGG_TABLE = []
for entry in range(256):
    entry <<= 24
    for _ in range(8):
        entry = (entry << 1 ^ 0x04C11DB7 if entry & 1 << 31 else entry << 1) & 0xFFFFFFFF
    OGG_TABLE.append(entry)


def pages(data):
    """Returns a list of pages, each [head, body]."""
    parts, at = [], 0
    while at < len(data):
        lacing = at + 27 + data[at + 26]
        end = lacing + sum(data[at + 27 : lacing])
        parts.append([data[at:lacing], data[lacing:end]])
        at = end
    return parts


def page(head, body):
    head = head[:22] + b"\0\0\0\0" + head[26:]
    check = 0
    for byte in head + body:
        check = check << 8 & 0xFFFFFFFF ^ OGG_TABLE[check >> 24 ^ byte]
    return head[:22] + struct.pack("<I", check) + head[26:] + body


def oggs():
    for ending, codec, channels in (("ogg", "libvorbis", slice(11, 12)), ("opus", "libopus", slice(9, 12))):
        ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-c:a", codec, "-page_duration", "200000", f"base.{ending}")
        base = pages(read(f"base.{ending}"))

        def save(name, only, value):
            write(name, b"".join(page(head[:6] + struct.pack("<Q", value) + head[14:] if index in only else head, body)
                                 for index, (head, body) in enumerate(base)))

        for number, value in enumerate(EXTREMES + (3 << 62, (1 << 64) - 48_000)):
            save(f"granules-{number}.{ending}", range(2, len(base)), value)
            save(f"granule-first-{number}.{ending}", [2], value)
            save(f"granule-last-{number}.{ending}", [len(base) - 1], value)
        for number, value in enumerate((0, 1, (1 << 31) - 1, (1 << 32) - 1)):
            head, body = base[0]
            odd = body[:12] + struct.pack("<I", value) + body[16:]
            write(f"rate-{number}.{ending}", b"".join(page(*part) for part in [[head, odd], *base[1:]]))
            count = struct.pack("<I", value)[: channels.stop - channels.start]
            odd = body[: channels.start] + count + body[channels.stop :]
            write(f"channels-{number}.{ending}", b"".join(page(*part) for part in [[head, odd], *base[1:]]))


def counted():
    """Files of containers that state the number of samples."""
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "base.flac")
    base = read("base.flac")
    for number, value in enumerate((0, 1, (1 << 36) - 1)):
        for rate in (0, 1, 0xFFFFF):
            word = rate << 44 | 1 << 41 | 15 << 36 | value
            write(f"samples-{number}-{rate}.flac", base[:18] + word.to_bytes(8, "big") + base[26:])
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "base.mp3")
    base = bytearray(read("base.mp3"))
    place = max(base.find(b"Xing"), base.find(b"Info"))
    for number, value in enumerate((0, 1, (1 << 31) - 1, (1 << 32) - 1)):
        odd = bytearray(base)
        odd[place + 8 : place + 16] = struct.pack(">II", value, value)
        odd[place + 141 : place + 144] = b"\xff\xff\xff"
        write(f"frames-{number}.mp3", odd)


# MP4

BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


def boxes(data):
    parts, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + size]
        parts.append([kind, boxes(body) if kind in BOXES else body])
        at += size
    return parts


def box(kind, body):
    if isinstance(body, list):
        body = b"".join(box(*part) for part in body)
    return struct.pack(">I", len(body) + 8) + kind + body


def edited(parts, kind, change):
    return [
        [name, edited(body, kind, change)] if isinstance(body, list) else [name, change(body) if name == kind else body]
        for name, body in parts
    ]


def put(at, raw):
    return lambda body: body[:at] + raw + body[at + len(raw) :]


def repeated(at, step, offset, raw):
    def change(body):
        for place in range(at + offset, len(body) - len(raw) + 1, step):
            body = body[:place] + raw + body[place + len(raw) :]
        return body

    return change


def clips():
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264", "-c:a", "aac",
           "-bf", "2", "base.mp4")
    base = boxes(read("base.mp4"))

    def save(name, parts):
        write(name, b"".join(box(*part) for part in parts))

    for number, value in enumerate((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)):
        raw = struct.pack(">I", value)
        save(f"movie-scale-{number}.mp4", edited(base, b"mvhd", put(12, raw)))
        save(f"movie-length-{number}.mp4", edited(base, b"mvhd", put(16, raw)))
        save(f"media-scale-{number}.mp4", edited(base, b"mdhd", put(12, raw)))
        save(f"media-length-{number}.mp4", edited(base, b"mdhd", put(16, raw)))
        save(f"deltas-{number}.mp4", edited(base, b"stts", repeated(8, 8, 4, raw)))
        save(f"runs-{number}.mp4", edited(base, b"stts", repeated(8, 8, 0, raw)))
        save(f"shown-{number}.mp4", edited(base, b"ctts", repeated(8, 8, 4, raw)))
        save(f"edit-start-{number}.mp4", edited(base, b"elst", repeated(8, 12, 4, raw)))
        save(f"edit-length-{number}.mp4", edited(base, b"elst", repeated(8, 12, 0, raw)))
        save(f"samples-{number}.mp4", edited(base, b"stsz", put(8, raw)))
        save(f"same-size-{number}.mp4", edited(base, b"stsz", put(4, struct.pack(">II", 1, value))))
        save(f"chunks-{number}.mp4", edited(base, b"stsc", repeated(8, 12, 4, raw)))
        save(f"places-{number}.mp4", edited(base, b"stco", repeated(8, 4, 0, raw)))
        save(f"turn-{number}.mp4", edited(base, b"tkhd", put(40, raw * 9)))
        save(f"size-{number}.mp4", edited(base, b"stsd", put(40, raw)))
        save(f"rate-{number}.mp4", edited(base, b"stsd", put(40, raw)))
        save(f"channels-{number}.mp4", edited(base, b"stsd", put(32, raw)))
    for number, value in enumerate(EXTREMES):
        raw = struct.pack(">Q", value)
        for start in (0, 1 << 62, (1 << 64) - 2, (3 << 62)):
            table = struct.pack(">IIQQI", 1 << 24, 1, value, start, 1 << 16)
            save(f"edit-{number}-{start >> 60}.mp4", edited(base, b"elst", lambda _, table=table: table))
        table = struct.pack(">II", 1 << 24, 40) + struct.pack(">QQI", value, 512, 1 << 16) * 40
        save(f"edits-{number}.mp4", edited(base, b"elst", lambda _, table=table: table))
        save(f"long-media-{number}.mp4", edited(
            base, b"mdhd", lambda body, raw=raw: b"\1\0\0\0" + bytes(16) + body[12:16] + raw + body[20:]))
        save(f"long-movie-{number}.mp4", edited(
            base, b"mvhd", lambda body, raw=raw: b"\1\0\0\0" + bytes(16) + body[12:16] + raw + body[20:]))
    fragments()
    # A table of many samples that occupies no bytes.
    few = edited(base, b"stsz", put(4, struct.pack(">II", 1, 0x0F000000)))
    save("promise.mp4", edited(few, b"stsc", put(8, struct.pack(">II", 1, 0x0F000000))))
    write("box-beyond.mp4", read("base.mp4") + struct.pack(">I4sQ", 1, b"free", (1 << 63) - 1) + b"\0" * 32)


def fragments():
    ffmpeg("-i", "base.mp4", "-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "300000",
           "base-fragments.mp4")
    base = read("base-fragments.mp4")
    places = [at for at in range(len(base)) if base.startswith(b"tfdt", at)]
    for number, value in enumerate(EXTREMES):
        raw = struct.pack(">Q", value)
        for name, chosen in (("all", places), ("last", places[-2:])):
            odd = bytearray(base)
            for place in chosen:
                odd[place + 8 : place + 16] = raw
            write(f"fragment-time-{name}-{number}.mp4", odd)


# WAV and pictures


def waves():
    def wave(name, channels, rate, byte_rate, block, bits, size):
        form = struct.pack("<HHIIHH", 1, channels, rate, byte_rate, block, bits)
        write(name, b"RIFF" + struct.pack("<I", 36 + 8192) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data"
              + struct.pack("<I", size) + b"\x10\x20" * 4096)

    top = 0xFFFFFFFF
    wave("rate-zero.wav", 1, 0, 0, 2, 16, 8192)
    wave("rate-one.wav", 1, 1, 2, 2, 16, 8192)
    wave("rate-high.wav", 1, 0x7FFFFFFF, top, 2, 16, 8192)
    wave("rate-top.wav", 1, top, top, 2, 16, 8192)
    wave("channels-zero.wav", 0, 48000, 0, 0, 16, 8192)
    wave("channels-many.wav", 65535, 48000, top, 65535, 16, 8192)
    wave("block-zero.wav", 2, 48000, 0, 0, 16, 8192)
    wave("bits.wav", 2, 48000, 192000, 4, 65535, 8192)
    wave("size.wav", 2, 48000, 192000, 4, 16, top)
    for number, value in enumerate(EXTREMES):
        form = struct.pack("<HHIIHH", 1, 2, 48000, 192000, 4, 16)
        write(f"long-{number}.wav", b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, value, value, value, 0) + b"fmt "
              + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", top) + b"\x10\x20" * 4096)


def pictures():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = 20_000
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side // 8)) for _ in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    write("bomb.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", "base.jpg")
    picture = bytearray(read("base.jpg"))
    place = picture.index(b"\xff\xc0")
    picture[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    write("bomb.jpg", picture)
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", "base.gif")
    picture = bytearray(read("base.gif"))
    picture[6:10] = b"\xff\xff\xff\xff"
    write("bomb.gif", picture)
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", "-lossless", "1", "base.webp")
    picture = bytearray(read("base.webp"))
    place = picture.index(b"VP8L") + 9
    picture[place : place + 4] = struct.pack("<I", struct.unpack("<I", picture[place : place + 4])[0] | 0x0FFFFFFF)
    write("bomb.webp", picture)


# H.264 bit streams: one intra picture with one byte for each macroblock, then pictures that repeat it.


class Bits:
    def __init__(self):
        self.text = []

    def u(self, value, count):
        self.text.append(format(value, f"0{count}b"))

    def ue(self, *values):
        for value in values:
            code = format(value + 1, "b")
            self.text.append("0" * (len(code) - 1) + code)

    def unit(self, header):
        text = "".join(self.text) + "1"
        text += "0" * (-len(text) % 8)
        raw = int(text, 2).to_bytes(len(text) // 8, "big")
        out, zeros = bytearray([header]), 0
        for byte in raw:
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(out)


def sequence(width, height, references):
    bits = Bits()
    bits.u(100, 8), bits.u(0, 8), bits.u(62, 8)
    bits.ue(0, 1, 0, 0), bits.u(0, 2)  # id, 4:2:0, 8 bits
    bits.ue(4, 2, references), bits.u(0, 1)  # frame numbers of 8 bits, order of decoding
    bits.ue(width // 16 - 1, height // 16 - 1), bits.u(0b1100, 4)
    return bits.unit(0x67)


def parameters():
    bits = Bits()
    bits.ue(0, 0), bits.u(0, 2), bits.ue(0, 0, 0), bits.u(0, 3), bits.ue(0, 0, 0), bits.u(0b100, 3)
    return bits.unit(0x68)


def intra(width, height):
    bits = Bits()
    bits.ue(0, 7, 0), bits.u(0, 8), bits.ue(0), bits.u(0, 2), bits.ue(0, 1)
    bits.text.append("00100111" * (width // 16 * (height // 16)))  # I_16x16, predicted from the mean, nothing coded
    return bits.unit(0x65)


def skipped(width, height, number):
    bits = Bits()
    bits.ue(0, 5, 0), bits.u(number % 256, 8), bits.u(0, 3), bits.ue(0, 1, width // 16 * (height // 16))
    return bits.unit(0x41)


def track(name, stated, frames):
    """Writes a Matroska file of H.264 frames, each a list of NAL units."""
    width, height = stated
    sets, picture = sequence(width, height, 16), parameters()
    private = bytes([1, 100, 0, 62, 0xFF, 0xE1]) + struct.pack(">H", len(sets)) + sets + b"\x01" + struct.pack(">H", len(picture)) + picture
    private += b"\xfd\xf8\xf8\x00"
    entry = [[0xD7, b"\x01"], [0x73C5, b"\x01"], [0x83, b"\x01"], [0x86, b"V_MPEG4/ISO/AVC"], [0x63A2, private],
             [0x23E383, (40_000_000).to_bytes(4, "big")],
             [0xE0, [[0xB0, width.to_bytes(4, "big")], [0xBA, height.to_bytes(4, "big")]]]]
    blocks = []
    for index, units in enumerate(frames):
        sample = b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
        blocks.append([0xA3, b"\x81" + struct.pack(">h", index * 40) + (b"\x80" if index == 0 else b"\0") + sample])
    head = [[0x4286, b"\x01"], [0x42F7, b"\x01"], [0x42F2, b"\x04"], [0x42F3, b"\x08"], [0x4282, b"matroska"],
            [0x4287, b"\x04"], [0x4285, b"\x02"]]
    write(name, element(0x1A45DFA3, head) + element(0x18538067, [
        [0x1549A966, [[0x2AD7B1, (1_000_000).to_bytes(3, "big")]]], [0x1654AE6B, [[0xAE, entry]]],
        [0x1F43B675, [[0xE7, b"\0"]] + blocks]]))


def bombs():
    huge, wide, tall = (12288, 12288), (8192, 4320), (4096, 2304)
    track("huge.mkv", huge, [[intra(*huge)]] + [[skipped(*huge, n)] for n in range(1, 20)])
    track("references.mkv", wide, [[intra(*wide)]] + [[skipped(*wide, n)] for n in range(1, 24)])
    track("honest.mkv", tall, [[intra(*tall)]] + [[skipped(*tall, n)] for n in range(1, 24)])
    small = (320, 192)
    track("grows.mkv", small, [[intra(*small)], [sequence(*wide, 16), parameters(), intra(*wide)]]
          + [[skipped(*wide, n)] for n in range(1, 24)])
    ffmpeg("-f", "lavfi", "-i", "sine=d=4", "-c:a", "aac", "one.m4a")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2", "-i", "one.m4a", "-map", "0:v", *["-map", "1:a"] * 150, "-c:v",
           "libx264", "-c:a", "copy", "many.mp4")


os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
for make in (matroskas, voices, oggs, counted, clips, waves, pictures, bombs):
    make()
