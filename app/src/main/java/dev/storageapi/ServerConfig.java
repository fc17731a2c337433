package dev.storageapi;

import dev.storageapi.http.Server.Threads;
import java.time.Duration;

/** Limits of the HTTP server. Times end connections, sizes are bytes. */
record ServerConfig(
    Threads threads,
    int maxConnections,
    int maxIdleConnections,
    int backlog,
    Duration requestTimeout,
    Duration responseTimeout,
    Duration idleTimeout,
    long maxTargetBytes,
    int maxHeaders,
    long maxHeaderBytes,
    long maxBodyBytes,
    long uploadBudgetBytes,
    long answerBudgetBytes,
    boolean acceptChunked,
    int maxConcurrentRequests,
    Duration admissionWait) {

  /** The JDK's server closes connections with longer heads without a word. */
  static final int JDK_HEADER_BYTES = 64 * 1024;

  static ServerConfig read(Settings settings) {
    return new ServerConfig(
        settings.choice("SERVER_THREADS", Threads.AUTO, "Which threads serve requests"),
        settings.number(
            "SERVER_MAX_CONNECTIONS", 2500, 1, 100_000, "One more connection is closed at once"),
        settings.number(
            "SERVER_MAX_IDLE_CONNECTIONS",
            1000,
            0,
            100_000,
            "One more connection is closed after its answer"),
        settings.number("SERVER_BACKLOG", 1024, 1, 65535, "Connections that wait to be accepted"),
        settings.duration(
            "SERVER_REQUEST_TIMEOUT",
            "10s",
            Duration.ofSeconds(1),
            "A request that has not come whole by then is cut, to the second"),
        settings.duration(
            "SERVER_RESPONSE_TIMEOUT",
            "30s",
            Duration.ofSeconds(1),
            "An answer that is not done by then is cut, the time of its handler included"),
        settings.duration(
            "SERVER_IDLE_TIMEOUT",
            "120s",
            Duration.ofSeconds(1),
            "How long an idle connection is kept; longer than the proxy's"),
        settings.size(
            "SERVER_MAX_TARGET_BYTES", "8KiB", 64, "A longer request target is answered 414"),
        settings.number("SERVER_MAX_HEADERS", 100, 8, 200, "More headers are answered 431"),
        settings.size("SERVER_MAX_HEADER_BYTES", "16KiB", 512, "Longer headers are answered 431"),
        settings.size(
            "SERVER_MAX_BODY_BYTES",
            "64KiB",
            0,
            "A larger body is answered 413 where the route names no limit of its own"),
        settings.size(
            "SERVER_UPLOAD_BUDGET_BYTES",
            "16MiB",
            1,
            "What all bodies under way may hold together; over it the answer is 503"),
        settings.size(
            "SERVER_ANSWER_BUDGET_BYTES",
            "16MiB",
            1,
            "What all pages of datasets and items, objects of a shared store, and the simulator's"
                + " alerts, that are being sent may hold together; over it 503"),
        settings.flag(
            "SERVER_ACCEPT_CHUNKED",
            true,
            "Whether request bodies may come in chunks; if not the answer is 411"),
        settings.number(
            "SERVER_MAX_CONCURRENT_REQUESTS",
            64,
            1,
            10_000,
            "Requests at work at once; the next waits for SERVER_ADMISSION_WAIT, then gets 503"),
        settings.duration(
            "SERVER_ADMISSION_WAIT",
            "50ms",
            Duration.ZERO,
            "How long a request waits for its turn"));
  }

  /** Adds what single settings do not show. */
  void check(Settings settings) {
    if (threads == Threads.VIRTUAL && Runtime.version().feature() < 21) {
      settings.problem("SERVER_THREADS=virtual needs Java 21");
    }
    if (maxHeaderBytes > JDK_HEADER_BYTES || maxTargetBytes > JDK_HEADER_BYTES) {
      settings.problem("SERVER_MAX_HEADER_BYTES or SERVER_MAX_TARGET_BYTES is more than 64KiB");
    }
    if (maxBodyBytes > uploadBudgetBytes) {
      settings.problem("SERVER_MAX_BODY_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
  }
}
