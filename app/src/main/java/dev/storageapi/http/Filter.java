package dev.storageapi.http;

import java.util.List;

/**
 * A step that every request passes on its way to its handler. A filter returns before the bytes are
 * written: what has to know the final status, the bytes and the duration asks for it with {@link
 * Request#onCompletion}.
 */
@FunctionalInterface
public interface Filter {

  /** Answers {@code request}, by {@code next} or instead of it. */
  Response apply(Request request, Handler next);

  /** One handler out of {@code filters}, outermost first, with {@code last} behind them. */
  static Handler chain(List<Filter> filters, Handler last) {
    Handler chain = last;
    for (int i = filters.size() - 1; i >= 0; i--) {
      Filter filter = filters.get(i);
      Handler next = chain;
      chain = request -> filter.apply(request, next);
    }
    return chain;
  }
}
