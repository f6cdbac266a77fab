#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures pictures and sound against the ffmpeg command line, pair by pair in one run.

Needs `make build`, ffmpeg and python3-numpy. Calls go over the services' sockets; ffmpeg is timed as a whole process.
Exits with 1 if a bound is missed.

  media.py [RUNS] [SECTION...]   3 runs if absent; still, ken_burns, simple, fade, job, memory; all if none is named
"""
import glob, json, os, re, shutil, socket, statistics, subprocess, sys, tempfile, time

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = f"{ROOT}/services/understudy/Sample"
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
ONLY = sys.argv[2:]
SIZE = (1920, 1080)


class Stack:
    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ, UNDERSTUDY_RUN_DIR=f"{folder}/run", UNDERSTUDY_STATE_DIR=f"{folder}/state",
                        UNDERSTUDY_STORE=f"file://{folder}/store", UNDERSTUDY_AGENT5_PROVIDER="scripted",
                        UNDERSTUDY_AGENT5_SCRIPT=f"{folder}/script.json")
        with open(f"{folder}/script.json", "w") as file:
            json.dump({"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}] * 50}, file)
        self.up = subprocess.Popen([f"{ROOT}/.build/release/understudy", "up"], env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.up.stdout:
            if "ready in" in line:
                break

    def call(self, service, method, **params):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(glob.glob(f"{self.folder}/run/{service}/*.sock")[0])
            link.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": dict(params, progress=False)}).encode() + b"\n")
            for line in link.makefile():
                reply = json.loads(line)
                if reply.get("id") == 1 and "error" in reply:
                    raise RuntimeError(reply["error"]["message"])
                if reply.get("id") == 1:
                    return reply["result"]

    def peak(self, service):
        """The peak of a service's resident memory in megabytes."""
        pid = self.call(service, "rpc.health")["pid"]
        return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def timed(body):
    start = time.monotonic()
    body()
    return time.monotonic() - start


def pairs(ours, theirs, runs=RUNS):
    """Runs pairs. Returns the median seconds of each, and the median of the pairs' ratios."""
    times = [(timed(ours), timed(theirs)) for _ in range(runs)]
    return (statistics.median(t[0] for t in times), statistics.median(t[1] for t in times),
            statistics.median(t[1] / t[0] for t in times))


def similarity(film, still):
    """SSIM and PSNR of a clip's first second against the scaled still, as text."""
    output = subprocess.run(
        ["ffmpeg", "-hide_banner", "-t", "1", "-i", film, "-loop", "1", "-framerate", "30", "-t", "1", "-i", still, "-lavfi",
         "[1:v]scale=1920:1080:flags=lanczos+accurate_rnd:out_color_matrix=bt709,format=yuv420p,split[a][b];"
         "[0:v]format=yuv420p,split[c][d];[c][a]ssim;[d][b]psnr", "-f", "null", "-"], capture_output=True, text=True).stderr
    ssim, psnr = re.search(r"All:([0-9.]+)", output), re.search(r"average:([0-9.inf]+)", output)
    return f"SSIM {float(ssim[1]):.4f}, PSNR {psnr[1]} dB"


ROWS = []


def row(work, ours, peer, ratio, bound, is_within, notes=""):
    ROWS.append((work, ours, peer, ratio, bound, "yes" if is_within else "NO", notes))
    print("|", " | ".join(str(cell) for cell in ROWS[-1]), "|", flush=True)


def still(stack, folder):
    image, ours, theirs = f"{folder}/still.png", f"{folder}/ours.mp4", f"{folder}/theirs.mp4"
    def make(seconds):
        return stack.call("clipper", "clipper.create", image=f"file://{image}", duration=seconds, output=f"file://{ours}")
    a, b, ratio = pairs(lambda: make(15), lambda: ffmpeg(
        "-loop", 1, "-i", image, "-t", 15, "-r", 30, "-c:v", "libx264", "-preset", "medium", "-crf", 18, "-vf",
        "scale=out_color_matrix=bt709", "-pix_fmt", "yuv420p", theirs))
    stages = make(15)["stages"]
    where = ", ".join(f"{name[:-2]} {seconds * 1000:.0f} ms" for name, seconds in stages.items())
    row("still clip, 15 s", f"{a:.2f} s", f"{b:.2f} s", f"{ratio:.0f}", "60", ratio >= 60,
        f"{where}; ours {similarity(ours, image)}; ffmpeg {similarity(theirs, image)}")
    long, short, share = pairs(lambda: make(60), lambda: make(5), max(RUNS, 7))
    row("still clip, 60 s against 5 s", f"{long:.3f} s", f"{short:.3f} s", f"{1 / share:.2f}", "at most 1.2", 1 / share <= 1.2)


