package vigie.peer.detect;

/**
 * Follows one series at a time: levels, deviations, season, extremes, leaps, repeats and its last
 * values.
 *
 * <p>After {@code turnTo}, for each point, {@code look} says what was known before it and {@code
 * take} learns it.
 */
final class SeriesTracker {
  private static final double RESOLUTION = 1e-6;
  private static final int SETTLED = 32;
  private static final double LIMIT = 8;
  private static final double YOUNG_LIMIT = 4;
  private static final double START_UP_MS = 5 * 60_000;
  private static final double LASTING_MS = 3.5 * 86_400_000;
  private static final double EXTREMES_MS = 8192.0 * 60_000;
  private static final double FAR_STEPS = 512;

  SeriesRow row;
  /** The point being looked at, relative to the base. */
  double value;
  double timeMs;
  double gapMs;
  /** Size below which a difference is taken for none. */
  double resolution;
  /**
   * Unit of deviation about the middle level, the long-run one, and that of the hour where it is
   * known; > 0.
   */
  double scale;
  double spread;
  double unit;
  /**
   * Size of the step to the point in usual ones, at most 50; of the leap where the season is known.
   */
  double step;
  /** -log10 of the chance of so long a run of repeats. */
  double stillness;
  /** Drift expected from the trend over the memory of the slow level. */
  double drift;
  final SeasonWatch season = new SeasonWatch();
  final LeapWatch leaps = new LeapWatch();
  /** Share of the newest point in everything that lasts, and its weight among the first ones. */
  double lasting;
  double early;
  private double times;
  private double apart;

  void turnTo(SeriesRow row) {
    this.row = row;
  }

  /** Notes a point without learning it. */
  void look(double ms, double point) {
    SeriesRow row = this.row;
    if (row.count == 0) row.base = point;
    value = Limits.stored(point - row.base);
    timeMs = ms;
    gapMs = row.count == 0 ? 0 : ms - row.lastMs;
    inferInterval();
    lasting = Math.min(1 / 256.0, Math.max(1 / 8192.0, row.intervalMs / LASTING_MS));
    early = row.count * row.intervalMs < START_UP_MS ? 3 : 1;
    drift = row.trend / lasting;
    season.look(row, ms);
    measure();
    unit = season.visits > 0 ? Math.max(season.spread, 0.1 * spread) : spread;
    double before = meanBefore();
    double way = row.trend * Math.min(row.count, 1 / lasting);
    leaps.look(row, value, before, way, resolution);
    double usual = row.slowStep + 0.02 * spread;
    double leap =
        season.visits > 0
            ? Math.abs(value - before) / (usual + season.spread)
            : Math.abs(value - row.previous) / usual;
    step = row.count == 0 ? 0 : Math.min(50, leap);
    stillness = Repeats.stillness(row, value);
  }

  /** Learns the point of the last look. */
  void take() {
    SeriesRow row = this.row;
    int count = row.count;
    times =
        count < SETTLED
            ? Double.POSITIVE_INFINITY
            : count < SeriesRow.YOUNG_POINTS ? YOUNG_LIMIT : LIMIT;
    see();
    season.learn(this);
    learnLevels();
    measure();
    ValueRing.push(row, value, scale);
    row.count += 1;
    row.lastMs = timeMs;
    row.round();
    if (Math.abs(row.middle) > FAR_STEPS * ValueRing.step(row)) moveBase();
    measure();
  }

  /** How far the point lies outside the extremes known, in long-run spreads; negative below. */
  double beyondExtremes() {
    SeriesRow row = this.row;
    if (row.count == 0 || (value <= row.high && value >= row.low)) return 0;
    double usual = Math.max(Math.max(row.slowDeviation, scale), resolution);
    return (value - (value > row.high ? row.high : row.low)) / usual;
  }

  private double meanBefore() {
    SeriesRow row = this.row;
    int count = row.count;
    if (count < LeapWatch.LEAP_POINTS) return row.previous;
    double last = row.previous + ValueRing.at(row, count - 2);
    return 0.25 * (last + ValueRing.at(row, count - 3) + ValueRing.at(row, count - 4));
  }

  private void inferInterval() {
    SeriesRow row = this.row;
    if (row.count > 3) {
      double most = 0.005 * row.intervalMs;
      row.intervalMs += Math.min(most, Math.max(-most, gapMs - row.intervalMs));
    } else if (row.count == 1) row.intervalMs = gapMs;
    else if (row.count == 2) row.secondGapMs = gapMs;
    else if (row.count == 3) {
      double a = row.intervalMs;
      double b = row.secondGapMs;
      row.intervalMs = Math.max(Math.min(a, b), Math.min(Math.max(a, b), gapMs));
    }
  }

  private void learnLevels() {
    SeriesRow row = this.row;
    double value = this.value;
    int count = row.count;
    if (count == 0) {
      row.previous = row.middle = row.slow = row.high = row.low = value;
      return;
    }
    double change = value - row.previous;
    double size = Math.abs(change);
    double first = early / (count + early);
    if (change != 0 && (row.grain == 0 || size < row.grain)) row.grain = size;
    double off = Math.abs(value - row.middle);
    row.middleDeviation = deviation(row.middleDeviation, off, Math.max(1 / 128.0, first));
    double far = Math.abs(value - row.slow);
    row.slowDeviation = deviation(row.slowDeviation, far, Math.max(lasting, first));
    row.slowStep = deviation(row.slowStep, size, Math.max(1 / 512.0, first));
    row.trend +=
        Math.max(lasting, early / (count - 1 + early)) * limited(change - row.trend, row.slowStep);
    row.middle += Math.max(1 / 32.0, first) * (value - row.middle);
    see();
    row.slow += Math.max(lasting, first) * limited(value - row.slow, row.slowDeviation);
    double kept = Math.min(1 / 8192.0, row.intervalMs / EXTREMES_MS);
    double forgotten = early > 1 ? 1.5 / (count + 32) : kept;
    row.high = Math.max(value, row.high - forgotten * (row.high - row.slow));
    row.low = Math.min(value, row.low + forgotten * (row.slow - row.low));
    leaps.take(row, early > 1);
    Repeats.learn(row, change);
    row.previous = value;
  }

  double deviation(double known, double seen, double share) {
    return known + share * (limited(seen, known) - known);
  }

  private double limited(double change, double deviation) {
    if (deviation <= resolution) return change;
    double most = Math.max(times * deviation, apart);
    return Math.min(most, Math.max(-most, change));
  }

  private void measure() {
    SeriesRow row = this.row;
    resolve();
    scale = Math.max(0.5 * (row.middleDeviation + row.slowStep), resolution);
    spread = Math.max(row.slowDeviation, resolution);
  }

  private void resolve() {
    double finest = Math.max(RESOLUTION * Math.abs(row.middle), 4e-16 * Math.abs(row.base));
    resolution = Math.max(finest, 1e-30);
  }

  /** Notes what changes are held against: anew whenever the middle level has moved. */
  private void see() {
    resolve();
    apart = Math.abs(row.middle - row.slow);
  }

  private void moveBase() {
    SeriesRow row = this.row;
    double ringStep = ValueRing.step(row);
    double steps = Limits.nearest(row.middle / ringStep);
    double distance = steps * ringStep;
    row.base += distance;
    ValueRing.shift(row, steps);
    row.previous -= distance;
    row.middle -= distance;
    row.slow -= distance;
    row.high -= distance;
    row.low -= distance;
    if (row.hasSeason) season.shift(row.season, distance);
    row.round();
  }
}
