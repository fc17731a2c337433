package dev.storageapi.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Values as JSON, by Jackson's generator alone: to load its databind would take a third of the
 * start.
 */
public final class Json {

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final Pattern CAPITAL = Pattern.compile("(?=[A-Z])");

  private Json() {}

  /**
   * A record, map, list, text or number as JSON in UTF-8; names of records' parts in snake_case.
   *
   * @throws UncheckedIOException if it has no form in JSON, which is a fault of the program
   */
  public static byte[] bytes(Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** As {@link #bytes}, with a line feed behind it, so that a shell's prompt starts a line. */
  static byte[] line(Object value) {
    byte[] bytes = bytes(value);
    byte[] line = Arrays.copyOf(bytes, bytes.length + 1);
    line[bytes.length] = '\n';
    return line;
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.writeFieldName(entry.getKey().toString());
        write(out, entry.getValue());
      }
      out.writeEndObject();
    } else if (value instanceof Iterable<?> items) {
      out.writeStartArray();
      for (Object item : items) {
        write(out, item);
      }
      out.writeEndArray();
    } else if (value instanceof Record record) {
      out.writeStartObject();
      for (RecordComponent part : record.getClass().getRecordComponents()) {
        out.writeFieldName(
            CAPITAL.matcher(part.getName()).replaceAll("_").toLowerCase(Locale.ROOT));
        write(out, part(record, part));
      }
      out.writeEndObject();
    } else {
      out.writeObject(value);
    }
  }

  private static Object part(Record record, RecordComponent part) throws IOException {
    try {
      part.getAccessor().setAccessible(true); // of a private record
      return part.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    }
  }
}
