package dev.storageapi.feed;

import static java.time.ZoneOffset.UTC;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;

/** Times as columns have them. */
final class Times {

  private Times() {}

  /** The value for a column; null for null. */
  static OffsetDateTime value(Instant instant) {
    return instant == null ? null : instant.atOffset(UTC);
  }

  /** What a column of a row has; null for null. */
  static Instant instant(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }
}
