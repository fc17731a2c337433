package dev.storageapi.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An nginx on a port of 127.0.0.1 that passes requests to services in turn, over connections that
 * it keeps. It sends no request twice: what fails is answered with 502, and who failed is left out
 * for a second.
 */
public final class Nginx implements AutoCloseable {

  private static final String SETTINGS =
      """
      daemon off;
      user root root; # of no effect unless root starts it
      worker_processes 1;
      pid %1$s/pid;
      error_log %1$s/log warn;
      events { worker_connections 2048; }
      http {
        access_log off;
        client_body_temp_path %1$s/body;
        proxy_temp_path %1$s/proxy;
        fastcgi_temp_path %1$s/fastcgi;
        uwsgi_temp_path %1$s/uwsgi;
        scgi_temp_path %1$s/scgi;
        client_max_body_size 0;
        keepalive_requests 1000000;
        upstream replicas {
      %3$s
          keepalive 64;
          keepalive_requests 1000000;
        }
        server {
          listen 127.0.0.1:%2$d backlog=512;
          location / {
            proxy_pass http://replicas;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_next_upstream off;
            proxy_connect_timeout 2s;
          }
        }
      }
      """;

  private final int port = FreePort.find();
  private final Path home = TemporaryFolder.make("nginx");
  private Daemon daemon;

  private Nginx() {}

  /** Skips the test, with a message, where nginx is not installed. */
  public static void assumeInstalled() {
    assumeTrue(program().isPresent(), "skipped: nginx is not installed: Debian's package nginx");
  }

  private static Optional<Path> program() {
    return Stream.concat(
            Stream.of(System.getenv("PATH").split(Pattern.quote(File.pathSeparator), -1)),
            Stream.of("/usr/sbin")) // where Debian has it; not on everybody's PATH
        .map(folder -> Path.of(folder, "nginx"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Starts one before services on these ports of 127.0.0.1, or skips the test. */
  public static Nginx before(List<Integer> ports) {
    assumeInstalled();
    Nginx nginx = new Nginx();
    try {
      nginx.launch(ports);
      return nginx;
    } catch (RuntimeException | Error e) {
      nginx.close();
      throw e;
    }
  }

  private void launch(List<Integer> ports) {
    String servers =
        ports.stream()
            .map("    server 127.0.0.1:%d max_fails=1 fail_timeout=1s;"::formatted)
            .collect(Collectors.joining("\n"));
    try {
      Path settings =
          Files.writeString(home.resolve("nginx.conf"), SETTINGS.formatted(home, port, servers));
      daemon =
          Daemon.start(
              List.of(
                  program().orElseThrow().toString(),
                  "-p",
                  home.toString(),
                  "-e",
                  home.resolve("log").toString(),
                  "-c",
                  settings.toString()),
              home,
              home.resolve("log"),
              this::listens);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  /** What it has complained about. */
  public String log() {
    return daemon.log();
  }

  /** Ends it with its workers at once, and deletes all it wrote. */
  @Override
  public void close() {
    if (daemon != null && daemon.isAlive()) {
      daemon.kill();
    }
    TemporaryFolder.delete(home);
  }
}
