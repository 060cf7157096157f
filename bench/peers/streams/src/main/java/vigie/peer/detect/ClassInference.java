package vigie.peer.detect;

import static vigie.peer.detect.SeriesRow.WINDOW;

/**
 * Tells the class of a series by its values: signs, bounds, least step, repeats, roughness, season,
 * skew.
 */
final class ClassInference {
  private static final int FIRST_POINTS = 64;
  private static final int EVERY_POINTS = 2048;
  private static final double LEAST = 0.4;
  private static final double MARGIN = 0.3;
  private static final double TINY = 1e-30;

  private double level;
  private double top;
  private double bottom;
  private double dispersion;
  private double roughness;
  private double change;
  private double levels;
  private double repeats;
  private double skew;
  private double season;
  private double events;
  private final double[] strengths = new double[MetricClass.NAMES.size()];

  /** Tells whether the class of a series is looked at after so many points. */
  static boolean isDue(int count) {
    if (count >= EVERY_POINTS) return count % EVERY_POINTS == 0;
    return count >= FIRST_POINTS && (count & (count - 1)) == 0;
  }

  /**
   * Number of the class: the one with the most evidence, or the known one unless another has
   * clearly more.
   */
  int infer(SeriesTracker tracker, double[] window) {
    measure(tracker, window);
    int known = tracker.row.metricClass;
    weigh();
    int best = MetricClass.GENERAL;
    double most = LEAST;
    for (int number = 1; number < strengths.length; number++) {
      if (strengths[number] <= most) continue;
      most = strengths[number];
      best = number;
    }
    return known != MetricClass.GENERAL && strengths[known] >= most - MARGIN ? known : best;
  }

  private void measure(SeriesTracker tracker, double[] window) {
    SeriesRow row = tracker.row;
    double span = row.high - row.low;
    double least = row.grain > 0 ? row.grain : span + TINY;
    level = Math.abs(row.base + row.slow);
    top = row.base + row.high;
    bottom = row.base + row.low;
    dispersion = Math.log((row.slowDeviation + TINY) / (level + TINY));
    roughness = Math.log((row.slowStep + TINY) / (row.slowDeviation + TINY));
    change = Math.log((row.slowStep + TINY) / (least + TINY));
    levels = Math.log((span + TINY) / (least + TINY));
    skew = Math.log((row.high - row.slow + TINY) / (row.slow - row.low + TINY));
    double ofHour = row.hasSeason ? row.season.deviation : 0;
    season = tracker.season.visits >= 1 ? 1 - ofHour / Math.max(row.slowDeviation, TINY) : -1;
    double perSecond = least * row.intervalMs / 1000;
    events = Math.abs(least - 1) < 0.001 || Math.abs(perSecond - 1) < 0.02 ? 1 : 0;
    int same = 0;
    for (int i = 1; i < WINDOW; i++) if (window[i] == window[i - 1]) same += 1;
    repeats = same / (double) (WINDOW - 1);
  }

  /** Evidence by number of class; that of a counter is 0, for its definition alone tells it. */
  private void weigh() {
    strengths[1] = latency();
    strengths[2] = errorRatio();
    strengths[3] = least(positive(), events, above(levels, 2, 3.5), above(level, 1, 4));
    strengths[4] = saturation();
    strengths[5] = seasonalKpi();
    strengths[6] =
        least(
            touchesZero(),
            events,
            below(levels, 6, 4),
            below(change, 1.6, 0.6),
            above(dispersion, -1.4, -0.6));
    strengths[7] = least(above(repeats, 0.75, 0.95), below(levels, 5, 3.5), standing());
  }

  private double latency() {
    return least(
        positive(),
        above(bottom / Math.max(level, TINY), 0.02, 0.2),
        above(roughness, -1.6, -0.8),
        above(skew, 0, 0.6),
        above(levels, 4, 8),
        top <= 1 ? 0.6 : 1);
  }

  private double errorRatio() {
    return least(
        positive(),
        below(top, 1.0001, 1),
        below(level, 0.05, 0.01),
        above(levels, 2, 6),
        above(roughness, -1.2, -0.5),
        1 - events);
  }

  private double saturation() {
    double share = least(below(top, 1.001, 1), above(top, 0.2, 0.5), above(level, 0.02, 0.1));
    double percent = 0.7 * least(below(top, 100.1, 100), above(top, 75, 90));
    return least(positive(), above(levels, 2, 4), Math.max(share, percent));
  }

  private double seasonalKpi() {
    double unknown = season < 0 ? 0.6 * above(levels, 10, 13) : 0;
    return least(
        below(roughness, -0.3, -1.3),
        Math.max(above(season, 0.05, 0.35), unknown),
        above(dispersion, -3.5, -1.5),
        1 - 0.5 * events);
  }

  private double positive() {
    return bottom >= -1e-9 * Math.abs(top) ? 1 : 0;
  }

  private double touchesZero() {
    return positive() * below(bottom / Math.max(top, TINY), 0.1, 0.02);
  }

  private double standing() {
    return above(level / Math.max(Math.abs(top), TINY), 0.02, 0.2);
  }

  private static double least(double... strengths) {
    double least = 1;
    for (double each : strengths) least = Math.min(least, each);
    return least;
  }

  private static double above(double value, double none, double full) {
    return Math.min(1, Math.max(0, (value - none) / (full - none)));
  }

  private static double below(double value, double none, double full) {
    return 1 - above(value, full, none);
  }
}
