"""The service as a process: the four golden signals, what it turns away, the JVM."""

from shapes import *

OURS = 'job="storage_api",instance=~"$instance"'
ASKED = f"{OURS},{CLIENTS}"

BOARD = board(
    "storage-service", "2 Service",
    "The four golden signals, what is turned away, and the process: JVM, CPU, memory, files.",

    row("Is it well?"),
    stat("Up", "Whether Prometheus reaches the service.", "none", now(f"min(up{{{OURS}}})", "up"),
         mappings=states(_1=("up", "green"), _0=("down", "red")), steps=[RED, (1, GREEN)]),
    stat("Running for", "Time since the process started. After a restart it begins again.", "dtdurations",
         now(f"min(time() - process_start_time_seconds{{{OURS}}})", "age"), steps=[BLUE]),
    stat("Version", "What is running: the service, its Java, its environment.", "none",
         now(f"app_info{{{OURS}}}", "{{version}}, Java {{java_version}}, {{environment}}"), w=6, text="name",
         steps=[BLUE]),
    stat("Cores in use", "How much of the machine's CPU the process takes; 1 is one core.", "none",
         prom(f"sum(rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval]))", "cores"), steps=[BLUE], decimals=2),
    stat("Heap", "How full the heap is. Above 90 % the garbage collector works ever harder.", "percentunit",
         prom(f'max(jvm_memory_used_bytes{{{OURS},area="heap"}} / jvm_memory_max_bytes{{{OURS},area="heap"}})', "heap"),
         w=3, steps=[GREEN, (0.8, ORANGE), (0.9, RED)]),
    stat("Store", "How full the bucket store is. When it is full, PUT answers 507.", "percentunit",
         prom(f"max(storage_bytes{{{OURS}}} / storage_capacity_bytes{{{OURS}}})", "store"), w=3,
         steps=[GREEN, (0.8, ORANGE), (0.9, RED)]),

    row("The four golden signals: traffic, errors, latency, saturation"),
    graph("Traffic", "Requests a second, without health checks and scrapes.", "reqps",
          prom(f"sum by (method) (rate(http_requests_total{{{ASKED}}}[$__rate_interval])) > 0", "{{method}}"),
          stacked=True),
    graph("Errors", "Share of the requests that were answered 5xx. The line is what the objective allows.",
          "percentunit",
          prom(ratio(f'sum(rate(http_requests_total{{{ASKED},status=~"5.."}}[$__rate_interval]))',
                     f"sum(rate(http_requests_total{{{ASKED}}}[$__rate_interval]))"), "5xx"),
          limit=True, steps=[GREEN, (0.005, RED)]),
    graph("Latency", "50, 95 and 99 of 100 requests are faster than this. Each dot is a single request: point at it "
          "and choose \"Open trace\".", "s",
          *quantiles(f"rate(http_request_duration_seconds{{{ASKED}}}[$__rate_interval])", 0.5, 0.95, 0.99), log=True),
    graph("Saturation", "Requests being served, waiting included, and images that wait for the model. What grows here "
          "and does not fall again is more than the service can do.", "none",
          prom(f"sum(max_over_time(http_requests_in_flight{{{OURS}}}[$__rate_interval]))", "requests in flight"),
          prom(f"sum(max_over_time(inference_queue_size{{{OURS}}}[$__rate_interval]))", "images waiting"),
          prom(f'sum(max_over_time(db_pool_connections{{{OURS},state="pending"}}[$__rate_interval]))',
               "requests waiting for a connection")),

    row("What is turned away, what was not expected, what is lost"),
    graph("Turned away", "Requests refused before or instead of their handler, by why. \"overload\" means too many at "
          "once; the others are requests that break a limit.", "reqps",
          prom(f"sum by (reason) (rate(http_requests_rejected_total{{{OURS}}}[$__rate_interval]))", "{{reason}}"), w=6),
    graph("Exceptions", "Exceptions that no handler expected. Each is a bug, and is logged with its stack trace.",
          "cps", prom(f"sum by (exception) (rate(http_request_exceptions_total{{{OURS}}}[$__rate_interval]))",
                      "{{exception}}"), w=6),
    graph("Log lines", "Log lines a second by level.", "cps",
          prom(f"sum by (level) (rate(log_events_total{{{OURS}}}[$__rate_interval]))", "{{level}}"), w=6,
          overrides=LEVELS),
    graph("Telemetry lost", "Log lines and spans that could not be delivered. Anything above 0 means that logs or "
          "traces have gaps.", "cps",
          prom(f"sum by (signal, reason) (rate(telemetry_dropped_total{{{OURS}}}[$__rate_interval]))",
               "{{signal}} {{reason}}"), w=6, limit=True, steps=[GREEN, (0.001, RED)]),

    row("The process"),
    graph("Java's heap", "Memory of the Java objects: a saw that is cut back by each collection. If its low points rise "
          "steadily, something leaks.", "bytes",
          prom(f'sum(jvm_memory_used_bytes{{{OURS},area="heap"}})', "used"),
          prom(f'sum(jvm_memory_committed_bytes{{{OURS},area="heap"}})', "taken from the system"),
          prom(f'sum(jvm_memory_max_bytes{{{OURS},area="heap"}})', "at most"), w=8),
    graph("Memory of the process", "What the system counts, and what a container's limit is about: the heap, and all "
          "that Java and the model hold besides.", "bytes",
          prom(f"sum(process_resident_memory_bytes{{{OURS}}})", "resident"),
          prom(f'sum(jvm_memory_used_bytes{{{OURS},area="nonheap"}})', "Java's own"),
          prom(f"sum(jvm_buffer_pool_used_bytes{{{OURS}}})", "buffers"), w=8),
    graph("Garbage collection", "Share of the time spent collecting. Above 5 % requests feel it.", "percentunit",
          prom(f"sum by (gc) (rate(jvm_gc_collection_seconds_sum{{{OURS}}}[$__rate_interval]))", "{{gc}}"), w=8,
          limit=True, steps=[GREEN, (0.05, RED)]),
    graph("Cores", "CPU time in a second: 1 is one core.", "none",
          prom(f"sum by (instance) (rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval]))", "{{instance}}"),
          w=8),
    graph("Threads", "Platform threads by state. Virtual threads are not among them.", "none",
          prom(f"sum by (state) (jvm_threads_state{{{OURS}}}) > 0", "{{state}}"), w=8, stacked=True),
    graph("Open files", "Files and connections, and how many there may be.", "none",
          prom(f"sum(process_open_fds{{{OURS}}})", "open"), prom(f"sum(process_max_fds{{{OURS}}})", "at most"), w=8,
          log=True),

    variables=[choice("instance", "Instance", 'label_values(up{job="storage_api"}, instance)')],
)
