"""The feed, and the upstream that it is fetched from."""

from shapes import *

THERE = 'job="simulator",path!~"/health|/metrics"'
BY = "sum by (method, path, status)"

BOARD = board(
    "storage-feed", "4 Feed and simulator",
    "Whether what the feed serves is fresh, and how the upstream is, which is the second application of this stack.",

    row("Is the feed fresh?"),
    stat("Age", "Time since the upstream last answered as it should. A fetch comes every minute: after four without "
         "one the feed is stale.", "s",
         prom('time() - max(feed_last_success_timestamp_seconds{job="storage_api"})', "age"),
         steps=[GREEN, (150, ORANGE), (240, RED)]),
    stat("Items", "Items that the feed serves.", "none", prom('max(feed_items{job="storage_api"})', "items"),
         steps=[BLUE]),
    stat("Fetches that failed", "Share of the fetches of the last hour.", "percentunit",
         prom(ratio('sum(increase(feed_fetches_total{job="storage_api",outcome!~"success|not_modified"}[1h]))',
                    'sum(increase(feed_fetches_total{job="storage_api"}[1h]))'), "failed"),
         steps=[GREEN, (0.05, ORANGE), (0.5, RED)]),
    stat("Requests left", "Of the upstream's quota, as its last answer said. At 0 it answers 429 until its hour is "
         "over.", "none", prom('min(feed_upstream_quota_remaining{job="storage_api"})', "left"),
         steps=[RED, (1, ORANGE), (5, GREEN)]),
    stat("Time of a fetch", "95 of 100 fetches of the last hour are faster than this.", "s",
         prom('histogram_quantile(0.95, sum(rate(feed_fetch_duration_seconds{job="storage_api"}[1h])))', "95 %"),
         steps=[GREEN, (2, ORANGE), (10, RED)]),
    stat("Upstream", "Whether Prometheus reaches the simulator.", "none", now('min(up{job="simulator"})', "up"),
         mappings=states(_1=("up", "green"), _0=("down", "red")), steps=[RED, (1, GREEN)]),
    graph("Fetches", "Fetches in the last five minutes, by how they ended. \"not_modified\" is as good as \"success\".",
          "none", prom('sum by (outcome) (increase(feed_fetches_total{job="storage_api"}[5m])) > 0', "{{outcome}}"),
          w=8, stacked=True),
    graph("Time of fetches", "Average and slowest twentieth of the last five minutes. Each dot is a single fetch: "
          "point at it and choose \"Open trace\".", "s",
          prom('histogram_quantile(0.95, sum(rate(feed_fetch_duration_seconds{job="storage_api"}[5m])))',
               "95 % are faster than", exemplars=True),
          prom('sum(rate(feed_fetch_duration_seconds_sum{job="storage_api"}[5m]))'
               ' / sum(rate(feed_fetch_duration_seconds_count{job="storage_api"}[5m]))', "average"), w=8),
    graph("Requests for the feed", "What clients ask of the feed, by method, route and status.", "reqps",
          prom(f'{BY} (rate(http_requests_total{{job="storage_api",path=~"/feed.*"}}[$__rate_interval])) > 0',
               "{{method}} {{path}} {{status}}"), w=8, overrides=FAILED),

    row("The simulator: the upstream, and the second application"),
    graph("Rate", "Answers a second of the simulator, by method, route and status. The feed alone asks once a minute.",
          "reqps", prom(f"{BY} (rate(http_requests_total{{{THERE}}}[5m])) > 0", "{{method}} {{path}} {{status}}"),
          w=8, overrides=FAILED),
    graph("Errors", "Share of the simulator's answers that were 5xx or 429. It fails when told to: PUT /mode/failing.",
          "percentunit", prom(ratio(f'sum(rate(http_requests_total{{{THERE},status=~"5..|429"}}[5m]))',
                                    f"sum(rate(http_requests_total{{{THERE}}}[5m]))"), "failed"),
          w=8, max=1),
    graph("Duration", "95 of 100 answers of the simulator are faster than this. Each dot is a single request: point at "
          "it and choose \"Open trace\".", "s",
          *quantiles(f"rate(http_request_duration_seconds{{{THERE}}}[5m])", 0.5, 0.95), w=8),
    logs("What the simulator logs", "Its newest lines, without health checks and scrapes. The fetches of the feed are "
         "in the same trace as the feed's own spans: a line's field trace_id leads there.",
         '{service_name="simulator"} | path!~"/health|/metrics"', h=8),

    shown="now-1h",
)
