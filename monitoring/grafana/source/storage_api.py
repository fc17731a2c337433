"""The home page: is it fast, does it fail, and where does the failure come from?"""

from shapes import *

OURS = f'job="storage_api",{CLIENTS},path=~"$path",method=~"$method"'
ERRORS = f'{OURS},status=~"5.."'
BY = "sum by (method, path)"
EACH = "{{method}} {{path}}"

STEPS = """
**Some requests are answered 500. Find out why:**

1. **Which?** The table says which method and path answer 5xx.
2. **One of them.** Each dot in the graph is one request. Point at one and choose *Open trace*: how long its steps
   took, and below them the lines that it logged.
3. **What it logged.** The same lines are here, of all failing requests.
4. **Where in the code.** File and line of what was logged, and what happened there.

All of it with curl and grep, and what to do about it: `docs/the-500s.md`. Start the stack with
`STORAGE_DELETE_STATUS=204`, and watch the red vanish here.
"""

BOARD = board(
    "storage-api", "1 Storage API",
    "Whether requests are fast, whether they fail, and the way from a failing panel to the line of code.",

    row("How long do requests take, and how do they end?"),
    stat("Average duration", "How long a request takes on average, now, from its head to the last byte of its answer. "
         "Health checks and scrapes are left out on this whole page.", "s",
         prom(ratio(f"sum(rate(http_request_duration_seconds_sum{{{OURS}}}[$__rate_interval]))",
                    f"sum(rate(http_request_duration_seconds_count{{{OURS}}}[$__rate_interval]))"), "average"),
         w=6, steps=[GREEN, (0.1, ORANGE), (0.5, RED)]),
    stat("Requests a second", "How much is asked, now.", "reqps",
         prom(f"sum(rate(http_requests_total{{{OURS}}}[$__rate_interval])) or vector(0)", "requests"),
         w=6, steps=[BLUE]),
    stat("Answered 5xx", "The share of all requests that the service failed, now. The objective allows 0.5 % in the "
         "long run.", "percentunit",
         prom(ratio(f"sum(rate(http_requests_total{{{ERRORS}}}[$__rate_interval]))",
                    f"sum(rate(http_requests_total{{{OURS}}}[$__rate_interval]))"), "5xx"),
         w=6, steps=[GREEN, (0.001, ORANGE), (0.005, RED)]),
    stat("Answered 4xx", "The share of all requests that were the client's mistake, such as an id that is not there.",
         "percentunit",
         prom(ratio(f'sum(rate(http_requests_total{{{OURS},status=~"4.."}}[$__rate_interval]))',
                    f"sum(rate(http_requests_total{{{OURS}}}[$__rate_interval]))"), "4xx"),
         w=6, steps=[BLUE]),
    graph("Average duration by route", "The average of each method and route. A reticulation takes five seconds on purpose.", "s",
          prom(f"{BY} (rate(http_request_duration_seconds_sum{{{OURS}}}[$__rate_interval]))"
               f" / {BY} (rate(http_request_duration_seconds_count{{{OURS}}}[$__rate_interval]))", EACH),
          log=True),
    graph("Status codes", "Answers a second by status: green went well, orange was the client's mistake, red ours.",
          "reqps", prom(f"sum by (status) (rate(http_requests_total{{{OURS}}}[$__rate_interval])) > 0", "{{status}}"),
          stacked=True, bars=True, overrides=STATUS),

    row("Why 500? From the panel to the line of code"),
    text("The way", "What to look at, in which order.", STEPS, w=8, h=11),
    table("1. Which requests answer 5xx", "Answers 5xx within the time shown. A click on a path shows the lines of its "
          "requests.", "none",
          cells(f"topk(5, sum by (method, path, status) (increase(http_requests_total{{{ERRORS}}}[$__range])))"),
          columns={"method": "method", "path": "path", "status": "status", "Value": "answers"}, sort="answers",
          w=8, h=11, decimals=0,
          overrides=[column("path", links=[{
              "title": "Log lines of these requests",
              "url": "/d/storage-logs?var-search=${__data.fields.path:percentencode}&${__url_time_range}"}])]),
    graph("2. One of them", "How long the requests take that are answered 5xx. Each dot is a single request: point at "
          "it and choose \"Open trace\".", "s",
          prom(f"histogram_quantile(0.95, sum(rate(http_request_duration_seconds{{{ERRORS}}}[$__rate_interval])))"
               " or vector(0)", "95 % are faster than", exemplars=True), w=8, h=11),
    logs("3. What the failing requests logged", "The newest lines of requests that were answered 5xx. Open one: its "
         "field trace_id leads to the trace and to all other lines of the request.",
         '{service_name="storage_api"} | status_code >= 500', w=12, h=8),
    table("4. Where in the code", "From which line of the code warnings and errors were logged within the time shown, "
          "and how often.", "none",
          loki_cells('topk(10, sum by (file, line, msg) (count_over_time({service_name="storage_api"}'
                     ' | severity_text=~"WARN|ERROR" [$__auto])))'),
          columns={"file": "file", "line": "line", "msg": "msg", "Value": "lines"}, sort="lines", w=12, h=8,
          overrides=[column("file", custom_width=160), column("line", custom_width=60),
                     column("lines", custom_width=80)]),

    row("How much, how well, how fast: by route"),
    graph("Rate", "Requests a second of each method and route.", "reqps",
          prom(f"{BY} (rate(http_requests_total{{{OURS}}}[$__rate_interval])) > 0", EACH)),
    graph("Errors", "Share of the requests of each method and route that were answered 5xx.", "percentunit",
          prom(f"{BY} (rate(http_requests_total{{{ERRORS}}}[$__rate_interval]))"
               f" / ({BY} (rate(http_requests_total{{{OURS}}}[$__rate_interval])) > 0)", EACH), max=1),
    graph("Duration", "95 of 100 requests of a method and route are faster than this. Each dot is a single request: "
          "point at it and choose \"Open trace\".", "s",
          prom(f"histogram_quantile(0.95, {BY} (rate(http_request_duration_seconds{{{OURS}}}[$__rate_interval])))",
               EACH, exemplars=True), log=True),
    heatmap("How durations are spread", "The darker, the more requests took that long. Two dark bands are two kinds of "
            "requests, which an average hides.", "s",
            prom(f"sum(rate(http_request_duration_seconds{{{OURS}}}[$__rate_interval]))", "requests", exemplars=True)),
    graph("Size of answers", "Average bytes of an answer's body.", "bytes",
          prom(f"{BY} (rate(http_response_size_bytes_sum{{{OURS}}}[$__rate_interval]))"
               f" / {BY} (rate(http_response_size_bytes_count{{{OURS}}}[$__rate_interval]))", EACH)),
    graph("Size of requests", "Average bytes of a request's body.", "bytes",
          prom(f"{BY} (rate(http_request_size_bytes_sum{{{OURS}}}[$__rate_interval]))"
               f" / {BY} (rate(http_request_size_bytes_count{{{OURS}}}[$__rate_interval]))", EACH)),

    variables=[
        choice("path", "Route", f'label_values(http_requests_total{{job="storage_api",{CLIENTS}}}, path)'),
        choice("method", "Method", f'label_values(http_requests_total{{job="storage_api",{CLIENTS}}}, method)'),
    ],
    refresh="10s",
)
