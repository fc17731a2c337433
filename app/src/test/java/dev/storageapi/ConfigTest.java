package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

class ConfigTest {

  @Test
  void nothingNeedsToBeSet() {
    Config config = Config.from(Map.of());

    assertThat(config.port()).isEqualTo(5000);
    assertThat(config.storage().deleteStatus()).isEqualTo(500);
    assertThat(config.corsAllowedOrigins()).isEmpty();
    assertThat(config.requires()).containsExactly("storage");
  }

  @Test
  void sizesDurationsAndListsHaveUnits() {
    Config config =
        Config.from(
            Map.of(
                "STORAGE_MAX_OBJECT_BYTES", "64KiB",
                "SERVER_ADMISSION_WAIT", "5ms",
                "SHUTDOWN_GRACE", "2m",
                "CORS_ALLOWED_ORIGINS", "https://a.example, http://localhost:3000",
                "LOG_LEVELS", "dev.storageapi.storage=debug"));

    assertThat(config.storage().maxObjectBytes()).isEqualTo(65536);
    assertThat(config.server().admissionWait()).isEqualTo(Duration.ofMillis(5));
    assertThat(config.shutdown().grace()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.corsAllowedOrigins()).hasSize(2);
    assertThat(config.log().levels()).containsEntry("dev.storageapi.storage", Level.DEBUG);
  }

