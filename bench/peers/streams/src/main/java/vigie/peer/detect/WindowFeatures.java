package vigie.peer.detect;

import static vigie.peer.detect.SeriesRow.WINDOW;

import java.nio.FloatBuffer;

/** Writes a window that has just closed as the forest and the autoencoder read it. */
final class WindowFeatures {
  static final int FOREST_WIDTH = 13;
  private static final double SMALL = 0.02;

  private final WindowShape shape = new WindowShape();

  void forest(SeriesTracker tracker, double[] window, FloatBuffer out, int at) {
    SeriesRow row = tracker.row;
    SeasonWatch season = tracker.season;
    shape.measure(window);
    double spread = Math.max(row.slowDeviation, tracker.resolution);
    double step = Math.max(row.slowStep, SMALL * spread);
    double last = window[WINDOW - 1];
    double whole = shape.deviation + SMALL * spread;
    out.put(at, folded((last - shape.mean) / spread));
    out.put(at + 1, folded((shape.meanLastFour - shape.meanBefore) / spread));
    out.put(at + 2, (float) Math.log(whole / spread));
    out.put(at + 3, (float) Math.log((shape.stepLastEight + SMALL * step) / step));
    out.put(at + 4, (float) Math.log((shape.largestStep + SMALL * step) / step));
    out.put(at + 5, folded(shape.slope / spread));
    out.put(at + 6, folded((shape.mean - row.slow) / spread));
    out.put(at + 7, season.visits > 0 ? seasonal(row.season, season.value, last, spread) : 0);
    out.put(at + 8, shape.repeats / 16f);
    out.put(at + 9, shape.crossings / (float) WINDOW);
    out.put(at + 10, (float) Math.log((shape.deviationLastEight + SMALL * spread) / whole));
    out.put(at + 11, folded((shape.highest - shape.mean) / spread));
    out.put(at + 12, folded((shape.mean - shape.lowest) / spread));
  }

  /** Writes distances from the window's mean in units of its deviation, held within ±6. */
  void autoencoder(SeriesTracker tracker, double[] window, FloatBuffer out, int at) {
    double least = Math.max(0.5 * tracker.row.slowDeviation, tracker.resolution);
    double unit = Math.max(shape.deviation, least);
    double mean = shape.mean;
    for (int i = 0; i < WINDOW; i++) {
      out.put(at + i, (float) Math.min(6, Math.max(-6, (window[i] - mean) / unit)));
    }
  }

  private static float seasonal(Season season, double expected, double last, double spread) {
    double usual = Math.max(season.deviation, SMALL * spread);
    return folded((last - expected - season.offset) / usual);
  }

  private static float folded(double distance) {
    return (float) Curves.folded(distance);
  }
}
