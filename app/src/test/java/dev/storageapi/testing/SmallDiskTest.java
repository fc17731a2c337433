package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** Tests of the small disk. */
final class SmallDiskTest {

  private static final String DISK_FULL = "53100";

  @Test
  void aFullDiskRefusesAByteUntilItHasRoomAgain() throws IOException {
    try (SmallDisk disk = SmallDisk.mount(1 << 20)) {
      Path file = disk.path().resolve("file");
      disk.fill();
      assertThat(disk.left()).isZero();
      assertThatThrownBy(() -> Files.writeString(file, "x")).isInstanceOf(IOException.class);
      disk.free();
      assertThat(Files.writeString(file, "x")).hasContent("x");
    }
  }

  @Test
  void closeUnmountsEvenWhileAFileIsOpen() throws IOException {
    SmallDisk disk = SmallDisk.mount(1 << 20);
    try (var out = Files.newOutputStream(disk.path().resolve("file"))) {
      disk.close();
      out.write(1);
    }
    assertThat(disk.path()).doesNotExist();
    assertThat(Files.readString(Path.of("/proc/mounts"))).doesNotContain(disk.path().toString());
  }

  @Test
  void postgresReadsOnWhileItsDiskIsFullAndWritesAgainAfterwards() throws SQLException {
    try (SmallDisk disk = SmallDisk.mount(128 << 20);
        PostgresCluster postgres = PostgresCluster.start(disk.path());
        Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE words AS SELECT repeat('x', 1000) AS word");
      disk.fill();
      assertThatThrownBy(() -> grow(statement, 10_000))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(DISK_FULL));
      assertThat(count(statement)).isEqualTo(1);
      disk.free();
      grow(statement, 10);
      assertThat(count(statement)).isEqualTo(11);
    }
  }

  private static void grow(Statement statement, int rows) throws SQLException {
    statement.execute(
        "INSERT INTO words SELECT repeat('x', 1000) FROM generate_series(1, " + rows + ")");
  }

  private static int count(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM words")) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
