package vigie.peer.detect;

/** Reads and learns the mean of a series by hour of day, apart for working days and days off. */
final class SeasonProfile {
  private static final double HOUR_MS = 3_600_000;
  private static final double HALF_HOUR_MS = 1_800_000;
  private static final double NEWEST_SHARE = 0.2;
  private static final int LAST_VISIT = 255;
  private static final int EXPONENT_SHIFT = 128;
  private static final double MOST_STEPS = 32_767;
  private static final double ROOMY_STEPS = 16_384;
  private static final double COARSEST = 64;
  private static final double FINEST = 4096;
  private static final double LN_2 = Math.log(2);
  /** Spread, and step of the means, by the mark that it is kept as. */
  private static final double[] SPREADS = new double[256];
  private static final double[] STEPS = new double[256];

  static {
    for (int mark = 1; mark < 256; mark++) {
      SPREADS[mark] = Math.pow(2, mark / 6.0 - 20);
      STEPS[mark] = Math.scalb(1.0, mark - EXPONENT_SHIFT);
    }
  }

  private final double[] values = new double[Season.SLOTS];
  /** Slots half an hour before and after the time looked at, and the point before it. */
  private final HourSlot earlier = new HourSlot();
  private final HourSlot later = new HourSlot();
  private final HourSlot earlierOfLast = new HourSlot();
  private final HourSlot laterOfLast = new HourSlot();
  /** Interpolated value of the last look. */
  double value;
  /** Least visits of the slots that it used; 0: the point is not to be held against the value. */
  int visits;
  /** Usual distance from the mean around that hour. */
  double spread;

  void look(Season season, double ms, double beforeMs) {
    int before = known(season, earlier.at(ms - HALF_HOUR_MS));
    int after = known(season, later.at(ms + HALF_HOUR_MS));
    double startMs = earlier.startMs;
    double weight = (ms - HALF_HOUR_MS - startMs) / HOUR_MS;
    double step = STEPS[season.mark];
    double first = season.mean[before] * step;
    double second = season.mean[after] * step;
    visits = visitsOf(season, before, after);
    value = visits == 0 ? 0 : first + weight * (second - first);
    spread = SPREADS[Math.max(season.spread[before] & 255, season.spread[after] & 255)];
    if (beforeMs - HALF_HOUR_MS < startMs) visits = Math.min(visits, visitsAt(season, beforeMs));
  }

  private int visitsAt(Season season, double ms) {
    int before = known(season, earlierOfLast.at(ms - HALF_HOUR_MS));
    return visitsOf(season, before, known(season, laterOfLast.at(ms + HALF_HOUR_MS)));
  }

  private static int visitsOf(Season season, int before, int after) {
    return Math.min(season.visits[before] & 255, season.visits[after] & 255);
  }

  /** A slot not seen yet borrows from the other kind of day. */
  private static int known(Season season, int slot) {
    if (season.visits[slot] != 0) return slot;
    int other = slot < 24 ? slot + 24 : slot - 24;
    return season.visits[other] != 0 ? other : slot;
  }

  /**
   * Takes the mean of an hour that is over; it moves by at most {@code limit} once the slot has two
   * visits.
   */
  void learn(Season season, int slot, double mean, double spread, double limit) {
    int visits = season.visits[slot] & 255;
    double old = season.mean[slot] * STEPS[season.mark];
    double share = Math.max(1.0 / (visits + 1), NEWEST_SHARE);
    double change = share * (mean - old);
    double held = visits < 2 ? change : Limits.held(change, share * limit);
    setMean(season, slot, old + held, limit);
    double usual = SPREADS[season.spread[slot] & 255];
    double seen = visits < 2 ? spread : Math.min(spread, 4 * usual);
    season.spread[slot] =
        (byte) fold(visits < 2 ? Math.max(seen, usual) : usual + share * (seen - usual));
    season.visits[slot] = (byte) Math.min(LAST_VISIT, visits + 1);
  }

  /** Moves every known mean down: the base of the series has moved up. */
  void shift(Season season, double distance) {
    double step = STEPS[season.mark];
    for (int slot = 0; slot < Season.SLOTS; slot++) {
      values[slot] = season.visits[slot] != 0 ? season.mean[slot] * step - distance : 0;
    }
    write(season, 0);
  }

  private void setMean(Season season, int slot, double mean, double limit) {
    double step = STEPS[season.mark];
    double steps = Limits.nearest(mean / step);
    if (Math.abs(steps) <= MOST_STEPS && limit > COARSEST * step) {
      season.mean[slot] = (short) steps;
      return;
    }
    for (int i = 0; i < Season.SLOTS; i++) values[i] = season.mean[i] * step;
    values[slot] = mean;
    write(season, limit);
  }

  /**
   * Writes all means in the least step that holds them twice over and is not needlessly fine for
   * {@code limit}.
   */
  private void write(Season season, double limit) {
    double most = limit / FINEST;
    for (double each : values) most = Math.max(most, Math.abs(each) / ROOMY_STEPS);
    int exponent = Math.getExponent(most);
    if (most > Math.scalb(1.0, exponent)) exponent += 1;
    season.mark = Math.min(255, Math.max(1, exponent + EXPONENT_SHIFT));
    double step = STEPS[season.mark];
    for (int slot = 0; slot < Season.SLOTS; slot++) {
      season.mean[slot] = (short) Limits.nearest(values[slot] / step);
    }
  }

  /** Spreads are kept as logarithms, 1/6 of an octave a step. */
  private static int fold(double spread) {
    double mark = Limits.nearest(6 * (Math.log(spread) / LN_2 + 20));
    return (int) Math.min(255, Math.max(1, mark));
  }
}
