package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;

/** Tests of the store that other tests run on. */
final class RedisServerTest {

  @Test
  void whatItAcknowledgedSurvivesAKillAndARestart() {
    try (RedisServer redis = RedisServer.start("--appendonly", "yes")) {
      redis.cli("SET", "key", "kept");
      redis.kill();
      assertThatThrownBy(() -> redis.cli("PING")).hasMessageContaining("refused");
      redis.restart();
      assertThat(redis.cli("GET", "key")).isEqualTo("kept");
      redis.restart();
      assertThat(redis.cli("GET", "key")).isEqualTo("kept");
    }
  }

  @Test
  void aFrozenOneAnswersNothingUntilItThaws() throws IOException {
    try (RedisServer redis = RedisServer.start();
        Socket client = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      redis.freeze();
      client.setSoTimeout(300);
      client.getOutputStream().write("PING\r\n".getBytes(US_ASCII));
      assertThatThrownBy(() -> client.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      redis.thaw();
      assertThat(client.getInputStream().read()).isEqualTo('+');
    }
  }

  @Test
  void aFullOneRefusesAndKeepsWhatItHas() {
    try (RedisServer redis =
        RedisServer.start("--maxmemory", "3mb", "--maxmemory-policy", "noeviction")) {
      redis.cli("SET", "key", "kept");
      redis.cli("EVAL", "for i = 1, 4000 do redis.call('SET', i, ('x'):rep(1000)) end", "0");
      assertThat(redis.cli("SET", "key", "lost")).startsWith("OOM");
      assertThat(redis.cli("GET", "key")).isEqualTo("kept");
    }
  }

  @Test
  void oneWithTlsHasACertificateThatItsClientTrusts() {
    try (RedisServer redis = RedisServer.startTls("ip:127.0.0.1", "--requirepass", "secret")) {
      assertThat(redis.url()).startsWith("rediss://127.0.0.1:");
      assertThat(redis.cli("--no-auth-warning", "-a", "secret", "PING")).isEqualTo("PONG");
      assertThat(redis.certificate()).content().contains("BEGIN CERTIFICATE");
    }
  }
}
