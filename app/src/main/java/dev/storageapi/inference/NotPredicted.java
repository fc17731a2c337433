package dev.storageapi.inference;

import java.util.Locale;

/**
 * A request that gets no prediction, and why: answered {@code {"detail":…}} with the reason's
 * status. The detail never repeats the client's input.
 */
final class NotPredicted extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Why there is no prediction: a closed set, it is a label of {@code
   * model_inference_errors_total}.
   */
  enum Reason {
    /** The body is not multipart/form-data as it should be. */
    MALFORMED_BODY(400),
    /** There is no part of the name that is asked for. */
    NO_FILE(422),
    /** The part does not say that it is an image. */
    NOT_AN_IMAGE(400),
    /** The bytes are no image of a kind that is read, or a broken one. */
    NOT_DECODABLE(400),
    /** More pixels or scans than the limits, or more than fit into the memory for images. */
    TOO_MANY_PIXELS(413),
    /** As many predictions as may be at once are waiting or under way. */
    QUEUE_FULL(503),
    /** No worker came in time. */
    TIMEOUT(503),
    /** There is no model, or it cannot be used. */
    NO_MODEL(503),
    /** The model failed on this input. */
    MODEL_FAILED(500);

    private final int status;

    Reason(int status) {
      this.status = status;
    }

    int status() {
      return status;
    }

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Reason reason;
  private final String because;

  /** No prediction, told to the client as {@code detail}. */
  NotPredicted(Reason reason, String detail) {
    this(reason, detail, "");
  }

  /** The same; {@code because} is for the log. */
  NotPredicted(Reason reason, String detail, String because) {
    super(detail, null, false, false);
    this.reason = reason;
    this.because = because;
  }

  /** What is not for clients. */
  String because() {
    return because;
  }

  Reason reason() {
    return reason;
  }
}
