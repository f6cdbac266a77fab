#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of images and clips with colours or an orientation in their metadata: colours.py FOLDER.

Needs ffmpeg with zscale and libvpx, and Debian's python3-pil. Every file has the colour (200, 30, 30) if its metadata is respected, except
`grey.png`. Prints nothing unless it fails.
"""
import io
import os
import struct
import subprocess
import sys
import zlib

from PIL import Image, ImageCms

RED = (200, 30, 30)
SIZE = (320, 180)


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, stderr=subprocess.PIPE)


def s15(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(s15(value) for value in values)


def icc(primaries, gamma, kind=b"mntr", space=b"RGB "):
    """Returns a profile of a matrix, adapted to D50, and one exponent."""
    name = b"test"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + b"\0" * 78
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = [(b"desc", text + b"\0" * (-len(text) % 4)), (b"wtpt", xyz((0.9642, 1, 0.8249)))]
    if space == b"GRAY":
        tags.append((b"kTRC", curve))
    else:
        tags += [(name, xyz(point)) for name, point in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries)]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    offset, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, body in tags:
        table += name + struct.pack(">II", offset + len(data), len(body))
        data += body
    head = struct.pack(">I4sI4s4s4s", 0, b"\0\0\0\0", 0x02400000, kind, space, b"XYZ ") + b"\0" * 12 + b"acsp" + b"\0" * 24
    head += b"\0" * 4 + s15(0.9642) + s15(1) + s15(0.8249)
    head = head.ljust(128, b"\0") + struct.pack(">I", len(tags))
    whole = head + table + data
    return struct.pack(">I", len(whole)) + whole[4:]


ADOBE = icc(((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 2.19921875)
P3 = icc(((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)), 2.19921875)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(profile):
    """Returns the sample values of RED in a profile."""
    picture = Image.new("RGB", (1, 1), RED)
    source = ImageCms.ImageCmsProfile(io.BytesIO(SRGB))
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.profileToProfile(picture, source, target, renderingIntent=1).getpixel((0, 0))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, color, *extra, after=b""):
    row = b"\0" + bytes(color) * SIZE[0]
    head = struct.pack(">IIBBBBB", *SIZE, 8, 2, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra)
                   + chunk(b"IDAT", zlib.compress(row * SIZE[1])) + after + chunk(b"IEND", b""))


def packed(profile):
    return chunk(b"iCCP", b"p\0\0" + zlib.compress(profile))


def stills():
    for kind, profile in (("adobe", ADOBE), ("p3", P3), ("srgb", SRGB)):
        color = encoded(profile)
        picture = Image.new("RGB", SIZE, color)
        png(f"{kind}.png", color, packed(profile))
        picture.save(f"{kind}.jpg", quality=98, subsampling=0, icc_profile=profile)
        picture.save(f"{kind}.webp", lossless=True, icc_profile=profile)
        transparent = picture.convert("RGBA")
        transparent.putalpha(255)
        transparent.save(f"{kind}-alpha.webp", lossless=True, icc_profile=profile)
    # A profile in several segments of a JPEG file.
    color = encoded(ADOBE)
    Image.new("RGB", SIZE, color).save("long.jpg", quality=98, subsampling=0, icc_profile=ADOBE + bytes(150_000))
    deep = [round(65535 * ((c / 255 + 0.055) / 1.055) ** 2.4) for c in RED]
    row = b"\0" + b"".join(struct.pack(">H", value) for value in deep) * SIZE[0]
    head = struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0)
    with open("gamma.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"gAMA", struct.pack(">I", 100_000))
                   + chunk(b"IDAT", zlib.compress(row * SIZE[1])) + chunk(b"IEND", b""))
    png("cicp.png", encoded(P3), chunk(b"cICP", bytes((12, 13, 0, 1))))
    png("plain.png", RED, chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 45_455)))
    # Unusable profiles are treated as sRGB.
    png("broken-words.png", RED, packed(b"no profile" * 20))
    png("broken-deflate.png", RED, chunk(b"iCCP", b"p\0\0garbage"))
    png("broken-size.png", RED, packed(ADOBE + bytes(8 << 20)))
    png("broken-cut.png", RED, packed(ADOBE[:200]))
    png("broken-class.png", RED, packed(icc(((0.6, 0.3, 0), (0.2, 0.6, 0), (0.1, 0.1, 0.7)), 2.2, kind=b"link")))
    png("broken-space.png", RED, packed(icc((), 2.2, space=b"GRAY")))
    Image.new("L", SIZE, 100).save("grey.png", icc_profile=icc((), 1.0, space=b"GRAY"))


def exif(orientation, little):
    order = "<" if little else ">"
    return (b"II*\0" if little else b"MM\0*") + struct.pack(order + "IHHHI", 8, 1, 0x0112, 3, 1) + (
        struct.pack(order + "HH", orientation, 0)) + struct.pack(order + "I", 0)


def turned():
    """Images whose upper left quarter is red when they are upright, and whose rest is grey."""
    for orientation in range(1, 9):
        upright = Image.new("RGB", (320, 180), (90, 90, 90))
        upright.paste(RED, (0, 0, 160, 90))
        back = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
                6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}[orientation]
        picture = upright.transpose(back) if back is not None else upright
        rows = b"".join(b"\0" + picture.crop((0, y, picture.width, y + 1)).tobytes() for y in range(picture.height))
        head = struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 0)
        data = exif(orientation, orientation % 2 == 0)
        for name, before, after in ((f"turned-{orientation}.png", chunk(b"eXIf", data), b""),
                                    (f"turned-late-{orientation}.png", b"", chunk(b"eXIf", data))):
            with open(name, "wb") as file:
                file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(rows)) + after
                           + chunk(b"IEND", b""))
        picture.save(f"turned-{orientation}.jpg", quality=98, subsampling=0, exif=b"Exif\0\0" + data)
        picture.save(f"turned-{orientation}.webp", lossless=True, exif=b"Exif\0\0" + data)


def clips():
    flat = f"color=0x{RED[0]:02x}{RED[1]:02x}{RED[2]:02x}:s=320x180:r=30:d=0.5,format=gbrp"
    source = "zscale=pin=bt709:tin=bt709:min=gbr:rin=full"
    x264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "4", "-bf", "0")
    for name, primaries, matrix, tags in (
        ("bt2020.mp4", "2020", "2020_ncl", ("bt2020nc", "bt2020", "bt2020-10")),
        ("p3.mp4", "smpte432", "709", ("bt709", "smpte432", "bt709")),
        ("plain.mp4", "709", "709", ("bt709", "bt709", "bt709")),
        ("bt470bg.mp4", "bt470bg", "470bg", ("bt470bg", "bt470bg", "bt709")),
        # Players ignore these primaries.
        ("smpte170m.mp4", "709", "170m", ("smpte170m", "smpte170m", "smpte170m")),
    ):
        ffmpeg("-f", "lavfi", "-i", f"{flat},{source}:p={primaries}:t=bt709:m={matrix}:r=tv,format=yuv420p", *x264, "-colorspace",
               tags[0], "-color_primaries", tags[1], "-color_trc", tags[2], "-color_range", "tv", name)
    # Without tags, players use BT.601 below 720 lines, whatever the range is.
    for name, size, matrix, levels in (
        ("untagged.mp4", "320x180", "170m", "tv"), ("untagged-full.mp4", "320x180", "170m", "pc"),
        ("untagged-hd.mp4", "1280x720", "709", "tv"), ("untagged-hd-full.mp4", "1280x720", "709", "pc"),
    ):
        ffmpeg("-f", "lavfi", "-i", f"{flat.replace('320x180', size)},{source}:p=709:t=709:m={matrix}:r={levels},format=yuv420p,"
               "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown", *x264, "-color_range", levels, name)
    # With swscale, since ffmpeg's zscale hangs with this matrix.
    ffmpeg("-f", "lavfi", "-i", f"{flat},scale=out_color_matrix=smpte240m:out_range=tv:flags=accurate_rnd,format=yuv420p,"
           "setparams=color_primaries=unknown:color_trc=unknown", *x264, "-colorspace", "smpte240m", "smpte240m.mp4")
    # A red disc in the middle, surrounded by transparent green.
    alpha = "color=0x00ff00:s=320x180:r=30:d=0.5,format=rgba,geq=r='if(lt(hypot(X-160,Y-90),70),200,0)':" + (
        "g='if(lt(hypot(X-160,Y-90),70),30,255)':b='if(lt(hypot(X-160,Y-90),70),30,0)':a='if(lt(hypot(X-160,Y-90),70),255,0)'")
    for name, codec in (("alpha-vp9.webm", "libvpx-vp9"), ("alpha-vp8.webm", "libvpx")):
        ffmpeg("-f", "lavfi", "-i", f"{alpha},format=yuva420p", "-c:v", codec, "-b:v", "2M", "-auto-alt-ref", "0", "-deadline",
               "realtime", name)


os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
for make in (stills, turned, clips):
    make()
