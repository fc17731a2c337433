package dev.storageapi.feed;

import dev.storageapi.feed.AddressRules.Refused;
import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Spans;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The external API: one GET at a time, within a time and a size, to nowhere but where {@link
 * AddressRules} lets it.
 *
 * <p>{@link PinnedRequest} says how names that change their address are dealt with. Asks for one
 * thing at a time; any thread may close it.
 */
public final class Upstream implements AutoCloseable {

  /**
   * What bounds one fetch.
   *
   * @param connect the time to connect, for each host asked
   * @param total the time for everything: names, redirects, heads and body
   * @param bodyBytes the longest body
   */
  public record Limits(Duration connect, Duration total, long bodyBytes) {}

  private static final int MAX_REDIRECTS = 3;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final URI url;
  private final AddressRules rules;
  private final Limits limits;
  private final String userAgent;
  private final Spans spans;
  private final Clock clock;
  private final AtomicReference<Future<?>> underWay = new AtomicReference<>();
  private final ThreadPoolExecutor lookups = lookups();
  private HttpClient client;
  private volatile boolean closed;

  /**
   * The API behind a URL.
   *
   * @param url one that {@link AddressRules#problem} has nothing against
   * @param version ours, for {@code User-Agent}
   */
  public Upstream(
      URI url, AddressRules rules, Limits limits, String version, Spans spans, Clock clock) {
    this.url = url;
    this.rules = rules;
    this.limits = limits;
    this.userAgent = "storage-api/" + version;
    this.spans = spans;
    this.clock = clock;
  }

  /** What is asked, for people: without the query, which may hold a key. */
  String shown() {
    return shown(url);
  }

  private static String shown(URI url) {
    return url.getScheme() + "://" + url.getRawAuthority() + url.getRawPath();
  }

  /** What is asked, as a short name that all replicas make of one URL. */
  String key() {
    return UUID.nameUUIDFromBytes(url.toString().getBytes(StandardCharsets.UTF_8)).toString();
  }

  /** One thread: a lookup cannot be interrupted, and one that hangs shall not gather others. */
  private static ThreadPoolExecutor lookups() {
    ThreadPoolExecutor lookups =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "feed-lookup");
              thread.setDaemon(true);
              return thread;
            });
    lookups.allowCoreThreadTimeOut(true);
    return lookups;
  }

  /** Made when it is needed, since it starts a thread. */
  private synchronized HttpClient client() {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .proxy(HttpClient.Builder.NO_PROXY)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(limits.connect())
              .build();
    }
    return client;
  }

  /**
   * After a head that it cannot read the JDK's client keeps the connection, whether the other side
   * closes it or not, until the client itself is garbage: so it becomes that.
   */
  private synchronized void forgetClient() {
    client = null;
  }

  /**
   * Asks once, and follows at most {@value #MAX_REDIRECTS} redirects. Takes no longer than the
   * limit.
   *
   * @param known what the last answer had; sent to the configured URL only, of whose answers they
   *     are (RFC 9110, 8.8.3)
   * @throws InterruptedException if the thread is interrupted or this is closed; nothing is under
   *     way then
   */
  Answer fetch(Validators known) throws InterruptedException {
    long end = System.nanoTime() + limits.total().toNanos();
    try {
      return follow(known, end);
    } catch (Refused e) {
      return Answer.failed(Outcome.REFUSED, e.getMessage());
    } catch (TimeoutException e) {
      return Answer.failed(
          Outcome.TIMEOUT, "no whole answer within " + limits.total().toMillis() + " ms");
    } catch (CancellationException | ExecutionException e) {
      if (closed) {
        throw new InterruptedException("closed");
      }
      forgetClient();
      return Answer.failed(e.getCause() == null ? e : e.getCause());
    }
  }

  private Answer follow(Validators known, long end)
      throws Refused, InterruptedException, ExecutionException, TimeoutException {
    URI target = url;
    for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      URI asked = target;
      InetAddress address = await(lookups.submit(() -> rules.addressOf(asked)), end);
      Validators sent = asked.equals(url) ? known : Validators.NONE;
      HttpResponse<Optional<byte[]>> response = get(asked, address, sent, redirects, end);
      if (!REDIRECTS.contains(response.statusCode())) {
        return answer(asked, sent, response);
      }
      target = AddressRules.redirect(asked, response.headers().firstValue("Location"));
    }
    throw new Refused("more than " + MAX_REDIRECTS + " redirects");
  }

  /** One request: a client span, whose trace goes on at the other side if that wants so. */
  private HttpResponse<Optional<byte[]>> get(
      URI asked, InetAddress address, Validators sent, int redirects, long end)
      throws InterruptedException, ExecutionException, TimeoutException {
    try (ActiveSpan span = spans.client("GET")) {
      describe(span, asked, address, redirects);
      HttpRequest request = PinnedRequest.of(asked, address, sent, userAgent, spans.headers());
      return send(request, span, end);
    }
  }

  private HttpResponse<Optional<byte[]>> send(HttpRequest request, ActiveSpan span, long end)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      HttpResponse<Optional<byte[]>> response = await(client().sendAsync(request, this::body), end);
      span.set("http.response.status_code", response.statusCode());
      if (response.statusCode() >= 400) {
        span.failed(Integer.toString(response.statusCode()), null);
      }
      return response;
    } catch (ExecutionException | TimeoutException | CancellationException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      span.failed(cause.getClass().getName(), null);
      throw e;
    }
  }

  /** By the conventions for HTTP clients, without the query, which may hold a key. */
  private static void describe(ActiveSpan span, URI asked, InetAddress address, int redirects) {
    span.set("http.request.method", "GET")
        .set("url.full", shown(asked))
        .set("server.address", host(asked))
        .set("server.port", port(asked));
    if ("http".equalsIgnoreCase(asked.getScheme())) { // the JDK looks up https names once more
      span.set("network.peer.address", address.getHostAddress());
    }
    if (redirects > 0) {
      span.set("http.request.resend_count", redirects);
    }
  }

  /** An IPv6 address without its brackets. */
  private static String host(URI url) {
    return url.getHost().replaceAll("[\\[\\]]", "");
  }

  private static int port(URI url) {
    boolean secure = "https".equalsIgnoreCase(url.getScheme());
    return url.getPort() != -1 ? url.getPort() : secure ? 443 : 80;
  }

  /** Waits, and leaves nothing behind: what is not done by the end is cancelled. */
  private <T> T await(Future<T> work, long end)
      throws InterruptedException, ExecutionException, TimeoutException {
    underWay.set(work);
    try {
      if (closed) {
        throw new CancellationException();
      }
      return work.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } finally {
      work.cancel(true);
    }
  }

  private LimitedBody body(HttpResponse.ResponseInfo head) {
    boolean wanted = head.statusCode() == 200 && !new AnswerHeaders(head.headers()).encoded();
    return wanted ? LimitedBody.of(limits.bodyBytes()) : LimitedBody.unread();
  }

  private Answer answer(URI asked, Validators sent, HttpResponse<Optional<byte[]>> response) {
    Answer answer = Answer.of(response, sent, limits.bodyBytes(), clock.instant());
    return asked.equals(url) ? answer : answer.ofAnother(AddressRules.sameOrigin(asked, url));
  }

  /** Ends what is under way at once, and every later fetch. */
  @Override
  public void close() {
    closed = true;
    Future<?> work = underWay.get();
    if (work != null) {
      work.cancel(true);
    }
    forgetClient();
  }
}
