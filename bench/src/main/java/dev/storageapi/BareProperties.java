package dev.storageapi;

import java.util.Map;

/** The service's own settings of the JDK's server, for one that is compared with it. */
public final class BareProperties {

  private BareProperties() {}

  /** Sets the system properties, before the server's classes load. */
  public static void set() {
    Main.serverProperties(Config.from(Map.of()).server());
  }
}
