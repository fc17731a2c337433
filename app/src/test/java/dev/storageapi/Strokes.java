package dev.storageapi;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.openqa.selenium.Point;
import org.openqa.selenium.Rectangle;
import org.openqa.selenium.interactions.Interaction;
import org.openqa.selenium.interactions.PointerInput;
import org.openqa.selenium.interactions.PointerInput.MouseButton;
import org.openqa.selenium.interactions.PointerInput.Origin;
import org.openqa.selenium.interactions.Sequence;

/** How somebody draws the digits: of each the strokes, of each stroke the points, from 0 to 1. */
final class Strokes {

  private record At(double x, double y) {}

  private static final Duration STEP = Duration.ofMillis(5);

  private final List<List<At>> all;

  private Strokes(List<List<At>> all) {
    this.all = all;
  }

  /** Points in a line: x and y in turn. */
  private static List<At> line(double... numbers) {
    List<At> points = new ArrayList<>();
    for (int i = 0; i < numbers.length; i += 2) {
      points.add(new At(numbers[i], numbers[i + 1]));
    }
    return points;
  }

  /** A part of an ellipse between two angles in degrees: 0 is right, 90 is down. */
  private static List<At> bow(double x, double y, double rx, double ry, int from, int to) {
    int steps = Math.max(1, Math.abs(to - from) / 15);
    List<At> points = new ArrayList<>();
    for (int i = 0; i <= steps; i++) {
      double angle = Math.toRadians(from + (to - from) * (double) i / steps);
      points.add(new At(x + rx * Math.cos(angle), y + ry * Math.sin(angle)));
    }
    return points;
  }

  private static List<At> joined(List<At> first, List<At> second) {
    return Stream.of(first, second).flatMap(List::stream).toList();
  }

  static Strokes of(int digit) {
    return new Strokes(strokes(digit));
  }

  private static List<List<At>> strokes(int digit) {
    return switch (digit) {
      case 0 -> List.of(bow(.5, .5, .32, .5, -90, 270));
      case 1 -> List.of(line(.3, .25, .52, 0, .52, 1));
      case 2 -> List.of(joined(bow(.5, .27, .32, .27, -170, 30), line(.18, 1, .85, 1)));
      case 3 ->
          List.of(joined(bow(.45, .25, .3, .25, -150, 90), bow(.45, .74, .33, .26, -90, 150)));
      case 4 -> List.of(line(.6, 0, .15, .65, .9, .65), line(.65, .3, .65, 1));
      case 5 ->
          List.of(
              joined(line(.25, 0, .22, .42), bow(.45, .68, .33, .32, -110, 140)),
              line(.25, 0, .8, 0));
      case 6 -> List.of(joined(line(.65, 0, .35, .3), bow(.5, .72, .3, .28, 180, -180)));
      case 7 -> List.of(line(.15, 0, .85, 0, .4, 1), line(.3, .5, .75, .5));
      case 8 -> List.of(joined(bow(.5, .25, .26, .25, 90, -270), bow(.5, .75, .32, .25, -90, 270)));
      case 9 -> List.of(joined(bow(.48, .28, .28, .28, 0, -360), line(.7, 1)));
      default -> throw new IllegalArgumentException("no digit: " + digit);
    };
  }

  /**
   * Draws them.
   *
   * @param where the rectangle of the page that they fill
   * @param kind of the pointer
   */
  Sequence in(Rectangle where, PointerInput.Kind kind) {
    PointerInput pointer = new PointerInput(kind, "pointer");
    Sequence moves = new Sequence(pointer, 0);
    for (List<At> stroke : all) {
      List<Point> points = stroke.stream().map(at -> point(where, at)).toList();
      moves.addAction(move(pointer, points.get(0)));
      moves.addAction(pointer.createPointerDown(MouseButton.LEFT.asArg()));
      points.stream().skip(1).forEach(point -> moves.addAction(move(pointer, point)));
      moves.addAction(pointer.createPointerUp(MouseButton.LEFT.asArg()));
    }
    return moves;
  }

  private static Interaction move(PointerInput pointer, Point to) {
    return pointer.createPointerMove(STEP, Origin.viewport(), to.x, to.y);
  }

  private static Point point(Rectangle where, At at) {
    return new Point(
        where.x + (int) Math.round(at.x() * where.width),
        where.y + (int) Math.round(at.y() * where.height));
  }
}
