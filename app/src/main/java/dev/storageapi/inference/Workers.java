package dev.storageapi.inference;

import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Origin;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * Threads that run models, with a queue in front of them. How long the queue can become is the
 * business of who calls: each caller waits for its answer, so it is as long as there are callers.
 */
final class Workers implements AutoCloseable {

  /** How long the end waits for runs that are under way. */
  private static final Duration END = Duration.ofSeconds(2);

  private static final Duration STEP = Duration.ofMillis(20);

  private static final String ENDING = "The service is shutting down.";

  /** What the model says of one image. */
  static final class Output {

    private final float[] probabilities;
    private final double seconds;

    private Output(float[] probabilities, double seconds) {
      this.probabilities = probabilities;
      this.seconds = seconds;
    }

    /** One for each class. */
    float[] probabilities() {
      return probabilities;
    }

    /** The time of the run that it was in. */
    double seconds() {
      return seconds;
    }
  }

  /**
   * One that waits. Whoever claims it first, a worker or who gives up, has it, and must complete
   * it: who waits for a worker's does so without end.
   */
  private static final class Job {

    private final OnnxModel model;
    private final float[] tensor;
    private final Origin origin = Origin.here();
    private final ActiveSpan queued;
    private final CompletableFuture<Output> output = new CompletableFuture<>();
    private final AtomicBoolean claimed = new AtomicBoolean();

    Job(OnnxModel model, float[] tensor, Spans spans) {
      this.model = model;
      this.tensor = tensor;
      this.queued = spans.detached("queue", origin);
    }

    boolean claim() {
      return claimed.compareAndSet(false, true);
    }

    /** Unless a worker has it, which it tells. */
    boolean refuse(String detail) {
      boolean refused = claim();
      if (refused) {
        output.completeExceptionally(new NotPredicted(NotPredicted.Reason.TIMEOUT, detail));
      }
      return refused;
    }
  }

  private final int maxBatch;
  private final Duration batchWait;
  private final Duration timeout;
  private final Spans spans;
  private final BlockingQueue<Job> queue = new LinkedBlockingQueue<>();
  private final List<Thread> threads;
  private final DistributionDataPoint waits;
  private final DistributionDataPoint runs;
  private final List<OnnxModel> running = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /**
   * Workers whose runs are those of the model called {@code name} in the metrics.
   *
   * @param maxBatch the most images of one run, of those that wait for the same model
   * @param batchWait how long the first of a batch waits for more
   * @param timeout how long one may wait for its turn
   */
  Workers(
      int threads,
      int maxBatch,
      Duration batchWait,
      Duration timeout,
      String name,
      Metrics metrics,
      Spans spans) {
    this.maxBatch = maxBatch;
    this.batchWait = batchWait;
    this.timeout = timeout;
    this.spans = spans;
    waits = metrics.classicHistogram(Metric.INFERENCE_QUEUE_DURATION);
    runs = metrics.nativeHistogram(Metric.MODEL_INFERENCE_DURATION).labelValues(name);
    metrics.gauge(Metric.INFERENCE_QUEUE_SIZE, queue::size);
    this.threads = IntStream.rangeClosed(1, threads).mapToObj(this::thread).toList();
  }

