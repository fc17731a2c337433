"""The service as processes: the four golden signals, what it turns away, the JVM, the store of the buckets."""

from shapes import *

OURS = 'job="storage_api",instance=~"$instance"'
ASKED = f"{OURS},{CLIENTS}"

BOARD = board(
    "storage-service", "2 Service",
    "The four golden signals, what is turned away, the processes: JVM, CPU, memory, files; and where the buckets are. "
    "Of all replicas, or of those chosen above.",

    row("Is it well?"),
    stat("Up", "Whether Prometheus reaches the service: all of its replicas, or which share of them.", "percentunit",
         now(f"avg(up{{{OURS}}})", "up"), w=3,
         mappings=states(_1=("up", "green"), _0=("down", "red")), steps=[RED, (0.01, ORANGE), (1, GREEN)]),
    stat("Replicas", "How many processes of the service Prometheus reaches.", "none", now(f"sum(up{{{OURS}}})", "replicas"),
         w=3, steps=[RED, (1, BLUE)]),
    stat("Running for", "Time since the process started that was started last. After a restart it begins again.",
         "dtdurations", now(f"min(time() - process_start_time_seconds{{{OURS}}})", "age"), w=3, steps=[BLUE]),
    stat("Version", "What is running: the service, its Java, its environment, and how many of these. Two of them are an "
         "update that goes on, or was left half done.", "none",
         now(f"count by (version, java_version, environment) (app_info{{{OURS}}})",
             "{{version}}, Java {{java_version}}, {{environment}}"), w=6, text="name", steps=[BLUE]),
    stat("Cores in use", "How much CPU all processes take; 1 is one core.", "none",
         prom(f"sum(rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval]))", "cores"), w=3, steps=[BLUE],
         decimals=2),
    stat("Heap", "How full the fullest heap is. Above 90 % the garbage collector works ever harder.", "percentunit",
         prom(f'max(jvm_memory_used_bytes{{{OURS},area="heap"}} / jvm_memory_max_bytes{{{OURS},area="heap"}})', "heap"),
         w=3, steps=[GREEN, (0.8, ORANGE), (0.9, RED)]),
    stat("Store", "How full the bucket store is. When it is full, PUT answers 507. Always 0 for a server without a "
         "limit.", "percentunit",
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
    graph("Saturation", "Requests being served, waiting included, and images that wait for the model, of all replicas "
          "together. What grows here and does not fall again is more than the service can do.", "none",
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

    row("The processes"),
    graph("Java's heap", "Memory of the Java objects of each process: a saw that is cut back by each collection. If its "
          "low points rise steadily, something leaks.", "bytes",
          prom(f'sum by (instance) (jvm_memory_used_bytes{{{OURS},area="heap"}})', "used by {{instance}}"),
          prom(f'max(sum by (instance) (jvm_memory_committed_bytes{{{OURS},area="heap"}}))', "taken from the system"),
          prom(f'max(sum by (instance) (jvm_memory_max_bytes{{{OURS},area="heap"}}))', "at most, each"), w=8),
    graph("Memory of the process", "What the system counts, and what a container's limit is about: the heap, and all "
          "that Java and the model hold besides, the latter two of the process that has most.", "bytes",
          prom(f"max by (instance) (process_resident_memory_bytes{{{OURS}}})", "resident {{instance}}"),
          prom(f'max(sum by (instance) (jvm_memory_used_bytes{{{OURS},area="nonheap"}}))', "Java's own"),
          prom(f"max(sum by (instance) (jvm_buffer_pool_used_bytes{{{OURS}}}))", "buffers"), w=8),
    graph("Garbage collection", "Share of the time spent collecting, of the process that collects most. Above 5 % "
          "requests feel it.", "percentunit",
          prom(f"max by (gc) (rate(jvm_gc_collection_seconds_sum{{{OURS}}}[$__rate_interval]))", "{{gc}}"), w=8,
          limit=True, steps=[GREEN, (0.05, RED)]),
    graph("Cores", "CPU time in a second: 1 is one core.", "none",
          prom(f"sum by (instance) (rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval]))", "{{instance}}"),
          w=8),
    graph("Threads", "Platform threads by state, of all processes. Virtual threads are not among them.", "none",
          prom(f"sum by (state) (jvm_threads_state{{{OURS}}}) > 0", "{{state}}"), w=8, stacked=True),
    graph("Open files", "Files and connections of each process, and how many there may be.", "none",
          prom(f"max by (instance) (process_open_fds{{{OURS}}})", "{{instance}}"),
          prom(f"min(process_max_fds{{{OURS}}})", "at most"), w=8, log=True),

    row("Where the buckets are"),
    graph("Objects", "Objects that are stored. Replicas with a shared store say the same of it, so this is not a sum.",
          "none", prom(f"max(storage_objects{{{OURS}}})", "objects")),
    graph("Bytes", "What the objects take, and what there is room for: by the service's own count, or as the shared "
          "store counts its memory.", "bytes",
          prom(f"max(storage_bytes{{{OURS}}})", "taken"), prom(f"max(storage_capacity_bytes{{{OURS}}})", "at most"),
          log=True),

    row("The shared store: empty with buckets in memory (STORAGE_URL)"),
    stat("Reached", "Whether the replicas reach the shared store: all of them, or which share. Who does not is not "
         "ready, and answers 503 for buckets.", "percentunit", now(f"avg(storage_up{{{OURS}}})", "reached"), h=8,
         noValue="buckets are in memory",
         mappings=states(_1=("up", "green"), _0=("away", "red")), steps=[RED, (0.01, ORANGE), (1, GREEN)]),
    graph("Operations", "Operations of the shared store a second that were answered, by what they do.", "ops",
          prom(f"sum by (operation) (rate(storage_operation_duration_seconds_count{{{OURS}}}[$__rate_interval]))",
               "{{operation}}"), w=10, stacked=True),
    graph("Time of operations", "99 of 100 operations are faster than this, the wait for a connection included. Each dot "
          "is a single one: point at it and choose \"Open trace\".", "s",
          prom("histogram_quantile(0.99, sum by (operation) "
               f"(rate(storage_operation_duration_seconds{{{OURS}}}[$__rate_interval])))", "{{operation}}",
               exemplars=True), w=10, log=True),
    graph("Operations that failed", "Operations a second that failed, by why. \"full\" was answered 507, \"fault\" "
          "500, the others 503.", "ops",
          prom(f"sum by (reason) (rate(storage_operation_errors_total{{{OURS}}}[$__rate_interval]))", "{{reason}}"),
          limit=True, steps=[GREEN, (0.001, RED)]),
    graph("Connections to the store", "Connections of the pools of all replicas, by state, and the requests that wait "
          "for one.", "none",
          prom(f"sum by (state) (storage_pool_connections{{{OURS}}})", "{{state}}")),

    variables=[choice("instance", "Instance", 'label_values(up{job="storage_api"}, instance)')],
)
