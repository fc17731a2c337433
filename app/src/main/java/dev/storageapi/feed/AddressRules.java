package dev.storageapi.feed;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which URLs the service may ask for: http and https to hosts all of whose addresses are public, so
 * that neither a setting nor a redirect makes it ask what only the inner network should reach.
 *
 * <p>Exempt is a host and port that the allow list names, by exact text. Spellings of a host that
 * programs read differently are refused: addresses that are not of the usual form, zone ids, a dot
 * at the end.
 */
public final class AddressRules {

  /** How a host, a name or the text of an address, becomes addresses. May block. */
  @FunctionalInterface
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /** The URL may not be asked for. The message says why and repeats nothing of it. */
  static final class Refused extends Exception {

    private static final long serialVersionUID = 1L;

    Refused(String reason) {
      super(reason, null, false, false);
    }
  }

  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  private static final Pattern PRINTABLE = Pattern.compile("[!-~]+");
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
  private static final Pattern ENDS_IN_NUMBER = Pattern.compile("(.*\\.)?[0-9][^.]*");

  private final Set<String> allowed;
  private final Resolver resolver;

  /**
   * Rules with exemptions.
   *
   * @param allowed each {@code host:port}, the port written out; letters of either case
   */
  public AddressRules(Collection<String> allowed) {
    this(allowed, InetAddress::getAllByName);
  }

  AddressRules(Collection<String> allowed, Resolver resolver) {
    this.allowed = allowed.stream().map(AddressRules::lower).collect(Collectors.toSet());
    this.resolver = resolver;
  }

  /**
   * Why a configured URL cannot be used, as far as that can be told without looking up a name. The
   * reason repeats nothing of the URL, which may hold a key.
   */
  public Optional<String> problem(String text) {
    try {
      URI url = parse(text);
      checkForm(url);
      if (url.getRawFragment() != null) {
        return Optional.of("a fragment is never sent");
      }
      if (isAddress(url.getHost())) {
        addressOf(url);
      }
      return Optional.empty();
    } catch (Refused e) {
      return Optional.of(e.getMessage());
    } catch (UnknownHostException e) {
      return Optional.of("the host is no address");
    }
  }

  /**
   * The address to connect to, the first of its host. Blocks while the name is looked up.
   *
   * @throws Refused if the form of the URL or one of the addresses is against the rules
   * @throws UnknownHostException if the name has no address
   */
  InetAddress addressOf(URI url) throws Refused, UnknownHostException {
    checkForm(url);
    InetAddress[] addresses = resolver.resolve(url.getHost());
    if (addresses.length == 0) {
      throw new UnknownHostException();
    }
    if (!allowed.contains(lower(url.getHost()) + ":" + port(url))) {
      for (InetAddress address : addresses) {
        if (!PublicAddresses.contain(address)) {
          throw new Refused(
              address.getHostAddress() + " is not public, and the host is not on the allow list");
        }
      }
    }
    return addresses[0];
  }

  /**
   * Where a redirect leads (RFC 9110, 10.2.2). What the rules say of that host is not asked yet.
   *
   * @throws Refused if it leads nowhere, or from https to http
   */
  static URI redirect(URI from, Optional<String> location) throws Refused {
    URI to = resolved(from, parse(location.orElse("")));
    if ("https".equalsIgnoreCase(from.getScheme()) && "http".equalsIgnoreCase(to.getScheme())) {
      throw new Refused("a redirect from https to http");
    }
    return to;
  }

  /**
   * As RFC 3986, 5.2.2 has it. {@link URI#resolve} follows an older one: it drops the last segment
   * of the path where the reference is a query only, and begins none behind a host without a path.
   */
  private static URI resolved(URI from, URI reference) throws Refused {
    String site = from.getScheme() + "://" + from.getRawAuthority();
    boolean queryOnly =
        reference.getScheme() == null
            && reference.getRawAuthority() == null
            && reference.getRawPath().isEmpty()
            && reference.getRawQuery() != null;
    if (queryOnly) {
      return parse(site + from.getRawPath() + "?" + reference.getRawQuery());
    }
    return (from.getRawPath().isEmpty() ? parse(site + "/") : from).resolve(reference);
  }

  /** Whether two URLs are of one origin: scheme, host and port. */
  static boolean sameOrigin(URI one, URI other) {
    return one.getScheme().equalsIgnoreCase(other.getScheme())
        && one.getHost().equalsIgnoreCase(other.getHost())
        && port(one) == port(other);
  }

  private static URI parse(String text) throws Refused {
    try {
      if (PRINTABLE.matcher(text).matches()) {
        return new URI(text);
      }
    } catch (URISyntaxException e) {
      // its message repeats the text
    }
    throw new Refused("not a URL");
  }

  private static void checkForm(URI url) throws Refused {
    if (!"http".equalsIgnoreCase(url.getScheme()) && !"https".equalsIgnoreCase(url.getScheme())) {
      throw new Refused("the scheme is neither http nor https");
    }
    if (url.getRawAuthority() != null && url.getRawAuthority().contains("@")) {
      throw new Refused("a user or password in the URL");
    }
    String host = url.getHost();
    if (host == null
        || host.contains("%")
        || host.endsWith(".")
        || (ENDS_IN_NUMBER.matcher(host).matches() && !isAddress(host))) {
      throw new Refused("the host is neither a name nor an address of the usual form");
    }
    if (port(url) < 1 || port(url) > 65535) {
      throw new Refused("no such port");
    }
  }

  private static boolean isAddress(String host) {
    return host.startsWith("[") || IPV4.matcher(host).matches();
  }

  private static int port(URI url) {
    int usual = "https".equalsIgnoreCase(url.getScheme()) ? HTTPS_PORT : HTTP_PORT;
    return url.getPort() == -1 ? usual : url.getPort();
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
