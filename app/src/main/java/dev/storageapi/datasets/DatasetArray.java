package dev.storageapi.datasets;

import dev.storageapi.database.DatabaseFailure;
import dev.storageapi.http.AnswerBudget;
import dev.storageapi.http.Json;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Datasets as an array of JSON, read from the database piece by piece while they are written: a
 * slow client holds one piece and no connection. Belongs to one answer.
 */
final class DatasetArray implements Response.Stream {

  /** The most rows of one statement: what most pages and lists need one of. */
  private static final int MAX_ROWS = 1000;

  /** What a piece may take: with the buffers less than {@link AnswerBudget#STREAM_BYTES}. */
  private static final long PIECE_BYTES = 128 << 10;

  /** What a dataset takes beside the characters of its name. */
  private static final int DATASET_BYTES = 80;

  private final DatasetStore store;
  private List<Dataset> piece = List.of();
  private int rows = MAX_ROWS;
  private long left;

  /**
   * Reads the first piece.
   *
   * @param after the id behind which it begins
   * @param most how many datasets there may be in it
   * @throws DatabaseFailure if the database does not give them
   */
  DatasetArray(DatasetStore store, long after, long most) {
    this.store = store;
    this.left = most;
    read(after);
  }

  /** Of known length if the first piece is all of it, else a stream. */
  Response response() {
    return left == 0 ? Response.json(200, piece) : Response.stream("application/json", this);
  }

  private void read(long after) {
    int asked = (int) Math.min(rows, left);
    piece = List.of(); // so that there are never two
    List<Dataset> found = store.list(after, asked);
    piece = fitting(found);
    boolean end = found.size() < asked && piece.size() == found.size();
    left = end ? 0 : left - piece.size();
    rows = Math.min(MAX_ROWS, 2 * piece.size()); // where names are long, few would fit again
  }

  /** As many of the first as a piece may hold. */
  private static List<Dataset> fitting(List<Dataset> found) {
    long bytes = 0;
    int count = 0;
    for (Dataset dataset : found) {
      bytes += DATASET_BYTES + 2L * dataset.name().length();
      if (bytes > PIECE_BYTES) {
        return List.copyOf(found.subList(0, count));
      }
      count++;
    }
    return found;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    out.write('[');
    write(out, "");
    while (left > 0) {
      readOn();
      write(out, ",");
    }
    out.write("]\n".getBytes(StandardCharsets.UTF_8));
  }

  private void write(OutputStream out, String before) throws IOException {
    String comma = before;
    for (Dataset dataset : piece) {
      out.write(comma.getBytes(StandardCharsets.UTF_8));
      out.write(Json.bytes(dataset));
      comma = ",";
    }
  }

  /** Too late for another status: a database that is lost on the way cuts the answer. */
  private void readOn() {
    try {
      read(piece.get(piece.size() - 1).id());
    } catch (DatabaseFailure e) {
      if (e.kind() != DatabaseFailure.Kind.UNAVAILABLE) {
        throw e;
      }
      throw new Refusal(503, "the database was lost on the way: " + e.getMessage());
    }
  }
}
