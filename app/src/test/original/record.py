"""Records what the original answers, for OriginalDatasetsTest to ask this service the same.

    python3 -m venv "$ENV"   # a folder outside the repository
    "$ENV"/bin/pip install -r requirements.txt
    "$ENV"/bin/python -B record.py

Recorded with Python 3.11.7, FastAPI 0.165.0, pydantic 2.14.3 (pydantic-core 2.50.4), Starlette
1.10.0 and uvicorn 0.54.0 with httptools 0.9.0. The application of main.py runs in uvicorn, and
every request is written to a socket as it stands here: no client normalises a target. FastAPI
0.115.0 with pydantic 2.9.2 answers all of it the same.

Two files, each a JSON array with one exchange a line, in the order in which they were sent, since
ids count up:

    original-datasets.json  the routes of the original
    original-forms.json     the 422s that FastAPI gives for the parameters that this service adds

An exchange: `method`, `target` (raw), `headers` and `request_body` where there are any, then the
answer's `status`, `content_type` (null for none) and `body` (its JSON).

Left out is what this service decides otherwise on purpose: names with U+0000 or of more than 255
characters, ids of more than 100 characters (echoed input is cut there) or with control characters,
slashes, dot segments or bytes that are no UTF-8, whatever is no URI (RFC 3986), such as `%zz`, a
reticulation beyond 64 bits, and what pydantic reads where a minus follows zeros (`0-1` as -1).
"""

import json
import socket
import threading
import time
from pathlib import Path

import uvicorn

import main

RESOURCES = Path(__file__).parents[1] / "resources" / "dev" / "storageapi"

