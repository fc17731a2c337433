package dev.storageapi.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Values as JSON, by Jackson's generator alone: to load its databind would take a third of the
 * start, so it waits until there is JSON to read.
 */
public final class Json {

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final Pattern CAPITAL = Pattern.compile("(?=[A-Z])");

  /** What a class of records consists of, looked at once. */
  private static final ClassValue<List<Part>> PARTS =
      new ClassValue<>() {
        @Override
        protected List<Part> computeValue(Class<?> type) {
          return Stream.of(type.getRecordComponents()).map(Part::of).toList();
        }
      };

  private Json() {}

  /** A part of a record, and its name in snake_case. */
  private record Part(SerializableString name, Function<Object, Object> accessor) {

    static Part of(RecordComponent part) {
      String name = CAPITAL.matcher(part.getName()).replaceAll("_").toLowerCase(Locale.ROOT);
      return new Part(new SerializedString(name), accessor(part));
    }

    /** What the compiler makes of {@code Dataset::name}: a list calls it some thousand times. */
    @SuppressWarnings("unchecked")
    private static Function<Object, Object> accessor(RecordComponent part) {
      Class<?> type = part.getDeclaringRecord();
      try {
        MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
        MethodHandle get = lookup.unreflect(part.getAccessor());
        return (Function<Object, Object>)
            LambdaMetafactory.metafactory(
                    lookup,
                    "apply",
                    MethodType.methodType(Function.class),
                    MethodType.methodType(Object.class, Object.class),
                    get,
                    get.type().wrap())
                .getTarget()
                .invoke();
      } catch (Throwable e) {
        throw new IllegalStateException(part.toString(), e);
      }
    }
  }

  /** JSON that is written as it is: the text must be well-formed. */
  public record Raw(String text) {}

  /** Loaded with the first JSON that is read. */
  private static final class Reader {

    private static final int MAX_DEPTH = 100;

    /** Numbers exactly as they came; nothing twice, nothing behind the end. */
    private static final JsonMapper MAPPER =
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(
                        StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();
  }

  /**
   * Reads a whole document of JSON (RFC 8259) in UTF-8: at most 100 levels deep, numbers of at most
   * 1000 digits and with an exponent of 32 bits, no name twice in an object.
   *
   * @throws IllegalArgumentException if it is none, or beyond these limits; the message does not
   *     repeat the input
   */
  public static JsonNode read(byte[] json) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)); // Jackson is not as strict
      JsonNode node = Reader.MAPPER.readTree(json);
      if (node.isMissingNode()) {
        throw new IllegalArgumentException("nothing where JSON should be");
      }
      return node;
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : " at byte " + e.getLocation().getByteOffset();
      throw new IllegalArgumentException("not acceptable JSON" + where, e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not acceptable JSON: not UTF-8", e);
    } catch (NumberFormatException e) { // an exponent beyond 32 bits; the message repeats it
      throw new IllegalArgumentException("not acceptable JSON: a number beyond all measure");
    } catch (IOException e) {
      throw new UncheckedIOException(e); // of an array
    }
  }

  /**
   * A record, map, list, text or number as JSON in UTF-8; names of records' parts in snake_case.
   *
   * @throws UncheckedIOException if it has no form in JSON, which is a fault of the program
   */
  public static byte[] bytes(Object value) {
    return written(value).toByteArray();
  }

  /** As {@link #bytes}, with a line feed behind it, so that a shell's prompt starts a line. */
  static byte[] line(Object value) {
    ByteArrayBuilder bytes = written(value);
    bytes.append('\n');
    return bytes.toByteArray();
  }

  private static ByteArrayBuilder written(Object value) {
    ByteArrayBuilder bytes = new ByteArrayBuilder(256);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    if (value instanceof String text) {
      out.writeString(text);
    } else if (value instanceof Long number) {
      out.writeNumber(number);
    } else if (value instanceof Raw raw) {
      out.writeRawValue(raw.text());
    } else if (value instanceof Record record) {
      out.writeStartObject();
      for (Part part : PARTS.get(record.getClass())) {
        out.writeFieldName(part.name());
        write(out, part.accessor().apply(record));
      }
      out.writeEndObject();
    } else if (value instanceof Map<?, ?> map) {
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
    } else {
      out.writeObject(value);
    }
  }
}
