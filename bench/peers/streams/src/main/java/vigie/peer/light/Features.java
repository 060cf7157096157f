package vigie.peer.light;

import java.nio.FloatBuffer;

/**
 * Inputs of the models, as widths and meanings go the same as the product's; without its season
 * profile.
 */
final class Features {
  static final int WINDOW = 32;
  static final int FORECAST_WIDTH = 16;
  static final int FOREST_WIDTH = 13;
  private static final double SMALL = 0.02;
  private static final double DAY_MS = 86_400_000;

  private final double[] window = new double[WINDOW];

  void forecast(SeriesRow row, double ms, FloatBuffer out, int at) {
    double inverse = 1 / row.spread();
    double turn = 2 * Math.PI * ((ms % DAY_MS) / DAY_MS);
    double sine = Math.sin(turn);
    double cosine = Math.cos(turn);
    for (int i = 0; i < 5; i++) out.put(at + i, 0);
    out.put(at + 5, (float) sine);
    out.put(at + 6, (float) cosine);
    out.put(at + 7, (float) (2 * sine * cosine));
    out.put(at + 8, (float) (cosine * cosine - sine * sine));
    out.put(at + 9, 0);
    out.put(at + 10, (float) Math.max(-8, Math.min(8, row.trend * 256 * inverse)));
    out.put(at + 11, (float) asinh((row.high - row.slow) * inverse));
    out.put(at + 12, (float) asinh((row.slow - row.low) * inverse));
    out.put(at + 13, (float) Math.log(Math.max(row.step * inverse, SMALL)));
    out.put(at + 14, (float) (0.2 * Math.log(Math.max(1, row.intervalMs) / 60_000)));
    out.put(at + 15, (float) Math.min(1, row.count / 1000.0));
  }

  /** Writes the window that has just closed for the forest and for the autoencoder. */
  void window(SeriesRow row, FloatBuffer forest, int at, FloatBuffer shape, int shapeAt) {
    double sum = 0;
    double lastFour = 0;
    double lastEight = 0;
    double leaning = 0;
    double highest = Double.NEGATIVE_INFINITY;
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < WINDOW; i++) {
      double value = row.ring[(row.count + i) % WINDOW];
      window[i] = value;
      sum += value;
      leaning += (i - (WINDOW - 1) / 2.0) * value;
      if (i >= WINDOW - 4) lastFour += value;
      if (i >= WINDOW - 8) {
        lastEight += value;
        highest = Math.max(highest, value);
        lowest = Math.min(lowest, value);
      }
    }
    double mean = sum / WINDOW;
    double squares = 0;
    double squaresLastEight = 0;
    double stepLastEight = 0;
    double largestStep = 0;
    int repeats = 0;
    int crossings = 0;
    for (int i = 0; i < WINDOW; i++) {
      double value = window[i];
      squares += (value - mean) * (value - mean);
      if (i >= WINDOW - 8) squaresLastEight += Math.pow(value - lastEight / 8, 2);
      if (i == 0) continue;
      double step = Math.abs(value - window[i - 1]);
      if (i >= WINDOW - 8) {
        stepLastEight += step;
        largestStep = Math.max(largestStep, step);
      }
      if (i >= WINDOW - 16 && step == 0) repeats += 1;
      if (value > mean != window[i - 1] > mean) crossings += 1;
    }
    double spread = row.spread();
    double usualStep = Math.max(row.step, SMALL * spread);
    double deviation = Math.sqrt(squares / WINDOW);
    double deviationLastEight = Math.sqrt(squaresLastEight / 8);
    forest.put(at, (float) asinh((window[WINDOW - 1] - mean) / spread));
    forest.put(at + 1, (float) asinh((lastFour / 4 - (sum - lastFour) / (WINDOW - 4)) / spread));
    forest.put(at + 2, (float) Math.log((deviation + SMALL * spread) / spread));
    forest.put(at + 3, (float) Math.log((stepLastEight / 8 + SMALL * usualStep) / usualStep));
    forest.put(at + 4, (float) Math.log((largestStep + SMALL * usualStep) / usualStep));
    forest.put(at + 5, (float) asinh(WINDOW * leaning / 2728 / spread));
    forest.put(at + 6, (float) asinh((mean - row.slow) / spread));
    forest.put(at + 7, 0);
    forest.put(at + 8, repeats / 16f);
    forest.put(at + 9, crossings / (float) WINDOW);
    forest.put(
        at + 10,
        (float) Math.log((deviationLastEight + SMALL * spread) / (deviation + SMALL * spread)));
    forest.put(at + 11, (float) asinh((highest - mean) / spread));
    forest.put(at + 12, (float) asinh((mean - lowest) / spread));
    double unit = Math.max(deviation, 0.5 * spread);
    for (int i = 0; i < WINDOW; i++) {
      shape.put(shapeAt + i, (float) Math.max(-6, Math.min(6, (window[i] - mean) / unit)));
    }
  }

  private static double asinh(double x) {
    double size = Math.abs(x);
    return Math.copySign(Math.log(size + Math.sqrt(size * size + 1)), x);
  }
}
