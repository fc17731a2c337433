package dev.storageapi.bench;

import com.sun.net.httpserver.HttpExchange;
import dev.storageapi.BareDatabase;
import dev.storageapi.bench.Statements.Row;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;

/**
 * The JDK's server with one handler that answers what the service answers to {@code GET
 * /datasets/500} and to {@code GET /datasets?limit=1000}, by JDBC alone and JSON put together by
 * hand: what is left of the service without its own code. {@code DATABASE_URL} names the database.
 *
 * <pre>{@code
 * java -cp 'bench/target/classes:bench/target/lib/*' dev.storageapi.bench.BareDatasets 5001 virtual
 * }</pre>
 */
public final class BareDatasets {

  private final Statements statements;

  private BareDatasets(Statements statements) {
    this.statements = statements;
  }

  /** Listens on the port given first; the second argument is {@code pool} or {@code virtual}. */
  public static void main(String[] arguments) throws Exception {
    BareDatasets datasets = new BareDatasets(new Statements(BareDatabase.open().dataSource()));
    BareServer.start(
        Integer.parseInt(arguments[0]), arguments[1].equals("virtual"), datasets::answer);
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = body(exchange.getRequestURI().getPath()).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private String body(String path) throws IOException {
    try {
      StringBuilder json = new StringBuilder();
      if (path.equals("/datasets")) {
        append(json, statements.list(1000));
      } else {
        append(json, statements.get(Long.parseLong(path.substring("/datasets/".length()))));
      }
      return json.append('\n').toString();
    } catch (SQLException e) {
      throw new IOException(e);
    }
  }

  private static void append(StringBuilder json, List<Row> rows) {
    String before = "[";
    for (Row row : rows) {
      append(json.append(before), row);
      before = ",";
    }
    json.append(']');
  }

  /** Names of the benchmark need no escapes. */
  private static void append(StringBuilder json, Row row) {
    json.append("{\"id\":")
        .append(row.id())
        .append(",\"name\":\"")
        .append(row.name())
        .append("\"}");
  }
}
