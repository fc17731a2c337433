package dev.storageapi;

import dev.storageapi.inference.InputFormat.Channels;
import dev.storageapi.inference.InputFormat.Layout;
import dev.storageapi.inference.InputFormat.Resize;
import dev.storageapi.inference.ModelSettings;
import dev.storageapi.inference.PredictApi;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which model serves, how it wants its images, and what bounds predictions.
 *
 * @param on whether there is to be a model at all
 */
record InferenceConfig(
    boolean on,
    ModelSettings model,
    PredictApi.Limits limits,
    long maxBodyBytes,
    int maxClassLabels) {

  private static final String AUTO = "auto";
  private static final String DIGITS = "digits";
  private static final String NONE = "none";
  private static final int LONGEST_NAME = 60;

  /** A body is one array, and is doubled while it is read. */
  private static final long MAX_BODY_BYTES = 512L << 20;

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,9}(\\.[0-9]{1,9})?");

  static InferenceConfig read(Settings settings) {
    String path =
        settings.text(
            "MODEL_PATH",
            DIGITS,
            "The classifier, an ONNX file; digits is the one that ships with the product; none for"
                + " none",
            InferenceConfig::isPath);
    long memory =
        memory(
            settings.size(
                "INFERENCE_MEMORY_BYTES",
                "0",
                0,
                "The heap that images which are decoded or wait may have together; 0 for a quarter"
                    + " of it"));
    return new InferenceConfig(
        !path.equals(NONE),
        model(settings, path, memory),
        limits(settings, memory),
        settings.size(
            "INFERENCE_MAX_BODY_BYTES",
            "8MiB",
            1,
            "A form with an image; a larger one is answered 413"),
        settings.number(
            "INFERENCE_MAX_CLASS_LABELS",
            20,
            0,
            10_000,
            "The classes that have a name in the metrics; those behind them are other"));
  }

  private static PredictApi.Limits limits(Settings settings, long memory) {
    int cores = Runtime.getRuntime().availableProcessors();
    int concurrent =
        settings.number(
            "INFERENCE_MAX_CONCURRENT",
            16,
            1,
            1000,
            "Predictions waiting or under way at once; over it 503");
    int workers =
        settings.number(
            "INFERENCE_WORKERS", 0, 0, 256, "Threads that run the model; 0 for as many as cores");
    int threads = workers == 0 ? Math.min(cores, concurrent) : workers;
    return new PredictApi.Limits(
        concurrent,
        threads,
        settings.number(
            "INFERENCE_MAX_BATCH",
            1,
            1,
            256,
            "The most waiting images that are run together, if the model can"),
        settings.duration(
            "INFERENCE_BATCH_WAIT",
            "0ms",
            Duration.ZERO,
            "How long the first image of a batch waits for more"),
        settings.duration(
            "INFERENCE_TIMEOUT",
            "3s",
            Duration.ofMillis(1),
            "How long an image waits for its turn; then 503"),
        settings.number(
            "INFERENCE_MAX_PARTS", 16, 1, 1000, "Parts of a form; with more the answer is 400"),
        settings.number(
            "INFERENCE_MAX_PART_HEADER_BYTES",
            4096,
            64,
            65_536,
            "Headers of a part of a form; with longer ones the answer is 400"),
        settings.number(
            "INFERENCE_MAX_PIXELS",
            16_777_216,
            1,
            268_435_456,
            "Width by height of an image; over it 413, before it is decoded"),
        memory);
  }

  private static ModelSettings model(Settings settings, String path, long memory) {
    boolean file = !List.of(DIGITS, NONE).contains(path);
    Optional<Path> labels =
        Optional.of(
                settings.text(
                    "MODEL_LABELS",
                    "",
                    "A file with the name of a class in each line; by default what the model says, or"
                        + " numbers",
                    text -> text.isEmpty() || isPath(text)))
            .filter(text -> !text.isEmpty())
            .map(Path::of);
    return new ModelSettings(
        settings.text(
            "MODEL_NAME",
            file ? nameOf(path) : DIGITS,
            "What answers and metrics call the model, up to 60 letters, digits, dots, dashes and"
                + " underscores; by default the file's name",
            name -> name.matches("[A-Za-z0-9._-]{1," + LONGEST_NAME + "}")),
        file ? Optional.of(Path.of(path)) : Optional.empty(),
        labels,
        settings.choice(
            "MODEL_LAYOUT",
            AUTO,
            Layout.class,
            "Whether channels come before or behind the pixels"),
        size(
            settings.text(
                "MODEL_SIZE",
                AUTO,
                "Width and height of the model's images, such as 224x224",
                text -> text.equals(AUTO) || size(text).isPresent())),
        settings.choice("MODEL_CHANNELS", AUTO, Channels.class, "The channels, and their order"),
        settings.list(
            "MODEL_MEAN",
            "",
            "What is taken off each channel, where white is 1: one number, or three between commas",
            InferenceConfig::number),
        settings.list(
            "MODEL_STD",
            "",
            "What the rest of each channel is divided by: one number, or three between commas",
            InferenceConfig::number),
        settings.choice(
            "MODEL_RESIZE",
            AUTO,
            Resize.class,
            "Whether an image of another shape is cropped around its centre or stretched"),
        softmax(
            settings.text(
                "MODEL_SOFTMAX",
                AUTO,
                "Whether the outputs are still to be made probabilities (auto, true, false)",
                text -> List.of(AUTO, "true", "false").contains(text))),
        settings.number(
            "INFERENCE_THREADS_PER_RUN",
            1,
            1,
            256,
            "Threads that share the work of one run, within ONNX Runtime"),
        Path.of(
            settings.text(
                "INFERENCE_NATIVE_DIR",
                "./data/native",
                "Where ONNX Runtime's native library is unpacked to, once; nobody else may write there",
                InferenceConfig::isPath)),
        memory);
  }

  private static long memory(long set) {
    return set == 0 ? Runtime.getRuntime().maxMemory() / 4 : set;
  }

  private static boolean isPath(String text) {
    try {
      return !Path.of(text).toString().isEmpty();
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static String nameOf(String path) {
    Path file = Path.of(path).getFileName();
    String name = file == null ? "" : file.toString().replaceFirst("\\.onnx$", "");
    String safe = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return safe.isEmpty() ? "model" : safe.substring(0, Math.min(safe.length(), LONGEST_NAME));
  }

  private static Optional<ModelSettings.Size> size(String text) {
    return ModelSettings.Size.of(text);
  }

  private static Optional<Boolean> softmax(String text) {
    return text.equals(AUTO) ? Optional.empty() : Optional.of(Boolean.valueOf(text));
  }

  private static Float number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return Float.valueOf(text);
  }

  /** Adds what single settings do not show. */
  void check(Settings settings, ServerConfig server) {
    if (limits.workers() > limits.concurrent()) {
      settings.problem("INFERENCE_WORKERS is more than INFERENCE_MAX_CONCURRENT");
    }
    if (model.std().stream().anyMatch(deviation -> deviation < ModelSettings.LEAST_STD)) {
      settings.problem("MODEL_STD has a number that is less than " + ModelSettings.LEAST_STD);
    }
    if (model.mean().size() == 2 || model.mean().size() > 3) {
      settings.problem("MODEL_MEAN has neither one number nor three");
    }
    if (model.std().size() == 2 || model.std().size() > 3) {
      settings.problem("MODEL_STD has neither one number nor three");
    }
    if (maxBodyBytes > MAX_BODY_BYTES) {
      settings.problem("INFERENCE_MAX_BODY_BYTES is more than 512MiB");
    }
    if (maxBodyBytes > server.uploadBudgetBytes()) {
      settings.problem("INFERENCE_MAX_BODY_BYTES is more than SERVER_UPLOAD_BUDGET_BYTES");
    }
    Duration two = limits.timeout().plus(limits.timeout()); // to multiply would load BigDecimal
    Duration longest = two.plus(limits.timeout()).plus(limits.batchWait());
    if (longest.compareTo(server.responseTimeout()) >= 0) {
      settings.problem(
          "three times INFERENCE_TIMEOUT and INFERENCE_BATCH_WAIT together are not less than"
              + " SERVER_RESPONSE_TIMEOUT");
    }
    if (limits.batchWait().compareTo(limits.timeout()) >= 0) {
      settings.problem("INFERENCE_BATCH_WAIT is not less than INFERENCE_TIMEOUT");
    }
  }
}
