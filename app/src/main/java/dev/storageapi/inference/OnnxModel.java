package dev.storageapi.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An image classifier in ONNX Runtime: tensors in, a probability for each class out. The one class
 * that knows the runtime, so that without its jar only this one cannot be loaded. Any thread may
 * run it, and several at once; who closes it must know that nobody does.
 */
final class OnnxModel implements AutoCloseable {

  /** Probabilities add up to 1; rounding leaves less than this. */
  private static final double ROUNDING = 1e-3;

  private static final Pattern FOLDERS =
      Pattern.compile("(?:[A-Za-z]:)?(?:[/\\\\][^/\\\\\"':]+)*[/\\\\]");

  /** The part of the memory for images that one run may have outside the heap. */
  private static final int RUN_PART = 8;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String inputName;
  private final long batch;
  private final InputFormat input;
  private final List<String> labels;
  private final boolean softmax;
  private final long maxBytes;
  private final Set<RunOptions> runs = new HashSet<>();

  /** Loads and tries one: what cannot be served is found now. Needs the {@link NativeLibrary}. */
  static OnnxModel load(ModelSettings settings) throws UnusableModel {
    try {
      OrtEnvironment environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      environment.setTelemetry(false); // official builds for Windows tell their maker
      OrtSession session = session(environment, settings);
      try {
        return new OnnxModel(environment, session, settings);
      } catch (UnusableModel | OrtException | RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (OrtException e) {
      throw new UnusableModel("ONNX Runtime does not take the model: " + oneLine(e));
    }
  }

  private static OrtSession session(OrtEnvironment environment, ModelSettings settings)
      throws OrtException, UnusableModel {
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(settings.intraOpThreads());
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "0"); // idle is to be idle
      if (settings.file().isEmpty()) {
        return environment.createSession(digits(), options);
      }
      Path file = settings.file().get();
      if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
        throw new UnusableModel("MODEL_PATH is no file that can be read");
      }
      return environment.createSession(file.toString(), options);
    }
  }

  private static byte[] digits() {
    try (InputStream in = OnnxModel.class.getResourceAsStream("digits.onnx")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private OnnxModel(OrtEnvironment environment, OrtSession session, ModelSettings settings)
      throws UnusableModel, OrtException {
    this.environment = environment;
    this.session = session;
    if (session.getNumInputs() != 1) {
      throw new UnusableModel("the model has " + session.getNumInputs() + " inputs, not one");
    }
    NodeInfo node = session.getInputInfo().values().iterator().next();
    if (!(node.getInfo() instanceof TensorInfo info) || info.type != OnnxJavaType.FLOAT) {
      throw new UnusableModel("the model's input is not of 32-bit floats: " + node.getInfo());
    }
    maxBytes = Math.min(Integer.MAX_VALUE, settings.memoryBytes() / RUN_PART);
    inputName = node.getName();
    Map<String, String> metadata = session.getMetadata().getCustomMetadata();
    input = new ModelInput(info.getShape(), metadata, settings).format();
    batch = info.getShape()[0];
    if (batch != 1 && batch != -1) {
      throw new UnusableModel("the model wants batches of " + batch + " images");
    }
    float[] outputs = raw(List.of(new float[input.size()]), new Scratch())[0];
    labels = new Labels(settings.labels(), metadata.get("labels")).of(outputs.length);
    softmax = softmax(settings.softmax(), metadata.get("softmax"), outputs);
  }

  private static boolean softmax(Optional<Boolean> setting, String metadata, float[] outputs)
      throws UnusableModel {
    if (setting.isPresent() || metadata == null) {
      return setting.orElse(!isProbabilities(outputs));
    }
    return switch (metadata) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new UnusableModel("the model's metadata has a wrong softmax");
    };
  }

  private static boolean isProbabilities(float[] outputs) {
    double sum = 0;
    for (float output : outputs) {
      if (!(output >= 0)) {
        return false;
      }
      sum += output;
    }
    return Math.abs(sum - 1) < ROUNDING;
  }

  InputFormat input() {
    return input;
  }

  /** The name of each class. */
  List<String> labels() {
    return labels;
  }

  /** How many images one run can take. */
  int mostImages() {
    return batch == -1 ? (int) Math.max(1, maxBytes / input.bytes()) : 1;
  }

  /**
   * The probability of each class, for each image.
   *
   * @param tensors of the form of {@link #input}, at most {@link #mostImages}
   * @throws UnusableModel if the model fails on them, or gives what is no probability
   */
  float[][] run(List<float[]> tensors, Scratch scratch) throws UnusableModel {
    try {
      float[][] all = raw(tensors, scratch);
      for (float[] outputs : all) {
        if (outputs.length != labels.size()) {
          throw new UnusableModel("the model gave " + outputs.length + " numbers for its classes");
        }
        if (softmax) {
          softmax(outputs);
        }
        check(outputs);
      }
      return all;
    } catch (OrtException e) {
      throw new UnusableModel("ONNX Runtime failed: " + oneLine(e));
    }
  }

  private float[][] raw(List<float[]> tensors, Scratch scratch) throws OrtException, UnusableModel {
    FloatBuffer joined = scratch.of(tensors.size() * input.size());
    tensors.forEach(joined::put);
    long[] shape = input.shape(tensors.size());
    try (OnnxTensor tensor = OnnxTensor.createTensor(environment, joined.flip(), shape);
        Run run = new Run();
        OrtSession.Result result = session.run(Map.of(inputName, tensor), run.options)) {
      if (!(result.get(0) instanceof OnnxTensor output)
          || output.getInfo().type != OnnxJavaType.FLOAT) {
        throw new UnusableModel("the model's output is not of 32-bit floats");
      }
      int classes = classes(output.getInfo().getShape(), tensors.size());
      FloatBuffer values = output.getFloatBuffer();
      float[][] each = new float[tensors.size()][classes];
      for (float[] one : each) {
        values.get(one);
      }
      return each;
    }
  }

  /** The dimension that is not the batch; others may be there, of length 1. */
  private static int classes(long[] shape, int images) throws UnusableModel {
    long others = 1;
    long most = 1;
    for (int i = 1; i < shape.length; i++) {
      others *= shape[i];
      most = Math.max(most, shape[i]);
    }
    if (shape.length < 2 || shape[0] != images || most < 2 || others != most) {
      throw new UnusableModel(
          "the model is no classifier: its output is "
              + Arrays.toString(shape)
              + ", not one number for each class");
    }
    return (int) most;
  }

  /** Softmax with the largest taken off first, so that no power is too large for a float. */
  private static void softmax(float[] outputs) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float output : outputs) {
      largest = Math.max(largest, output);
    }
    double sum = 0;
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = (float) Math.exp(outputs[i] - largest);
      sum += outputs[i];
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] /= (float) sum;
    }
  }

  private static void check(float[] outputs) throws UnusableModel {
    for (float output : outputs) {
      if (!(output >= 0 && output <= 1 + ROUNDING)) {
        throw new UnusableModel("the model gave " + output + " as a probability");
      }
    }
  }

  /** Without the folders of files: what it says is for everybody. */
  private static String oneLine(OrtException e) {
    String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return FOLDERS.matcher(line).replaceAll("").replaceFirst("\\.$", "");
  }

  /** A run that can be ended from outside. */
  private final class Run implements AutoCloseable {

    private final RunOptions options;

    Run() throws OrtException {
      options = new RunOptions();
      synchronized (runs) {
        runs.add(options);
      }
    }

    @Override
    public void close() {
      synchronized (runs) {
        runs.remove(options);
      }
      options.close();
    }
  }

  /** Has the runs that are under way fail, each before its next step. */
  void terminate() {
    synchronized (runs) {
      for (RunOptions run : runs) {
        try {
          run.setTerminate(true);
        } catch (OrtException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  /** Frees what the runtime holds. */
  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
