#!/usr/bin/env python3
"""Makes the pictures of the live page in docs/images.

Runs the built jar with the demo's traffic, once with the deliberate 500 and once with its fix, each on a database of
its own, draws a digit for the model, and takes the page in Chromium when its charts are full. Needs Debian's packages chromium and chromium-driver.

usage: scripts/live_page_images.py [SECONDS]     how long the traffic runs first (default: 330)
"""

import base64
import contextlib
import json
import math
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
JAR = ROOT / "app/target/storage-api.jar"
IMAGES = ROOT / "docs/images"
WIDTH = 1200
BROWSER = {"binary": "/usr/bin/chromium", "args": ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]}


def three():
    """A 3 as somebody draws it: the points of two bows, as shares of the paper."""
    bows = [(0.31, 0.18, -150, 80), (0.69, 0.21, -80, 150)]
    return [
        (0.48 + radius * math.cos(math.radians(angle)), middle + radius * math.sin(math.radians(angle)))
        for middle, radius, start, end in bows
        for angle in range(start, end + 1, 10)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, ready, folder, **settings):
    """Runs a program until the block ends; enters it when the address answers."""
    process = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(ready).close()
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def demo(port, folder, **settings):
    folder.mkdir()
    url = f"http://127.0.0.1:{port}/health"
    return running(["java", "-jar", str(JAR), "demo"], url, folder, PORT=str(port), HOST="127.0.0.1", **settings)


class Page:
    """A browser window, by the WebDriver protocol (W3C) and Chromium's commands in it."""

    def __init__(self, driver, scheme):
        self.session = driver
        session = self.call("/session", capabilities={"alwaysMatch": {"goog:chromeOptions": BROWSER}})
        self.session = f"{driver}/session/{session['sessionId']}"
        self.chromium("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.height(800)

    def call(self, path, method="POST", **data):
        request = urllib.request.Request(
            self.session + path, json.dumps(data).encode(), {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["value"]

    def chromium(self, command, **parameters):
        return self.call("/goog/cdp/execute", cmd=command, params=parameters)

    def height(self, height):
        self.chromium("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False)

    def script(self, script):
        return self.call("/execute/sync", script=script, args=[])

    def draw(self, points):
        script = "const r = document.getElementById('paper').getBoundingClientRect(); return [r.x, r.y, r.width]"
        left, top, side = self.script(script)
        moves = [
            {"type": "pointerMove", "duration": 20, "x": round(left + x * side), "y": round(top + y * side)}
            for x, y in points]
        pen = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self.call("/actions", actions=[{"type": "pointer", "id": "pen", "actions": pen}])

    def save(self, url, file):
        self.call("/url", url=url)
        time.sleep(3)  # a first tick, which shows all of the page
        self.height(self.script("return document.documentElement.scrollHeight"))
        self.draw(three())
        time.sleep(2)  # the answer, and a tick at this height
        shot = self.chromium("Page.captureScreenshot", format="png")
        (IMAGES / file).write_bytes(base64.b64decode(shot["data"]))


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 330
    broken, fixed, port = free_port(), free_port(), free_port()
    driver = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryDirectory() as work,
        demo(broken, pathlib.Path(work, "broken")),
        demo(fixed, pathlib.Path(work, "fixed"), STORAGE_DELETE_STATUS="204"),
        running(["chromedriver", f"--port={port}", "--log-level=OFF"], driver + "/status", work),
    ):
        time.sleep(seconds)
        light, dark = Page(driver, "light"), Page(driver, "dark")
        light.save(f"http://127.0.0.1:{broken}/", "live-page.png")
        dark.save(f"http://127.0.0.1:{broken}/", "live-page-dark.png")
        light.save(f"http://127.0.0.1:{fixed}/", "live-page-fixed.png")
        for page in (light, dark):
            page.call("", method="DELETE")


if __name__ == "__main__":
    main()
