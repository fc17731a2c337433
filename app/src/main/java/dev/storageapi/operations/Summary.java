package dev.storageapi.operations;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.util.Map;
import java.util.function.Supplier;

/**
 * {@code GET /}: the live page for browsers, and for everybody else, such as curl, a summary in
 * plain text.
 */
public final class Summary {

  private final Pages pages;
  private final LiveStats stats;
  private final Service service;
  private final Supplier<String> routes;

  public Summary(Pages pages, LiveStats stats, Service service, Supplier<String> routes) {
    this.pages = pages;
    this.stats = stats;
    this.service = service;
    this.routes = routes;
  }

  /** HTML if the client asks for it, else text. */
  public Response root(Request request) {
    String accept = request.header("Accept");
    boolean html = accept != null && accept.contains("text/html");
    return (html ? pages.live(request) : Response.text(200, text())).with("Vary", "Accept");
  }

  private String text() {
    Map<String, Object> totals = stats.totals();
    return """
        storage-api %s, up %d s: %s requests, by status %s

        %s
        Look around:
          /          in a browser: the live page
          /docs      every route, to try
          /metrics   for Prometheus
          /ready     what works, and what is missing
        """
        .formatted(
            service.version(),
            service.uptime().toSeconds(),
            totals.get("requests"),
            totals.get("statuses"),
            routes.get());
  }
}
