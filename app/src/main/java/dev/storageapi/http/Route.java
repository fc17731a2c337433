package dev.storageapi.http;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * One line of the list of routes: a method and a path template, who answers, and which statuses it
 * documents.
 *
 * @param method GET, PUT, …; HEAD and OPTIONS come with every path
 * @param template the path; a segment in braces matches any one non-empty segment and names it
 * @param handler who answers
 * @param statuses the statuses that this route documents, whose counters start at 0
 * @param traits what is different about it
 * @param maxBodyBytes the largest request body it reads, or -1 for the server's own limit
 */
public record Route(
    String method,
    String template,
    Handler handler,
    List<Integer> statuses,
    Set<Trait> traits,
    long maxBodyBytes) {

  /** How a route differs from a plain one. */
  public enum Trait {
    /** Serves operators: not part of the API's traffic that the live page shows. */
    OPERATIONS,
    /** Never turned away for load. */
    UNSHED,
    /** A health check or a scrape: its access-log lines can be switched off. */
    PROBE,
    /** A response without end: outside the requests in flight and the duration metrics. */
    STREAM,
    /** Takes the body as it comes, whatever its content coding. */
    ANY_CODING,
    /** Makes large answers of its own, which share a budget of bytes: see {@link AnswerBudget}. */
    HEAVY
  }

  public static Route get(String template, Handler handler, Integer... statuses) {
    return of("GET", template, handler, statuses);
  }

  public static Route post(String template, Handler handler, Integer... statuses) {
    return of("POST", template, handler, statuses);
  }

  public static Route put(String template, Handler handler, Integer... statuses) {
    return of("PUT", template, handler, statuses);
  }

  public static Route delete(String template, Handler handler, Integer... statuses) {
    return of("DELETE", template, handler, statuses);
  }

  private static Route of(String method, String template, Handler handler, Integer... statuses) {
    return new Route(method, template, handler, List.of(statuses), Set.of(), -1);
  }

  /** This route with {@code more} traits. */
  public Route with(Trait... more) {
    EnumSet<Trait> all = EnumSet.noneOf(Trait.class);
    all.addAll(traits);
    all.addAll(Arrays.asList(more));
    return new Route(method, template, handler, statuses, Set.copyOf(all), maxBodyBytes);
  }

  /** This route with a limit of its own for request bodies, in bytes. */
  public Route maxBody(long bytes) {
    return new Route(method, template, handler, statuses, traits, bytes);
  }

  /** Whether this route has {@code trait}. */
  public boolean is(Trait trait) {
    return traits.contains(trait);
  }
}
