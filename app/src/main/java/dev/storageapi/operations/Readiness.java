package dev.storageapi.operations;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Whether the service should get traffic: {@code GET /ready}, and {@code GET /ready/{feature}} for
 * one feature. Not while starting, not from the moment shutdown starts, and not while a required
 * feature lacks what it needs. A feature that is not required may be down: its own routes say so.
 */
public final class Readiness {

  /**
   * What a feature says of itself.
   *
   * @param ready whether it can do its work
   * @param reason what is missing, or why all is well, in a few words for people
   */
  public record State(boolean ready, String reason) {}

  private record Answer(String status, String reason, Map<String, State> features) {}

  private final Map<String, Supplier<State>> features;
  private final List<String> required;
  private volatile String phase = "starting";

  /** Readiness of {@code features} by name, of which the {@code required} ones decide. */
  public Readiness(Map<String, Supplier<State>> features, List<String> required) {
    this.features = features;
    this.required = required;
  }

  /** From now on the features decide. */
  public void started() {
    phase = "";
  }

  /** From now on the service is not ready. */
  public void stopping() {
    phase = "shutting down";
  }

  /** Whether {@code /ready} answers 200. */
  public boolean isReady() {
    return reason(states()).isEmpty();
  }

  /** 200 or 503, with every feature's state. */
  public Response all(Request request) {
    Map<String, State> states = states();
    String reason = reason(states);
    String status = reason.isEmpty() ? "ready" : "not ready";
    return Response.json(reason.isEmpty() ? 200 : 503, new Answer(status, reason, states));
  }

  /** 200 or 503 for one feature; 404 for one that there is not. */
  public Response one(Request request) {
    Supplier<State> feature = features.get(request.variable("feature"));
    if (feature == null) {
      throw new Refusal(404, "There is no such feature here.");
    }
    State state = phase.isEmpty() ? feature.get() : new State(false, phase);
    return Response.json(state.ready() ? 200 : 503, state);
  }

  private Map<String, State> states() {
    Map<String, State> states = new TreeMap<>();
    features.forEach((name, feature) -> states.put(name, feature.get()));
    return states;
  }

  private String reason(Map<String, State> states) {
    if (!phase.isEmpty()) {
      return phase;
    }
    return required.stream()
        .filter(name -> !states.get(name).ready())
        .map(name -> name + ": " + states.get(name).reason())
        .findFirst()
        .orElse("");
  }
}
