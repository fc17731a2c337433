package dev.storageapi;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;

/**
 * The traffic of the command {@code traffic}.
 *
 * @param url as text; {@link #check} has nothing against it once the command has started
 * @param rate requests a second
 */
record TrafficConfig(String url, int rate) {

  static TrafficConfig read(Settings settings) {
    return new TrafficConfig(
        settings.text(
            "TRAFFIC_URL",
            "http://localhost:5000",
            "Where the traffic goes: http or https, a host and a port",
            any -> true), // checked only where it is used
        settings.number("TRAFFIC_RATE", Demo.RATE, 1, 500, "Requests a second"));
  }

  /** Adds what is wrong with the URL, where there is traffic. */
  void check(Settings settings) {
    problem(url).ifPresent(reason -> settings.problem("TRAFFIC_URL is not valid: " + reason));
  }

  /** The URL without a slash at its end. */
  String origin() {
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  /** What is wrong with a URL, if anything is. It is not repeated: it might hold a password. */
  private static Optional<String> problem(String text) {
    try {
      URI url = new URI(text);
      if (url.getScheme() == null || !Set.of("http", "https").contains(url.getScheme())) {
        return Optional.of("it begins neither with http:// nor with https://");
      } else if (url.getHost() == null && (url.getRawAuthority() + "").contains("_")) {
        return Optional.of(
            "its host has a _ in its name, which Java does not take in a URL; the host needs another"
                + " name, such as storage-api for storage_api");
      } else if (url.getHost() == null) {
        return Optional.of("it has no host");
      } else if (url.getPort() == 0 || url.getPort() > 65535) {
        return Optional.of("its port is none");
      }
      boolean more =
          url.getRawUserInfo() != null
              || url.getRawQuery() != null
              || url.getRawFragment() != null
              || !Set.of("", "/").contains(url.getRawPath());
      return more ? Optional.of("it has more than a scheme, a host and a port") : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.of("it is no URL");
    }
  }
}
