package dev.storageapi.http;

import java.util.Set;

/**
 * Lets pages of the named origins use the API (Fetch standard, CORS protocol). A preflight is
 * answered here: 204, with permissions only for an allowed origin and a path that exists.
 */
public final class Cors implements Filter {

  private static final String MAX_AGE_SECONDS = "600";

  private final Set<String> allowed;

  /** Allows {@code origins}, such as {@code https://app.example}; {@code *} allows every one. */
  public Cors(Set<String> origins) {
    this.allowed = origins;
  }

  @Override
  public Response apply(Request request, Handler next) {
    String origin = request.header("Origin");
    boolean preflight =
        origin != null
            && request.method().equals("OPTIONS")
            && request.header("Access-Control-Request-Method") != null;
    if (preflight) {
      return preflight(request, origin, next);
    }
    Response response = next.handle(request);
    if (allowed.isEmpty()) {
      return response;
    }
    Response varying = response.varying("Origin");
    return allows(origin)
        ? varying
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Expose-Headers", "X-Request-ID, traceresponse")
        : varying;
  }

  private Response preflight(Request request, String origin, Handler next) {
    Response options = next.handle(request);
    if (options.status() != 200 && options.status() != 404) {
      return options; // the request itself was refused: malformed, too large, too much
    }
    Response response = Response.empty(204).with("Vary", "Origin");
    if (!allows(origin) || options.header("Allow") == null) {
      return response;
    }
    String headers = request.header("Access-Control-Request-Headers");
    response =
        response
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Methods", options.header("Allow"))
            .with("Access-Control-Max-Age", MAX_AGE_SECONDS);
    return headers == null ? response : response.with("Access-Control-Allow-Headers", headers);
  }

  private boolean allows(String origin) {
    return origin != null && (allowed.contains(origin) || allowed.contains("*"));
  }
}
