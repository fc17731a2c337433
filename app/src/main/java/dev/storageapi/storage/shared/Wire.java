package dev.storageapi.storage.shared;

import dev.storageapi.storage.shared.StoreUrl.Address;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Makes the socket of one connection, to an address that was looked up before: a name server that
 * is slow must not hold up requests. Another thread may cut it. It is used once: Jedis would
 * connect again by itself, without logging in and in another database.
 */
final class Wire implements JedisSocketFactory {

  private final Address address;
  private final InetAddress resolved;
  private final Optional<SSLSocketFactory> tls;
  private final int timeoutMillis;
  private final Socket socket = new Socket();

  /**
   * A wire without a socket yet.
   *
   * @param address what a certificate must be for
   * @param tls nothing for plain text
   * @param timeoutMillis of connecting, and of each wait for bytes
   */
  Wire(Address address, InetAddress resolved, Optional<SSLSocketFactory> tls, int timeoutMillis) {
    this.address = address;
    this.resolved = resolved;
    this.tls = tls;
    this.timeoutMillis = timeoutMillis;
  }

  /**
   * The socket, connected.
   *
   * @throws JedisConnectionException if it cannot be, was before, or is cut
   */
  @Override
  public Socket createSocket() {
    try {
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.connect(new InetSocketAddress(resolved, address.port()), timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      return tls.isPresent() ? encrypted(socket, tls.get()) : socket;
    } catch (IOException e) {
      cut();
      throw new JedisConnectionException(e);
    }
  }

  /** With a certificate that is trusted and for this host, as HTTPS wants it (RFC 2818). */
  private Socket encrypted(Socket plain, SSLSocketFactory factory) throws IOException {
    SSLSocket encrypted =
        (SSLSocket) factory.createSocket(plain, address.host(), address.port(), true);
    SSLParameters parameters = encrypted.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    encrypted.setSSLParameters(parameters);
    encrypted.startHandshake();
    return encrypted;
  }

  /** Closes the socket, whoever reads or writes: they fail at once. */
  void cut() {
    try {
      socket.close();
    } catch (IOException e) {
      // it is closed all the same
    }
  }
}
