package dev.storageapi.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.storageapi.testing.RawClient;
import dev.storageapi.testing.ServiceProcess;
import org.junit.jupiter.api.Test;

/** The harness itself: a service starts, answers, is watched and ends. */
final class StartIT {

  @Test
  void aServiceStartsAnswersAndEnds() {
    try (ServiceProcess service = ServiceProcess.start();
        RawClient client = RawClient.connect(service.port())) {
      client.write("PUT /api/buckets/7 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(service.send("GET", "/api/buckets/7").body()).isEqualTo("hello");
      assertThat(service.awaitRequests(2, "/api/buckets/7")).hasSize(2);
      assertThat(service.scrape().value("storage_objects")).isEqualTo(1);
      assertThat(
              service
                  .scrape()
                  .value(
                      "http_requests_total",
                      "path",
                      "/api/buckets/{id}",
                      "method",
                      "PUT",
                      "status",
                      "200"))
          .isEqualTo(1);
      service.terminate();
      assertThat(service.exitCode()).isZero();
      assertThat(service.errors()).isEmpty();
    }
  }
}
