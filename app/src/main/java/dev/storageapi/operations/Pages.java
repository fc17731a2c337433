package dev.storageapi.operations;

import dev.storageapi.http.Compression;
import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;

/**
 * The files that browsers get, all out of the jar: the live page, the page to try the API, what
 * they load, and the API description. Nothing is fetched from elsewhere and no script is inline.
 */
public final class Pages {

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  /** Swagger UI writes style attributes. */
  private static final String DOCS_POLICY =
      POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

  private static final String HTML = "text/html; charset=utf-8";

  private static final Map<String, String> TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "html", HTML,
          "svg", "image/svg+xml");

  private final Map<String, String> assets =
      Map.of(
          "live.css", "assets/live.css",
          "live.js", "assets/live.js",
          "formats.js", "assets/formats.js",
          "predict.js", "assets/predict.js",
          "favicon.svg", "assets/favicon.svg",
          "docs.js", "assets/docs.js",
          "swagger-ui.css", "docs/swagger-ui.css",
          "swagger-ui-bundle.js", "docs/swagger-ui-bundle.js");

  private final Map<String, Asset> files = new ConcurrentHashMap<>();

  /** The live page. */
  public Response live(Request request) {
    return page(request, "live.html", POLICY);
  }

  /** The page where every route can be tried. */
  public Response docs(Request request) {
    return page(request, "docs.html", DOCS_POLICY);
  }

  /** The explanation of the 500s. */
  public Response the500s(Request request) {
    return page(request, "the-500s.html", POLICY);
  }

  /** The OpenAPI 3.1 description. */
  public Response openApi(Request request) {
    return file(request, "openapi.json");
  }

  /** A file that a page loads: 404 for one that there is not. */
  public Response asset(Request request) {
    String file = assets.get(request.variable("file"));
    if (file == null) {
      throw new Refusal(404, "There is no such file.");
    }
    return file(request, file);
  }

  private Response page(Request request, String name, String policy) {
    return file(request, name)
        .with("Content-Security-Policy", policy)
        .with("Referrer-Policy", "no-referrer");
  }

  /** The file, or 304 where the client has it already. */
  private Response file(Request request, String name) {
    Asset asset = files.computeIfAbsent(name, Asset::read);
    String known = request.header("If-None-Match");
    boolean zipped = Compression.accepted(request);
    Response response =
        known != null && known.contains(asset.tag)
            ? Response.empty(304)
            : Response.bytes(200, asset.type, zipped ? asset.zipped : asset.plain);
    if (zipped && response.status() == 200) {
      response = response.with("Content-Encoding", "gzip");
    }
    return response
        .with("ETag", "W/" + asset.tag)
        .with("Cache-Control", "no-cache")
        .with("Vary", "Accept-Encoding");
  }

  /** A file in memory, in both forms that it is sent in: it is compressed once. */
  private static final class Asset {

    private final String type;
    private final String tag;
    private final byte[] plain;
    private final byte[] zipped;

    private Asset(String name, byte[] bytes) {
      CRC32 crc = new CRC32();
      crc.update(bytes);
      type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      tag = "\"" + Long.toHexString(crc.getValue()) + "\"";
      plain = bytes;
      zipped = Compression.gzip(bytes);
    }

    static Asset read(String name) {
      try (InputStream in = Pages.class.getResourceAsStream(name)) {
        return new Asset(name, in.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e); // it is in the jar
      }
    }
  }
}
