"""One trace and the lines of the log that belong to it: where the links of other pages lead."""

from shapes import *

HINT = """
Other pages lead here: a dot in a graph of durations (*Open trace*), or the field `trace_id` of a log line. An id can
also be pasted into **Trace id** above, such as that in the `traceresponse` header of an answer.

The lines are there at once, the trace after some seconds. Lines are looked for within the time shown above.
"""

RECENT = {"datasource": JAEGER, "queryType": "search", "service": "storage-api", "limit": 20}

BOARD = board(
    "storage-trace", "One trace",
    "A trace by its id, and all lines that were logged within it.",
    text("What this is", "How to come here.", HINT, h=4),
    panel("traces", "The trace", "Its spans: what was done within the request, one below the other, each as long as it "
          "took. Red ones failed.", [{"datasource": JAEGER, "query": "$traceId"}], 24, 12, {}),
    logs("Its lines", "What all programs logged within this trace. In each line, file and line say where in the code.",
         '{service_name=~".+"} | trace_id=`$traceId` | trace_id!=""'),
    table("Recent traces", "Some of the last traces of the service, to choose from.", None, RECENT,
          columns={}, w=24, h=9,
          overrides=[{"matcher": {"id": "byRegexp", "options": "/trace ?id/i"},
                      "properties": [{"id": "links", "value": [TO_TRACE]}]}]),
    variables=[field("traceId", "Trace id")],
    shown="now-1h", refresh="",
)
