package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packaged jar as a process of its own, on a free port of 127.0.0.1, with nothing in its
 * environment but what the test says. Its output is read all the time, and ends with it.
 *
 * <pre>{@code
 * try (ServiceProcess service = ServiceProcess.with(Map.of("LOG_FORMAT", "json")).start()) {
 *   assertThat(service.send("PUT", "/api/buckets/7", "hello").statusCode()).isEqualTo(200);
 *   assertThat(service.scrape().value("storage_objects")).isEqualTo(1);
 *   service.terminate();
 *   assertThat(service.exitCode()).isZero();
 * }
 * }</pre>
 *
 * <p>The access-log line and the counters of a request are written after its last byte, so a test
 * that has its answer waits for them: {@link #awaitRequests}.
 */
public final class ServiceProcess implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(20);
  private static final Duration END = Duration.ofSeconds(40);
  private static final Pattern URL =
      Pattern.compile(" url=\"?http://[^:]+:(\\d+)|\"url\":\"http://[^:]+:(\\d+)");
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private final List<String> errors = new CopyOnWriteArrayList<>();
  private final ReentrantLock reading = new ReentrantLock();
  private final List<Thread> readers;
  private volatile int port;

  /** What to start, and how. */
  public static final class Launch {

    private final Map<String, String> environment = new HashMap<>();
    private final List<String> jvm = new ArrayList<>(List.of("-XX:+UseSerialGC"));
    private final List<String> arguments = new ArrayList<>();
    private String jar;

    private Launch(Map<String, String> environment) {
      this.environment.put("HOST", "127.0.0.1");
      this.environment.put("PORT", "0");
      this.environment.put("DATABASE_URL", "none");
      this.environment.put("MODEL_PATH", "none");
      this.environment.putAll(environment);
    }

    /** Adds options of the JVM. */
    public Launch jvm(String... options) {
      jvm.addAll(List.of(options));
      return this;
    }

    /** Adds arguments of the service. */
    public Launch arguments(String... more) {
      arguments.addAll(List.of(more));
      return this;
    }

    /** Starts it and waits for the line that says where it listens. */
    public ServiceProcess start() {
      ServiceProcess service = launch();
      try {
        await()
            .pollInterval(Duration.ofMillis(5))
            .atMost(START)
            .until(() -> service.port != 0 || !service.process.isAlive());
        if (service.port == 0) {
          service.exitCode();
          throw new AssertionError("it did not start: " + service.errors() + service.lines());
        }
        return service;
      } catch (RuntimeException | Error e) {
        service.close();
        throw e;
      }
    }

    /** Starts it and waits for nothing. */
    public ServiceProcess launch() {
      List<String> command = new ArrayList<>();
      command.add(System.getProperty("java.home") + "/bin/java");
      command.addAll(jvm);
      command.add("-jar");
      command.add(jar == null ? built() : jar);
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().clear();
      builder.environment().putAll(environment);
      try {
        return new ServiceProcess(builder.start());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Starts this jar, and not the one that was built. */
    public Launch jar(Path other) {
      jar = other.toString();
      return this;
    }

    private static String built() {
      String jar = System.getProperty("storageapi.jar");
      if (jar == null || !new File(jar).isFile()) {
        throw new IllegalStateException("storageapi.jar is not set to the packaged jar: " + jar);
      }
      return jar;
    }
  }

  private ServiceProcess(Process process) {
    this.process = process;
    readers =
        List.of(
            new Thread(() -> read(process.getInputStream(), this::line), "stdout"),
            new Thread(() -> read(process.getErrorStream(), this::error), "stderr"));
    readers.forEach(reader -> reader.setDaemon(true));
    readers.forEach(Thread::start);
  }

  /**
   * A service with these settings; HOST, PORT and no database are set unless they are among them.
   */
  public static Launch with(Map<String, String> environment) {
    return new Launch(environment);
  }

  /** As {@link #with}, with a model, the digits unless the settings say so. */
  public static Launch withModel(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(Map.of("MODEL_PATH", "digits"));
    all.put("INFERENCE_NATIVE_DIR", "target/native"); // once for all tests
    all.putAll(settings);
    return new Launch(all);
  }

  /** A service with the default settings, started. */
  public static ServiceProcess start() {
    return with(Map.of()).start();
  }

  private interface Sink {
    void take(String line);
  }

  private static void read(InputStream in, Sink sink) {
    try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        sink.take(line);
      }
    } catch (IOException e) {
      sink.take("the pipe broke: " + e);
    }
  }

  private void line(String line) {
    reading.lock();
    try {
      synchronized (lines) {
        lines.add(line);
      }
      if (port == 0) {
        Matcher url = URL.matcher(line);
        if (url.find()) {
          port = Integer.parseInt(url.group(1) == null ? url.group(2) : url.group(1));
        }
      }
    } finally {
      reading.unlock();
    }
  }

  private void error(String line) {
    errors.add(line);
  }

  /** Leaves standard output unread, so that its pipe fills, until {@link #resumeOutput}. */
  public void pauseOutput() {
    reading.lock();
  }

  /** Reads standard output again; on the thread that paused it. */
  public void resumeOutput() {
    reading.unlock();
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** The lines of standard output so far. */
  public List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** The access-log lines so far: {@code msg="request"} in either format. */
  public List<String> accessLines() {
    return lines().stream()
        .filter(line -> line.contains(" msg=\"request\" ") || line.contains("\"msg\":\"request\","))
        .toList();
  }

  /** Standard error so far. */
  public String errors() {
    return String.join("\n", errors);
  }

  /** Waits until {@code count} access-log lines contain {@code text}, and gives them. */
  public List<String> awaitRequests(int count, String text) {
    await()
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () ->
                assertThat(accessLines())
                    .filteredOn(line -> line.contains(text))
                    .hasSizeGreaterThanOrEqualTo(count));
    return accessLines().stream().filter(line -> line.contains(text)).toList();
  }

  /** Sends a request without a body over a kept connection. */
  public HttpResponse<String> send(String method, String path) {
    return send(HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.noBody()).build());
  }

  /** Sends a request with a body, one byte a character. */
  public HttpResponse<String> send(String method, String path, String body) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .method(method, BodyPublishers.ofString(body, ISO_8859_1))
            .build());
  }

  /** Sends a request; the answer's body has one character for each byte. */
  public HttpResponse<String> send(HttpRequest request) {
    try {
      return CLIENT.send(request, BodyHandlers.ofString(ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What {@code /metrics} says now. */
  public Scrape scrape() {
    HttpResponse<String> answer =
        send(HttpRequest.newBuilder(uri("/metrics")).header("Accept", "text/plain").build());
    return Scrape.of(new String(answer.body().getBytes(ISO_8859_1), UTF_8));
  }

  /** Threads that the system sees. */
  public int threads() {
    return entries("task");
  }

  /** Open file descriptors. */
  public int openFiles() {
    return entries("fd");
  }

  private int entries(String what) {
    try (var entries = Files.list(Path.of("/proc", Long.toString(pid()), what))) {
      return (int) entries.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGTERM. */
  public void terminate() {
    process.toHandle().destroy(); // Process.destroy would close its output unread
  }

  /** SIGKILL. */
  public void kill() {
    process.toHandle().destroyForcibly();
  }

  /** Waits for the end, and for all output that came before it. */
  public int exitCode() {
    try {
      if (!process.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + END);
      }
      for (Thread reader : readers) {
        reader.join(END.toMillis());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the process at once, if it still runs. */
  @Override
  public void close() {
    if (reading.isHeldByCurrentThread()) {
      reading.unlock();
    }
    process.toHandle().destroyForcibly();
    exitCode();
  }
}
