package dev.storageapi.inference;

import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.util.Map;

/** {@code POST /model/reload}: the model anew from its file, without a request that fails. */
public final class ReloadApi {

  private final Models models;

  public ReloadApi(Models models) {
    this.models = models;
  }

  /** 200 when it serves; 503 if it cannot, then the one before serves on; 409 while one loads. */
  public Response reload(Request request) {
    return switch (models.tryReload()) {
      case DONE -> Response.json(200, Map.of("status", "reloaded"));
      case FAILED -> Response.json(503, Map.of("detail", models.state().reason()));
      case BUSY -> Response.json(409, Map.of("detail", "The model is being loaded already."));
    };
  }
}
