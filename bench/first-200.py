"""Times a server's start: first-200.py [--threads] RUNS PORT COMMAND…

Prints three columns of a table: milliseconds from exec to the first 200 of GET /health, the same
of a PUT, and the MiB that are resident after 10 idle seconds (median of 3 processes).

With --threads it prints which threads spent how many milliseconds of CPU until that 200 of GET
/health, the median of all runs: on a machine that has other work to do, it moves less than time.
"""

import glob
import os
import re
import signal
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


def cpu_by_thread(port, command):
    process = begin(port, command)
    first_200(port, HEALTH)
    process.send_signal(signal.SIGSTOP)
    spent = {}
    for thread in glob.glob(f"/proc/{process.pid}/task/*"):
        with open(f"{thread}/comm") as comm, open(f"{thread}/schedstat") as schedstat:
            name = comm.read().strip()
            spent[name] = spent.get(name, 0) + int(schedstat.read().split()[0]) / 1e6
    end(process)
    return spent


def threads(runs, port, command):
    all_runs = [cpu_by_thread(port, command) for _ in range(runs)]
    names = {name for spent in all_runs for name in spent}
    medians = {n: statistics.median(spent.get(n, 0) for spent in all_runs) for n in names}
    for name in sorted(names, key=medians.get, reverse=True):
        if medians[name] >= 1:
            print(f"{name:16} {medians[name]:6.1f}")
    print(f"{'all':16} {statistics.median(sum(spent.values()) for spent in all_runs):6.1f}")


def main(runs, port, command):
    memory = resident([port, port + 1, port + 2], command)
    health = column(runs, port, command, HEALTH)
    put = column(runs, port, command, PUT)
    print(f"{health} | {put} | {memory:.0f}")


if sys.argv[1] == "--threads":
    threads(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
else:
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
