"""Datasets and the database below them."""

from shapes import *

OURS = 'job="storage_api",operation=~"$operation"'
ROUTES = 'job="storage_api",path=~"/datasets.*"'
QUERIES = f"rate(db_query_duration_seconds{{{OURS}}}[$__rate_interval])"
LOST = ratio(f"sum(rate(db_query_errors_total{{{OURS}}}[$__rate_interval]))",
             f"sum(rate(db_query_duration_seconds_count{{{OURS}}}[$__rate_interval]))")

BOARD = board(
    "storage-datasets", "3 Datasets and database",
    "Whether datasets are served, and whether the database is fast enough, free enough and there at all.",

    row("Is the database well?"),
    stat("Statements that failed", "Share of the statements that failed, now; 100 % while the database is away.",
         "percentunit",
         prom(f"clamp_max({LOST}, 1)", "failed"), w=6, steps=[GREEN, (0.001, ORANGE), (0.01, RED)]),
    stat("Time of a statement", "95 of 100 statements are faster than this.", "s",
         prom(f"histogram_quantile(0.95, sum({QUERIES}))", "95 %"), w=6, steps=[GREEN, (0.1, ORANGE), (0.5, RED)]),
    stat("Connections in use", "How much of the fullest pool is in use. At 100 % requests wait for a connection.",
         "percentunit", prom('max(db_pool_connections{job="storage_api",state="active"}'
                             ' / ignoring (state) db_pool_connections{job="storage_api",state="max"})', "in use"),
         w=6, steps=[GREEN, (0.8, ORANGE), (1, RED)]),
    stat("Requests waiting", "Requests that wait for a connection. After 300 ms they are answered 503.", "none",
         prom('sum(max_over_time(db_pool_connections{job="storage_api",state="pending"}[$__rate_interval]))',
              "waiting"), w=6, steps=[GREEN, (1, ORANGE), (8, RED)]),

    row("Datasets"),
    graph("Requests for datasets", "Answers a second by method, route and status.", "reqps",
          prom(f"sum by (method, path, status) (rate(http_requests_total{{{ROUTES}}}[$__rate_interval])) > 0",
               "{{method}} {{path}} {{status}}"), w=8, overrides=FAILED),
    graph("Time of requests", "95 of 100 are faster than this, without reticulations. Each dot is a single request: "
          "point at it and choose \"Open trace\".", "s",
          prom("histogram_quantile(0.95, sum by (method, path) (rate(http_request_duration_seconds{"
               'job="storage_api",path=~"/datasets|/datasets/{id}"}[$__rate_interval])))', "{{method}} {{path}}",
               exemplars=True), w=8),
    graph("Reticulations", "Reticulations at work, and how many ended in the last five minutes, by how. They burn a "
          "core and hold memory on purpose.", "none",
          prom('sum(max_over_time(dataset_reticulations_in_progress{job="storage_api"}[$__rate_interval]))', "at work"),
          prom('sum by (outcome) (increase(dataset_reticulations_total{job="storage_api"}[5m]))', "{{outcome}}"), w=8),

    row("The database"),
    graph("Statements", "Statements a second, by what they do.", "ops",
          prom(f"sum by (operation) (rate(db_query_duration_seconds_count{{{OURS}}}[$__rate_interval])) > 0",
               "{{operation}}"), beside=True),
    graph("Time of statements", "95 of 100 statements are faster than this, by what they do. Each dot is a single one: "
          "point at it and choose \"Open trace\".", "s",
          prom(f"histogram_quantile(0.95, sum by (operation) ({QUERIES}))", "{{operation}}", exemplars=True),
          beside=True, log=True),
    graph("Failed statements", "Statements a second that failed, by what they do. Those that got no connection are "
          "among them.", "ops",
          prom(f"topk(5, sum by (operation) (rate(db_query_errors_total{{{OURS}}}[$__rate_interval])))",
               "{{operation}}"), w=8),
    graph("Connections", "Connections of the pools of all replicas by state. \"pending\" are requests that wait for one.",
          "none",
          prom('sum by (state) (db_pool_connections{job="storage_api"})', "{{state}}"), w=8),
    graph("Size of the database", "H2's file. It grows with writes before space is used again; 0 with PostgreSQL.",
          "bytes", prom('sum by (instance) (db_file_size_bytes{job="storage_api"})', "{{instance}}"), w=8),

    variables=[choice("operation", "Statement",
                      'label_values(db_query_errors_total{job="storage_api"}, operation)')],
)