def ease(share):
    """The easing `ease_in_out` of Sources/Media/Motion/Easing.swift."""
    def eased(t):
        return t - 0.125 if t >= 0.25 else t / 2 - 0.25 / (2 * numpy.pi) * numpy.sin(numpy.pi * t / 0.25)
    return eased(share) / eased(0.5) / 2 if share <= 0.5 else 1 - eased(1 - share) / eased(0.5) / 2


def dots(path):
    """Writes a dark picture of twice the film's size with soft dots. Returns their positions as fractions of the picture."""
    width, height = 2 * SIZE[0], 2 * SIZE[1]
    picture = numpy.full((height, width), 16.0)
    y, x = numpy.mgrid[-60:61, -60:61]
    places, random = [], numpy.random.default_rng(1)
    for row_ in range(9):
        for column in range(16):
            px, py = 300 + 210 * column + random.uniform(-20, 20), 240 + 205 * row_ + random.uniform(-20, 20)
            ix, iy = int(px), int(py)
            spot = 210 * numpy.exp(-((x - (px - ix)) ** 2 + (y - (py - iy)) ** 2) / 288)
            picture[iy - 60:iy + 61, ix - 60:ix + 61] += spot
            places.append(((px + 0.5) / width, (py + 0.5) / height))
    data = numpy.clip(picture, 0, 255).astype(numpy.uint8).tobytes()
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}", "-i", "-",
                    "-pix_fmt", "rgb24", path], input=data, check=True)
    return numpy.array(places)


def motion(film, places, rectangle, frames=450):
    """Measures the motion of a film by least squares over all dots.

    Returns the maximum position error of the picture as a whole in px, and its maximum second difference in px/frame^2.
    """
    pipe = subprocess.Popen(["ffmpeg", "-v", "error", "-i", film, "-f", "rawvideo", "-pix_fmt", "gray", "-"], stdout=subprocess.PIPE)
    grid, off = numpy.mgrid[-16:17, -16:17], []
    for number in range(frames):
        data = pipe.stdout.read(SIZE[0] * SIZE[1])
        if len(data) < SIZE[0] * SIZE[1]:
            break
        picture = numpy.frombuffer(data, numpy.uint8).reshape(SIZE[1], SIZE[0]).astype(float)
        x0, y0, zoom = rectangle(number / (frames - 1))
        ideal = (places - (x0, y0)) / zoom * SIZE - 0.5
        found, expected = [], []
        for place in ideal:
            ix, iy = (int(round(v)) for v in place)
            if not (20 < ix < SIZE[0] - 20 and 20 < iy < SIZE[1] - 20):
                continue
            light = numpy.maximum(picture[iy - 16:iy + 17, ix - 16:ix + 17] - 40, 0)
            found.append((ix + (light * grid[1]).sum() / light.sum(), iy + (light * grid[0]).sum() / light.sum()))
            expected.append(place)
        expected = numpy.array(expected)
        error = numpy.array(found) - expected
        # Shift and zoom of the whole picture, at its centre.
        centred = expected - (SIZE[0] / 2, SIZE[1] / 2)
        shift = [numpy.linalg.lstsq(numpy.c_[numpy.ones(len(expected)), centred[:, axis]], error[:, axis], rcond=None)[0][0] for axis in (0, 1)]
        off.append(shift)
    pipe.stdout.close()
    pipe.wait()
    off = numpy.array(off)
    return abs(off).max(), abs(numpy.diff(off, 2, axis=0)).max()


