"""What the checks of the stack ask Prometheus, Loki and Alertmanager."""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request


# Metrics that are there with a shared store only (STORAGE_URL): with buckets in memory nobody has them.
OF_SHARED_STORE = (
    "storage_up",
    "storage_operation_duration_seconds",
    "storage_operation_errors_total",
    "storage_pool_connections",
)


def of_shared_store(query):
    """Whether the query names one of them, or one of its series such as _count."""
    return any(re.search(rf"\b{name}(_bucket|_sum|_count)?\b", query) for name in OF_SHARED_STORE)


def get(url, **parameters):
    query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
    with urllib.request.urlopen(url + query, timeout=30) as answer:
        return json.load(answer)


def promql(prometheus, query):
    """The samples of an instant query, as (labels, value)."""
    result = get(prometheus + "/api/v1/query", query=query)["data"]["result"]
    return [(sample["metric"], float(sample["value"][1])) for sample in result]


def logql(loki, query, seconds=3600, limit=5000):
    """The entries of the last hour, or the samples of a metric query, as Loki gives them."""
    start = int((time.time() - seconds) * 1e9)
    return get(loki + "/loki/api/v1/query_range", query=query, start=start, limit=limit)["data"]["result"]


def firing(alertmanager):
    """The alerts that are active: neither silenced nor inhibited."""
    return get(alertmanager + "/api/v2/alerts", active="true", silenced="false", inhibited="false")


def eventually(seconds, what, condition):
    """Asks until there is something else than nothing, and returns that.

    Raises AssertionError after that many seconds.
    """
    end = time.monotonic() + seconds
    failure = None
    while time.monotonic() < end:
        try:
            answer = condition()
            if answer:
                return answer
            failure = None
        except OSError as e:
            failure = e
        time.sleep(1)
    raise AssertionError(f"not within {seconds} s: {what}" + (f" ({failure})" if failure else ""))


def compose(*arguments, environment=None):
    """Runs docker compose, and returns what it prints; what it complains of is seen if it fails."""
    result = subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True, env=environment, check=False)
    if result.returncode:
        sys.stderr.write(result.stderr)
        result.check_returncode()
    return result.stdout


def address(service, port):
    """Where a published port of a service is."""
    return "http://" + compose("port", service, str(port)).strip().replace("0.0.0.0", "127.0.0.1")


def ip(container):
    """The container's own address. Raises OSError if it has none, as while it is down."""
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    addresses = subprocess.check_output(["docker", "inspect", "--format", form, container], text=True).split()
    if not addresses:
        raise OSError(f"{container} has no address")
    return addresses[0]


def inside(service, port):
    """Where an unpublished port is: at the container's own address."""
    return f"http://{ip(compose('ps', '-q', service).strip())}:{port}"