# fmt: off
IDS = [
    # integers, as pydantic reads them: sign, blanks around, leading zeros, underscores, zero fractions
    "1", "2", "+1", "%2B1", "%2b1", "%201", "1%20", "%201%20", "%C2%A01", "1%E3%80%80", "%E2%80%A81",
    "%E1%9A%801", "%E2%80%AF1", "01", "0001", "+01", "00000000000000000000000000001", "%31",
    "0_1", "0__1", "00__1", "+0_1", "0_0_1", "1.0", "1.00", "1%2E0", "+1.0", "01.0", "1.0%20",
    "%200_1.00%20", "1." + 60 * "0",
    # integers that no dataset has
    "0", "00", "-0", "+0", "0.0", "-0.0", "0_0", "-1", "-01", "-0__1", "-1.0", "1_000", "1_0", "1_0.0",
    "999999", "2147483647", "2147483648", "-2147483649", "4294967297", "9007199254740993",
    "9223372036854775806", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551617", 99 * "9", "9_223_372_036_854_775_808",
    "9223372036854775808.0",
    # not integers
    "abc", "ABC", "1_", "_1", "1__0", "+_1", "-_1", "0_", "0_1_", "1_.0", "1._0", "1.0_", "1.", ".1", ".0",
    "1.5", "0.5", "1.0.0", "99999999999999999999.5", "1e3", "1E0", "1.0e0", "0x1", "0b1", "0o1", "1L",
    "+", "-", "++1", "--1", "-+1", "+-1", "%2B%201", "-%201", "1%20.0", "1.%200", "1%200", "%20",
    "%EF%BC%91", "%D9%A1", "%C2%B2", "%E2%80%8B1", "%EF%BB%BF1", "%E1%A0%8E1", "%E2%88%921",
    "true", "null", "None", "nan", "inf", "-inf", "Infinity",
    "1,000", "1%2C0", "1;x", "1%3B", "1:1", "1=1", "@1", "$1", "(1)", "!", "*", "~", "'1'", "%27", "%22",
    "%5C", "%3Cscript%3E", "1%20OR%201=1", "1;DROP%20TABLE%20datasets", "%C3%A9", "%F0%9F%98%80", "%25",
    "%2531", "%23", "%3F", "a%26b", "...", 100 * "a", 25 * "%F0%9F%98%80",
]
NAMES = [
    "name=", "name", "name=&x=1", "name=a&name=b", "name=a&name=", "name=a&name", "name&name=a",
    "name=a+b", "name=a%20b", "name=a%2Bb", "name=a%2520b", "name=+", "name=+a+", "name=%20a%20",
    "name=%C3%A9", "name=%c3%a9", "name=e%CC%81", "name=%F0%9F%98%80", "name=%E2%80%AEx", "name=%E2%80%A8",
    "name=%EF%BB%BFx", "name=%EF%BF%BE", "name=%E6%97%A5%E6%9C%AC",
    # bytes that are no UTF-8: U+FFFD for each longest beginning of a character (Unicode 3.9, D93b)
    "name=%FF", "name=a%C3", "name=%C3%28", "name=%C3(", "name=%E2%82", "name=%E2%82%E2%82%AC",
    "name=%F0%9F%98", "name=%F0%9F%98a", "name=%F0%9F%98%C3%A9", "name=%C0%AF", "name=%80%80",
    "name=%E0%80%80", "name=%ED%A0%80", "name=%ED%A0%BD%ED%B8%80", "name=%ED%B0%80x",
    "name=%F4%90%80%80", "name=%F8%88%80%80%80",
    "name=%09", "name=%0A", "name=%0D%0A", "name=%1B[31m", "name=%7F", "name=%C2%85",
    "&&name=x&&", "x=1&name=y&z=2", "=x&name=y", "name==x", "name=a=b", "name=a%3Db%26c", "name=a;b",
    "name=a;x=1", "n%61me=x", "%6Eame=x", "name=x&Name=y", "name=x&x=%FF", "name=x&limit=0&after=x",
    "name=null", "name=1", "name=true", "name='", "name=%27", "name=%22", "name='%20OR%20'1'='1",
    "name=Robert%27);%20DROP%20TABLE%20datasets;--", "name=%5C", "name=%5C%27", "name=a/b", "name=a?b",
    "name=a%23b", "name=%3Cb%3E", "name=%25", "name=%25s", "name=$1", "name=%24%7Bx%7D", "name=?",
    "name=:x", "name=[]", "name=../../etc", "name=my-dataset", "name=" + 255 * "a", "name=" + 255 * "%C3%A9",
    "name=" + 255 * "%F0%9F%98%80",
]
NO_NAMES = [
    "", "?", "?Name=x", "?NAME=x", "?=x", "?x=1", "?x;name=a", "?x%26name=a", "?na+me=x", "?name+=x",
    "?+name=x", "?name%3Dx", "?name[]=x", "?name%5B%5D=x", "?name%00=x", "?&&", "?names=x", "?dataset_id=1",
]
BODIES = [
    ({"Content-Type": "application/json"}, '{"name":"body"}'),
    ({"Content-Type": "application/json"}, "{"),
    ({"Content-Type": "application/json"}, ""),
    ({"Content-Type": "application/x-www-form-urlencoded"}, "name=body"),
    ({"Content-Type": "multipart/form-data"}, "x"),
    ({"Content-Type": "nonsense"}, "x"),
    ({}, "x"),
    ({"Accept": "text/html"}, ""),
    ({"Accept": "application/xml"}, ""),
]
WORKED = [
    "1", "999999", "0", "-0", "01", "+5", "%205", "-7", "1_000", "1.0", "7.00", "1_0.0", "9007199254740993",
    "9223372036854775807", "-9223372036854775808", "abc", "1.5", "1_", "%20", "%EF%BC%91",
]
LIMITS = [
    "", "0", "1", "1000", "1001", "-1", "-0", "0.0", "abc", "1.5", "1.0", "+1", "%2B1", "%201", "%0A1", "%1F1",
    "1%00", "1_0", "1_", "0__1", "01", "1e3", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", 99 * "9", "%EF%BC%91", "%FF", "null", 100 * "a",
]
PAGES = [
    "limit", "limit=1&limit=2", "limit=x&limit=2", "limit=2&limit=x", "limit=0&after=-1", "after=-1&limit=0",
    "after=x&limit=y", "limit=x&after=-1", "limit=0&after=1", "limit=1&after=x", "Limit=0", "after", "after=",
    "after=-1", "after=0", "after=-0", "after=abc", "after=1.5", "after=1.0", "after=%201", "after=1_0",
    "after=9223372036854775807", "after=9223372036854775808", "after=" + 99 * "9",
    "after=-9223372036854775808", "after=-9223372036854775809",
]
LONG = ["name=" + 256 * "a", "name=" + 256 * "%F0%9F%98%80", "name=a&name=" + 300 * "b", "name=" + 256 * "%FF"]
# fmt: on


