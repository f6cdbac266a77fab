#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a film in headless Chromium and seeks in it: play.py FILE SECONDS...

Prints one JSON object:
{"duration", "width", "height", "played", "seeks": [{"at", "time", "color": [red, green, blue]}]} or {"error"}.
"""
import http.server, json, os, re, shutil, subprocess, sys, tempfile, threading

film, times = sys.argv[1], [float(text) for text in sys.argv[2:]]
result, done = {"error": "Chromium did not answer within 60 s"}, threading.Event()
PAGE = """<!doctype html><video muted src="/film"></video><script>
const video = document.querySelector("video"), times = %s
const event = name => new Promise((yes, no) => { video.addEventListener(name, yes, {once: true}); video.onerror = () => no(video.error.message) })
// Waits until the frame of a time is presented: it began at most 0.2 s before.
const presented = at => new Promise(yes => {
  const look = (_, frame) =>
    frame.mediaTime <= at + 0.001 && frame.mediaTime > at - 0.2 ? yes() : video.requestVideoFrameCallback(look)
  video.requestVideoFrameCallback(look)
})
async function run() {
  await event("loadeddata")
  await video.play()
  while (video.currentTime < 0.3 && !video.ended) await event("timeupdate")
  const answer = {duration: video.duration, width: video.videoWidth, height: video.videoHeight, played: video.currentTime, seeks: []}
  video.pause()
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d")
  canvas.width = canvas.height = 1
  for (const at of times) {
    // `seeked` may come before the frame is there to be drawn: on a busy machine the canvas still shows the one before.
    const shown = presented(at), seeked = event("seeked")
    video.currentTime = at
    await Promise.all([seeked, shown])
    context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 4, 4, 0, 0, 1, 1)
    answer.seeks.push({at, time: video.currentTime, color: [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)})
  }
  return answer
}
run().catch(error => ({error: String(error)})).then(answer => fetch("/done", {method: "POST", body: JSON.stringify(answer)}))
</script>""" % json.dumps(times)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/film":
            return self.answer(200, "text/html", PAGE.encode()) if self.path == "/" else self.answer(404, "text/plain", b"")
        size = os.path.getsize(film)
        first, last = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-")).groups()
        first, last = int(first), min(int(last or size - 1), size - 1)
        with open(film, "rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        self.answer(206, "video/mp4", body, Accept_Ranges="bytes", Content_Range=f"bytes {first}-{last}/{size}")

    def do_POST(self):
        global result
        result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, "text/plain", b"")
        done.set()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory(prefix="us-chromium-", ignore_cleanup_errors=True) as profile:
    chromium = subprocess.Popen(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
         f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    done.wait(60)
    chromium.kill()
    chromium.wait()
print(json.dumps(result))
sys.exit("error" in result)
