package dev.storageapi;

import dev.storageapi.inference.Models;
import dev.storageapi.inference.PredictApi;
import dev.storageapi.inference.ReloadApi;
import dev.storageapi.operations.InferenceStats;
import dev.storageapi.operations.Readiness;
import dev.storageapi.telemetry.Metrics;
import dev.storageapi.telemetry.Spans;
import java.util.LinkedHashMap;
import java.util.Map;

/** The feature that predicts, put together: none of it is there without a model. */
final class Inference implements AutoCloseable {

  private final Models models;
  final PredictApi predictApi;
  final ReloadApi reloadApi;

  Inference(InferenceConfig config, Metrics metrics, Spans spans) {
    models = new Models(config.model(), metrics, spans);
    predictApi = new PredictApi(models, config.limits(), config.maxClassLabels(), metrics, spans);
    reloadApi = new ReloadApi(models);
  }

  Readiness.State state() {
    Models.State state = models.state();
    return new Readiness.State(state.loaded(), state.reason());
  }

  /** What {@code /info} tells. */
  Map<String, Object> info() {
    Models.State state = models.state();
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("name", models.name());
    info.put("loaded", state.loaded());
    info.put("classes", state.classes());
    return info;
  }

  /** What the live page shows of it. */
  InferenceStats.Sources stats() {
    return new InferenceStats.Sources(
        models.name(), predictApi.predictions()::confidences, predictApi::waiting, this::trouble);
  }

  /** Why there is no model to ask, or null if there is one. */
  private String trouble() {
    Models.State state = models.state(); // once: it may change in between
    return state.loaded() ? null : state.reason();
  }

  void start() {
    predictApi.start();
    models.start();
  }

  @Override
  public void close() {
    predictApi.close();
    models.close();
  }
}
