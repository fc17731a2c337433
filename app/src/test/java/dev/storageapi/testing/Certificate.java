package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A certificate for 127.0.0.1 that a test makes for itself, as files.
 *
 * @param chain the certificate alone, which signs itself, as PEM
 * @param key its private key, as PEM
 * @param trusted a trust store of a JVM with it alone
 */
record Certificate(Path chain, Path key, Path trusted) {

  private static final String PASSWORD = "changeit";
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  /** Makes one, valid from now on for a day, in a folder. */
  static Certificate make(Path folder) {
    Path pair = folder.resolve("pair.p12");
    Command.run(
            System.getProperty("java.home") + "/bin/keytool",
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "EC",
            "-dname",
            "CN=storage-api test",
            "-ext",
            "san=ip:127.0.0.1",
            "-ext",
            "bc=ca:true",
            "-validity",
            "1",
            "-storetype",
            "PKCS12",
            "-keystore",
            pair.toString(),
            "-storepass",
            PASSWORD)
        .orFail();
    try {
      return write(folder, read(pair));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyStore read(Path pair) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(pair)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  private static Certificate write(Path folder, KeyStore pair)
      throws IOException, GeneralSecurityException {
    java.security.cert.Certificate own = pair.getCertificate("server");
    Path chain = pem(folder.resolve("server.crt"), "CERTIFICATE", own.getEncoded());
    byte[] secret = pair.getKey("server", PASSWORD.toCharArray()).getEncoded();
    Path key = pem(folder.resolve("server.key"), "PRIVATE KEY", secret);
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("server", own);
    Path trusted = folder.resolve("trusted.p12");
    try (OutputStream out = Files.newOutputStream(trusted)) {
      trust.store(out, PASSWORD.toCharArray());
    }
    return new Certificate(chain, key, trusted);
  }

  private static Path pem(Path file, String type, byte[] content) throws IOException {
    String lines = LINES.encodeToString(content);
    return Files.writeString(
        file,
        "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n",
        US_ASCII);
  }

  /** Options of a JVM that is to trust it, and nothing else. */
  String[] trust() {
    return new String[] {
      "-Djavax.net.ssl.trustStore=" + trusted, "-Djavax.net.ssl.trustStorePassword=" + PASSWORD
    };
  }
}
