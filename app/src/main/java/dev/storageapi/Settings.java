package dev.storageapi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads settings from the environment and gathers every problem, so that all are named together.
 * Each setting is declared where it is read; what was declared is what {@code
 * docs/configuration.md} lists.
 */
final class Settings {

  /**
   * A setting that was read.
   *
   * @param name the environment variable
   * @param fallback the default, as one would write it
   * @param description what it does
   */
  record Setting(String name, String fallback, String description) {}

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  /** In milliseconds more would not fit into what the JDK and the drivers count in. */
  private static final Duration LONGEST = Duration.ofHours(500);

  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB)?");

  /** What Kubernetes and Docker links put into the environment of a container by themselves. */
  private static final Pattern INJECTED =
      Pattern.compile(".*_SERVICE_HOST|.*_SERVICE_PORT(_.*)?|.*_PORT_\\d+_(TCP|UDP|SCTP)(_.*)?");

  private static final Pattern INJECTED_VALUE = Pattern.compile("(tcp|udp|sctp)://.*");

  private final Map<String, String> environment;
  private final Map<String, Setting> declared = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  Settings(Map<String, String> environment) {
    this.environment = environment;
  }

  /** A text, checked by {@code valid}. */
  String text(String name, String fallback, String description, Predicate<String> valid) {
    return read(name, fallback, description, description, v -> valid.test(v) ? v : null);
  }

  /**
   * A text that nobody is to see, or the file that it is in, which {@code NAME_FILE} names: as
   * Docker and Kubernetes give secrets. Of the file the line break at its end does not count.
   */
  String secret(String name, String description) {
    String value = text(name, "", description, text -> true);
    String file =
        text(name + "_FILE", "", "The file that " + name + " is in, instead", text -> true);
    if (file.isEmpty()) {
      return value;
    }
    if (!value.isEmpty()) {
      problems.add(name + " and " + name + "_FILE are both given");
    }
    try {
      return Files.readString(Path.of(file)).replaceFirst("\\R\\z", "");
    } catch (IOException | InvalidPathException e) {
      problems.add(name + "_FILE=" + file + " cannot be read: " + e.getClass().getSimpleName());
      return value;
    }
  }

  /** A whole number between two bounds. */
  int number(String name, int fallback, int min, int max, String description) {
    String range = min + " to " + max;
    return read(
        name,
        Integer.toString(fallback),
        description + " (" + range + ")",
        "a whole number, " + range,
        value -> {
          int number = Integer.parseInt(value);
          return number >= min && number <= max ? number : null;
        });
  }

  /** A number of bytes, such as {@code 64KiB}, of at least {@code min} bytes. */
  long size(String name, String fallback, long min, String description) {
    return read(
        name,
        fallback,
        description,
        "a size such as 512, 64KiB, 32MiB or 1GiB, at least " + min,
        value -> {
          Long size = size(value);
          return size != null && size >= min ? size : null;
        });
  }

  /** A time, such as {@code 500ms} or {@code 30s}, of at least {@code min} and at most 500 h. */
  Duration duration(String name, String fallback, Duration min, String description) {
    return read(
        name,
        fallback,
        description,
        "a time such as 500ms, 30s, 5m or 1h, at least " + min.toMillis() + "ms, at most 500h",
        value -> {
          Duration time = duration(value);
          boolean fits = time != null && time.compareTo(min) >= 0 && time.compareTo(LONGEST) <= 0;
          return fits ? time : null;
        });
  }

  /** {@code true} or {@code false}. */
  boolean flag(String name, boolean fallback, String description) {
    return read(
        name,
        Boolean.toString(fallback),
        description,
        "true or false",
        value -> Set.of("true", "false").contains(value) ? Boolean.valueOf(value) : null);
  }

  /** One of the constants of an enum, in lower case. */
  <E extends Enum<E>> E choice(String name, E fallback, String description) {
    Class<E> type = fallback.getDeclaringClass();
    List<String> names =
        Stream.of(type.getEnumConstants()).map(constant -> lower(constant.name())).toList();
    return read(
        name,
        lower(fallback.name()),
        description + " (" + String.join(", ", names) + ")",
        "one of " + String.join(", ", names),
        value -> type.getEnumConstants()[names.indexOf(lower(value))]);
  }

  /** One of the constants of an enum, in lower case; nothing for {@code open}, the default. */
  <E extends Enum<E>> Optional<E> choice(
      String name, String open, Class<E> type, String description) {
    Map<String, Optional<E>> values = new LinkedHashMap<>(Map.of(open, Optional.empty()));
    for (E constant : type.getEnumConstants()) {
      values.put(lower(constant.name()), Optional.of(constant));
    }
    String names = String.join(", ", values.keySet());
    return read(
        name,
        open,
        description + " (" + names + ")",
        "one of " + names,
        value -> values.get(lower(value)));
  }

  /** Items between commas, none by default, each turned into a value. */
  <T> List<T> list(String name, String fallback, String description, Function<String, T> item) {
    return read(
        name,
        fallback,
        description,
        description,
        value ->
            Stream.of(value.split(",", -1))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .map(item)
                .toList());
  }

  /** Reads one; {@code form} tells in a problem what would be valid. */
  private <T> T read(
      String name, String fallback, String description, String form, Function<String, T> parser) {
    declared.put(name, new Setting(name, fallback, description));
    String value = environment.getOrDefault(name, fallback);
    if (isInjected(name, value)) {
      value = fallback;
    }
    try {
      T parsed = parser.apply(value.strip());
      if (parsed != null) {
        return parsed;
      }
    } catch (RuntimeException e) {
      // not of the form: named below with all others
    }
    problems.add(name + "=" + value + " is not valid: " + form);
    return parser.apply(fallback);
  }

  private static Long size(String value) {
    Matcher matcher = SIZE.matcher(value);
    if (!matcher.matches()) {
      return null;
    }
    int shift =
        switch (matcher.group(2) == null ? "B" : matcher.group(2)) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          default -> 0;
        };
    return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
  }

  private static Duration duration(String value) {
    Matcher matcher = DURATION.matcher(value);
    if (!matcher.matches()) {
      return null;
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  private static String lower(String text) {
    return text.toLowerCase(java.util.Locale.ROOT);
  }

  private static boolean isInjected(String name, String value) {
    boolean port = name.endsWith("_PORT") && INJECTED_VALUE.matcher(value).matches();
    return port || INJECTED.matcher(name).matches();
  }

  /** The variables of others, whose names begin so; an empty one is as good as none. */
  Map<String, String> named(String prefix) {
    Map<String, String> named = new HashMap<>();
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(prefix) && !value.isBlank()) {
            named.put(name, value.strip());
          }
        });
    return Map.copyOf(named);
  }

  /** What has been read so far, in that order. */
  List<Setting> declared() {
    return List.copyOf(declared.values());
  }

  /** Adds a problem that a single setting does not show. */
  void problem(String problem) {
    problems.add(problem);
  }

  /**
   * Ends the reading.
   *
   * @param prefixes how the names of our settings begin: another name that begins so is a mistake
   * @throws InvalidConfiguration naming every problem, if there was one
   */
  void check(List<String> prefixes) {
    environment.forEach(
        (name, value) -> {
          boolean ours = prefixes.stream().anyMatch(name::startsWith);
          if (ours && !isInjected(name, value) && !declared.containsKey(name)) {
            problems.add(name + " is not a setting: docs/configuration.md lists them");
          }
        });
    if (!problems.isEmpty()) {
      throw new InvalidConfiguration(problems);
    }
  }
}
