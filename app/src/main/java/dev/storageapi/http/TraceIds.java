package dev.storageapi.http;

/**
 * Which trace and span a request belongs to, in hexadecimal; empty where there is none.
 *
 * @param traceId 32 digits, or empty
 * @param spanId 16 digits, or empty
 * @param response what the answer says of it, as {@code traceresponse}, or empty
 */
public record TraceIds(String traceId, String spanId, String response) {

  /** Of a request outside every trace. */
  public static final TraceIds NONE = new TraceIds("", "", "");
}
