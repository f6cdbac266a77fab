#!/usr/bin/env python3
"""Makes a folder of odd media: make-corpus.py FOLDER. Needs ffmpeg, and PIL for what ffmpeg does not write."""
import os, struct, subprocess, sys, wave, zlib

from PIL import Image

os.chdir(sys.argv[1])
QUADRANTS = ((200, 30, 30), (30, 180, 30), (30, 30, 200), (240, 240, 240))


def quadrants(width=320, height=180):
    """Red, green, blue, white; row by row from the top left."""
    image = Image.new("RGB", (width, height))
    for index, color in enumerate(QUADRANTS):
        image.paste(color, (index % 2 * width // 2, index // 2 * height // 2, (index % 2 + 1) * width // 2, (index // 2 + 1) * height // 2))
    return image


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, kind, rows):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows, 1)) + png_chunk(b"IEND", b"")


def pictures():
    Image.new("RGB", (1, 1), (30, 180, 30)).save("one.png")
    with open("large.png", "wb") as file:
        file.write(png(8000, 8000, 8, 2, (b"\0" + bytes((30, 180, 30)) * 8000) * 8000))
    with open("deep-large.png", "wb") as file:
        file.write(png(8000, 8000, 16, 2, (b"\0" + bytes((30, 30, 180, 180, 30, 30)) * 8000) * 8000))
    ffmpeg("-f", "lavfi", "-i", "color=0x1EB41E:s=64x64,format=gbrp16le", "-frames:v", "1", "-pix_fmt", "rgb48be", "deep.png")
    ffmpeg("-f", "lavfi", "-i", "color=gray:s=64x64,format=gray16le", "-frames:v", "1", "-pix_fmt", "gray16be", "deepgray.png")
    quadrants().quantize(16).save("palette.png")
    quadrants().quantize(16).save("clear.png", transparency=0)
    image = quadrants().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 255))
    image.save("alpha.png")
    quadrants().convert("L").save("gray.jpg", quality=95)
    quadrants().convert("CMYK").save("cmyk.jpg", quality=95)
    quadrants().save("progressive.jpg", quality=95, progressive=True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        quadrants().save(f"exif{orientation}.jpg", quality=95, exif=exif)
    other = Image.new("RGB", (320, 180), (10, 10, 10))
    quadrants().save("moving.gif", save_all=True, append_images=[other], duration=200, loop=0)
    quadrants().save("moving.webp", save_all=True, append_images=[other], duration=200, quality=95)
    clear = quadrants().convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 254))
    clear.save("moving-clear.webp", save_all=True, append_images=[other.convert("RGBA")], duration=200, quality=95)
    quadrants().save("lossy.webp", quality=95)
    quadrants().save("lossless.webp", lossless=True)
    quadrants().save("still.gif")
    quadrants().save("whole.png")
    quadrants().save("whole.jpg", quality=95)
    quadrants().save("really-png.jpg", format="PNG")
    quadrants().save("really-jpg.png", format="JPEG", quality=95)
    with open("whole.jpg", "rb") as source, open("tail.jpg", "wb") as target:
        target.write(source.read() + b"\0" * 1000)
    with open("whole.png", "rb") as source, open("text.png", "wb") as target:
        whole = source.read()
        target.write(whole[:33] + png_chunk(b"tEXt", b"Comment\0" + b"x" * 5_000_000) + whole[33:])
    with open("bomb.png", "wb") as file:
        file.write(png(60000, 60000, 8, 0, b"\0" * 60001))
    with open("drawing.png", "w") as file:
        file.write("<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>")
    with open("list.png", "w") as file:
        file.write("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nwhole.png\n#EXT-X-ENDLIST\n")


def wav(name, rate, channels, width, frames):
    with wave.open(name, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)


def sounds():
    tone = "sine=f=440:d=1"
    wav("none.wav", 48000, 1, 2, b"")
    ffmpeg("-f", "lavfi", "-i", tone, "-ar", "8000", "-ac", "1", "-c:a", "pcm_u8", "phone.wav")
    for name in ("surround.wav", "surround.flac"):
        ffmpeg("-f", "lavfi", "-i", tone, "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", name)
    ffmpeg("-f", "lavfi", "-i", tone, "-ar", "192000", "studio.flac")
    ffmpeg("-f", "lavfi", "-i", tone, "-c:a", "pcm_s24le", "wide.wav")
    for name in ("tone.mp3", "tone.opus", "tone.aac", "tone.m4a", "tone.ogg"):
        codec = ["-c:a", "libopus"] if name.endswith("opus") else []
        ffmpeg("-f", "lavfi", "-i", tone, "-ar", "48000", *codec, name)
    with open("tone.mp3", "rb") as source, open("cut.mp3", "wb") as target:
        data = source.read()
        target.write(data[: len(data) * 2 // 3 + 7])
    ffmpeg("-i", "tone.mp3", "-i", "whole.jpg", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", "cover.mp3")
    ffmpeg("-f", "lavfi", "-i", tone, "-ar", "48000", "plain.wav")
    with open("plain.wav", "rb") as source:
        data = bytearray(source.read())
    place = data.index(b"data") + 4
    for name, size in (("long.wav", len(data) * 5), ("endless.wav", 0xFFFFFFFF), ("short.wav", 9600)):
        changed = bytearray(data)
        changed[place : place + 4] = struct.pack("<I", size)
        with open(name, "wb") as target:
            target.write(changed)
    with open("words.mp3", "w") as file:
        file.write("these are words, not sound\n" * 100)


def videos():
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "soundonly.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "clip.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "late.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-frames:v", "0", "-c:v", "libx264", "empty.mp4")
    for source, target, share in (("late.mp4", "nomoov.mp4", 0.6), ("clip.mp4", "cutdata.mp4", 0.6)):
        with open(source, "rb") as file:
            data = file.read()
        with open(target, "wb") as file:
            file.write(data[: int(len(data) * share)])
    with open("concat.mp4", "w") as file:
        file.write("ffconcat version 1.0\nfile clip.mp4\n")
    with open("hls.mp4", "w") as file:
        file.write("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nclip.mp4\n#EXT-X-ENDLIST\n")


pictures()
sounds()
videos()
