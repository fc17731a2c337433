package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the command {@code traffic} may send. */
class TrafficConfigTest {

  private static TrafficConfig of(String url) {
    return Config.from(Map.of("TRAFFIC_URL", url), "traffic").traffic();
  }

  @Test
  void nothingNeedsToBeSet() {
    TrafficConfig config = Config.from(Map.of(), "traffic").traffic();

    assertThat(config.origin()).isEqualTo("http://localhost:5000");
    assertThat(config.rate()).isEqualTo(20);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://storage-api:5000/", "https://storage.docker.localhost", "http://[::1]:80"})
  void aURLOfAHostIsTaken(String url) {
    assertThat(of(url).origin()).isEqualTo(url.replaceAll("/$", ""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://storage_api:5000     | its host has a _ in its name",
        "https://a.storage_api       | its host has a _ in its name",
        "localhost:5000              | it begins neither with http:// nor with https://",
        "storage-api                 | it begins neither with http:// nor with https://",
        "ftp://storage-api           | it begins neither with http:// nor with https://",
        "http:///                    | it has no host",
        "http:x                      | it has no host",
        "http://storage api          | it is no URL",
        "http://storage-api:0        | its port is none",
        "http://storage-api:65536    | its port is none",
        "http://user:secret@host     | it has more than a scheme, a host and a port",
        "http://storage-api/path     | it has more than a scheme, a host and a port",
        "http://storage-api?secret   | it has more than a scheme, a host and a port",
        "http://storage-api#secret   | it has more than a scheme, a host and a port"
      })
  void anyOtherStopsTheStartWithItsReason(String url, String reason) {
    assertThatThrownBy(() -> of(url))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageStartingWith("TRAFFIC_URL is not valid: " + reason)
        .hasMessageNotContaining("secret");
  }

  @Test
  void itIsOfNoConcernToOtherCommands() {
    assertThat(Config.from(Map.of("TRAFFIC_URL", "http://a_b")).port()).isEqualTo(5000);
  }
}
