"""What watches the service, watched itself."""

from shapes import *


def total(counter, job, more=""):
    """Events a second of a counter that may not be there before the first one."""
    return f'sum(rate({counter}{{job="{job}"{more}}}[$__rate_interval])) or vector(0)'


LOST = [
    'telemetry_dropped_total{job=~"storage_api|simulator"}',
    'otelcol_exporter_send_failed_log_records{job="collector"}',
    'otelcol_exporter_send_failed_spans{job="collector"}',
    'loki_discarded_samples_total{job="loki"}',
    'prometheus_target_scrapes_exceeded_sample_limit_total{job="prometheus"}',
]

BOARD = board(
    "storage-stack", "8 The stack itself",
    "Whether Prometheus, Loki, the Collector, Jaeger, Alertmanager, Grafana and Traefik do their work, and whether "
    "anything that the service tells is lost on the way.",

    row("Is everything there?"),
    stat("Programs", "Whether Prometheus reaches each program, or which share of its replicas. What is down here is not "
         "seen on other pages either.", "percentunit", now('avg by (job) (up{job=~"$job"})', "{{job}}"), w=15, h=6,
         text="value_and_name", mappings=states(_1=("up", "green"), _0=("down", "red")),
         steps=[RED, (0.01, ORANGE), (1, GREEN)]),
    stat("Telemetry lost", "Log lines, spans and samples dropped within the time shown, by the service, the Collector, "
         "Loki and Prometheus together.", "none",
         now(" + ".join(f"(sum(increase({counter}[$__range])) or vector(0))" for counter in LOST), "lost"),
         w=3, h=6, decimals=0, steps=[GREEN, (1, RED)]),
    stat("Rules that failed", "Rules that could not be evaluated within the time shown. A rule that fails alerts "
         "nobody.", "none",
         now('sum(increase(prometheus_rule_evaluation_failures_total{job="prometheus"}[$__range])) or vector(0)',
             "failed"), w=3, h=6, decimals=0, steps=[GREEN, (1, RED)]),
    stat("Series", "Series that Prometheus keeps in memory now. It grows with every new value of a label.", "short",
         prom('sum(prometheus_tsdb_head_series{job="prometheus"})', "series"), w=3, h=6,
         steps=[GREEN, (50000, ORANGE), (100000, RED)]),
    graph("Memory", "Memory of each program, of the largest of its replicas. Each has a limit in compose.yaml: at it the program is "
          "killed.", "bytes",
          prom('max by (job) (process_resident_memory_bytes{job=~"$job"})', "{{job}}"),
          prom('max by (job) (otelcol_process_memory_rss{job=~"$job"})', "{{job}}"), beside=True),
    graph("CPU", "Cores that each program keeps busy.", "none",
          prom('sum by (job) (rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval]))', "{{job}}"),
          prom('sum by (job) (rate(otelcol_process_cpu_seconds{job=~"$job"}[$__rate_interval]))', "{{job}}"),
          beside=True),

    row("Prometheus: metrics"),
    graph("Time of scrapes", "How long it takes to read the metrics of each program. Over 10 s it is given up.", "s",
          prom('max by (job) (scrape_duration_seconds{job=~"$job"})', "{{job}}"), w=8),
    graph("Samples", "Samples of the last scrape of each program. Who sends more than the limit is not read at all.",
          "short", prom('max by (job) (scrape_samples_post_metric_relabeling{job=~"$job"})', "{{job}}"), w=8),
    graph("On the disk", "What the series take on the disk.", "bytes",
          prom('sum(prometheus_tsdb_storage_blocks_bytes{job="prometheus"})', "blocks"),
          prom('sum(prometheus_tsdb_wal_storage_size_bytes{job="prometheus"})', "write-ahead log"), w=8),

    row("Collector and Loki: logs"),
    graph("Lines", "Lines a second that the Collector reads, that it sends, and that Loki takes. All three are the "
          "same but for a few seconds.", "cps",
          prom(total("otelcol_receiver_accepted_log_records", "collector"), "read"),
          prom(total("otelcol_exporter_sent_log_records", "collector"), "sent"),
          prom(total("loki_distributor_lines_received_total", "loki"), "taken by Loki"), w=8),
    graph("Lines lost", "Lines a second that the Collector gave up after all its tries, or that Loki refused.", "cps",
          prom(total("otelcol_exporter_send_failed_log_records", "collector"), "given up"),
          prom(total("loki_discarded_samples_total", "loki"), "refused by Loki"), w=8, limit=True,
          steps=[GREEN, (0.001, RED)]),
    graph("Waiting to be sent", "How full the Collector's queues are. They fill while Loki or Jaeger is away.",
          "percentunit",
          prom('max by (exporter) (otelcol_exporter_queue_size{job="collector"}'
               ' / otelcol_exporter_queue_capacity{job="collector"})', "{{exporter}}"), w=8, max=1),

    row("Collector and Jaeger: traces"),
    graph("Spans", "Spans a second that the Collector gets and that it sends.", "cps",
          prom(total("otelcol_receiver_accepted_spans", "collector"), "got"),
          prom(total("otelcol_exporter_sent_spans", "collector"), "sent"),
          prom(total("otelcol_exporter_send_failed_spans", "collector"), "given up"), w=8),
    graph("Spans taken by Jaeger", "Spans a second that Jaeger gets; the same that the Collector sends.", "cps",
          prom('sum(rate(otelcol_receiver_accepted_spans{job="jaeger"}[$__rate_interval]))', "taken"), w=8),
    graph("Spans by service", "What the spans tell about who was at work, as Jaeger counts them.", "cps",
          prom("sum by (service_name) (rate(traces_span_metrics_calls_total{"
               'job="jaeger_spans"}[$__rate_interval]))', "{{service_name}}"), w=8),

    row("Alertmanager, Grafana, Traefik"),
    graph("Notifications", "Messages a second that Alertmanager sends, and those that nobody took.", "cps",
          prom(total("alertmanager_notifications_total", "alertmanager"), "sent"),
          prom(total("alertmanager_notifications_failed_total", "alertmanager"), "failed"), w=8),
    graph("Grafana", "Requests a second to Grafana by status.", "reqps",
          prom("sum by (status_code) (rate(grafana_http_request_duration_seconds_count{"
               'job="grafana"}[$__rate_interval]))', "{{status_code}}"), w=8, overrides=STATUS),
    graph("Traefik", "Requests a second through Traefik, and those that were answered 5xx.", "reqps",
          prom(total("traefik_service_requests_total", "traefik"), "requests"),
          prom(total("traefik_service_requests_total", "traefik", ',code=~"5.."'), "5xx"), w=8),

    variables=[choice("job", "Program", "label_values(up, job)")],
    shown="now-1h",
)
