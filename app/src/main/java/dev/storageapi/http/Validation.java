package dev.storageapi.http;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
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
   * What Pydantic 2 takes for a whole number, which is group 1: blanks around it, a sign,
   * underscores between digits and among leading zeros, zeros behind a point. Nothing in it goes
   * back: a long input costs no stack.
   */
  private static final Pattern INTEGER =
      Pattern.compile(
          "\\p{IsWhite_Space}*+"
              + "([+-]?+(?:(?:0[0_]*+)?+[1-9][0-9]*+(?:_[0-9]++)*+|0(?:[0_]*0)?+))"
              + "(?:\\.0++)?+\\p{IsWhite_Space}*+");

  private final List<Map<String, Object>> problems = new ArrayList<>();

  /** Whether nothing was wrong so far. */
  public boolean isFine() {
    return problems.isEmpty();
  }

  /** 422, for a field of the body that must be there and is not. */
  public static Response missingInBody(String name) {
    Validation validation = new Validation();
    validation.problem("missing", "body", name, "Field required", null, Map.of());
    return validation.response();
  }

  /** 422, with everything that is wrong. */
  public Response response() {
    return Response.json(422, Map.of("detail", problems));
  }

  /**
   * A whole number of the path, whatever its size.
   *
   * @return zero where it is none, which is then a problem
   */
  public BigInteger integer(String name, String input) {
    return integer("path", name, input).orElse(BigInteger.ZERO);
  }

  /**
   * A whole number of the query between two bounds, or {@code fallback} if it is not given.
   *
   * @param max {@link Long#MAX_VALUE} for no upper bound: a larger number is then taken as this
   */
  public long integer(String name, String input, long fallback, long min, long max) {
    if (input == null) {
      return fallback;
    }
    BigInteger number = integer("query", name, input).orElse(BigInteger.valueOf(min));
    if (number.compareTo(BigInteger.valueOf(min)) < 0) {
      String msg = "Input should be greater than or equal to " + min;
      problem("greater_than_equal", "query", name, msg, input, Map.of("ge", min));
    } else if (max < Long.MAX_VALUE && number.compareTo(BigInteger.valueOf(max)) > 0) {
      String msg = "Input should be less than or equal to " + max;
      problem("less_than_equal", "query", name, msg, input, Map.of("le", max));
    }
    return number.min(BigInteger.valueOf(max)).longValue();
  }

  private Optional<BigInteger> integer(String place, String name, String input) {
    Matcher matcher = INTEGER.matcher(input);
    if (matcher.matches()) {
      return Optional.of(new BigInteger(matcher.group(1).replace("_", "")));
    }
    String msg = "Input should be a valid integer, unable to parse string as an integer";
    problem("int_parsing", place, name, msg, input, Map.of());
    return Optional.empty();
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
