"""Logs: what went wrong first, then requests, then everything."""

from shapes import *

LINES = '{service_name=~"$service"} | severity_text=~"(?i)$level" |= `$search`'
WRONG = '{service_name=~"$service"} | severity_text=~"(?i)warn|error|fatal" |= `$search`'
REQUESTS = '{service_name=~"storage_api|simulator",service_name=~"$service"} | msg="request" |= `$search`'

BOARD = board(
    "storage-logs", "6 Logs",
    "Lines of all containers: errors first, then the requests that failed or were slow, then every line. Whatever is "
    "typed into Text is looked for in whole lines: a request id, a trace id, a path.",

    row("What went wrong?"),
    stat("Errors", "Lines at level error within the time shown.", "none",
         loki_cells(f'sum(count_over_time({WRONG} | severity_text=~"(?i)error|fatal" [$__auto])) or vector(0)'),
         steps=[GREEN, (1, RED)]),
    stat("Warnings", "Lines at level warn within the time shown.", "none",
         loki_cells(f'sum(count_over_time({WRONG} | severity_text=~"(?i)warn" [$__auto])) or vector(0)'),
         steps=[GREEN, (1, ORANGE)]),
    graph("Lines by level", "Lines per step of the graph, by level. Lines that name none have none.", "none",
          loki(f"sum by (severity_text) (count_over_time({LINES} [$__auto]))", "{{severity_text}}"), w=16, h=4,
          bars=True, stacked=True, overrides=LEVELS),
    table("What is said, and where", "Warnings and errors of our own programs by the line of code that logged them.",
          "none", loki_cells(f"topk(20, sum by (service_name, file, line, msg) (count_over_time({WRONG} | file!=\"\""
                             " [$__auto])))"),
          columns={"service_name": "service", "file": "file", "line": "line", "msg": "msg", "Value": "lines"},
          sort="lines", w=24, h=6, overrides=[column("service", custom_width=120), column("file", custom_width=160),
                                              column("line", custom_width=60), column("lines", custom_width=80)]),
    logs("Warnings and errors", "The newest first. Open a line to see its fields; trace_id leads to its trace.", WRONG),

    row("Requests"),
    graph("Answers by status", "Requests of the log per step of the graph, by status.", "none",
          loki(f"sum by (status_code) (count_over_time({REQUESTS} [$__auto]))", "{{status_code}}"), bars=True,
          stacked=True, overrides=STATUS),
    table("Slowest routes", "The longest time that a request took within the time shown, by method and route.", "ms",
          loki_cells(f"topk(10, max_over_time({REQUESTS} | unwrap duration_ms [$__auto])"
                     " by (service_name, method, path))"),
          columns={"service_name": "service", "method": "method", "path": "path", "Value": "longest"},
          sort="longest"),
    logs("Requests that were answered 5xx, or took longer than 300 ms", "One line is one request. Open it: its field "
         "trace_id leads to the trace.", f"{REQUESTS} | status_code >= 500 or duration_ms > 300"),

    row("Everything"),
    graph("Lines by container", "Lines per step of the graph. A container that suddenly says more has a reason.",
          "none", loki(f"sum by (service_name) (count_over_time({LINES} [$__auto]))", "{{service_name}}"), w=24, h=5,
          bars=True, stacked=True),
    logs("All lines", "The newest 200 that fit what is chosen above.", LINES, h=14),

    variables=[
        choice("service", "Container", {"type": 1, "label": "service_name", "stream": ""}, LOKI, every=".+"),
        choice_of("level", "Level", "fatal", "error", "warn", "info", "debug", "trace"),
        field("search", "Text"),
    ],
)
