package dev.storageapi.http;

/** Answers a request: the server as a function. Handlers are called by many threads at once. */
@FunctionalInterface
public interface Handler {

  /**
   * Answers {@code request}.
   *
   * @return what to send; expected outcomes are responses, not exceptions
   * @throws Refusal to answer with problem details instead
   */
  Response handle(Request request);
}
