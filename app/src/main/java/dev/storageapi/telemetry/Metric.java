package dev.storageapi.telemetry;

import java.util.List;

/**
 * Every metric of our own, in one place: name, help, labels, buckets. {@code docs/metrics.md} and a
 * real scrape are compared with this list by a test. Names follow the conventions of Prometheus:
 * base units, {@code _total} for counters.
 */
@SuppressWarnings("ImmutableEnumChecker") // the list is a copy, the array is never handed out
public enum Metric {
  HTTP_REQUEST_DURATION(
      "http_request_duration_seconds",
      "Time from the parsed head of a request to its last byte.",
      List.of("path", "method", "status"),
      0.005,
      0.01,
      0.025,
      0.05,
      0.075,
      0.1,
      0.25,
      0.3,
      0.5,
      0.75,
      1,
      2.5,
      5,
      7.5,
      10),
  HTTP_REQUESTS(
      "http_requests_total", "Requests answered or cut.", List.of("path", "method", "status")),
  HTTP_REQUEST_SIZE(
      "http_request_size_bytes",
      "Bytes read of request bodies.",
      List.of("path", "method"),
      0,
      1024,
      65536,
      1048576),
  HTTP_RESPONSE_SIZE(
      "http_response_size_bytes",
      "Bytes sent of response bodies.",
      List.of("path", "method"),
      0,
      1024,
      65536,
      1048576),
  HTTP_IN_FLIGHT("http_requests_in_flight", "Requests being served now.", List.of()),
  HTTP_EXCEPTIONS(
      "http_request_exceptions_total",
      "Exceptions that no handler expected.",
      List.of("path", "method", "exception")),
  HTTP_REJECTED(
      "http_requests_rejected_total",
      "Requests turned away before or instead of a handler.",
      List.of("reason")),
  STORAGE_OBJECTS(
      "storage_objects", "Objects in the bucket store; of a shared one, keys.", List.of()),
  STORAGE_BYTES(
      "storage_bytes",
      "Bytes of the objects in the bucket store; of a shared one, its servers' memory.",
      List.of()),
  STORAGE_CAPACITY(
      "storage_capacity_bytes",
      "Bytes the bucket store may hold; +Inf without a limit.",
      List.of()),
  STORAGE_UP("storage_up", "Whether the shared store can be asked.", List.of()),
  STORAGE_OPERATION_DURATION(
      "storage_operation_duration_seconds",
      "Time of an operation of the shared store, from asking for a connection to the whole answer.",
      List.of("operation"),
      0.00025,
      0.0005,
      0.001,
      0.0025,
      0.005,
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1),
  STORAGE_OPERATION_ERRORS(
      "storage_operation_errors_total",
      "Operations of the shared store that failed, those included that it was not asked for.",
      List.of("operation", "reason")),
  STORAGE_POOL_CONNECTIONS(
      "storage_pool_connections",
      "Connections to the shared store by state; pending are requests that wait for one.",
      List.of("state")),
  DB_QUERY_DURATION(
      "db_query_duration_seconds",
      "Time of a statement, from its start to its last row.",
      List.of("operation"),
      0.0005,
      0.001,
      0.0025,
      0.005,
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      2.5),
  DB_QUERY_ERRORS(
      "db_query_errors_total",
      "Statements that failed, those that got no connection included, but for keys that are there"
          + " already.",
      List.of("operation")),
  DB_POOL_CONNECTIONS(
      "db_pool_connections",
      "Connections of the pool by state; pending are requests that wait for one.",
      List.of("state")),
  DB_FILE_SIZE("db_file_size_bytes", "Size of H2's file; 0 with a database server.", List.of()),
  DATASET_RETICULATIONS(
      "dataset_reticulations_total", "Reticulations by how they ended.", List.of("outcome")),
  DATASET_RETICULATIONS_IN_PROGRESS(
      "dataset_reticulations_in_progress", "Reticulations at work now.", List.of()),
  FEED_FETCHES("feed_fetches_total", "Fetches by how they ended.", List.of("outcome")),
  FEED_FETCH_DURATION(
      "feed_fetch_duration_seconds",
      "Time of a fetch, from its request to its items stored.",
      List.of(),
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      2.5,
      5,
      10,
      30),
  FEED_LAST_SUCCESS(
      "feed_last_success_timestamp_seconds",
      "When the upstream last answered as it should, since 1970; 0 if it never did.",
      List.of()),
  FEED_ITEMS("feed_items", "Items of the feed.", List.of()),
  FEED_QUOTA_REMAINING(
      "feed_upstream_quota_remaining",
      "Requests left, as the last answer said; NaN if it did not say, or none came.",
      List.of()),
  MODEL_INFERENCE_DURATION(
      "model_inference_duration_seconds",
      "Time of a run of the model, whatever the number of images in it.",
      List.of("model"),
      0.00005,
      0.0001,
      0.00025,
      0.0005,
      0.001,
      0.0025,
      0.005,
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      2.5),
  MODEL_LOAD_DURATION(
      "model_load_duration_seconds",
      "Time of the last load of the model, warm-up included; NaN before it.",
      List.of("model")),
  MODEL_LOADED("model_loaded", "Whether there is a model to ask.", List.of("model")),
  MODEL_MEMORY(
      "model_memory_bytes",
      "By how much the process' resident memory grew with the last load; NaN before it, and where the"
          + " system does not tell.",
      List.of("model")),
  MODEL_PREDICTIONS("model_predictions_total", "Predictions, by class.", List.of("model", "class")),
  PREDICTION_CONFIDENCE(
      "prediction_confidence",
      "Probability of the class that was predicted.",
      List.of("model", "class"),
      0.25,
      0.5,
      0.75,
      0.9,
      0.95,
      0.99),
  MODEL_INFERENCE_ERRORS(
      "model_inference_errors_total",
      "Requests that got no prediction, by why.",
      List.of("model", "reason")),
  INFERENCE_QUEUE_SIZE("inference_queue_size", "Images that wait for a worker.", List.of()),
  INFERENCE_QUEUE_DURATION(
      "inference_queue_duration_seconds",
      "Time that an image waited for a worker.",
      List.of(),
      0.0005,
      0.001,
      0.005,
      0.01,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      5),
  IMAGE_SIZE(
      "image_size_bytes",
      "Bytes of the files that were sent as images.",
      List.of(),
      1024,
      10240,
      102400,
      1048576,
      10485760),
  LOG_EVENTS("log_events_total", "Events logged, by level.", List.of("level")),
  TELEMETRY_DROPPED(
      "telemetry_dropped_total",
      "Log lines and spans that could not be delivered.",
      List.of("signal", "reason")),
  APP_INFO("app_info", "What is running.", List.of("version", "java_version", "environment"));

  private final String exposed;
  private final String help;
  private final List<String> labels;
  private final double[] buckets;

  Metric(String exposed, String help, List<String> labels, double... buckets) {
    this.exposed = exposed;
    this.help = help;
    this.labels = labels;
    this.buckets = buckets;
  }

  /** The name as Prometheus sees it. */
  public String exposedName() {
    return exposed;
  }

  /** One line of what is measured. */
  public String help() {
    return help;
  }

  /** The label names, in the order in which values are given. */
  public List<String> labels() {
    return labels;
  }

  String[] labelNames() {
    return labels.toArray(String[]::new);
  }

  /** The upper bounds of the classic buckets, without +Inf; none for other kinds. */
  double[] buckets() {
    return buckets.clone();
  }
}
