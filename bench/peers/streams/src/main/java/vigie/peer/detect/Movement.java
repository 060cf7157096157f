package vigie.peer.detect;

import java.nio.FloatBuffer;

/** Which way the values went at a point. */
final class Movement {
  static final int UP = 0;
  static final int DOWN = 1;
  static final int FLAT = 2;
  static final int SHAPE = 3;
  /** Place of the share of repeats among the forest's features. */
  private static final int REPEATS = 8;

  private Movement() {}

  static int of(Reading reading, Points points, FloatBuffer forest) {
    if (reading.value > reading.upper) return UP;
    if (reading.value < reading.lower) return DOWN;
    int window = points.window[reading.point];
    boolean repeats =
        window >= 0 && forest.get(window * WindowFeatures.FOREST_WIDTH + REPEATS) >= 1;
    if (reading.flat || repeats) return FLAT;
    if (!forecastLeads(points, reading.point)) return SHAPE;
    return reading.value >= reading.expected ? UP : DOWN;
  }

  /** Whether the forecast finds a point more unusual than both models of its window do together. */
  private static boolean forecastLeads(Points points, int i) {
    double ofWindow = points.surprise[Members.FOREST][i] + points.surprise[Members.AUTOENCODER][i];
    return points.surprise[Members.FORECAST][i] > ofWindow;
  }
}
