package dev.storageapi.operations;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Route;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code GET /}: the live page for browsers, and for everybody else, such as curl, a summary in
 * plain text.
 */
public final class Summary {

  private static final String TEXT =
      """
      storage-api %s, up for %d s, %s

      %s
      Try   curl -X PUT %s/api/buckets/1 -d hello
      %sLook  /docs     every route, to try
      %s      /         in a browser: the live page
      """;

  private static final String OPERATIONS =
      """
            /metrics  for Prometheus
            /ready    what works, and what is missing
      """;

  private static final String ASK = "      curl -F file=@image.png %s/predict  # the model is %s\n";

  private static final String ERRORS =
      "\nSome answers were 500: the metrics and the log tell why, /docs/the-500s explains.\n";

  private final Pages pages;
  private final LiveStats stats;
  private final Service service;
  private final Readiness readiness;
  private final List<Route> routes;
  private final boolean operationsHere;

  /**
   * A summary of {@code routes}, the API's.
   *
   * @param operationsHere whether metrics and readiness are on the same port
   */
  public Summary(
      Pages pages,
      LiveStats stats,
      Service service,
      Readiness readiness,
      List<Route> routes,
      boolean operationsHere) {
    this.pages = pages;
    this.stats = stats;
    this.service = service;
    this.readiness = readiness;
    this.routes = routes;
    this.operationsHere = operationsHere;
  }

  /** HTML if the client asks for it, else text. */
  public Response root(Request request) {
    String accept = request.header("Accept");
    boolean html = accept != null && accept.contains("text/html");
    return (html ? pages.live(request) : Response.text(200, text(request))).with("Vary", "Accept");
  }

  private String text(Request request) {
    List<LiveStats.RouteTotal> called = stats.routes(stats.durations());
    String lines = routes.stream().map(route -> line(route, called)).collect(Collectors.joining());
    boolean errors = called.stream().anyMatch(route -> route.statuses().containsKey("500"));
    String host = Optional.ofNullable(request.header("Host")).orElse("localhost");
    return TEXT.formatted(
        service.version(),
        service.uptime().toSeconds(),
        readiness.isReady() ? "ready" : "not ready",
        lines + trouble() + (errors ? ERRORS : ""),
        host,
        stats.model().map(model -> ASK.formatted(host, model)).orElse(""),
        operationsHere ? OPERATIONS : "");
  }

  private String trouble() {
    return Stream.of(stats.databaseTrouble(), stats.modelTrouble())
        .flatMap(Optional::stream)
        .map(trouble -> "\n" + trouble + "\n")
        .collect(Collectors.joining());
  }

  /** Such as {@code GET /api/buckets/{id} 200: 10, 404: 2}, the requests by status. */
  private static String line(Route route, List<LiveStats.RouteTotal> called) {
    String counts =
        called.stream()
            .filter(c -> c.method().equals(route.method()) && c.path().equals(route.template()))
            .map(c -> statuses(c.statuses()))
            .findFirst()
            .orElse("no request yet");
    return "%-7s %-25s %s%n".formatted(route.method(), route.template(), counts);
  }

  private static String statuses(Map<String, Long> statuses) {
    return statuses.entrySet().stream()
        .map(status -> status.getKey() + ": " + status.getValue())
        .collect(Collectors.joining(", "));
  }
}
