package dev.storageapi.inference;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Validation;
import dev.storageapi.inference.NotPredicted.Reason;
import dev.storageapi.telemetry.ActiveSpan;
import dev.storageapi.telemetry.Metric;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /predict}: what an image shows, by the model that serves. {@code docs/inference.md}.
 */
public final class PredictApi implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PredictApi.class);

  private static final String FIELD = "file";
  private static final int TOP = 5;

  /** As often a file is copied at most while it is decoded. */
  private static final long COPIES = 4;

  /**
   * What bounds a request and all of them together.
   *
   * @param concurrent predictions at once, waiting or under way; one more is refused
   * @param workers threads that run the model
   * @param maxBatch the most images of one run
   * @param batchWait how long the first of a batch waits for more
   * @param timeout how long one may wait for its turn
   * @param maxParts of a multipart body
   * @param maxPartHeaderBytes of one part
   * @param maxPixels of an image
   * @param memoryBytes of the heap, for all images that are decoded or wait
   */
  public record Limits(
      int concurrent,
      int workers,
      int maxBatch,
      Duration batchWait,
      Duration timeout,
      int maxParts,
      int maxPartHeaderBytes,
      long maxPixels,
      long memoryBytes) {}

  private record Prediction(int classId, String className, BigDecimal confidence) {}

  private record Answer(
      String requestId,
      String modelName,
      Prediction prediction,
      List<Prediction> top5,
      BigDecimal inferenceTimeMs) {}

  private final Models models;
  private final Limits limits;
  private final Spans spans;
  private final Workers workers;
  private final Semaphore places;
  private final Semaphore decoders;
  private final HeapBudget heap;
  private final Predictions predictions;
  private final DistributionDataPoint sizes;
  private final Counter errors;

  /** The API of the model that {@code models} has. */
  public PredictApi(
      Models models, Limits limits, int maxClassLabels, Metrics metrics, Spans spans) {
    this.models = models;
    this.spans = spans;
    this.limits = limits;
    workers =
        new Workers(
            limits.workers(),
            limits.maxBatch(),
            limits.batchWait(),
            limits.timeout(),
            models.name(),
            metrics,
            spans);
    places = new Semaphore(limits.concurrent());
    decoders = new Semaphore(limits.workers());
    heap = new HeapBudget(limits.memoryBytes(), limits.timeout());
    predictions = new Predictions(models.name(), maxClassLabels, metrics);
    sizes = metrics.classicHistogram(Metric.IMAGE_SIZE);
    errors = metrics.counter(Metric.MODEL_INFERENCE_ERRORS);
    for (Reason reason : Reason.values()) {
      errors.initLabelValues(models.name(), reason.label());
    }
  }

  /** Begins to work. */
  public void start() {
    workers.start();
  }

  /** 200 with the classes that it may be; 400, 413, 422, 500 or 503 as {@link Reason} has it. */
  public Response predict(Request request) {
    try {
      Multipart.Part file = file(request);
      return Response.json(200, admitted(request, file));
    } catch (NotPredicted e) {
      if (e.reason() == Reason.MODEL_FAILED) {
        log.warn("no prediction: {}", e.because());
      }
      errors.labelValues(models.name(), e.reason().label()).inc();
      request.note("reason", e.reason().label());
      return refused(e);
    }
  }

  private static Response refused(NotPredicted e) {
    return switch (e.reason()) {
      case NO_FILE -> Validation.missingInBody(FIELD);
      case QUEUE_FULL, TIMEOUT ->
          throw new Refusal(
              e.reason().status(),
              e.getMessage(),
              Refusal.Reason.OVERLOAD,
              Map.of("Retry-After", "1"));
      case NO_MODEL -> detail(e).with("Retry-After", "5");
      default -> detail(e);
    };
  }

  private static Response detail(NotPredicted e) {
    return Response.json(e.reason().status(), Map.of("detail", e.getMessage()));
  }

  private Multipart.Part file(Request request) {
    Multipart.Part file = part(request);
    if (file.contentType() == null || !file.contentType().startsWith("image/")) {
      throw new NotPredicted(
          Reason.NOT_AN_IMAGE, "The file must be an image, by its Content-Type.");
    }
    sizes.observe(file.length());
    return file;
  }

  private Multipart.Part part(Request request) {
    try (ActiveSpan span = spans.step("parse")) {
      span.set("http.request.body.size", request.body().length);
      return Multipart.find(
              request.header("Content-Type"),
              request.body(),
              FIELD,
              limits.maxParts(),
              limits.maxPartHeaderBytes())
          .orElseThrow(() -> new NotPredicted(Reason.NO_FILE, "There is no file."));
    }
  }

  private Answer admitted(Request request, Multipart.Part file) {
    SharedModel shared = models.acquire();
    try {
      if (!places.tryAcquire()) {
        throw new NotPredicted(
            Reason.QUEUE_FULL, "Too many images are waiting. Try again in a moment.");
      }
      try (HeapBudget.Lease lease = heap.new Lease()) {
        OnnxModel model = shared.model();
        float[] tensor = tensor(model.input(), file, request.body(), lease);
        request.releaseBody(); // what waits for a worker is the tensor alone
        lease.keep(model.input().bytes());
        return answer(request, model, workers.predict(model, tensor));
      } finally {
        places.release();
      }
    } finally {
      shared.release();
    }
  }

  /** Only so many at once: what is decoded is on the heap, and more would not be quicker. */
  private float[] tensor(
      InputFormat input, Multipart.Part file, byte[] body, HeapBudget.Lease lease) {
    acquireDecoder();
    try (ActiveSpan span = spans.step("decode")) {
      span.set("image.bytes", file.length());
      long others = COPIES * file.length() + input.bytes();
      Picture.Limits most =
          new Picture.Limits(
              limits.maxPixels(), input.side(), pixels -> lease.take(pixels + others));
      return input.tensor(Picture.decode(body, file.offset(), file.length(), most));
    } finally {
      decoders.release();
    }
  }

  private void acquireDecoder() {
    try {
      if (decoders.tryAcquire(limits.timeout().toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new NotPredicted(
        Reason.TIMEOUT, "Too many images are being read. Try again in a moment.");
  }

  private Answer answer(Request request, OnnxModel model, Workers.Output output) {
    float[] probabilities = output.probabilities();
    List<Prediction> top =
        IntStream.range(0, probabilities.length)
            .boxed()
            .sorted((a, b) -> Float.compare(probabilities[b], probabilities[a]))
            .limit(TOP)
            .map(i -> new Prediction(i, model.labels().get(i), rounded(probabilities[i], 6)))
            .toList();
    Prediction best = top.get(0);
    predictions.count(best.classId(), best.className(), best.confidence().doubleValue());
    request.note("model_name", models.name());
    request.note("prediction_class", best.className());
    request.note("confidence", best.confidence());
    return new Answer(request.id(), models.name(), best, top, rounded(output.seconds() * 1000, 3));
  }

  private static BigDecimal rounded(double number, int digits) {
    BigDecimal shortened =
        BigDecimal.valueOf(number).setScale(digits, RoundingMode.HALF_UP).stripTrailingZeros();
    return shortened.scale() < 0 ? shortened.setScale(0) : shortened; // 10, not 1E+1
  }

  /** How many wait for a worker. */
  public int waiting() {
    return workers.waiting();
  }

  /** What the live page shows. */
  public Predictions predictions() {
    return predictions;
  }

  @Override
  public void close() {
    workers.close();
  }
}
