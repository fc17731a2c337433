#!/usr/bin/env python3
"""Latency of POST /predict under a rising load, as a table and as a picture.

    bench/predict-load.py [--seconds N] [--java PATH] [--svg FILE] [MODEL]

Starts the service with MODEL (default: ResNet-50 of the tests), measures how much it can do with as many clients as
keep it busy, then sends images at shares of that by scripts/load_test.sh: requests come on time whatever the answers
take. First: mvn package -DskipTests
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HOME = pathlib.Path(__file__).resolve().parent.parent
SHARES = (0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
OBJECTIVE = 300  # milliseconds, for 99 of 100
PORT = int(os.environ.get("BENCH_PORT", "18080"))
URL = f"http://127.0.0.1:{PORT}"


def post(image):
    boundary = "bench"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + image + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(urllib.request.Request(URL + "/predict", body, headers), timeout=30) as answer:
        return json.load(answer)


def wait_until_ready(process):
    for _ in range(300):
        if process.poll() is not None:
            sys.exit("the service ended early")
        try:
            with urllib.request.urlopen(URL + "/ready/inference", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("the model is not there")


def capacity(image, seconds, clients=8):
    """Answers a second when there is always more to do."""
    end = time.monotonic() + seconds

    def client(_):
        count = 0
        while time.monotonic() < end:
            post(image)
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(client, range(clients))) / seconds  # fails with the first that fails


def under_load(rate, seconds, image):
    """p50, p99 in ms, and how many answers there were by status."""
    command = [HOME / "scripts/load_test.sh", "-u", URL, "-r", str(rate), "-d", str(seconds), "-c", "64", image]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    times = re.search(r"p50 ([\d.]+),.* p99 ([\d.]+),", out)
    statuses = {code: int(count) for code, count in re.findall(r"^status (\d+) +(\d+)", out, re.M)}
    if not times or "\nequal" not in out:
        sys.exit(out)
    return float(times[1]), float(times[2]), statuses


def picture(points, title):
    """Both percentiles over the load, on a logarithmic scale from 10 ms to 10 s."""
    width, height, left, right, top, bottom = 640, 360, 60, 20, 40, 50

    def x(share):
        return left + (width - left - right) * share / 1.25

    def y(ms):
        return height - bottom - (height - top - bottom) * (math.log10(max(ms, 10)) - 1) / 3

    def line(index, colour):
        path = " ".join(f"{x(p[0]):.1f},{y(p[index]):.1f}" for p in points)
        dots = "".join(f'<circle cx="{x(p[0]):.1f}" cy="{y(p[index]):.1f}" r="3" fill="{colour}"/>' for p in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'

    def label(px, py, words, anchor="middle", colour="#444"):
        return f'<text x="{px:.1f}" y="{py:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        label(left, 22, title, "start", "#111"),
    ]
    for ms in (10, 100, 1000, 10000):
        parts.append(f'<path d="M{left} {y(ms):.1f}H{width - right}" stroke="#ddd"/>')
        parts.append(label(left - 6, y(ms) + 4, f"{ms} ms" if ms < 1000 else f"{ms // 1000} s", "end"))
    for share in SHARES:
        parts.append(label(x(share), height - bottom + 18, f"{share:.0%}"))
    parts.append(label((left + width - right) / 2, height - 12, "load, as a share of what it can do"))
    parts.append(f'<path d="M{left} {y(OBJECTIVE):.1f}H{width - right}" stroke="#b00" stroke-dasharray="6 4"/>')
    parts.append(label(left + 6, y(OBJECTIVE) - 6, f"the objective: {OBJECTIVE} ms for 99 of 100", "start", "#b00"))
    parts += [line(1, "#2a7"), line(2, "#26c")]
    parts.append(label(x(points[0][0]) - 4, y(points[0][1]) + 18, "p50", "start", "#2a7"))
    parts.append(label(x(points[0][0]) - 4, y(points[0][2]) - 10, "p99", "start", "#26c"))
    return "\n".join(parts) + "\n</svg>\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", nargs="?", default=HOME / "app/src/test/resources/models/light_resnet50.onnx")
    arguments.add_argument("--seconds", type=int, default=30)
    arguments.add_argument("--java", default="java")
    arguments.add_argument("--svg")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "PORT": str(PORT),
            "HOST": "127.0.0.1",
            "DATABASE_URL": "none",
            "MODEL_PATH": str(chosen.model),
            "INFERENCE_NATIVE_DIR": folder + "/native",
        }
        command = [chosen.java, "-jar", HOME / "app/target/storage-api.jar"]
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        try:
            measure(process, chosen)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def measure(process, chosen):
    wait_until_ready(process)
    image = HOME / "docs/images/digit.png"
    capacity(image.read_bytes(), 10)  # warms up
    most = capacity(image.read_bytes(), chosen.seconds)
    model = pathlib.Path(chosen.model).stem
    print(f"{model}: {most:.1f} answers a second at most; {chosen.seconds} s for each load\n")
    print("| load | requests a second | p50, ms | p99, ms | 503s |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    points = []
    for share in SHARES:
        rate = max(1, round(most * share))
        p50, p99, statuses = under_load(rate, chosen.seconds, image)
        points.append((share, p50, p99))
        print(f"| {share:.0%} | {rate} | {p50:.0f} | {p99:.0f} | {statuses.get('503', 0)} |", flush=True)
    if chosen.svg:
        title = f"Latency of POST /predict with {model}, {os.cpu_count()} cores"
        pathlib.Path(chosen.svg).write_text(picture(points, title))


main()