  @Test
  void everyProblemIsNamedAtOnce() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "PORT", "70000",
                        "SERVER_BACKLOG", "many",
                        "STORAGE_DELETE_STATUS", "418",
                        "STORAGE_MAX_BYTES", "1TiB",
                        "LOG_FORMAT", "xml",
                        "READY_REQUIRES", "storage,coffee",
                        "CORS_ALLOWED_ORIGINS", "example.com",
                        "STORAGE_MAX_OBJETCS", "5")))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContainingAll(
            "PORT=70000",
            "SERVER_BACKLOG=many",
            "STORAGE_DELETE_STATUS=418",
            "STORAGE_MAX_BYTES=1TiB",
            "LOG_FORMAT=xml",
            "READY_REQUIRES=storage,coffee",
            "CORS_ALLOWED_ORIGINS=example.com",
            "STORAGE_MAX_OBJETCS is not a setting");
  }

  @Test
  void settingsThatContradictEachOtherAreAProblem() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "PORT", "5001",
                        "MANAGEMENT_PORT", "5001",
                        "STORAGE_MAX_OBJECT_BYTES", "64MiB")))
        .hasMessageContainingAll("MANAGEMENT_PORT and PORT", "SERVER_UPLOAD_BUDGET_BYTES");
  }

  @Test
  void limitsThatNoRequestCouldKeepAreAProblem() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "LOG_QUEUE_BYTES", "0",
                        "SERVER_MAX_HEADER_BYTES", "0",
                        "SERVER_REQUEST_TIMEOUT", "0s",
                        "STORAGE_MAX_OBJECT_BYTES", "0",
                        "SHUTDOWN_QUIET", "30s")))
        .hasMessageContainingAll(
            "LOG_QUEUE_BYTES=0 is not valid: a size",
            "SERVER_MAX_HEADER_BYTES=0",
            "SERVER_REQUEST_TIMEOUT=0s is not valid: a time",
            "STORAGE_MAX_OBJECT_BYTES=0",
            "SHUTDOWN_QUIET is more than SHUTDOWN_GRACE");
  }

  @ParameterizedTest
  @CsvSource({
    "DATABASE_MAX_CONCURRENT, 45, 46, together are not less than SERVER_MAX_CONCURRENT_REQUESTS",
    "DATASETS_RETICULATE_MAX, 15, 16, together are not less than SERVER_MAX_CONCURRENT_REQUESTS",
    "SERVER_MAX_CONCURRENT_REQUESTS, 51, 50, storage would wait for them",
    "DATABASE_POOL_TIMEOUT, 14624ms, 14625ms, two times DATABASE_POOL_TIMEOUT",
    "DATABASE_QUERY_TIMEOUT, 29399ms, 29400ms, together are not less than SERVER_RESPONSE_TIMEOUT",
    "DATABASE_POOL_SIZE, 32, 33, is more than DATABASE_MAX_CONCURRENT",
    "DATASETS_RETICULATE_PAUSE, 26999ms, 27s, DATASETS_RETICULATE_CPU and"
  })
  void whatUsesTheDatabaseLeavesPlacesForStorageAndEndsInTime(
      String setting, String good, String bad, String problem) {
    Config.from(Map.of(setting, good));

    assertThatThrownBy(() -> Config.from(Map.of(setting, bad)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContainingAll(setting, problem);
    Config.from(Map.of("DATABASE_URL", "none", setting, bad));
  }

  @ParameterizedTest
  @ValueSource(strings = {"datasets", "feed", "storage,datasets"})
  void whatNeedsADatabaseIsNotRequiredWithoutOne(String required) {
    assertThat(Config.from(Map.of("READY_REQUIRES", required)).requires()).isNotEmpty();

    assertThatThrownBy(
            () -> Config.from(Map.of("READY_REQUIRES", required, "DATABASE_URL", "none")))
        .hasMessage("READY_REQUIRES names a feature that DATABASE_URL=none switches off");
  }

  @Test
  void aUrlThatIsNotValidIsNotTakenForNoDatabase() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "DATABASE_URL", "postgresql://s3cr3t",
                        "READY_REQUIRES", "datasets",
                        "DATABASE_POOL_SIZE", "33",
                        "FEED_URL", "file:///x")))
        .hasMessageContainingAll(
            "DATABASE_URL is not valid: a URL of PostgreSQL names a host",
            "DATABASE_POOL_SIZE is more than DATABASE_MAX_CONCURRENT",
            "FEED_URL is not valid: ")
        .message()
        .doesNotContain("READY_REQUIRES", "s3cr3t");
  }

  @Test
  void aLongPointerIsReadAsAnyOther() {
    String pointer = "/a~1".repeat(5_000);

    assertThat(Config.from(Map.of("FEED_ITEMS_POINTER", pointer)).feed().pointers().items())
        .isEqualTo(pointer);
    assertThatThrownBy(() -> Config.from(Map.of("FEED_ITEMS_POINTER", pointer + "~")))
        .isInstanceOf(InvalidConfiguration.class);
  }

  @Test
  void whereTheFeedComesFromIsChecked() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "FEED_URL", "http://user:secret@feed.example/",
                        "FEED_ALLOWED_HOSTS", "localhost",
                        "FEED_ITEMS_POINTER", "documents",
                        "FEED_ID_POINTER", "",
                        "FEED_TITLE_POINTER", "/a~2",
                        "FEED_CONNECT_TIMEOUT", "20s",
                        "FEED_MAX_BODY_BYTES", "1KiB",
                        "FEED_MAX_ITEMS_PER_FETCH", "0",
                        "FEED_UR", "x")))
        .hasMessageContainingAll(
            "FEED_URL is not valid: a user or password in the URL",
            "FEED_ALLOWED_HOSTS=localhost is not valid",
            "FEED_ITEMS_POINTER=documents",
            "FEED_ID_POINTER= is not valid",
            "FEED_TITLE_POINTER=/a~2",
            "FEED_CONNECT_TIMEOUT is more than FEED_TIMEOUT",
            "FEED_MAX_ITEM_BYTES is more than FEED_MAX_BODY_BYTES",
            "FEED_MAX_ITEMS_PER_FETCH=0",
            "FEED_UR is not a setting")
        .message()
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource({
    "file:///etc/passwd, the scheme is neither http nor https",
    "http://feed.example/#x, a fragment is never sent",
    "http://169.254.169.254/latest, 169.254.169.254 is not public",
    "http://[::1]:5050/, is not public",
    "http://127.1/, the host is neither a name nor an address",
    "feed.example, the scheme",
    "'', not a URL"
  })
  void aFeedThatMayNotBeFetchedStopsTheStart(String url, String reason) {
    assertThatThrownBy(() -> Config.from(Map.of("FEED_URL", url)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContainingAll("FEED_URL is not valid: ", reason);
  }

  @Test
  void anInnerFeedMayBeAllowed() {
    FeedConfig feed =
        Config.from(
                Map.of(
                    "FEED_URL", "http://[::1]:8080/api",
                    "FEED_ALLOWED_HOSTS", "127.0.0.1:80, [::1]:8080",
                    "FEED_ITEMS_POINTER", "",
                    "FEED_TIME_POINTER", "",
                    "FEED_ID_POINTER", "/a~1b/0/~0"))
            .feed();

    assertThat(feed.allowedHosts()).containsExactly("127.0.0.1:80", "[::1]:8080");
    assertThat(feed.pointers().items()).isEmpty();
    assertThat(feed.pointers().id()).isEqualTo("/a~1b/0/~0");
  }

  @Test
  void theSimulatorIsExemptOnlyWhileItIsWhatIsFetched() {
    assertThat(Config.from(Map.of()).feed().allowedHosts()).containsExactly("localhost:5050");
    assertThat(Config.from(Map.of("FEED_URL", "http://feed.example/")).feed().allowedHosts())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:", "localhost:0", "localhost:65536", "http://a:1", ":5050", "::1:80"})
  void anAllowedHostNeedsItsPort(String host) {
    assertThatThrownBy(() -> Config.from(Map.of("FEED_ALLOWED_HOSTS", host)))
        .hasMessageContaining("FEED_ALLOWED_HOSTS=" + host + " is not valid");
  }

  @Test
  void withoutADatabasePredictionsMayHaveItsPlaces() {
    Config.from(Map.of("DATABASE_URL", "none", "INFERENCE_MAX_CONCURRENT", "63"));

    assertThatThrownBy(
            () -> Config.from(Map.of("DATABASE_URL", "none", "INFERENCE_MAX_CONCURRENT", "64")))
        .hasMessageContaining("storage would wait for them");
  }

  @Test
  void aModelIsRequiredOnlyWhereThereIsToBeOne() {
    Map<String, String> required = Map.of("READY_REQUIRES", "inference", "DATABASE_URL", "none");
    assertThat(Config.from(required).requires()).containsExactly("inference");

    assertThatThrownBy(
            () -> Config.from(Map.of("READY_REQUIRES", "inference", "MODEL_PATH", "none")))
        .hasMessage("READY_REQUIRES names inference, which MODEL_PATH=none switches off");
  }

  @ParameterizedTest
  @ValueSource(strings = {"simulator", "demo"})
  void aSimulatorThatTheServerWouldCutIsNamedWithAllOtherProblems(String command) {
    Map<String, String> environment =
        Map.of(
            "SIMULATOR_DELAY", "10s",
            "SERVER_RESPONSE_TIMEOUT", "10s",
            "SIMULATOR_QUOTA", "0",
            "FEED_UR", "x");

    assertThatThrownBy(() -> Config.from(environment, command))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContainingAll(
            "SIMULATOR_DELAY is not less than SERVER_RESPONSE_TIMEOUT",
            "SIMULATOR_QUOTA=0 is not valid",
            "FEED_UR is not a setting");
  }

  @ParameterizedTest
  @CsvSource({"serve, jdbc:h2:file:./x", "demo, none"})
  void whereThereIsNoSimulatorItsSettingsDoNotMatter(String command, String database) {
    Map<String, String> environment =
        Map.of(
            "SERVER_RESPONSE_TIMEOUT", "11s", "SIMULATOR_DELAY", "11s", "DATABASE_URL", database);

    assertThat(Config.from(environment, command).simulates(command)).isFalse();
  }

  @Test
  void whatTheJdksClientReadsIsSet() {
    Main.clientProperties();

    assertThat(System.getProperty("jdk.httpclient.allowRestrictedHeaders")).isEqualTo("host");
    assertThat(System.getProperty("jdk.httpclient.keepalive.timeout")).isEqualTo("30");
  }

  @Test
  void whatKubernetesInjectsIsNoMistake() {
    Config config =
        Config.from(
            Map.of(
                "STORAGE_API_PORT", "tcp://10.0.0.1:5000",
                "STORAGE_API_SERVICE_HOST", "10.0.0.1",
                "STORAGE_API_SERVICE_PORT", "5000",
                "STORAGE_API_SERVICE_PORT_HTTP", "5000",
                "STORAGE_API_PORT_5000_TCP", "tcp://10.0.0.1:5000",
                "STORAGE_API_PORT_5000_TCP_ADDR", "10.0.0.1",
                "STORAGE_API_PORT_5000_TCP_PROTO", "tcp",
                "MANAGEMENT_PORT", "tcp://10.0.0.2:5001"));

    assertThat(config.managementPort()).isEqualTo(Config.NO_PORT);
  }

  @Test
  void whatNobodyInjectsIsAMistakeWhateverItsValue() {
    assertThatThrownBy(
            () ->
                Config.from(
                    Map.of(
                        "DATABASE_URL", "tcp://10.0.0.1:5432/storage",
                        "STORAGE_MAX_BYTES", "tcp://10.0.0.1:5000",
                        "DATABASE_UR", "tcp://10.0.0.1:5432")))
        .hasMessageContainingAll(
            "DATABASE_URL is not valid: neither none",
            "STORAGE_MAX_BYTES=tcp://10.0.0.1:5000 is not valid",
            "DATABASE_UR is not a setting");
  }

  @Test
  void aPasswordIsTakenAsItIsButForBlanksAroundIt() {
    Config config =
        Config.from(
            Map.of("DATABASE_URL", "postgresql://u@h/x", "DATABASE_PASSWORD", "tcp://s3%20 t\n"));

    assertThat(config.database().url().orElseThrow().password()).isEqualTo("tcp://s3%20 t");
  }

  @Test
  void namesOfOthersAreTheirBusiness() {
    assertThat(Config.from(Map.of("PATH", "/bin", "HTTP_PROXY", "http://proxy")).port())
        .isEqualTo(5000);
  }

  @Test
  void theDocumentationListsExactlyTheSettingsThatThereAre() throws IOException {
    Settings settings = new Settings(Map.of());
    Config.read(settings, "serve");
    List<String> declared =
        settings.declared().stream()
            .map(s -> row(s.name(), s.fallback(), s.description()))
            .toList();

    List<String> documented =
        Files.readAllLines(Path.of("../docs/configuration.md")).stream()
            .filter(line -> line.matches("\\| `[A-Z_]+` \\|.*"))
            .toList();

    assertThat(documented).containsExactlyElementsOf(declared);
  }

  private static String row(String name, String fallback, String description) {
    String cell = fallback.isEmpty() ? "" : " `" + fallback + "`";
    return "| `%s` |%s | %s |".formatted(name, cell, description);
  }
}
