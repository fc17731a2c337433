package dev.storageapi.testing;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A span as it came to a {@link TraceBackend}.
 *
 * @param span of the protocol
 * @param resource the attributes of who sent it
 */
public record ReceivedSpan(Span span, Map<String, Object> resource) {

  private static final long TICK = 1000;

  static ReceivedSpan of(Span span, List<KeyValue> resource) {
    return new ReceivedSpan(span, values(resource));
  }

  private static Map<String, Object> values(List<KeyValue> pairs) {
    return pairs.stream().collect(Collectors.toMap(KeyValue::getKey, p -> value(p.getValue())));
  }

  private static Object value(AnyValue any) {
    return switch (any.getValueCase()) {
      case STRING_VALUE -> any.getStringValue();
      case INT_VALUE -> any.getIntValue();
      case BOOL_VALUE -> any.getBoolValue();
      case DOUBLE_VALUE -> any.getDoubleValue();
      default -> any.toString();
    };
  }

  private static String hex(ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  public String name() {
    return span.getName();
  }

  public Span.SpanKind kind() {
    return span.getKind();
  }

  public String traceId() {
    return hex(span.getTraceId());
  }

  public String id() {
    return hex(span.getSpanId());
  }

  /** The id of the span around it; empty for the root of a trace. */
  public String parentId() {
    return hex(span.getParentSpanId());
  }

  /** The ids of the spans that it points to. */
  public List<String> links() {
    return span.getLinksList().stream().map(link -> hex(link.getSpanId())).toList();
  }

  /** Its attributes: text is a String, a whole number a Long. */
  public Map<String, Object> attributes() {
    return values(span.getAttributesList());
  }

  /** An attribute, or null. */
  public Object attribute(String name) {
    return attributes().get(name);
  }

  /** The names of what happened in it, in that order. */
  public List<String> events() {
    return span.getEventsList().stream().map(Span.Event::getName).toList();
  }

  /** The attributes of the only event of that name. */
  public Map<String, Object> event(String name) {
    List<Span.Event> found =
        span.getEventsList().stream().filter(event -> event.getName().equals(name)).toList();
    if (found.size() != 1) {
      throw new AssertionError(name + " in " + events());
    }
    return values(found.get(0).getAttributesList());
  }

  public boolean isError() {
    return span.getStatus().getCode() == StatusCode.STATUS_CODE_ERROR;
  }

  /** How long it took. */
  public long nanos() {
    return span.getEndTimeUnixNano() - span.getStartTimeUnixNano();
  }

  /** Whether it lies within another one, but for a microsecond, in which some clocks tick. */
  public boolean within(ReceivedSpan other) {
    return span.getStartTimeUnixNano() >= other.span.getStartTimeUnixNano() - TICK
        && span.getEndTimeUnixNano() <= other.span.getEndTimeUnixNano() + TICK;
  }
}