  private Thread thread(int number) {
    Thread thread = new Thread(this::work, "inference-" + number);
    thread.setDaemon(true);
    return thread;
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** How many wait. */
  int waiting() {
    return queue.size();
  }

  /**
   * Has the model run on one image, and waits for it: at most the timeout for a worker, then as
   * long as the run takes. When this returns no worker uses the model for it any more.
   *
   * @throws NotPredicted if no worker came in time, or the model failed
   */
  Output predict(OnnxModel model, float[] tensor) {
    Job job = new Job(model, tensor, spans);
    queue.add(job);
    if (closed) {
      giveUp(job, ENDING); // it may have come too late for close()
    }
    try {
      awaitWorker(job);
      // Not to be interrupted: who goes lets the model be closed, under a run that goes on.
      return job.output.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof NotPredicted failure) {
        throw failure;
      }
      if (e.getCause() instanceof OutOfMemoryError ended) {
        throw ended; // as anywhere else, it is the end of the process
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Comes back when it is complete, or a worker has it. */
  private void awaitWorker(Job job) {
    try {
      job.output.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      // it is complete: who joins gets it as well
    } catch (TimeoutException e) {
      giveUp(job, "The model is busy. Try again in a moment.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      giveUp(job, ENDING);
    }
  }

  private void giveUp(Job job, String detail) {
    if (job.refuse(detail)) {
      observeWait(job);
    }
    queue.remove(job);
  }

  private void observeWait(Job job) {
    try (ActiveSpan queued = job.queued) {
      queued.observe(waits);
    }
  }

  private void work() {
    Scratch scratch = new Scratch();
    List<Job> batch = new ArrayList<>();
    Job next = null;
    try {
      while (next != null || !closed) {
        Job first = next == null ? queue.take() : next;
        next = gather(first, batch);
        if (!batch.isEmpty()) {
          run(first.model, batch, scratch);
          batch.clear();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Adds it, and others of its model that wait; returns one of another model that was met. */
  private Job gather(Job first, List<Job> batch) {
    int most = Math.min(maxBatch, first.model.mostImages());
    long end = System.nanoTime() + batchWait.toNanos();
    Job job = first;
    while (job != null && job.model == first.model) {
      if (job.claim()) {
        observeWait(job);
        batch.add(job);
      }
      if (batch.size() >= most) {
        return null;
      }
      job = most == 1 ? null : nextBefore(end);
    }
    return job;
  }

  private Job nextBefore(long end) {
    try {
      return queue.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed: what has been claimed is still run
      return null;
    }
  }

  private void run(OnnxModel model, List<Job> batch, Scratch scratch) {
    List<ActiveSpan> inferring = new ArrayList<>();
    running.add(model);
    try {
      batch.forEach(job -> inferring.add(infer(job, batch.size())));
      float[][] outputs = model.run(batch.stream().map(job -> job.tensor).toList(), scratch);
      double seconds = observe(inferring);
      inferring.forEach(ActiveSpan::close); // before who waits ends the span around them
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).output.complete(new Output(outputs[i], seconds));
      }
    } catch (UnusableModel e) {
      inferring.forEach(span -> span.failed(e.getClass().getName(), e.getMessage()));
      inferring.forEach(ActiveSpan::close);
      if (batch.size() > 1) { // one of them may be to blame, and the others are not to suffer
        batch.forEach(job -> run(model, List.of(job), scratch));
      } else {
        batch.get(0).output.completeExceptionally(failure(e));
      }
    } catch (RuntimeException | Error e) {
      inferring.forEach(span -> span.failed(e.getClass().getName(), null));
      inferring.forEach(ActiveSpan::close);
      batch.forEach(job -> job.output.completeExceptionally(e));
    } finally {
      running.remove(model); // once, of perhaps several
    }
  }

  /** One run is one observation: by the first image that is traced, if there is one. */
  private double observe(List<ActiveSpan> inferring) {
    ActiveSpan one =
        inferring.stream().filter(ActiveSpan::isRecording).findFirst().orElse(inferring.get(0));
    one.observe(runs);
    return one.stop() / 1e9;
  }

  private ActiveSpan infer(Job job, int images) {
    return spans.detached("infer", job.origin).set("batch.size", images);
  }

  private static NotPredicted failure(UnusableModel e) {
    return new NotPredicted(
        NotPredicted.Reason.MODEL_FAILED, "The model failed on this image.", e.getMessage());
  }

  /**
   * Who waits for a worker is refused; a run that is under way is ended before its next step. Waits
   * for that, up to {@link #END}: a process that ends under a run may crash.
   */
  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
    for (Job job = queue.poll(); job != null; job = queue.poll()) {
      giveUp(job, ENDING);
    }
    long end = System.nanoTime() + END.toNanos();
    try {
      for (Thread thread : threads) {
        while (thread.isAlive() && System.nanoTime() < end) {
          List.copyOf(running).forEach(OnnxModel::terminate); // one may have just begun
          thread.join(STEP.toMillis());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
