"""Times a server's start: first-200.py RUNS PORT COMMAND…

Prints three columns of a table: milliseconds from exec to the first 200 of GET /health, the same
of a PUT, and the MiB that are resident after 10 idle seconds (median of 3 processes).
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import time

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
PUT = b"PUT /api/buckets/7 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"


def begin(port, command):
    environment = dict(os.environ, PORT=str(port))
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)


def first_200(port, request):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(request)
                if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                    return time.monotonic()
        except OSError:
            time.sleep(0.001)


def end(process):
    process.kill()
    process.wait()


def start_milliseconds(port, command, request):
    start = time.monotonic()
    process = begin(port, command)
    elapsed = first_200(port, request) - start
    end(process)
    return elapsed * 1000


def resident(ports, command):
    """Of one process on each port, all at once: being idle they do not disturb each other."""
    processes = [begin(port, command) for port in ports]
    for port in ports:
        first_200(port, HEALTH)
    time.sleep(10)
    sizes = []
    for process in processes:
        with open(f"/proc/{process.pid}/status") as status:
            kilobytes = int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
        sizes.append(kilobytes / 1024)
        end(process)
    return statistics.median(sizes)


def column(runs, port, command, request):
    start_milliseconds(port, command, request)  # fills the page cache
    times = [start_milliseconds(port, command, request) for _ in range(runs)]
    return f"{statistics.median(times):.0f} ({min(times):.0f} to {max(times):.0f})"


def main(runs, port, command):
    memory = resident([port, port + 1, port + 2], command)
    health = column(runs, port, command, HEALTH)
    put = column(runs, port, command, PUT)
    print(f"{health} | {put} | {memory:.0f}")


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
