package dev.storageapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.storageapi.inference.InputFormat;
import dev.storageapi.inference.ModelSettings;
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
  void whatTheSettingsSayOfAModelIsTaken() {
    ModelSettings model =
        Config.from(
                Map.of(
                    "MODEL_PATH", "/models/resnet 50.onnx",
                    "MODEL_LABELS", "/models/labels.txt",
                    "MODEL_LAYOUT", "NCHW",
                    "MODEL_SIZE", "320x224",
                    "MODEL_CHANNELS", "bgr",
                    "MODEL_MEAN", "0.485, 0.456, 0.406",
                    "MODEL_STD", "0.229, 0.224, 0.225",
                    "MODEL_RESIZE", "stretch",
                    "MODEL_SOFTMAX", "false"))
            .inference()
            .model();

    assertThat(model.name()).isEqualTo("resnet_50");
    assertThat(model.file()).contains(Path.of("/models/resnet 50.onnx"));
    assertThat(model.labels()).contains(Path.of("/models/labels.txt"));
    assertThat(model.layout()).contains(InputFormat.Layout.NCHW);
    assertThat(model.size()).contains(new ModelSettings.Size(320, 224));
    assertThat(model.channels()).contains(InputFormat.Channels.BGR);
    assertThat(model.mean()).containsExactly(0.485f, 0.456f, 0.406f);
    assertThat(model.std()).containsExactly(0.229f, 0.224f, 0.225f);
    assertThat(model.resize()).contains(InputFormat.Resize.STRETCH);
    assertThat(model.softmax()).contains(false);
  }

  @Test
  void whatTheSettingsLeaveOpenTheModelDecides() {
    ModelSettings model = Config.from(Map.of()).inference().model();

    assertThat(model.name()).isEqualTo("digits");
    assertThat(model.file()).isEmpty();
    assertThat(model.labels()).isEmpty();
    assertThat(model.layout()).isEmpty();
    assertThat(model.size()).isEmpty();
    assertThat(model.channels()).isEmpty();
    assertThat(model.mean()).isEmpty();
    assertThat(model.std()).isEmpty();
    assertThat(model.resize()).isEmpty();
    assertThat(model.softmax()).isEmpty();
  }

  @Test
  void thereAreNoMoreWorkersThanPredictionsAtOnceUnlessSoManyAreSet() {
    Config one = Config.from(Map.of("INFERENCE_MAX_CONCURRENT", "1"));
    Config three = Config.from(Map.of("INFERENCE_WORKERS", "3"));

    assertThat(one.inference().limits().workers()).isEqualTo(1);
    assertThat(three.inference().limits().workers()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "MODEL_PATH | ''",
        "MODEL_NAME | a b",
        "MODEL_LAYOUT | hwc",
        "MODEL_SIZE | 0x0",
        "MODEL_SIZE | 224",
        "MODEL_SIZE | 10000x1",
        "MODEL_CHANNELS | cmyk",
        "MODEL_MEAN | NaN",
        "MODEL_MEAN | 0x1p3",
        "MODEL_MEAN | 1f",
        "MODEL_MEAN | 0.5,x",
        "MODEL_STD | Infinity",
        "MODEL_RESIZE | pad",
        "MODEL_SOFTMAX | yes",
        "INFERENCE_MAX_CONCURRENT | 0",
        "INFERENCE_MAX_CONCURRENT | 1001",
        "INFERENCE_WORKERS | -1",
        "INFERENCE_WORKERS | many",
        "INFERENCE_THREADS_PER_RUN | 0",
        "INFERENCE_NATIVE_DIR | ''",
        "INFERENCE_MAX_BATCH | 257",
        "INFERENCE_BATCH_WAIT | 5",
        "INFERENCE_TIMEOUT | 0ms",
        "INFERENCE_MAX_PARTS | 0",
        "INFERENCE_MAX_PART_HEADER_BYTES | 63",
        "INFERENCE_MAX_PART_HEADER_BYTES | 65537",
        "INFERENCE_MAX_PIXELS | 268435457",
        "INFERENCE_MAX_BODY_BYTES | 8MB",
        "INFERENCE_MAX_CLASS_LABELS | -1"
      })
  void aSettingOfTheModelOrItsLimitsThatIsNotValidStopsTheStart(String setting, String bad) {
    assertThatThrownBy(() -> Config.from(Map.of(setting, bad)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageStartingWith(setting + "=" + bad + " is not valid: ");
  }

  @ParameterizedTest
  @CsvSource({
    "MODEL_STD, 0.1, 0, MODEL_STD has a number that is less than 1.0E-6",
    "MODEL_STD, 1, -1, MODEL_STD has a number that is less than 1.0E-6",
    "MODEL_STD, 1, '1,1', MODEL_STD has neither one number nor three",
    "MODEL_MEAN, 0.5, '0.5,0.5', MODEL_MEAN has neither one number nor three",
    "INFERENCE_WORKERS, 16, 17, INFERENCE_WORKERS is more than INFERENCE_MAX_CONCURRENT",
    "INFERENCE_MAX_BODY_BYTES, 16MiB, 17MiB, is more than SERVER_UPLOAD_BUDGET_BYTES",
    "SERVER_UPLOAD_BUDGET_BYTES, 8MiB, 7MiB, INFERENCE_MAX_BODY_BYTES is more than",
    "INFERENCE_TIMEOUT, 9999ms, 10s, are not less than SERVER_RESPONSE_TIMEOUT",
    "SERVER_RESPONSE_TIMEOUT, 10s, 9s, three times INFERENCE_TIMEOUT and INFERENCE_BATCH_WAIT",
    "INFERENCE_BATCH_WAIT, 2999ms, 3s, INFERENCE_BATCH_WAIT is not less than INFERENCE_TIMEOUT",
    "INFERENCE_MAX_CONCURRENT, 29, 30, 'DATABASE_MAX_CONCURRENT, DATASETS_RETICULATE_MAX and"
        + " INFERENCE_MAX_CONCURRENT together are not less than SERVER_MAX_CONCURRENT_REQUESTS'"
  })
  void whatPredictsFitsIntoTheServersLimits(
      String setting, String good, String bad, String problem) {
    Config.from(Map.of(setting, good));

    assertThatThrownBy(() -> Config.from(Map.of(setting, bad)))
        .isInstanceOf(InvalidConfiguration.class)
        .hasMessageContaining(problem);
    Config.from(Map.of("MODEL_PATH", "none", setting, bad));
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
