package dev.storageapi.http;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Checks parameters and gathers what is wrong with them, to be told all at once in the form of
 * FastAPI and Pydantic 2, which the exercises' clients know:
 *
 * <pre>{@code
 * {"detail":[{"type":"missing","loc":["query","name"],"msg":"Field required","input":null}]}
 * }</pre>
 *
 * It belongs to one request.
 */
public final class Validation {

  private static final int MAX_ECHO = 100;

  /**
   * What Pydantic takes for a whole number: blanks around it, a sign, underscores between digits,
   * zeros behind a point.
   */
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d+(?:_\\d+)*(?:\\.0+)?");

  private final List<Map<String, Object>> problems = new ArrayList<>();

  /** Whether nothing was wrong so far. */
  public boolean isFine() {
    return problems.isEmpty();
  }

  /** 422, with everything that is wrong. */
  public Response response() {
    return Response.json(422, Map.of("detail", problems));
  }

  /**
   * A whole number, whatever its size.
   *
   * @param place {@code path} or {@code query}
   * @return zero where it is none, which is then a problem
   */
  public BigInteger integer(String place, String name, String input) {
    String text = input.strip();
    if (!INTEGER.matcher(text).matches()) {
      String msg = "Input should be a valid integer, unable to parse string as an integer";
      problem("int_parsing", place, name, msg, input, Map.of());
      return BigInteger.ZERO;
    }
    int point = text.indexOf('.');
    return new BigInteger((point < 0 ? text : text.substring(0, point)).replace("_", ""));
  }

  /** A whole number of the query between two bounds, or {@code fallback} if it is not given. */
  public long integer(String name, String input, long fallback, long min, long max) {
    if (input == null) {
      return fallback;
    }
    BigInteger number = integer("query", name, input);
    if (number.compareTo(BigInteger.valueOf(min)) < 0) {
      String msg = "Input should be greater than or equal to " + min;
      problem("greater_than_equal", "query", name, msg, input, Map.of("ge", min));
    } else if (number.compareTo(BigInteger.valueOf(max)) > 0) {
      String msg = "Input should be less than or equal to " + max;
      problem("less_than_equal", "query", name, msg, input, Map.of("le", max));
    }
    return number.longValue();
  }

  /** A text of the query that must be given, of at most {@code max} characters. */
  public String text(String name, String input, int max) {
    if (input == null) {
      problem("missing", "query", name, "Field required", null, Map.of());
    } else if (input.codePointCount(0, input.length()) > max) {
      String msg = "String should have at most " + max + " characters";
      problem("string_too_long", "query", name, msg, input, Map.of("max_length", max));
    } else if (input.indexOf('\0') >= 0) {
      String msg = "Value error, must not contain U+0000";
      problem("value_error", "query", name, msg, input, Map.of());
    }
    return input;
  }

  private void problem(
      String type, String place, String name, String msg, String input, Map<String, ?> context) {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", type);
    problem.put("loc", List.of(place, name));
    problem.put("msg", msg);
    problem.put("input", cut(input));
    if (!context.isEmpty()) {
      problem.put("ctx", context);
    }
    problems.add(problem);
  }

  private static String cut(String input) {
    return input == null || input.codePointCount(0, input.length()) <= MAX_ECHO
        ? input
        : input.substring(0, input.offsetByCodePoints(0, MAX_ECHO));
  }
}
