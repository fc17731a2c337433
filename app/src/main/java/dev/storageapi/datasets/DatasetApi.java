package dev.storageapi.datasets;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import dev.storageapi.http.Validation;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * The datasets: {@code /datasets}, {@code /datasets/{id}} and its {@code reticulate}. Answers and
 * errors are those of the original, a FastAPI service: {@code docs/datasets.md}.
 */
public final class DatasetApi {

  /** The longest name, in characters (code points). */
  public static final int MAX_NAME = 255;

  private final DatasetStore store;
  private final Reticulation reticulation;
  private final int maxPage;

  /**
   * The API of {@code store}.
   *
   * @param maxPage the most datasets of a page
   */
  public DatasetApi(DatasetStore store, Reticulation reticulation, int maxPage) {
    this.store = store;
    this.reticulation = reticulation;
    this.maxPage = maxPage;
  }

  /** Adds one: 200, or 422 without an acceptable name. */
  public Response post(Request request) {
    Validation validation = new Validation();
    String name = validation.text("name", request.parameter("name"), MAX_NAME);
    return validation.isFine() ? Response.json(200, store.add(name)) : validation.response();
  }

  /**
   * A page of them if one is asked for, else all: 200, or 422 for a bad {@code limit} or {@code
   * after}.
   */
  public Response list(Request request) {
    Validation validation = new Validation();
    String limit = request.parameter("limit");
    String after = request.parameter("after");
    long page = validation.integer("limit", limit, maxPage, 1, maxPage);
    long first = validation.integer("after", after, 0, 0, Long.MAX_VALUE);
    if (!validation.isFine()) {
      return validation.response();
    }
    boolean all = limit == null && after == null;
    return new DatasetArray(store, first, all ? Long.MAX_VALUE : page).response();
  }

  /** One of them: 200, 404, or 422 where the id is no number. */
  public Response get(Request request) {
    Validation validation = new Validation();
    BigInteger id = id(request, validation);
    return validation.isFine() ? found(id, store::get) : validation.response();
  }

  /** Renames one: 200, 404, or 422. */
  public Response put(Request request) {
    Validation validation = new Validation();
    BigInteger id = id(request, validation);
    String name = validation.text("name", request.parameter("name"), MAX_NAME);
    return validation.isFine()
        ? found(id, known -> store.rename(known, name))
        : validation.response();
  }

  /** Removes one: 204, 404, or 422. */
  public Response delete(Request request) {
    Validation validation = new Validation();
    BigInteger id = id(request, validation);
    if (!validation.isFine()) {
      return validation.response();
    }
    return isKnown(id) && store.delete(id.longValueExact()) ? Response.empty(204) : notFound();
  }

  /**
   * Works hard for a while: 200, 422, or 503 where it cannot begin or has to end. As the original
   * it does not look whether there is such a dataset.
   */
  public Response reticulate(Request request) {
    Validation validation = new Validation();
    BigInteger id = id(request, validation);
    if (!validation.isFine()) {
      return validation.response();
    }
    return switch (reticulation.run()) {
      case COMPLETED -> Response.json(200, new Reticulated("completed", id));
      case CANCELLED -> throw new Refusal(503, "The service is shutting down.");
      case REJECTED ->
          throw new Refusal(
              503,
              "Too many reticulations are running, or there is too little memory for one more.",
              Refusal.Reason.OVERLOAD,
              Map.of("Retry-After", Long.toString(Reticulation.RETRY.toSeconds())));
    };
  }

  private record Reticulated(String status, BigInteger datasetId) {}

  private static BigInteger id(Request request, Validation validation) {
    return validation.integer("dataset_id", request.variable("id"));
  }

  /** Whether there can be such an id: ids of 64 bits count up from 1. */
  private static boolean isKnown(BigInteger id) {
    return id.signum() > 0 && id.bitLength() < Long.SIZE;
  }

  private static Response found(BigInteger id, LongFunction<Optional<Dataset>> look) {
    return Optional.of(id)
        .filter(DatasetApi::isKnown)
        .flatMap(known -> look.apply(known.longValueExact()))
        .map(dataset -> Response.json(200, dataset))
        .orElseGet(DatasetApi::notFound);
  }

  private static Response notFound() {
    return Response.json(404, Map.of("detail", "Dataset not found"));
  }
}
