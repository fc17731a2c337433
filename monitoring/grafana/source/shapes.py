"""The shapes that dashboards are made of: classic JSON of Grafana 13 with what all panels have in common said once.

A board is a list of panels in reading order. They fill lines of 24 columns from left to right; a row begins a new one.
"""

PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
LOKI = {"type": "loki", "uid": "loki"}
JAEGER = {"type": "jaeger", "uid": "jaeger"}

# What clients ask for: without probes, scrapes, and event streams that stay open on purpose.
CLIENTS = 'path!~"/health|/ready.*|/metrics|/live"'

RED, ORANGE, GREEN, BLUE = "red", "orange", "green", "blue"


# Queries

def prom(expr, legend="__auto", exemplars=False):
    """Over the time shown, for graphs."""
    target = {"datasource": PROMETHEUS, "expr": expr, "legendFormat": legend, "range": True, "instant": False}
    return target | ({"exemplar": True} if exemplars else {})


def now(expr, legend="__auto"):
    """At the end of the time shown, for numbers."""
    return {"datasource": PROMETHEUS, "expr": expr, "legendFormat": legend, "range": False, "instant": True}


def cells(expr):
    """The same for tables: a column for each label."""
    return now(expr, "") | {"format": "table"}


def loki(expr, legend="__auto"):
    return {"datasource": LOKI, "expr": expr, "legendFormat": legend, "queryType": "range"}


def loki_cells(expr):
    return {"datasource": LOKI, "expr": expr, "queryType": "instant"}


# Panels

def panel(kind, title, about, targets, w, h, options, unit=None, steps=None, custom=None, overrides=(), links=(),
          **defaults):
    """`steps` are thresholds: the first colour, then pairs of a value and the colour from there on."""
    colours = [{"color": step, "value": None} if isinstance(step, str) else {"color": step[1], "value": step[0]}
               for step in steps or [GREEN]]
    defaults |= {"thresholds": {"mode": "absolute", "steps": colours}}
    for key, value in (("unit", unit), ("custom", custom), ("links", list(links))):
        if value:
            defaults[key] = value
    targets = [target | {"refId": "ABCDEFGH"[i]} for i, target in enumerate(targets)]
    made = {"type": kind, "title": title, "description": about, "gridPos": {"w": w, "h": h}, "options": options,
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}}
    return made | ({"datasource": targets[0]["datasource"], "targets": targets} if targets else {})


