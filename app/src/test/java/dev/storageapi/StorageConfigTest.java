package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings of a shared store, and secrets in files. */
class StorageConfigTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "redis://host | redis://host:6379",
        "redis://host:7000/3 | redis://host:7000 database 3",
        "rediss://user:p%40ss@host | rediss://host:6379",
        "redis://:secret@[::1]:6380 | redis://[::1]:6380",
        "redis-cluster://one:7000,two | redis-cluster://one:7000,two:6379",
        "rediss-cluster://one | rediss-cluster://one:6379",
        "redis-sentinel://one,two:7000/main?db=2 | redis-sentinel://one:26379,two:7000/main database 2"
      })
  void aSharedStoresUrlIsReadAndShownWithoutItsPassword(String url, String shown) {
    Config config = Config.from(Map.of("STORAGE_URL", url));

    assertThat(config.storage().url().orElseThrow()).hasToString(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "memory",
        "redis:",
        "redis://",
        "http://host",
        "redis://host:0",
        "redis://host:70000",
        "redis://host/name",
        "redis://host/1/2",
        "redis://host/1?2",
        "redis://host?1",
        "redis-cluster://host?0",
        "redis-cluster://host/0",
        "redis-sentinel://host/main?1",
        "redis-sentinel://host/main?db=",
        "redis://one,two",
        "redis://ho st",
        "redis://secret@host",
        "redis-cluster://host/1",
        "redis-sentinel://host",
        "redis-sentinel://host/main?db=x",
        "redis-sentinel://host/ma in",
        "redis://user:se@cret@host",
        "redis://user:%zzsecret@host"
      })
  void aUrlOfNoStoreIsAProblemWithoutItsPassword(String url) {
    assertThatThrownBy(() -> Config.from(Map.of("STORAGE_URL", url)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContaining("STORAGE_URL is not valid")
        .hasMessageNotContaining("cret");
  }

  @Test
  void credentialsOfASharedStoreAreDecodedInItsUrlOnly() {
    Config url = Config.from(Map.of("STORAGE_URL", "redis://me:p%40s+s@host"));
    Config apart =
        Config.from(
            Map.of(
                "STORAGE_URL", "redis://other:word@host",
                "STORAGE_USER", "me",
                "STORAGE_PASSWORD", "p%40s"));

    assertThat(url.storage().url().orElseThrow().password()).isEqualTo("p@s+s");
    assertThat(apart.storage().url().orElseThrow().user()).isEqualTo("me");
    assertThat(apart.storage().url().orElseThrow().password()).isEqualTo("p%40s");
  }

  @Test
  void passwordsMayBeInFiles(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), " two  words \n");
    Config config =
        Config.from(
            Map.of(
                "STORAGE_URL",
                "redis://host",
                "STORAGE_PASSWORD_FILE",
                file.toString(),
                "DATABASE_URL",
                "postgresql://user@host/name",
                "DATABASE_PASSWORD_FILE",
                file.toString()));

    assertThat(config.storage().url().orElseThrow().password()).isEqualTo(" two  words ");
    assertThat(config.database().url().orElseThrow().password()).isEqualTo(" two  words ");
  }

  @Test
  void aFileOfAPasswordThatCannotBeReadOrIsOneTooManyIsAProblem(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), "sesame");

    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "STORAGE_PASSWORD_FILE", folder.resolve("none").toString(),
                        "DATABASE_PASSWORD", "open",
                        "DATABASE_PASSWORD_FILE", file.toString())))
        .hasMessageContainingAll(
            "STORAGE_PASSWORD_FILE=" + folder.resolve("none") + " cannot be read: NoSuchFile",
            "DATABASE_PASSWORD and DATABASE_PASSWORD_FILE are both given")
        .hasMessageNotContaining("sesame");
  }

  @Test
  void aFileOfCertificatesIsReadAtTheStart(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("ca.pem"), "no certificate");

    assertThatThrownBy(() -> Config.from(Map.of("STORAGE_TLS_CA", file.toString())))
        .hasMessageContaining("STORAGE_TLS_CA=" + file + " is not valid: it has no certificate");
    assertThatThrownBy(() -> Config.from(Map.of("STORAGE_TLS_CA", file + "x")))
        .hasMessageContaining("it cannot be read");
  }

  @ParameterizedTest
  @CsvSource({
    "STORAGE_POOL_SIZE, 21, 22, three times STORAGE_POOL_SIZE",
    "STORAGE_TIMEOUT, 7399ms, 7400ms, four times STORAGE_TIMEOUT",
    "STORAGE_POOL_TIMEOUT, 13999ms, 14s, two times STORAGE_POOL_TIMEOUT"
  })
  void whatUsesASharedStoreEndsInTimeAndLeavesPlaces(
      String setting, String good, String bad, String problem) {
    String url = "redis://host";
    Config.from(Map.of("STORAGE_URL", url, setting, good));

    assertThatThrownBy(() -> Config.from(Map.of("STORAGE_URL", url, setting, bad)))
        .hasMessageContaining(problem);
    Config.from(Map.of(setting, bad)); // of no account in memory
  }
}
