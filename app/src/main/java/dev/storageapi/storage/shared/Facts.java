package dev.storageapi.storage.shared;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server says of itself: the answer to {@code INFO}.
 *
 * @param objects the keys of the database
 * @param bytes the memory that it uses
 * @param capacity the memory that it may use; nothing where that has no limit
 * @param policy what it does when that is used up
 * @param trouble why it cannot serve, or nothing if it can
 */
record Facts(long objects, long bytes, OptionalLong capacity, String policy, String trouble) {

  private static final Pattern KEYS = Pattern.compile("keys=(\\d+).*");

  /**
   * Reads the answer: lines of {@code name:value}.
   *
   * @param database the number of the database whose keys are counted
   * @param cluster whether it is meant to be one of a cluster
   */
  static Facts of(String info, int database, boolean cluster) {
    Map<String, String> values = new HashMap<>();
    info.lines()
        .filter(line -> line.indexOf(':') > 0)
        .forEach(line -> values.put(line.split(":", 2)[0], line.split(":", 2)[1].strip()));
    Matcher keys = KEYS.matcher(values.getOrDefault("db" + database, ""));
    long limit = number(values, "maxmemory");
    return new Facts(
        keys.matches() ? Long.parseLong(keys.group(1)) : 0,
        number(values, "used_memory"),
        limit == 0 ? OptionalLong.empty() : OptionalLong.of(limit),
        values.getOrDefault("maxmemory_policy", "noeviction"),
        trouble(values, cluster));
  }

  private static String trouble(Map<String, String> values, boolean cluster) {
    if (values.getOrDefault("loading", "0").equals("1")) {
      return "it reads its data";
    }
    if (values.getOrDefault("role", "master").equals("slave")) {
      return "it is a replica, which cannot be written to";
    }
    if (!cluster && values.getOrDefault("cluster_enabled", "0").equals("1")) {
      return "it is one of a cluster: STORAGE_URL has to begin with redis-cluster://";
    }
    return "";
  }

  private static long number(Map<String, String> values, String name) {
    String value = values.getOrDefault(name, "");
    return value.matches("\\d{1,18}") ? Long.parseLong(value) : 0;
  }
}