def graph(title, about, unit, *targets, w=12, h=8, stacked=False, bars=False, limit=False, log=False, beside=False,
          **more):
    """`limit` draws the thresholds as lines; `beside` puts a legend with numbers to the right, for many series."""
    custom = {"drawStyle": "bars" if bars else "line", "lineWidth": 1, "fillOpacity": 60 if bars else 10,
              "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
              "thresholdsStyle": {"mode": "dashed" if limit else "off"},
              "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"}}
    legend = ({"showLegend": True, "displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]}
              if beside else {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []})
    options = {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, about, targets, w, h, options, unit, custom=custom,
                 **(({} if log else {"min": 0}) | more))


def stat(title, about, unit, *targets, w=4, h=4, text="auto", **more):
    """A number, coloured by its thresholds, with its course behind it where the query has one."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
               "graphMode": "area" if targets[0].get("range") else "none", "textMode": text, "justifyMode": "auto",
               "wideLayout": True, "orientation": "auto"}
    return panel("stat", title, about, targets, w, h, options, unit, **more)


def gauge(title, about, unit, *targets, w=6, h=6, low=0, high=1, **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "shape": "gauge",
               "sparkline": False, "showThresholdMarkers": True, "showThresholdLabels": False, "orientation": "auto"}
    return panel("gauge", title, about, targets, w, h, options, unit, min=low, max=high, **more)


def table(title, about, unit, *targets, columns, w=12, h=8, sort=None, **more):
    """`columns` are the labels that are shown and their headings, in this order; `Value` is the number."""
    # Prometheus calls it Value, Loki by the query's letter.
    columns = {name: head for label, head in columns.items()
               for name in (["Value", "Value #A"] if label == "Value" else [label])}
    change = [{"id": "merge", "options": {}},
              {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
              {"id": "organize", "options": {"indexByName": {name: i for i, name in enumerate(columns)},
                                             "renameByName": columns, "excludeByName": {}}}]
    options = {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": sort, "desc": True}] if sort else []}
    made = panel("table", title, about, targets, w, h, options, unit, custom={"filterable": False}, **more)
    return made | ({"transformations": change} if columns else {})


def heatmap(title, about, unit, target, w=12, h=8):
    options = {"calculate": False, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
               "yAxis": {"unit": unit}, "cellValues": {"unit": "short"}, "filterValues": {"le": 1e-9},
               "exemplars": {"color": RED}, "tooltip": {"mode": "single", "yHistogram": True},
               "legend": {"show": True}}
    return panel("heatmap", title, about, [target], w, h, options, unit)


def timeline(title, about, target, mappings, w=24, h=8):
    options = {"mergeValues": True, "showValue": "never", "alignValue": "left", "rowHeight": 0.8,
               "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom"},
               "tooltip": {"mode": "single", "sort": "none"}}
    return panel("state-timeline", title, about, [target], w, h, options, "none", mappings=mappings,
                 custom={"fillOpacity": 80, "lineWidth": 0})


def logs(title, about, expr, w=24, h=10):
    options = {"showTime": True, "showLabels": False, "showCommonLabels": False, "wrapLogMessage": True,
               "prettifyLogMessage": False, "enableLogDetails": True, "dedupStrategy": "none",
               "sortOrder": "Descending", "showLogContextToggle": False}
    return panel("logs", title, about, [loki(expr, "") | {"maxLines": 200}], w, h, options)


def text(title, about, content, w=24, h=4):
    return panel("text", title, about, [], w, h, {"mode": "markdown", "content": content.strip()})


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": 24, "h": 1}}


# What several panels share

def coloured(pattern, colour):
    """Series whose legend fits `pattern` in one colour everywhere."""
    return {"matcher": {"id": "byRegexp", "options": f"/{pattern}/"},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}]}


def column(name, **properties):
    """Properties of a table's column, by its heading."""
    return {"matcher": {"id": "byName", "options": name},
            "properties": [{"id": key.replace("_", "."), "value": value} for key, value in properties.items()]}


def states(**texts):
    """Words and colours for numbers: states(_1=("up", GREEN), _0=("down", RED))."""
    return [{"type": "value", "options": {key[1:]: {"text": word, "color": colour, "index": i}
                                          for i, (key, (word, colour)) in enumerate(texts.items())}}]


FAILED = [coloured("(^| )5..$", RED)]
STATUS = [coloured("^2..$", GREEN), coloured("^3..$", BLUE), coloured("^4..$", ORANGE), *FAILED]
LEVELS = [coloured("(?i)^(error|fatal)", RED), coloured("(?i)^warn", ORANGE), coloured("(?i)^info", GREEN),
          coloured("(?i)^(debug|trace)", BLUE)]
TO_TRACE = {"title": "Open trace", "url": "/d/storage-trace?var-traceId=${__value.raw}", "targetBlank": False}


def ratio(part, whole):
    """`part` of `whole`, and 0 where nothing was asked."""
    return f"{part} / ({whole} > 0) or vector(0)"


def quantiles(histogram, *shares, exemplars=True):
    """Durations that shares of the events stay below; `histogram` is a rate of a native histogram."""
    return [prom(f"histogram_quantile({share}, sum({histogram}))", f"{share:.0%} are faster than",
                 exemplars and i == 0) for i, share in enumerate(shares)]


# Variables

def choice(name, label, query, source=PROMETHEUS, every=".*"):
    """A list from the data, of which all are chosen at first."""
    asked = {"qryType": 1, "query": query, "refId": "A"} if source is PROMETHEUS else query | {"refId": "A"}
    return {"type": "query", "name": name, "label": label, "datasource": source, "query": asked, "refresh": 2,
            "sort": 1, "multi": True, "includeAll": True, "allValue": every,
            "current": {"text": ["All"], "value": ["$__all"]}}


def choice_of(name, label, *values):
    options = [{"text": "All", "value": "$__all", "selected": True}]
    options += [{"text": value, "value": value, "selected": False} for value in values]
    return {"type": "custom", "name": name, "label": label, "query": ",".join(values), "options": options,
            "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}


def field(name, label):
    """Something to type in, empty at first."""
    return {"type": "textbox", "name": name, "label": label, "query": "", "current": {"text": "", "value": ""},
            "options": [{"text": "", "value": "", "selected": True}]}


# Boards

def event(name, colour, expr, title, tags):
    return {"name": name, "enable": True, "iconColor": colour, "datasource": PROMETHEUS, "titleFormat": title,
            "tagKeys": tags, "target": {"refId": "Anno", "expr": expr}}


# An event lasts as long as its expression has an answer: some alerts fire for days, so only their beginning is one.
EVENTS = [
    event("Starts", BLUE, '(time() - process_start_time_seconds{job=~"storage_api|simulator"} < 120)'
          ' * on (job, instance) group_left (version) app_info{job=~"storage_api|simulator"}',
          "{{job}} {{version}} started", "job,instance,version"),
    event("Alerts", RED, 'ALERTS{alertstate="firing"} unless ALERTS{alertstate="firing"} offset 1m'
          ' unless ALERTS{alertname="Watchdog"}', "{{alertname}} began to fire", "severity"),
]


def board(uid, title, about, *panels, variables=(), shown="now-15m", refresh="30s"):
    x = y = height = 0
    placed = []
    for i, each in enumerate(panels, 1):
        size = each["gridPos"]
        if x + size["w"] > 24:
            x, y, height = 0, y + height, 0
        placed.append({"id": i} | each | {"gridPos": {"x": x, "y": y, **size}})
        x, height = x + size["w"], max(height, size["h"])
    return {"uid": uid, "title": title, "description": about, "tags": ["storage-api"], "timezone": "browser",
            "schemaVersion": 42, "editable": True, "graphTooltip": 1, "refresh": refresh,
            "time": {"from": shown, "to": "now"}, "annotations": {"list": EVENTS},
            "templating": {"list": list(variables)},
            "links": [{"type": "dashboards", "tags": ["storage-api"], "asDropdown": True, "includeVars": False,
                       "keepTime": True, "title": "All dashboards", "icon": "external link", "tooltip": "", "url": "",
                       "targetBlank": False}],
            "panels": placed}
