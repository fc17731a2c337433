package dev.storageapi.operations;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import io.prometheus.metrics.exporter.common.PrometheusHttpExchange;
import io.prometheus.metrics.exporter.common.PrometheusHttpRequest;
import io.prometheus.metrics.exporter.common.PrometheusHttpResponse;
import io.prometheus.metrics.exporter.common.PrometheusScrapeHandler;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code GET /metrics}: Prometheus text, OpenMetrics text or protobuf, by {@code Accept}, and gzip
 * by {@code Accept-Encoding}. The exporter's own handler does the work, over our request and
 * response. {@code name[]} in the query narrows the scrape, as Prometheus clients do.
 */
public final class MetricsApi {

  private final PrometheusScrapeHandler scrapes;

  public MetricsApi(PrometheusRegistry registry) {
    scrapes = new PrometheusScrapeHandler(registry);
  }

  /** A scrape: 200, or 500 where a metric cannot be read. */
  public Response scrape(Request request) {
    Exchange exchange = new Exchange(request);
    try {
      scrapes.handleRequest(exchange);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return exchange.response();
  }

  /** One scrape, as the exporter wants to see it. */
  private static final class Exchange
      implements PrometheusHttpExchange, PrometheusHttpRequest, PrometheusHttpResponse {

    private final Request request;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(32 * 1024);
    private int status;

    Exchange(Request request) {
      this.request = request;
    }

    Response response() {
      Response response =
          Response.bytes(status, headers.remove("Content-Type"), body.toByteArray());
      for (Map.Entry<String, String> header : headers.entrySet()) {
        response = response.with(header.getKey(), header.getValue());
      }
      return response.with("Vary", "Accept, Accept-Encoding");
    }

    @Override
    public PrometheusHttpRequest getRequest() {
      return this;
    }

    @Override
    public PrometheusHttpResponse getResponse() {
      return this;
    }

    @Override
    public String getQueryString() {
      return request.query();
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return Collections.enumeration(request.headers().getOrDefault(name, List.of()));
    }

    @Override
    public String getMethod() {
      return "GET"; // of a HEAD the adapter leaves out the body
    }

    @Override
    public String getRequestPath() {
      return "/metrics";
    }

    @Override
    public void setHeader(String name, String value) {
      headers.put(name, value);
    }

    @Override
    public OutputStream sendHeadersAndGetBody(int code, int contentLength) {
      status = code;
      return body;
    }

    @Override
    public void handleException(IOException e) {
      throw new UncheckedIOException(e);
    }

    @Override
    public void handleException(RuntimeException e) {
      throw e;
    }

    @Override
    public void close() {}
  }
}
