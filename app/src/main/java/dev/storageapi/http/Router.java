package dev.storageapi.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds the route of a request on its raw path, and answers for those that have none. Matching is
 * done before the chain runs, so that every filter knows the route; {@link #handle} is the chain's
 * innermost step.
 */
public final class Router implements Handler {

  /** The {@code path} label of requests that match no route. */
  public static final String UNMATCHED = "unmatched";

  private final List<Path> paths;

  /** A path and what is there by method. */
  private record Path(
      String template, List<String> segments, Map<String, Route> routes, String allow) {

    boolean matches(List<String> actual) {
      if (actual.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < segments.size(); i++) {
        boolean fits =
            isVariable(i) ? !actual.get(i).isEmpty() : segments.get(i).equals(actual.get(i));
        if (!fits) {
          return false;
        }
      }
      return true;
    }

    String name(int i) {
      return segments.get(i).substring(1, segments.get(i).length() - 1);
    }

    boolean isVariable(int i) {
      return segments.get(i).startsWith("{");
    }
  }

  /**
   * Where a request belongs.
   *
   * @param path the template, the {@code path} label: {@value #UNMATCHED} where there is none
   * @param route who answers, or null: the answer is then {@code otherwise}'s
   * @param variables the values of the template's variables
   */
  record Match(String path, Route route, Map<String, String> variables, Handler otherwise) {}

  /** A router over {@code routes}; of two with one template, each has its own method. */
  public Router(List<Route> routes) {
    Map<String, Map<String, Route>> byTemplate = new LinkedHashMap<>();
    for (Route route : routes) {
      byTemplate.computeIfAbsent(route.template(), t -> new TreeMap<>()).put(route.method(), route);
    }
    paths =
        byTemplate.entrySet().stream()
            .map(
                e ->
                    new Path(
                        e.getKey(), split(e.getKey()), e.getValue(), allow(e.getValue().keySet())))
            .toList();
  }

  private static List<String> split(String template) {
    return List.of(template.substring(1).split("/", -1));
  }

  private static String allow(Set<String> methods) {
    List<String> all = new ArrayList<>(methods);
    if (methods.contains("GET")) {
      all.add("HEAD");
    }
    all.add("OPTIONS");
    return String.join(", ", all);
  }

  Match match(String method, Optional<Target> target) {
    if (target.isEmpty()) {
      return unmatched(Router::badTarget);
    }
    List<String> segments = target.get().segments();
    for (Path path : paths) {
      if (path.matches(segments)) {
        return match(path, method, segments);
      }
    }
    return unmatched(Router::notFound);
  }

  private static Match match(Path path, String method, List<String> segments) {
    Map<String, String> variables = Map.of();
    for (int i = 0; i < segments.size(); i++) {
      if (path.isVariable(i)) {
        variables = variables.isEmpty() ? new LinkedHashMap<>(2) : variables;
        variables.put(path.name(i), segments.get(i));
      }
    }
    Route route = path.routes.get(method.equals("HEAD") ? "GET" : method);
    Handler otherwise =
        method.equals("OPTIONS")
            ? request -> Response.empty(200).with("Allow", path.allow)
            : request -> notAllowed(path.allow);
    return new Match(path.template, route, variables, otherwise);
  }

  private static Match unmatched(Handler otherwise) {
    return new Match(UNMATCHED, null, Map.of(), otherwise);
  }

  @Override
  public Response handle(Request request) {
    Match match = request.match();
    return match.route() == null
        ? match.otherwise().handle(request)
        : match.route().handler().handle(request);
  }

  private static Response badTarget(Request request) {
    throw new Refusal(
        400, "The request target is not acceptable.", Refusal.Reason.MALFORMED, Map.of());
  }

  private static Response notFound(Request request) {
    throw new Refusal(404, "There is nothing at this path.");
  }

  private static Response notAllowed(String allow) {
    throw new Refusal(
        405, "This path does not know the method.", Refusal.Reason.NONE, Map.of("Allow", allow));
  }
}
