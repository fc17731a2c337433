package dev.storageapi.storage.shared;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where the shared store is.
 *
 * @param kind how its servers are found
 * @param tls whether they are spoken to by TLS
 * @param addresses of the server, or of some servers of the cluster, or of the sentinels
 * @param master the name by which sentinels know it; empty for the other kinds
 * @param database the number of its database
 * @param user who connects, or null for the server's default user
 * @param password its password, or null
 */
public record StoreUrl(
    Kind kind,
    boolean tls,
    List<Address> addresses,
    String master,
    int database,
    String user,
    String password) {

  /** What {@code STORAGE_URL} says where every process has a store of its own. */
  public static final String MEMORY = "memory:";

  /** How the servers are found. */
  public enum Kind {
    /** There is one. */
    SINGLE("redis://", "(\\d{0,6})\\?"),
    /** Several, each with some of the keys, of which each tells where the others are. */
    CLUSTER("redis-cluster://", "()\\?"),
    /** One at a time, which sentinels know. */
    SENTINEL("redis-sentinel://", "\\?(?:db=(\\d{1,6}))?");

    private final String scheme;

    /** Of path, ? and query: which database. */
    @SuppressWarnings("ImmutableEnumChecker") // a pattern does not change
    private final Pattern database;

    Kind(String scheme, String database) {
      this.scheme = scheme;
      this.database = Pattern.compile(database);
    }
  }

  /** A host's name or address, and a port. */
  public record Address(String host, int port) {

    private static final Pattern IPV4 =
        Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");

    /**
     * Where a server says that another one is.
     *
     * @param host nothing, null or ? if it is where the one is that says so
     */
    static Address told(String host, int port, Address by) {
      boolean named = host != null && !host.isEmpty() && !host.equals("?");
      return new Address(named ? host : by.host(), port);
    }

    /** Whether nobody has to be asked what it is an address of. */
    boolean isLiteral() {
      return host.contains(":") || IPV4.matcher(host).matches();
    }

    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  private static final Pattern URL =
      Pattern.compile(
          "redis(s?)(|-cluster|-sentinel)://(?:([^@]*)@)?([^@/?#]+)(?:/([^/?#]*))?(?:\\?(.*))?");
  private static final Pattern ADDRESS =
      Pattern.compile("(?:([A-Za-z0-9._-]+)|\\[([0-9A-Fa-f:.]+)])(?::(\\d{1,5}))?");
  private static final Pattern MASTER = Pattern.compile("[A-Za-z0-9._-]+");

  private static final int PORT = 6379;
  private static final int SENTINEL_PORT = 26379;

  /**
   * Reads a URL, such as {@code redis://user:password@host:6379/0}, {@code
   * rediss-cluster://host,host} or {@code redis-sentinel://host,host/name?db=1}.
   *
   * @param user who connects, or empty to take it from the URL
   * @param password its password, or empty to take it from the URL
   * @throws IllegalArgumentException if it is none of these; the message holds no credentials
   */
  public static StoreUrl of(String url, String user, String password) {
    Matcher parts = URL.matcher(url);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "neither memory:, nor redis://USER:PASSWORD@HOST:PORT, nor one of its kind: rediss,"
              + " redis-cluster, rediss-cluster, redis-sentinel, rediss-sentinel");
    }
    Kind kind =
        parts.group(2).isEmpty()
            ? Kind.SINGLE
            : Kind.valueOf(parts.group(2).substring(1).toUpperCase(Locale.ROOT));
    String[] login = parts.group(3) == null ? new String[0] : parts.group(3).split(":", 2);
    String path = parts.group(5) == null ? "" : parts.group(5);
    String query = parts.group(6) == null ? "" : parts.group(6);
    return new StoreUrl(
            kind,
            !parts.group(1).isEmpty(),
            addresses(parts.group(4), kind == Kind.SENTINEL ? SENTINEL_PORT : PORT),
            kind == Kind.SENTINEL ? path : "",
            database(kind, path, query),
            orNull(user.isEmpty() && login.length > 0 ? decode(login[0]) : user),
            orNull(password.isEmpty() && login.length > 1 ? decode(login[1]) : password))
        .checked();
  }

  private static List<Address> addresses(String text, int port) {
    return Stream.of(text.split(",", -1)).map(one -> address(one, port)).toList();
  }

  private static Address address(String text, int port) {
    Matcher parts = ADDRESS.matcher(text);
    int number =
        parts.matches() && parts.group(3) != null ? Integer.parseInt(parts.group(3)) : port;
    if (!parts.matches() || number < 1 || number > 65535) {
      throw new IllegalArgumentException("a host is a name or an address, and a port behind a :");
    }
    return new Address(parts.group(1) == null ? parts.group(2) : parts.group(1), number);
  }

  private static int database(Kind kind, String path, String query) {
    Matcher parts = kind.database.matcher((kind == Kind.SENTINEL ? "" : path) + "?" + query);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "behind the hosts there may be the number of a database, for sentinels as ?db=, for a"
              + " cluster none");
    }
    String number = parts.group(1);
    return number == null || number.isEmpty() ? 0 : Integer.parseInt(number);
  }

  private StoreUrl checked() {
    if (kind == Kind.SINGLE && addresses.size() != 1) {
      throw new IllegalArgumentException("redis:// has one host");
    }
    if (kind == Kind.SENTINEL && !MASTER.matcher(master).matches()) {
      throw new IllegalArgumentException("redis-sentinel:// ends with the name of the master");
    }
    if (user != null && password == null) {
      throw new IllegalArgumentException("there is a user without a password");
    }
    return this;
  }

  /** The JDK's own message would show a piece of what it cannot read. */
  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("user or password are not percent-encoded", e);
    }
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** For people: where it is, without credentials. */
  @Override
  public String toString() {
    String scheme = tls ? kind.scheme.replaceFirst("redis", "rediss") : kind.scheme;
    String hosts = addresses.stream().map(Address::toString).collect(Collectors.joining(","));
    String name = master.isEmpty() ? "" : "/" + master;
    return scheme + hosts + name + (database == 0 ? "" : " database " + database);
  }
}
