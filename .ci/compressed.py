"""The stack with compressed windows: what takes half an hour in the rules takes a minute. For .ci/faults.

Prometheus and Alertmanager run on rules and settings that .ci/compress-rules wrote, with their data in volumes that
go with the container, so that they can be made to forget. All other services are those of compose.yaml, with settings that
keep them quiet.
"""

import http.client
import itertools
import json
import os
import pathlib
import subprocess
import threading
import time
import urllib.request

from backends import address, compose, eventually, firing, get, inside, promql

ROOT = pathlib.Path(__file__).resolve().parent.parent
FACTOR = 30
STORAGE_API = {
    "STORAGE_DELETE_STATUS": "204",
    "FEED_QUOTA": "1800",  # a fetch every 2 s
    "FEED_MAX_BACKOFF": "2s",
    "SHUTDOWN_QUIET": "200ms",
    "SHUTDOWN_GRACE": "1s",  # there is always traffic
}
SIMULATOR = {"SIMULATOR_QUOTA": "1000000", "SIMULATOR_RETRY_AFTER": "1s"}


class Clients:
    """Threads that send requests to the service, so many a second together, until the context ends.

    The n-th request is request(n): method, path, and if it has them body and headers. What does not get through is not
    sent again.
    """

    def __init__(self, stack, rate, request, threads=4):
        self.stack, self.request, self.interval = stack, request, threads / rate
        self.numbers = itertools.count()
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        connection = None
        due = time.monotonic()
        while not self.stopped.wait(max(0, due - time.monotonic())):
            due = max(due + self.interval, time.monotonic() - 1)  # a second at most is caught up on
            try:
                connection = connection or http.client.HTTPConnection(self.stack.service, timeout=15)
                connection.request(*self.request(next(self.numbers)))
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                if connection:
                    connection.close()
                connection = None
                self.stopped.wait(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def everything(number):
    """Of a hundred requests one to the datasets and one to the feed, the others to buckets."""
    turn, id = number % 100, number % 10
    if turn == 0:
        return "GET", "/datasets/1"
    if turn == 50:
        return "GET", "/feed/items?limit=10"
    return [
        ("PUT", f"/api/buckets/{id}", b"x" * 100),
        ("GET", f"/api/buckets/{id}"),
        ("GET", f"/api/buckets/{id + 1}"),
    ][number % 3]


class Stack:
    """The running project, and what is different in it."""

    def __init__(self, work):
        self.whole, self.live, self.override = work / "whole", work / "live", work / "compressed.json"
        for name in ("prometheus", "alertmanager"):
            command = [ROOT / ".ci/compress-rules", str(FACTOR), ROOT / "monitoring" / name, self.whole / name]
            subprocess.run(command, check=True)
        self.restore()
        self.differences = {}
        self.started = {}  # by service, when it was made to differ since Prometheus began
        self.write()
        self.files = os.environ.get("COMPOSE_FILE", "compose.yaml")
        os.environ.update(COMPOSE_FILE=f"{self.files}:{self.override}", COMPOSE_PROFILES="")
        self.present, self.absent = self.images()
        self.hosts = set()  # alerts of the machine that this runs on: its disks are none of ours
        self.service = self.prometheus = self.alertmanager = self.simulator = None

    @staticmethod
    def images():
        """The services whose image is there or can be built, and the jobs that are down without the others."""
        present, absent = [], set()
        for name, service in json.loads(compose("--profile", "*", "config", "--format", "json"))["services"].items():
            command = ["docker", "image", "inspect", service["image"]]
            if "build" in service or subprocess.run(command, capture_output=True, check=False).returncode == 0:
                present.append(name)
            else:
                absent.add(name)
            if name == "jaeger" and (name in absent or not service["image"].startswith("jaegertracing/")):
                absent.add("jaeger_spans")
        return [name for name in present if name not in ("traffic", "postgres", "valkey")], absent

    def write(self):
        """The override of compose.yaml: compressed configuration, nameless volumes, quiet settings, differences."""

        def mount(source, target):
            return {"type": "bind", "source": str(source), "target": target, "read_only": True}

        def nameless(target):
            return {"type": "volume", "target": target}

        prometheus, alertmanager = self.live / "prometheus", self.live / "alertmanager"
        services = {
            "storage_api": {"pull_policy": "missing", "environment": dict(STORAGE_API)},
            "simulator": {"pull_policy": "missing", "environment": dict(SIMULATOR)},
            "prometheus": {
                "volumes": [
                    mount(prometheus / "prometheus.yaml", "/etc/prometheus/prometheus.yaml"),
                    mount(prometheus / "rules", "/etc/prometheus/rules"),
                    nameless("/prometheus"),
                ]
            },
            "alertmanager": {
                "volumes": [
                    mount(alertmanager / "alertmanager.yaml", "/etc/alertmanager/alertmanager.yaml"),
                    nameless("/alertmanager"),
                ]
            },
        }
        for name, difference in self.differences.items():
            service = services.setdefault(name, {})
            for key, value in difference.items():
                if key == "environment":
                    service.setdefault(key, {}).update(value)
                else:
                    service[key] = value
        self.override.write_text(json.dumps({"services": services}))

    def start(self):
        """Starts what is not there, and makes everything as it should be."""
        compose("up", "--detach", *self.present)
        compose("rm", "--stop", "--force", "traffic")
        self.simulator = address("simulator", 5050)
        self.look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        compose("rm", "--stop", "--force", "--volumes", "alertmanager", "prometheus")
        os.environ["COMPOSE_FILE"] = self.files
        compose("up", "--detach", "--no-deps", "--no-build", *self.present)

    def look(self):
        """Where the service is, which may be elsewhere after each start, when it is ready."""
        self.service = inside("storage_api", 5000).removeprefix("http://")
        eventually(60, "the service is ready", lambda: self.ask("GET", "/ready") == 200)

    def differ(self, service, **difference):
        """Starts the service anew with these keys of compose.yaml, its environment added to what it has; or without."""
        self.differences.pop(service, None)
        if difference:
            self.differences[service] = difference
        self.write()
        # Two starts in what stands for a quarter of an hour are an alert of their own.
        time.sleep(max(0, self.started.get(service, 0) + 16 * 60 / FACTOR - time.monotonic()))
        compose("up", "--detach", "--no-deps", service)
        self.started[service] = time.monotonic()
        if service == "storage_api":
            self.look()
        if service == "simulator":
            self.simulator = address("simulator", 5050)

    @staticmethod
    def again(service):
        """Starts it anew as it is."""
        compose("up", "--detach", "--no-deps", "--force-recreate", service)

    def environment(self, **settings):
        """Starts the service under test anew with these settings, or without."""
        self.differ("storage_api", **({"environment": settings} if settings else {}))

    def reset(self):
        """As it was at the start, whatever a fault that did not go well has left."""
        self.restore()
        self.differences.clear()
        self.write()
        self.start()
        self.mode("normal")

    def restore(self):
        """The configuration is the whole one again."""
        for source in self.whole.rglob("*.yaml"):
            target = self.live / source.relative_to(self.whole)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_text() != source.read_text():
                target.write_text(source.read_text())  # in place: the container has the file, not its name
        for file in self.live.rglob("*.yaml"):
            if not (self.whole / file.relative_to(self.live)).exists():
                file.unlink()

    def reload(self, name, file=None, edit=None):
        """Edits a file of Prometheus or Alertmanager, or restores all, and has it read."""
        if file:
            path = self.live / name / file
            path.write_text(edit(path.read_text() if path.exists() else ""))
        else:
            self.restore()
        compose("kill", "--signal", "HUP", name)

    def forget(self):
        """Starts Prometheus and Alertmanager anew: without a memory."""
        compose("rm", "--stop", "--force", "--volumes", "alertmanager", "prometheus")
        compose("up", "--detach", "--no-deps", "alertmanager")  # first: else Prometheus tells in vain
        compose("up", "--detach", "--no-deps", "prometheus")
        self.started.clear()
        self.alertmanager, self.prometheus = address("alertmanager", 9093), address("prometheus", 9090)
        eventually(60, "Prometheus knows the host", lambda: promql(self.prometheus, 'up{job="node_exporter"} == 1'))
        time.sleep(2)  # two evaluations
        alerts = get(self.prometheus + "/api/v1/alerts")["data"]["alerts"]
        self.hosts = {
            self.of(alert["labels"])
            for alert in alerts
            if alert["labels"]["alertname"] in {"DiskNearlyFull", "HostMemoryLow"}
        }

    def here(self, labels):
        """Whether it is the alert of something that can run here, and not of the machine itself."""
        return labels.get("job") not in self.absent and self.of(labels) not in self.hosts

    @staticmethod
    def of(labels):
        return labels["alertname"], labels.get("device")

    def alerts(self):
        """The labels of the alerts that are active at Alertmanager."""
        return [alert["labels"] for alert in firing(self.alertmanager) if self.here(alert["labels"])]

    def pending(self):
        """The names of the alerts that fire, or are about to, as Prometheus knows."""
        alerts = get(self.prometheus + "/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if self.here(alert["labels"])}

    def shown(self):
        """The alerts that the simulator was told of: labels and state."""
        return [(alert["labels"], alert["status"]) for alert in get(self.simulator + "/alerts")["alerts"]]

    def ask(self, method, path, body=None, headers=None):
        """One request to the service: the status of the answer."""
        connection = http.client.HTTPConnection(self.service, timeout=15)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def mode(self, mode):
        """How the simulator answers the feed."""
        request = urllib.request.Request(f"{self.simulator}/mode/{mode}", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
