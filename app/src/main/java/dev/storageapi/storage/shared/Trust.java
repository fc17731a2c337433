package dev.storageapi.storage.shared;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Whose certificates are trusted: of the JVM's trust store, or of one file. */
public final class Trust {

  private Trust() {}

  /** The JVM's: its own list, or {@code javax.net.ssl.trustStore}. */
  public static SSLSocketFactory ofJvm() {
    return (SSLSocketFactory) SSLSocketFactory.getDefault();
  }

  /**
   * Only the certificates in a file, and those that they have signed.
   *
   * @param file PEM, one certificate or more
   * @throws IllegalArgumentException if it cannot be read or has none
   */
  public static SSLSocketFactory of(Path file) {
    try (InputStream pem = Files.newInputStream(file)) {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (certificates.isEmpty()) {
        throw new IllegalArgumentException("it has no certificate");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate certificate : certificates) {
        store.setCertificateEntry(Integer.toString(store.size()), certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (IOException e) {
      throw new IllegalArgumentException("it cannot be read", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("it has no certificates in PEM", e);
    }
  }
}
