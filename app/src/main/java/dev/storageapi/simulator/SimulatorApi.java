package dev.storageapi.simulator;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An external API to fetch from: {@code GET /documents} with a quota, and {@code /mode} to have it
 * fail as wanted.
 */
public final class SimulatorApi implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SimulatorApi.class);

  private static final String ABOUT =
      """
      The simulator of storage-api: an API to fetch from that fails as wanted.

      GET /documents      the newest documents, while the quota lasts
      GET /mode           how /documents answers now, and how else it can
      PUT /mode/{mode}    has it answer otherwise
      GET /alerts         what Alertmanager told last; in a browser: a page
      POST /alerts        Alertmanager's webhook
      GET /runbooks       what to do about each alert
      GET /health         whether it is up
      GET /metrics        for Prometheus
      """;

  private final Quota quota;
  private final Answers answers;
  private final AtomicLong requests = new AtomicLong();
  private volatile Mode mode;

  private record State(String mode, List<String> modes, int quota, int remaining, long requests) {}

  /**
   * The API over {@code documents}.
   *
   * @param mode how it answers until told otherwise
   * @param delay how long the modes that wait do so
   * @param hugeBytes the most bytes of an answer in the mode {@code huge}
   * @param retryAfter what the modes that refuse for a time say
   */
  public SimulatorApi(
      Documents documents,
      Quota quota,
      Mode mode,
      Duration delay,
      long hugeBytes,
      Duration retryAfter) {
    this.quota = quota;
    this.mode = mode;
    this.answers = new Answers(documents, delay, hugeBytes, retryAfter);
  }

  /** What the mode answers. Every call costs one of the quota; without any left it is 429. */
  public Response documents(Request request) {
    requests.incrementAndGet();
    Quota.State state = quota.take();
    Map<String, String> headers = headers(state);
    if (!state.granted()) {
      headers.put("Retry-After", Long.toString(state.secondsLeft()));
      throw new Refusal(429, "The quota of this hour is used up.", Refusal.Reason.NONE, headers);
    }
    return with(headers, answers.of(mode, request, headers));
  }

  /** Where the mode {@code moved} leads to: the documents, at no cost. */
  public Response moved(Request request) {
    return with(headers(quota.look()), answers.current(request));
  }

  private static Map<String, String> headers(Quota.State state) {
    Map<String, String> headers = new HashMap<>();
    headers.put("X-RateLimit-Limit", Integer.toString(state.limit()));
    headers.put("X-RateLimit-Remaining", Integer.toString(state.remaining()));
    headers.put("X-RateLimit-Reset", Long.toString(state.resetSeconds()));
    return headers;
  }

  private static Response with(Map<String, String> headers, Response response) {
    Response all = response;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      all = all.with(header.getKey(), header.getValue());
    }
    return all;
  }

  /** The mode, all there are, the quota, and how many requests there have been. */
  public Response mode(Request request) {
    Quota.State state = quota.look();
    return Response.json(
        200,
        new State(mode.label(), Mode.labels(), state.limit(), state.remaining(), requests.get()));
  }

  /** Sets the mode of requests from now on: 200 as {@link #mode}, 404 for an unknown one. */
  public Response switchMode(Request request) {
    mode =
        Mode.of(request.variable("mode"))
            .orElseThrow(() -> new Refusal(404, "There is no such mode. GET /mode lists them."));
    log.atInfo().addKeyValue("mode", mode.label()).log("the simulator's mode was set");
    return mode(request);
  }

  /** What this is, for people. */
  public Response about(Request request) {
    return Response.text(200, ABOUT);
  }

  /** Ends all waiting: who waits is answered at once. */
  @Override
  public void close() {
    answers.close();
  }
}
