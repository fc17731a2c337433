package dev.storageapi.inference;

import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model that serves now: loaded beside the start, and loaded anew on demand. A newer one takes
 * the place only when it has been tried, and requests that are under way end with the older one.
 */
public final class Models implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Models.class);

  /** Runs before it serves: the first ones take memory and find their way. */
  private static final int WARM_UPS = 3;

  private final ModelSettings settings;
  private final Spans spans;
  private final ReentrantLock loading = new ReentrantLock();
  private SharedModel current;
  private boolean closed;
  private volatile State state;
  private volatile double loadSeconds = Double.NaN;
  private volatile double memoryBytes = Double.NaN;

  /**
   * How the model is.
   *
   * @param loaded whether it can be asked
   * @param reason what is missing, or what is there, in a few words for people
   * @param classes how many it tells apart; 0 before one was loaded
   */
  public record State(boolean loaded, String reason, int classes) {}

  /** One of these settings; nothing is loaded before {@link #start}. */
  public Models(ModelSettings settings, Metrics metrics, Spans spans) {
    this.settings = settings;
    this.spans = spans;
    state = new State(false, "the model is being loaded", 0);
    metrics.gauges(Metric.MODEL_LOADED).add(name(), () -> state.loaded() ? 1 : 0);
    metrics.gauges(Metric.MODEL_LOAD_DURATION).add(name(), () -> loadSeconds);
    metrics.gauges(Metric.MODEL_MEMORY).add(name(), () -> memoryBytes);
  }

  /** What answers and metrics call it. */
  public String name() {
    return settings.name();
  }

  public State state() {
    return state;
  }

  /** Loads it, on a thread of its own. */
  public void start() {
    Thread loader = new Thread(this::tryReload, "model-loader");
    loader.setDaemon(true);
    loader.start();
  }

  /** What became of a reload. */
  enum Reloaded {
    DONE,
    FAILED,
    /** Another one is under way. */
    BUSY
  }

  /**
   * Loads it from its file and tries it; then it serves. If that fails, the one before goes on, and
   * {@link #state} tells why.
   */
  Reloaded tryReload() {
    if (!loading.tryLock()) {
      return Reloaded.BUSY;
    }
    try (ActiveSpan span = spans.start("model load")) {
      span.set("model", name());
      return reload(span);
    } finally {
      loading.unlock();
    }
  }

  private Reloaded reload(ActiveSpan span) {
    try {
      serve(load(span));
      span.event("model.serving");
      return Reloaded.DONE;
    } catch (UnusableModel e) {
      span.failed(e.getClass().getName(), e.getMessage());
      failed(e.getMessage(), null);
    } catch (LinkageError | RuntimeException e) { // their messages have paths; the log has them
      span.failed(e.getClass().getName(), null);
      failed("ONNX Runtime cannot be used: " + e.getClass().getSimpleName(), e);
    }
    return Reloaded.FAILED;
  }

  private OnnxModel load(ActiveSpan span) throws UnusableModel {
    long start = System.nanoTime();
    double before = ResidentMemory.bytes();
    NativeLibrary.unpackTo(settings.nativeDirectory()); // without the jar this ends here
    OnnxModel model = OnnxModel.load(settings);
    span.event("model.loaded");
    try {
      float[] tensor = model.input().tensor(WarmUp.picture());
      Scratch scratch = new Scratch();
      for (int i = 0; i < WARM_UPS; i++) {
        model.run(List.of(tensor), scratch);
      }
    } catch (UnusableModel | RuntimeException e) {
      model.close();
      throw e;
    }
    span.event("model.warmed_up");
    memoryBytes = Math.max(0, ResidentMemory.bytes() - before);
    loadSeconds = (System.nanoTime() - start) / 1e9;
    return model;
  }

  private void serve(OnnxModel model) {
    SharedModel old = replace(new SharedModel(model));
    if (old != null) {
      old.release(); // without the lock: no request waits while memory is freed
    }
  }

  /** Returns the one that no longer serves: the one before, or this one after the end. */
  private synchronized SharedModel replace(SharedModel next) {
    if (closed) {
      return next;
    }
    SharedModel old = current;
    current = next;
    OnnxModel model = next.model();
    int classes = model.labels().size();
    state =
        new State(true, "the model " + name() + " tells " + classes + " classes apart", classes);
    log.atInfo()
        .addKeyValue("model", name())
        .addKeyValue("classes", classes)
        .addKeyValue("input", model.input().toString())
        .addKeyValue("seconds", Math.round(loadSeconds * 1000) / 1000.0)
        .log("the model is loaded");
    return old;
  }

  private synchronized void failed(String reason, Throwable cause) {
    log.atWarn()
        .addKeyValue("model", name())
        .addKeyValue("path", settings.file().map(Object::toString).orElse(""))
        .setCause(cause)
        .log("the model is not loaded: " + reason);
    State before = state;
    state =
        before.loaded()
            ? new State(true, "the model before serves on: " + reason, before.classes())
            : new State(false, reason, 0);
  }

  /**
   * The model to use now, to be {@link SharedModel#release released}.
   *
   * @throws NotPredicted if there is none
   */
  synchronized SharedModel acquire() {
    if (current == null) {
      throw new NotPredicted(
          NotPredicted.Reason.NO_MODEL, "There is no model to ask: " + state.reason() + ".");
    }
    current.acquire();
    return current;
  }

  /** No request finds it any more; it is closed when the last one has ended. */
  @Override
  public synchronized void close() {
    closed = true;
    state = new State(false, "the service is shutting down", 0);
    if (current != null) {
      current.release();
      current = null;
    }
  }
}
