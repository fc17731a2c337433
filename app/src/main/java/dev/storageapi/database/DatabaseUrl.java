package dev.storageapi.database;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the database is. Of the many options that drivers take from a URL only those on a list are
 * accepted: H2's {@code INIT}, for one, runs any SQL, and PostgreSQL's {@code socketFactory} any
 * class.
 *
 * @param dialect which database it is
 * @param jdbc the URL for the driver, without options and credentials
 * @param file H2's file without its suffix
 * @param options the driver's options
 * @param user who connects, or null
 * @param password its password, or null
 */
public record DatabaseUrl(
    Dialect dialect,
    String jdbc,
    Optional<Path> file,
    Map<String, String> options,
    String user,
    String password) {

  /** What {@code DATABASE_URL} says to switch off what needs a database. */
  public static final String NONE = "none";

  private static final Pattern H2 = Pattern.compile("jdbc:h2:file:([^;:?*\\p{Cntrl}]+)((?:;.*)?)");
  private static final Pattern POSTGRESQL = Pattern.compile("(?:jdbc:)?postgres(?:ql)?(://.+)");

  /** Without control characters, which would be percent-encoded. */
  private static final Pattern NAME =
      Pattern.compile("/(?:[A-Za-z0-9._~-]|%(?![01])\\p{XDigit}{2})+");

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
  private static final Pattern AUTHORITY = Pattern.compile("[A-Za-z0-9._\\-,:\\[\\]]+");

  private static final Set<String> H2_OPTIONS = Set.of("CACHE_SIZE", "MAX_COMPACT_TIME");
  private static final Set<String> POSTGRESQL_OPTIONS =
      Set.of(
          "sslmode",
          "sslrootcert",
          "sslcert",
          "sslkey",
          "sslNegotiation",
          "channelBinding",
          "gssEncMode",
          "currentSchema",
          "targetServerType",
          "hostRecheckSeconds",
          "loadBalanceHosts",
          "prepareThreshold",
          "ApplicationName");

  /**
   * Reads a URL: {@code jdbc:h2:file:./data/storage}, {@code postgresql://user:password@host/name}
   * or {@code jdbc:postgresql://host/name}.
   *
   * @param user who connects, or empty to take it from the URL
   * @param password its password, or empty to take it from the URL
   * @throws IllegalArgumentException if it is none of these or has an option that is not on the
   *     list; the message holds no credentials
   */
  public static DatabaseUrl of(String url, String user, String password) {
    Matcher h2 = H2.matcher(url);
    if (h2.matches()) {
      Map<String, String> options = h2Options(h2.group(2));
      Path file = Path.of(h2.group(1)).toAbsolutePath().normalize();
      if (file.getFileName() == null) {
        throw new IllegalArgumentException("a URL of H2 names a file");
      }
      return new DatabaseUrl(
          Dialect.H2, "jdbc:h2:file:" + file, Optional.of(file), options, "sa", "");
    }
    Matcher postgresql = POSTGRESQL.matcher(url);
    if (postgresql.matches()) {
      return postgresql("postgresql" + postgresql.group(1), user, password);
    }
    throw new IllegalArgumentException(
        "neither none, nor jdbc:h2:file:PATH, nor postgresql://USER:PASSWORD@HOST:PORT/NAME");
  }

  private static Map<String, String> h2Options(String text) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String option : text.split(";", -1)) {
      if (!option.isEmpty()) {
        int equals = option.indexOf('=');
        String name = equals < 0 ? option : option.substring(0, equals);
        allow(name.toUpperCase(Locale.ROOT), H2_OPTIONS, true);
        options.put(name.toUpperCase(Locale.ROOT), number(name, option, equals));
      }
    }
    return options;
  }

  private static String number(String name, String option, int equals) {
    String value = equals < 0 ? "" : option.substring(equals + 1);
    if (!value.matches("\\d{1,9}")) {
      throw new IllegalArgumentException("the option " + name + " wants a number");
    }
    return value;
  }

  private static DatabaseUrl postgresql(String url, String user, String password) {
    URI uri = uri(url);
    String authority = orEmpty(uri.getRawAuthority());
    int at = authority.lastIndexOf('@');
    String hosts = authority.substring(at + 1);
    String name = orEmpty(uri.getRawPath());
    if (!AUTHORITY.matcher(hosts).matches()
        || !NAME.matcher(name).matches()
        || uri.getFragment() != null) {
      throw new IllegalArgumentException("a URL of PostgreSQL names a host and a database");
    }
    Map<String, String> options = postgresqlOptions(orEmpty(uri.getRawQuery()));
    String[] login = at < 0 ? new String[0] : authority.substring(0, at).split(":", 2);
    String urlUser = login.length > 0 ? decode(login[0]) : options.get("user");
    String urlPassword = login.length > 1 ? decode(login[1]) : options.get("password");
    options.keySet().removeAll(Set.of("user", "password"));
    return new DatabaseUrl(
        Dialect.POSTGRESQL,
        "jdbc:postgresql://" + hosts + name,
        Optional.empty(),
        options,
        user.isEmpty() ? urlUser : user,
        password.isEmpty() ? urlPassword : password);
  }

  private static URI uri(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a URL: " + e.getReason(), e);
    }
  }

  private static String orEmpty(String part) {
    return part == null ? "" : part;
  }

  /** The options of a URL, among which the credentials may be. */
  private static Map<String, String> postgresqlOptions(String query) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String option : query.split("&", -1)) {
      if (!option.isEmpty()) {
        int equals = option.indexOf('=');
        String key = decode(equals < 0 ? option : option.substring(0, equals));
        if (!key.equals("user") && !key.equals("password")) {
          // Behind a password the name may be a piece of it: an & that was not encoded.
          allow(key, POSTGRESQL_OPTIONS, !options.containsKey("password"));
        }
        options.put(key, equals < 0 ? "" : decode(option.substring(equals + 1)));
      }
    }
    return options;
  }

  /**
   * The driver's properties: ours, the URL's, and the credentials.
   *
   * @param statement how long a statement may take
   */
  Map<String, String> properties(Duration statement) {
    Map<String, String> all = new LinkedHashMap<>(dialect.properties(statement));
    all.putAll(options);
    if (user != null) {
      all.put("user", user);
    }
    if (password != null) {
      all.put("password", password);
    }
    return all;
  }

  /**
   * A connection of its own.
   *
   * @param statement how long its statements may take
   */
  Connection connect(Duration statement) throws SQLException {
    Properties properties = new Properties();
    properties.putAll(properties(statement));
    Connection connection = DriverManager.getConnection(jdbc, properties);
    try (Statement limit = connection.createStatement()) {
      limit.execute(dialect.limit(statement));
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private static void allow(String option, Set<String> allowed, boolean show) {
    if (!allowed.contains(option)) {
      String shown = show && option.matches("[A-Za-z_]{1,40}") ? option : "that is given";
      throw new IllegalArgumentException(
          "the option "
              + shown
              + " is not allowed; these are: "
              + String.join(", ", sort(allowed)));
    }
  }

  private static Set<String> sort(Set<String> names) {
    return new TreeSet<>(names);
  }

  /** To PostgreSQL a zero byte would end the value, and begin a parameter of the session. */
  private static String decode(String text) {
    String decoded = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    if (CONTROL.matcher(decoded).find()) {
      throw new IllegalArgumentException("a control character in a URL of PostgreSQL");
    }
    return decoded;
  }

  /** The name of the database: that of H2's file, or behind the server's address. */
  String name() {
    return jdbc.substring(jdbc.lastIndexOf('/') + 1);
  }

  /** For people: where it is, without credentials and options. */
  @Override
  public String toString() {
    return file.map(path -> "H2 in " + path + ".mv.db")
        .orElseGet(() -> jdbc.replace("jdbc:postgresql://", "PostgreSQL at "));
  }
}
