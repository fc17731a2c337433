package dev.storageapi.http;

import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Requests without a connection, for benchmarks of what is done with them. */
public final class Exchanges {

  private Exchanges() {}

  /** A GET of {@code uri} as the adapter would make it. */
  public static Request get(String uri, Map<String, List<String>> headers, List<Route> routes) {
    return new Request(
        "GET",
        uri,
        "HTTP/1.1",
        Target.of(URI.create(uri)),
        headers,
        "127.0.0.1",
        new BodyStream(InputStream.nullInputStream(), 0),
        new Router(routes));
  }

  /** What {@code filter} does when a request has ended, called as the adapter calls it. */
  public static Consumer<Completion> listener(Filter filter, Request request) {
    filter.apply(request, ignored -> Response.empty(200));
    return request.listeners().get(request.listeners().size() - 1);
  }

  /**
   * Has {@code chain} answer {@code request} and tells its listeners that it has ended, in the
   * order of the adapter. The request is then as it was before.
   */
  public static Response recorded(Handler chain, Request request, long nanos) {
    Response response = chain.handle(request);
    Completion completion =
        new Completion(request, response.status(), 0, response.body().length, nanos);
    List<Consumer<Completion>> listeners = request.listeners();
    for (int i = listeners.size() - 1; i >= 0; i--) {
      listeners.get(i).accept(completion);
    }
    listeners.clear();
    return response;
  }

  /** The bytes of an answer. */
  public static byte[] body(Response response) {
    return response.body();
  }
}
