package vigie.peer.detect;

/**
 * What the two passes over a batch know of each of its points, a column each; grows to the largest
 * batch.
 */
final class Points {
  double[] ms = new double[0];
  double[] value;
  /** Number of the window that closed with a point, or -1. */
  int[] window;
  /**
   * Points of the series before, distance of its points, time since the last of them, and class,
   * before the point.
   */
  int[] ordinal;
  double[] intervalMs;
  double[] gapMs;
  byte[] metricClass;
  /** Slow level (absolute), long-run spread and usual distance before the point. */
  double[] slow;
  double[] spread;
  double[] unit;
  double[] step;
  /**
   * How far the point lies outside the extremes known, in spreads; those extremes' distance; the
   * least step.
   */
  double[] beyond;
  double[] span;
  double[] grain;
  double[] leap;
  double[] record;
  double[] stillness;
  /**
   * Readings of the members and their surprises, by member; what a forecast's reading seldom
   * passes.
   */
  final double[][] reading = new double[Members.COUNT][];
  final double[][] surprise = new double[Members.COUNT][];
  double[] usual;
  double[] expected;
  double[] score;
  byte[] onset;

  void reserve(int points) {
    if (ms.length >= points) return;
    int size = 2 * points;
    ms = new double[size];
    value = new double[size];
    window = new int[size];
    ordinal = new int[size];
    intervalMs = new double[size];
    gapMs = new double[size];
    metricClass = new byte[size];
    slow = new double[size];
    spread = new double[size];
    unit = new double[size];
    beyond = new double[size];
    span = new double[size];
    grain = new double[size];
    leap = new double[size];
    record = new double[size];
    stillness = new double[size];
    for (int m = 0; m < Members.COUNT; m++) {
      reading[m] = new double[size];
      surprise[m] = new double[size];
    }
    step = reading[Members.STEP];
    usual = new double[size];
    expected = new double[size];
    score = new double[size];
    onset = new byte[size];
  }
}