def ken_burns(stack, folder):
    image, ours, theirs = f"{folder}/still.png", f"{folder}/ours.mp4", f"{folder}/theirs.mp4"
    path = {"from": {"x": 0, "y": 0, "width": 1, "height": 1}, "to": {"x": 0.05, "y": 0.05, "width": 0.9, "height": 0.9}}
    def make(still):
        stack.call("clipper", "clipper.create", image=f"file://{still}", duration=15, motion=path, output=f"file://{ours}")
    def zoompan(still):
        ffmpeg("-i", still, "-vf", "scale=3840:2160,zoompan=z='1/(1-0.1*on/449)':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d=450:s=1920x1080:fps=30",
               "-frames:v", 450, "-c:v", "libx264", "-preset", "veryfast", "-crf", 18, "-pix_fmt", "yuv420p", theirs)
    a, b, ratio = pairs(lambda: make(image), lambda: zoompan(image))
    row("Ken Burns clip, 15 s", f"{a:.2f} s", f"{b:.2f} s", f"{ratio:.2f}", "1.3", ratio >= 1.3, "veryfast, CRF 18 both")
    places = dots(f"{folder}/dots.png")
    make(f"{folder}/dots.png")
    zoompan(f"{folder}/dots.png")
    mine = motion(ours, places, lambda t: (0.05 * ease(t), 0.05 * ease(t), 1 - 0.1 * ease(t)))
    other = motion(theirs, places, lambda t: (0.05 * t, 0.05 * t, 1 - 0.1 * t))
    row("its motion: error", f"{mine[0]:.3f} px", f"{other[0]:.3f} px", "", "at most 0.05", mine[0] <= 0.05, "decoded pictures, 144 dots")
    row("its motion: second difference", f"{mine[1]:.3f} px/frame²", f"{other[1]:.3f} px/frame²", "", "at most 0.02", mine[1] <= 0.02)


def clips(stack, folder, **more):
    made = []
    for number in range(1, 5):
        clip = f"{folder}/clip{number}.mp4"
        stack.call("clipper", "clipper.create", image=f"file://{folder}/still{number}.png", duration=15, output=f"file://{clip}", **more)
        made.append({"clip": f"file://{clip}", "segment_id": f"s{number}", "duration": 15})
    return made


def simple(stack, folder):
    parts, theirs = clips(stack, folder), f"{folder}/theirs.mp4"
    with open(f"{folder}/list.txt", "w") as file:
        file.writelines(f"file clip{number}.mp4\n" for number in range(1, 5))
    def stitch(parts):
        return stack.call("stitcher", "stitcher.stitch", clips=parts, output=f"file://{folder}/film.mp4")
    a, b, _ = pairs(lambda: stitch(parts), lambda: ffmpeg(
        "-f", "concat", "-i", f"{folder}/list.txt", "-c", "copy", "-movflags", "+faststart", theirs), max(RUNS, 7))
    # Every film has a sound track, so the whole call is compared, including the encoding of 60 s of silence.
    row("`simple`, 4 x 15 s, without narration", f"{a:.3f} s", f"{b:.3f} s", f"{a / b:.2f}", "at most 1.3", a / b <= 1.3,
        "whole call, silence encoded; `ffmpeg -f concat -c copy` has no sound")
    spoken = [dict(part, audio=f"file://{SAMPLE}/seg_00{number}.mp3") for number, part in enumerate(parts, 1)]
    c = statistics.median(timed(lambda: stitch(spoken)) for _ in range(RUNS))
    row("`simple` with narration", f"{c:.2f} s", "60 s of film", f"{60 / c:.0f}", "25", 60 / c >= 25)


def fade(stack, folder):
    parts, theirs = clips(stack, folder, boundary_s=0.5), f"{folder}/theirs.mp4"
    spoken = [dict(part, audio=f"file://{SAMPLE}/seg_00{number}.mp3") for number, part in enumerate(parts, 1)]
    chain = ("[0][1]xfade=offset=14.5:duration=0.5[a];[a][2]xfade=offset=29:duration=0.5[b];[b][3]xfade=offset=43.5:duration=0.5")
    result = {}
    a, b, ratio = pairs(
        lambda: result.update(stack.call("stitcher", "stitcher.stitch", clips=spoken, mode="fade", output=f"file://{folder}/film.mp4")),
        lambda: ffmpeg(*(word for n in range(1, 5) for word in ("-i", f"{folder}/clip{n}.mp4")), "-filter_complex", chain, "-c:v",
                       "libx264", "-preset", "medium", "-crf", 18, "-pix_fmt", "yuv420p", theirs), 1)
    row("`fade`, 4 x 15 s, 0.5 s fades", f"{a:.2f} s", f"{b:.1f} s", f"{ratio:.0f}", "25",
        ratio >= 25 and result["encoded_frames"] == 45, f"{result['encoded_frames']} frames encoded, {result['copied_frames']} copied")