def original():
    """Every request to the original, in order: method, target, headers, body."""
    yield from (("GET", target, {}, "") for target in ["/datasets", "/datasets/1"])
    yield "POST", "/datasets/1/reticulate", {}, ""
    yield from (("POST", "/datasets" + query, {}, "") for query in NO_NAMES)
    yield "POST", "/datasets?name=my-dataset", {}, ""
    for query in ["?", "?x=1", "?name=x", "?dataset_id=2", "?x=%FF", "?&&"]:
        yield "GET", "/datasets/1" + query, {}, ""
        yield "GET", "/datasets/abc" + query, {}, ""
        yield "GET", "/datasets" + query, {}, ""
    yield from (("POST", "/datasets?" + query, {}, "") for query in NAMES)
    for headers, body in BODIES:
        yield "POST", "/datasets?name=query", headers, body
        yield "POST", "/datasets", headers, body
        yield "POST", "/datasets/3/reticulate", headers, body
        yield "POST", "/datasets/abc/reticulate", headers, body
    yield from (("GET", "/datasets/" + i, {}, "") for i in IDS)
    yield from (("POST", f"/datasets/{i}/reticulate", {}, "") for i in WORKED)
    yield "GET", "/datasets", {"Accept": "text/html"}, ""


def forms():
    """Every request with the parameters that the original has not."""
    yield from (("GET", "/datasets?limit=" + limit, {}, "") for limit in LIMITS)
    yield from (("GET", "/datasets?" + query, {}, "") for query in PAGES)
    yield from (("POST", "/datasets?" + query, {}, "") for query in LONG)
    for query in ["", "?", "?Name=x"] + ["?" + long for long in LONG]:
        yield "PUT", "/datasets/1" + query, {}, ""
        yield "PUT", "/datasets/abc" + query, {}, ""
    yield from (("PUT", f"/datasets/{i}?name=x", {}, "") for i in ["abc", "1_", "%20", "1.5"])
    yield from (("DELETE", f"/datasets/{i}", {}, "") for i in ["abc", "1_", "%20", "1.5"])


def start(app):
    """Runs an application in uvicorn; gives its port."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http="httptools", log_level="critical")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return server.servers[0].sockets[0].getsockname()[1]


def send(port, method, target, headers, body):
    """Sends one request on a connection of its own; gives the exchange."""
    lines = {"Host": "localhost", "Connection": "close", **headers}
    if method != "GET":
        lines["Content-Length"] = len(body)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n{body}".encode("ascii"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode("ascii").split("\r\n")
    types = [f.split(": ")[1] for f in fields if f.lower().startswith("content-type:")]
    exchange = {"method": method, "target": target}
    exchange |= {"headers": headers} if headers else {}
    exchange |= {"request_body": body} if body else {}
    return exchange | {
        "status": int(status.split(" ")[1]),
        "content_type": types[0] if types else None,
        "body": json.loads(content) if content else None,
    }


def record(app, requests, file):
    port = start(app)
    lines = [json.dumps(send(port, *request)) for request in requests]
    (RESOURCES / file).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="ascii")
    print(len(lines), "exchanges in", file)


if __name__ == "__main__":
    RESOURCES.mkdir(parents=True, exist_ok=True)
    record(main.original, original(), "original-datasets.json")
    record(main.forms, forms(), "original-forms.json")
