#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of unusual and invalid media: make-corpus.py FOLDER.

Needs ffmpeg, and Debian's python3-pil for formats that ffmpeg cannot write. Prints nothing unless it fails.
"""
import io
import os
import random
import struct
import subprocess
import sys
import wave
import zlib

from PIL import Image, ImageOps

RED, GREEN, BLUE, WHITE = COLORS = ((200, 30, 30), (30, 180, 30), (30, 30, 200), (240, 240, 240))
# The size of images differs from the film's, so that they are scaled. Clips have the film's size (`FILM`).
SIZE = (640, 360)
FILM = (320, 180)
RATE = 48_000


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def ffmpeg(*arguments):
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)


def quadrants(size=SIZE, colors=COLORS):
    """The test image: red, green, blue, white, row by row from the top left."""
    tiny = Image.new("RGB", (2, 2))
    tiny.putdata(colors)
    return tiny.resize(size, Image.NEAREST)


def grainy(size=SIZE):
    """The quadrants under grain, so that their files are long enough to be truncated."""
    dice = random.Random(1)
    grain = Image.frombytes("L", size, bytes(dice.choice((0, 128, 255)) for _ in range(size[0] * size[1])))
    picture = quadrants(size)
    return Image.blend(picture, Image.merge("RGB", (grain, grain, grain)), 0.06)


# PNG


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, kind, rows, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packer = zlib.compressobj(1)
    data = b"".join([packer.compress(row) for row in rows] + [packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def deep_row(left, right):
    """A row of 16-bit samples without a filter; low bytes differ from high bytes."""
    half = SIZE[0] // 2
    return b"\0" + b"".join(bytes((value, 0x40)) for value in left) * half + b"".join(
        bytes((value, 0x40)) for value in right
    ) * half


def marked_rows(side, base, mark):
    """A field with a centred mark of a tenth of its side; pixels are whole bytes."""
    edge = side * 9 // 20
    plain = b"\0" + base * side
    middle = b"\0" + base * edge + mark * (side // 10) + base * (side - edge - side // 10)
    return [middle if edge <= row < edge + side // 10 else plain for row in range(side)]


def png_pictures():
    Image.new("RGB", (1, 1), GREEN).save("one.png")
    grainy().save("whole.png")
    half = SIZE[1] // 2
    write("deep.png", png(*SIZE, 16, 2, [deep_row(RED, GREEN)] * half + [deep_row(BLUE, WHITE)] * half))
    write("deep-gray.png", png(*SIZE, 16, 0, [deep_row((40,), (90,))] * half + [deep_row((160,), (220,))] * half))
    indexed = quadrants().quantize(4)
    indexed.save("palette.png")
    blue = indexed.getpixel((10, SIZE[1] - 10))
    indexed.save("palette-clear.png", transparency=blue)
    veiled = quadrants().convert("RGBA")
    alpha = Image.new("L", (2, 2))
    alpha.putdata((255, 128, 0, 255))
    veiled.putalpha(alpha.resize(SIZE, Image.NEAREST))
    veiled.save("alpha.png")
    veiled.save("alpha.webp", lossless=True, exact=True)
    opaque = quadrants().convert("RGBA")
    opaque.save("opaque.png")
    whole = read("whole.png")
    write("text.png", whole[:33] + chunk(b"tEXt", b"Comment\0" + b"x" * 5_000_000) + whole[33:])
    write("tail.png", whole + b"garbage " * 2000)


def large_pictures():
    """Images of 64 million pixels each, the maximum."""
    write("large.png", png(8000, 8000, 8, 2, marked_rows(8000, bytes(GREEN), bytes(WHITE))))
    # 37 KB at one bit per pixel; 256 MB when decoded; 400 MB of text in a small image.
    bits = marked_rows(1000, b"\0", b"\xff")
    write("pressed.png", png(8000, 8000, 1, 0, [row for row in bits for _ in range(8)]))
    write("large-alpha.png", png(8000, 8000, 8, 6, marked_rows(8000, bytes(GREEN) + b"\xff", bytes(WHITE) + b"\xff")))
    packer = zlib.compressobj(1)
    text = b"".join([packer.compress(b"x" * 1_000_000) for _ in range(400)] + [packer.flush()])
    whole = read("whole.png")
    write("text-bomb.png", whole[:33] + chunk(b"zTXt", b"Comment\0\0" + text) + whole[33:])
    picture = Image.new("RGB", (8000, 8000), GREEN)
    picture.paste(WHITE, (3600, 3600, 4400, 4400))
    picture.save("large.jpg", quality=90)
    picture.save("large-progressive.jpg", quality=90, subsampling=0, progressive=True)
    # Too large by the header: in pixels, and in bytes of decoded pixels.
    write("bomb.png", png(60_000, 60_000, 8, 0, [b"\0" * 60_001]))
    write("deep-large.png", png(8000, 8000, 16, 2, [b"\0" * 48_001]))


# JPEG


def with_thumbnail(jpeg, thumbnail):
    """Embeds a JPEG in the EXIF header of another, as cameras do."""
    tiff = b"II*\0" + struct.pack("<IHI", 8, 0, 14) + struct.pack("<H", 2)
    tiff += struct.pack("<HHII", 0x0201, 4, 1, 44) + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail))
    tiff = (tiff + struct.pack("<I", 0)).ljust(44, b"\0") + thumbnail
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def stored(upright, orientation):
    """The pixels of a camera in the orientation that the tag corrects."""
    inverse = {
        2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
        6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270,
    }  # fmt: skip
    return upright.transpose(inverse[orientation]) if orientation > 1 else upright


def jpeg_pictures():
    grainy().save("whole.jpg", quality=95)
    grainy().save("progressive.jpg", quality=95, progressive=True)
    quadrants().convert("L").save("gray.jpg", quality=95)
    quadrants().convert("L").save("gray.png")
    quadrants().convert("CMYK").save("cmyk.jpg", quality=95)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"exif{orientation}.jpg"
        stored(quadrants(), orientation).save(name, quality=95, exif=exif)
        seen = ImageOps.exif_transpose(Image.open(name))
        assert seen.size == SIZE and max(abs(a - b) for a, b in zip(seen.getpixel((99, 99)), RED)) < 12, name
    small = io.BytesIO()
    quadrants((160, 90)).save(small, "JPEG")
    data = with_thumbnail(read("whole.jpg"), small.getvalue())
    write("thumbnail.jpg", data)
    # Truncated shortly after the thumbnail, whose end marker is not the image's.
    write("cut-thumbnail.jpg", data[: data.index(small.getvalue()) + len(small.getvalue()) + 2500])
    write("tail.jpg", read("whole.jpg") + b"garbage " * 100)
    write("long-tail.jpg", read("whole.jpg") + b"garbage " * 20_000)


# WebP and GIF


def riff(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp_of(*chunks):
    return riff(b"RIFF", b"WEBP" + b"".join(chunks))


def uint24(value):
    return struct.pack("<I", value)[:3]


def moving_pictures():
    other = Image.new("RGB", SIZE, (10, 10, 10))
    grainy().save("lossy.webp", quality=95)
    grainy().save("lossless.webp", lossless=True)
    moving = {"save_all": True, "append_images": [other], "duration": 200, "loop": 0}
    grainy().save("moving.webp", quality=95, **moving)
    grainy().save("moving-lossless.webp", lossless=True, **moving)
    veiled = grainy().convert("RGBA")
    veiled.putalpha(254)
    moving["append_images"] = [other.convert("RGBA")]
    veiled.save("moving-alpha.webp", quality=95, **moving)
    # The first frame covers the lower right quadrant only.
    corner = io.BytesIO()
    Image.new("RGB", (SIZE[0] // 2, SIZE[1] // 2), RED).save(corner, "WEBP", lossless=True)
    place = uint24(SIZE[0] // 4) + uint24(SIZE[1] // 4) + uint24(SIZE[0] // 2 - 1) + uint24(SIZE[1] // 2 - 1)
    frame = riff(b"ANMF", place + uint24(200) + b"\0" + corner.getvalue()[12:])
    canvas = riff(b"VP8X", b"\x02\0\0\0" + uint24(SIZE[0] - 1) + uint24(SIZE[1] - 1))
    write("moving-corner.webp", webp_of(canvas, riff(b"ANIM", b"\0" * 6), frame, frame))

    colored = grainy().quantize(64)
    colored.save("still.gif")
    moving["append_images"] = [other.quantize(64)]
    colored.save("moving.gif", **moving)
    corner = Image.new("P", (SIZE[0] // 2, SIZE[1] // 2), 1)
    corner.putpalette((0, 0, 0) + RED)
    data = io.BytesIO()
    corner.save(data, "GIF", optimize=False, background=0)
    data = data.getvalue()
    start = data.index(b"\x2c\0\0\0\0")
    corner_place = struct.pack("<HH", SIZE[0] // 2, SIZE[1] // 2)
    data = data[:6] + struct.pack("<HH", *SIZE) + data[10 : start + 1] + corner_place + data[start + 5 :]
    write("moving-corner.gif", data)
    write("comment.gif", read("still.gif")[:-1] + b"\x21\xfe\x01x\0\x3b")
    write("tail.gif", read("still.gif") + b"garbage " * 100)
    write("tail.webp", read("lossy.webp") + b"garbage " * 100)


def disguised_pictures():
    quadrants().save("really-png.jpg", format="PNG")
    quadrants().save("really-jpg.png", format="JPEG", quality=95)
    drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='whole.png'/></svg>\n"
    write("drawing.svg", drawing.encode())
    write("drawing.png", drawing.encode())
    for name, target in (("png", "whole.png"), ("mp4", "plain.mp4"), ("mp3", "tone.mp3")):
        play_list = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"
        write(f"list.{name}", play_list.encode())
        write(f"script.{name}", f"ffconcat version 1.0\nfile {target}\n".encode())


def cuts():
    """Truncates a file: cut0-x is empty, cut9-x has nine tenths of x."""
    for name in (
        "whole.png", "whole.jpg", "progressive.jpg", "thumbnail.jpg", "lossy.webp", "lossless.webp", "moving.webp",
        "still.gif", "moving.gif",
    ):  # fmt: skip
        data = read(name)
        for tenth in range(10):
            write(f"cut{tenth}-{name}", data[: len(data) * tenth // 10])


# Sound


def tone(name, *arguments, rate=RATE, channels="mono"):
    """One second: silence, then 1 kHz from 0.3 s on."""
    count = {"mono": 1, "5.1": 6}[channels]
    waves = "|".join(["if(gte(t,0.3),0.7*sin(2*PI*1000*t),0)"] * count)
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{waves}':d=1:s={rate}:c={channels}", *arguments, name)


def sounds():
    with wave.open("none.wav", "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
    tone("phone.wav", "-c:a", "pcm_u8", rate=8000)
    tone("surround.wav", channels="5.1")
    tone("surround.flac", channels="5.1")
    tone("studio.flac", rate=192_000)
    tone("wide.wav", "-c:a", "pcm_s24le")
    tone("tone.mp3", "-b:a", "128k")
    tone("tone.opus", "-c:a", "libopus")
    tone("tone.aac")
    tone("tone.m4a")
    data = read("tone.mp3")
    cut = data.index(b"\xff\xfb", len(data) * 6 // 10) + 100
    write("cut.mp3", data[:cut])
    cover = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic"]
    ffmpeg("-i", "tone.mp3", "-i", "whole.jpg", *cover, "cover.mp3")
    tone("plain.wav")
    data = read("plain.wav")
    place = data.index(b"data") + 4
    for name, size in (("long.wav", len(data) * 5), ("endless.wav", 0xFFFFFFFF), ("short.wav", RATE * 2 * 6 // 10)):
        write(name, data[:place] + struct.pack("<I", size) + data[place + 4 :])
    write("words.mp3", b"these are words, not sound\n" * 100)


# Video


def clip(name, *arguments, filters="null", source="upright.png"):
    """One second of an image at 30 frames per second."""
    ffmpeg("-loop", "1", "-framerate", "30", "-i", source, "-t", "1", "-vf", filters, *arguments, name)


def tags(matrix, primaries=None, transfer=None, coded_range="tv"):
    return [
        "-colorspace", matrix, "-color_primaries", primaries or matrix, "-color_trc", transfer or matrix,
        "-color_range", coded_range,
    ]  # fmt: skip


X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "12"]
YUV709 = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"


def good_clips():
    quadrants(FILM).save("upright.png")
    clip("plain.mp4", *X264, "-bf", "0", *tags("bt709"), "-movflags", "+faststart", filters=YUV709)
    clip("vp9.mkv", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", *tags("bt709"), filters=YUV709)
    # A phone held upright stores landscape frames and a rotation of 90 degrees.
    quadrants((180, 320)).transpose(Image.ROTATE_270).save("turned.png")
    clip("turned.mp4", *X264, "-bf", "0", *tags("bt709"), filters=YUV709, source="turned.png")
    ffmpeg("-i", "turned.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", "rotated.mp4")
    clip("anamorphic.mp4", *X264, "-bf", "0", *tags("bt709"), filters=YUV709 + ",setsar=4/3")
    clip("full.mp4", *X264, "-bf", "0", *tags("bt709", coded_range="pc"), filters=YUV709.replace("tv", "pc"))
    matrix601 = "scale=1280:720:out_color_matrix=bt601:out_range=tv:flags=neighbor,format=yuv420p"
    clip("bt601.mp4", *X264, *tags("smpte170m"), filters=matrix601)
    light = (
        "format=gbrpf32le,zscale=pin=bt709:tin=bt709:min=gbr:p=bt2020:t=linear:npl=203,"
        "zscale=t=smpte2084:m=2020_ncl:r=tv:npl=203,format=yuv420p10le"
    )
    x265 = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    hdr = tags("bt2020nc", "bt2020", "smpte2084")
    clip("hdr.mp4", "-c:v", "libx265", "-crf", "12", "-x265-params", x265, *hdr, filters=light)
    # Increasing luma shows the order of the frames.
    ramp = "color=black:s=320x180:r=30:d=1,format=yuv420p,geq=lum='20+7*N':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", ramp, *X264, "-bf", "3", "-b_strategy", "0", *tags("bt709"), "bframes.mp4")
    # Red to 0.2 s, green to 0.7 s, blue to 1 s; three frames in four are dropped after the first third of a second.
    for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        Image.new("RGB", FILM, color).save(f"{name}.png")
    inputs = []
    for name, seconds in (("red", "0.2"), ("green", "0.5"), ("blue", "0.3")):
        inputs += ["-loop", "1", "-framerate", "30", "-t", seconds, "-i", f"{name}.png"]
    join = f"concat=n=3,select='lt(n,10)+not(mod(n-1,4))',{YUV709}"
    ffmpeg(*inputs, "-filter_complex", join, "-vsync", "vfr", *X264, "-bf", "0", *tags("bt709"), "variable.mp4")
    tone("mono.wav", rate=44_100)
    ffmpeg("-i", "plain.mp4", "-i", "mono.wav", "-c:v", "copy", "-c:a", "aac", "-ar", "44100", "-ac", "1", "mono.mp4")


def bad_clips():
    ffmpeg("-i", "tone.m4a", "-c", "copy", "sound-only.mp4")
    ffmpeg("-i", "plain.mp4", "-frames:v", "0", *X264, "empty.mp4")
    # A track with parameter sets and no frames.
    ffmpeg("-i", "plain.mp4", "-c", "copy", "-movflags", "empty_moov+frag_keyframe", "fragments.mp4")
    data = read("fragments.mp4")
    write("zero.mp4", data[: data.index(b"moof") - 4])
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", *X264, "-bf", "0", *tags("bt709"), "late.mp4")
    data = read("late.mp4")
    write("no-moov.mp4", data[: data.index(b"moov") - 4])
    # The index first, then six tenths of the frames: in the film's format, and in another.
    for name, coding in (("cut-alike.mp4", ["-c", "copy"]), ("cut-unlike.mp4", [*X264, "-bf", "3", "-b_strategy", "0"])):
        ffmpeg("-i", "late.mp4", *coding, "-movflags", "+faststart", name)
        data = read(name)
        start = data.index(b"mdat")
        write(name, data[: start + (len(data) - start) * 6 // 10])


def main():
    os.chdir(sys.argv[1])
    try:
        for make in (
            png_pictures, jpeg_pictures, moving_pictures, large_pictures, sounds, good_clips, bad_clips,
            disguised_pictures, cuts,
        ):  # fmt: skip
            make()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: {error.stderr.decode()}")


main()
