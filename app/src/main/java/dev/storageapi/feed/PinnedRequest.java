package dev.storageapi.feed;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;

/**
 * A GET that goes where {@link AddressRules} looked, although a name may lead elsewhere a moment
 * later (DNS rebinding).
 *
 * <p>An {@code http} request is sent to the very address that was judged, under a {@code Host}
 * header of our own. An {@code https} request keeps the name, since TLS needs it for SNI and for
 * the certificate, and the JDK looks it up again: a host of the inner network that it then reaches
 * has no certificate for that name and gets no request.
 *
 * <p>The JDK leaves {@code Host} to a request only if the system property {@code
 * jdk.httpclient.allowRestrictedHeaders} said so when the client's classes were loaded.
 */
final class PinnedRequest {

  private PinnedRequest() {}

  /**
   * The request for a URL.
   *
   * @param address the one that the rules found for the URL's host
   * @param known what makes the request conditional
   * @param more headers, of a trace
   */
  static HttpRequest of(
      URI url, InetAddress address, Validators known, String userAgent, Map<String, String> more) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .header("Accept", "application/json")
            .header("Accept-Encoding", "identity") // without it any coding is acceptable
            .header("User-Agent", userAgent);
    more.forEach(request::header);
    if ("http".equalsIgnoreCase(url.getScheme())) {
      request.uri(at(address, url)).header("Host", url.getRawAuthority());
    }
    if (known.etag() != null) {
      request.header("If-None-Match", known.etag());
    }
    if (known.lastModified() != null) {
      request.header("If-Modified-Since", known.lastModified());
    }
    return request.build();
  }

  /** The URL with the address in place of the name. */
  private static URI at(InetAddress address, URI url) {
    String literal = address.getHostAddress();
    String host = address instanceof Inet6Address ? "[" + literal + "]" : literal;
    String port = url.getPort() == -1 ? "" : ":" + url.getPort();
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    return URI.create("http://" + host + port + url.getRawPath() + query);
  }
}
