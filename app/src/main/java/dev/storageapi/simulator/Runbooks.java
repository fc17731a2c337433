package dev.storageapi.simulator;

import dev.storageapi.http.Refusal;
import dev.storageapi.http.Request;
import dev.storageapi.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to do about each alert, for {@code runbook_url} to lead to: {@code docs/runbooks}, which the
 * build puts into the jar. All are read at the start, so a name out of a request opens no file.
 */
public final class Runbooks {

  private static final String FOLDER = "runbooks";
  private static final String SUFFIX = ".md";

  private final SortedMap<String, byte[]> runbooks = new TreeMap<>();

  /** The runbooks that the program was built with. */
  public Runbooks() {
    URL folder = Runbooks.class.getResource(FOLDER);
    if (folder != null) {
      names(folder).filter(name -> name.endsWith(SUFFIX)).forEach(this::read);
    }
  }

  /** What the folder has, in the jar or in the classes of a build. */
  private static Stream<String> names(URL folder) {
    try {
      if (!(folder.openConnection() instanceof JarURLConnection connection)) {
        try (Stream<Path> files = Files.list(Path.of(URI.create(folder.toString())))) {
          return files.map(file -> file.getFileName().toString()).toList().stream();
        }
      }
      String prefix =
          connection.getEntryName() + (connection.getEntryName().endsWith("/") ? "" : "/");
      connection.setUseCaches(false); // else it is the class loader's own, and closed with it
      try (JarFile jar = connection.getJarFile()) {
        return jar.stream()
            .map(entry -> entry.getName())
            .filter(name -> name.startsWith(prefix))
            .map(name -> name.substring(prefix.length()))
            .toList()
            .stream();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(String file) {
    try (InputStream in = Runbooks.class.getResourceAsStream(FOLDER + "/" + file)) {
      runbooks.put(file.substring(0, file.length() - SUFFIX.length()), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All there are, one path a line. */
  public Response list(Request request) {
    return Response.text(
        200,
        runbooks.keySet().stream()
            .map(name -> "/runbooks/" + name + "\n")
            .collect(Collectors.joining()));
  }

  /** One of them, as it is written; 404 for one that there is not. */
  public Response one(Request request) {
    byte[] text = runbooks.get(request.variable("name"));
    if (text == null) {
      throw new Refusal(404, "There is no such runbook. GET /runbooks lists them.");
    }
    return Response.bytes(200, "text/plain; charset=utf-8", text);
  }
}
