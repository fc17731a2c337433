package dev.storageapi.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A certificate that a test makes for itself, as files in PEM.
 *
 * @param chain the certificate alone, which signs itself
 * @param key its private key
 */
record Certificate(Path chain, Path key) {

  private static final String PASSWORD = "changeit";
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  /**
   * Makes one, valid from now on for a day, in a folder.
   *
   * @param subject whose it is, such as {@code ip:127.0.0.1}
   */
  static Certificate make(Path folder, String subject) {
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
            "san=" + subject,
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
    return new Certificate(chain, key);
  }

  private static Path pem(Path file, String type, byte[] content) throws IOException {
    String lines = LINES.encodeToString(content);
    return Files.writeString(
        file,
        "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n",
        US_ASCII);
  }
}