def job(stack, folder):
    session = f"{folder}/store/scaffold_test/bench/lighthouse"
    os.makedirs(f"{session}/agent2", exist_ok=True)
    os.makedirs(f"{session}/agent4", exist_ok=True)
    shutil.copy(f"{SAMPLE}/storyboard.json", f"{session}/agent2")
    for sound in glob.glob(f"{SAMPLE}/*.mp3"):
        shutil.copy(sound, f"{session}/agent4")
    for mode in ("simple", "fade"):
        times = []
        for _ in range(RUNS):
            shutil.rmtree(f"{session}/agent5", ignore_errors=True)
            start = time.monotonic()
            job_id = stack.call("orchestrator", "orchestrator.start", user_id="bench", session_id="lighthouse", options={"mode": mode})["job_id"]
            while (state := stack.call("orchestrator", "orchestrator.status", job_id=job_id)["state"]) in ("queued", "running"):
                time.sleep(0.05)
            times.append(time.monotonic() - start)
            assert state == "finished", state
        stages = stack.call("orchestrator", "orchestrator.receipt", job_id=job_id)["stages"]
        seconds = statistics.median(times)
        row(f"demo job, {mode}, start to finished", f"{seconds:.2f} s", "", "", "at most 3 s" if mode == "simple" else "", mode == "fade" or seconds <= 3,
            json.dumps(stages).replace('"', ""))


def memory(stack, folder):
    image = f"file://{folder}/still.png"
    stack.call("clipper", "clipper.create", image=image, duration=600, output=f"file://{folder}/m.mp4")
    stack.call("clipper", "clipper.create", image=image, duration=5, motion="ken_burns", output=f"file://{folder}/m.mp4")
    peak = stack.peak("clipper")
    row("clipper, 1080p, 600 s still and Ken Burns", f"{peak:.0f} MB", "", "", "350 MB", peak <= 350)
    for motion_ in ("still", "ken_burns"):
        stack.call("clipper", "clipper.create", image=image, duration=5, width=3840, height=2160, motion=motion_, output=f"file://{folder}/m.mp4")
    peak = stack.peak("clipper")
    row("clipper, 2160p", f"{peak:.0f} MB", "", "", "1000 MB", peak <= 1000)
    stack.call("clipper", "clipper.create", image=image, duration=1, output=f"file://{folder}/one.mp4")
    parts = [{"clip": f"file://{folder}/one.mp4", "segment_id": f"s{n}", "duration": 1, "audio": f"file://{SAMPLE}/seg_001.mp3"} for n in range(1000)]
    stack.call("stitcher", "stitcher.stitch", clips=parts, output=f"file://{folder}/many.mp4")
    peak = stack.peak("stitcher")
    row("stitcher, 1000 segments", f"{peak:.0f} MB", "", "", "200 MB", peak <= 200)


def main():
    with tempfile.TemporaryDirectory(prefix="us-bench-") as folder:
        stacks = []
        try:
            print("| work | ours | peer | ratio | bound | within bound | notes |\n|---|---|---|---|---|---|---|")
            for section in (still, ken_burns, simple, fade, job, memory):
                if ONLY and section.__name__ not in ONLY:
                    continue
                place = f"{folder}/{section.__name__}"
                os.makedirs(place)
                # Each section has a stack of its own, so that its peak of memory is its own.
                stack = Stack(place)
                stacks.append(stack)
                try:
                    for number in range(1, 5):
                        stack.call("imagegen", "imagegen.generate", prompt=f"A harbour at dawn, number {number}", width=1920, height=1080,
                                   output=f"file://{place}/still{number}.png")
                    shutil.copy(f"{place}/still1.png", f"{place}/still.png")
                    section(stack, place)
                except Exception as error:
                    row(section.__name__, "", "", "", "", False, f"{type(error).__name__}: {error}")
                stack.up.terminate()
                stack.up.wait()
        finally:
            for stack in stacks:
                stack.up.kill()
    sys.exit(any(cells[5] == "NO" for cells in ROWS))


main()
