package vigie.peer.detect;

/**
 * Turns the members' readings of one series into surprises, each held against its own long mean and
 * deviation.
 */
final class MemberTracker {
  /** Cells of {@code fast} after the short mean of each rated member. */
  private static final int HELD_FOREST = Members.RATED;
  private static final int HELD_EXTREME = HELD_FOREST + 2;
  private static final double[] FAST_STEPS = {1024, 16_384, 2048, 512, 16_384, 2048, 256};
  private static final double MOST_STEPS = 32_767;
  private static final double[] PRIOR_MEAN = {0.9, 0.45, -2.2, 0.9};
  private static final double[] PRIOR_DEVIATION = {0.4, 0.05, 0.8, 0.7};
  private static final double[] LEAST_DEVIATION = {0.05, 0.005, 0.05, 0.05};
  private static final double LEAST_VARIANCE = 1e-12;
  private static final double LOG10_2 = Math.log10(2);

  private final Points points;

  MemberTracker(Points points) {
    this.points = points;
  }

  /**
   * Spreads a window's result over the points up to the next one; {@code kind} 0 is the forest, 1
   * the autoencoder.
   */
  void hold(SeriesRow row, int start, int end, int kind, float[] result) {
    double steps = FAST_STEPS[HELD_FOREST + kind];
    double[] column = points.reading[Members.FOREST + kind];
    short held = row.fast[HELD_FOREST + kind];
    for (int i = start; i < end; i++) {
      int window = points.window[i];
      if (window >= 0) held = stepsOf(result[window], steps);
      column[i] = held / steps;
    }
    row.fast[HELD_FOREST + kind] = held;
  }

  /** Rates the readings at the points {@code [start, end)} and learns them. */
  void rate(SeriesRow row, int start, int end) {
    int first = SeriesRow.WINDOW - 1 - points.ordinal[start];
    int windowed = Math.min(end, Math.max(start, start + first));
    rateOne(row, Members.FORECAST, start, end);
    for (int member = Members.FOREST; member <= Members.AUTOENCODER; member++) {
      for (int i = start; i < windowed; i++) {
        points.reading[member][i] = Double.NaN;
        points.surprise[member][i] = 0;
      }
      if (windowed < end) rateOne(row, member, windowed, end);
    }
    rateOne(row, Members.STEP, start, end);
    rateExtreme(row, start, end);
  }

  /**
   * Holds the surprises of a point to what may be said of it and sums them up; {@code outside}
   * points before it were outside.
   */
  double sum(int i, double outside, double[] weights) {
    int known = points.ordinal[i] + 2;
    // The log of the next lower power of two is nearly free, and as a rule none says more than it
    // allows.
    int octaves = 31 - Integer.numberOfLeadingZeros(known);
    double allowed = Math.min(Tuning.CAP, Tuning.EVIDENCE * LOG10_2 * octaves);
    double most = allowed;
    double total = 0;
    for (int member = 0; member < Members.RATED; member++) {
      double held = points.surprise[member][i];
      if (held > allowed) {
        if (most == allowed) most = mostOf(known, outside);
        held = Math.min(most, held);
        points.surprise[member][i] = held;
      }
      total += held * weights[member];
    }
    return total + points.surprise[Members.EXTREME][i] * weights[Members.EXTREME];
  }

  private static double mostOf(int known, double outside) {
    double evidence = Tuning.EVIDENCE * Math.log10(known) * (1 + Tuning.PERSISTENCE * outside);
    return Math.min(Tuning.CAP, evidence);
  }

  private void rateOne(SeriesRow row, int member, int start, int end) {
    double shortShare = Tuning.SHORT_SHARES[member];
    double alone = Tuning.POINT_SHARES[member];
    double least = LEAST_DEVIATION[member];
    double steps = FAST_STEPS[member];
    int[] ordinals = points.ordinal;
    double[] readings = points.reading[member];
    double[] surprises = points.surprise[member];
    int at = 2 * member;
    boolean begun = row.members[at + 1] != 0;
    float prior = (float) PRIOR_MEAN[member];
    float fast = begun ? row.fast[member] : stepsOf(prior, steps);
    float mean = begun ? row.members[at] : prior;
    float variance =
        begun
            ? row.members[at + 1]
            : (float) (PRIOR_DEVIATION[member] * PRIOR_DEVIATION[member]);
    for (int i = start; i < end; i++) {
      double reading = readings[i];
      int ordinal = ordinals[i];
      double deviation = Math.sqrt(variance);
      if (member == Members.FORECAST) {
        points.usual[i] = begun || i > start ? mean + 3 * deviation : 0;
      }
      double before = fast / steps;
      double newest = before + shortShare * (reading - before);
      double inverse = 1 / Math.max(deviation, least);
      double surprise = (1 - alone) * Curves.surprise((newest - mean) * inverse);
      if (alone > 0) surprise += alone * Curves.surprise((reading - mean) * inverse);
      surprises[i] = surprise;
      double limit = ordinal < SeriesRow.YOUNG_POINTS ? Tuning.YOUNG_HELD : Tuning.HELD;
      double most = limit * deviation;
      double change = Math.min(most, Math.max(-most, reading - mean));
      double share = Math.max(1 / (ordinal + Tuning.PRIOR_READINGS), 1 / Tuning.MEMORY);
      fast = stepsOf(newest, steps);
      mean = (float) (mean + share * change);
      double next = variance + share * (change * change - variance);
      variance = (float) Math.max(next, LEAST_VARIANCE);
    }
    row.fast[member] = (short) fast;
    row.members[at] = mean;
    row.members[at + 1] = variance;
  }

  /** A new extreme wears off from point to point until a higher one comes. */
  private void rateExtreme(SeriesRow row, int start, int end) {
    double kept = 1 - Tuning.SHORT_SHARES[Members.EXTREME];
    double steps = FAST_STEPS[HELD_EXTREME];
    double[] readings = points.reading[Members.EXTREME];
    double[] surprises = points.surprise[Members.EXTREME];
    double held = row.fast[HELD_EXTREME];
    for (int i = start; i < end; i++) {
      double ordinal = points.ordinal[i];
      // Down, never to the nearest: some steps would keep their place for ever.
      held = Math.max(Math.floor(held * kept), stepsOf(readings[i], steps));
      double aged = ordinal / (ordinal + Tuning.EXTREME_POINTS);
      surprises[i] = aged * Math.min(Tuning.EXTREME_CAP, held / steps);
    }
    row.fast[HELD_EXTREME] = (short) held;
  }

  private static short stepsOf(double value, double steps) {
    return (short) Math.min(MOST_STEPS, Math.max(-MOST_STEPS, Limits.nearest(value * steps)));
  }
}
