package vigie.peer.detect;

/**
 * Knows the largest leaps of a series, up and down apart, and tells when one goes beyond them.
 *
 * <p>A leap is the distance of a value from the mean of the four before it and the middle level,
 * whichever is nearer.
 */
final class LeapWatch {
  /** Points from which on a leap is known. */
  static final int LEAP_POINTS = 4;
  private static final double DAY_MS = 86_400_000;
  private static final double LEAST_LEAP = 2.75;
  private static final double USUAL_LEAP = 4;
  private static final double HEAVY_SHARE = 1.6;
  private static final double HALF_LIFE_MS = 4 * DAY_MS;
  private static final double HALF_LIFE_POINTS = 5678;
  private static final double FADED = 1 / 128.0;
  private static final double START_UP_POINTS = 32;
  private static final double START_UP_FADE = FADED / 0.5;
  private static final double LN_2 = Math.log(2);
  /** A 16-bit number is an f32 without its sign and its last 15 bits. */
  private static final int DROPPED_BITS = 15;
  private static final int HALF_STEP = 1 << (DROPPED_BITS - 1);
  private static final int LARGEST = 0xff00;
  private static final double YOUNG_MS = 3_600_000;
  private static final double LONG_WAY = 40;
  private static final double ONE_WAY = 0.7;
  private static final double TAIL_POWER = 0.75;

  /**
   * Log of the leap to the point looked at over the largest known on its side; 0 if it is no news.
   */
  double record;
  /** Distance of the point looked at from what leaps are measured from; 0 where it lies between. */
  double leap;

  /**
   * Looks at a point; {@code before} is the mean of the four values before it, {@code way} how far
   * the trend has led.
   */
  void look(SeriesRow row, double value, double before, double way, double resolution) {
    leap = 0;
    record = 0;
    if (row.count < LEAP_POINTS) return;
    double middle = row.middle;
    if (value > before && value > middle) leap = value - Math.max(before, middle);
    else if (value < before && value < middle) leap = value - Math.min(before, middle);
    else return;
    if (!turnsBack(row, value, way)) rate(row, resolution);
  }

  private void rate(SeriesRow row, double resolution) {
    double size = Math.abs(leap);
    double largest = leap > 0 ? row.leapUp : row.leapDown;
    double known = Math.max(Math.max(largest, 2 * row.grain), LEAST_LEAP * row.slowStep);
    if (largest <= resolution || size <= known) return;
    double usual = Math.max(USUAL_LEAP * row.slowStep, row.grain);
    double heaviness = Math.max(0, Math.log(known / usual));
    record = Math.log(size / known) / (1 + HEAVY_SHARE * heaviness);
  }

  private boolean turnsBack(SeriesRow row, double value, double way) {
    boolean young = row.count * row.intervalMs < YOUNG_MS;
    if (young && value <= row.high && value >= row.low) return true;
    if (way * leap >= 0) return false;
    double span = row.high - row.low;
    return span > LONG_WAY * Math.max(row.slowStep, row.grain) && Math.abs(way) > ONE_WAY * span;
  }

  /** Learns the leap of the last look. */
  void take(SeriesRow row, boolean startingUp) {
    double points =
        startingUp
            ? (row.count + START_UP_POINTS) * START_UP_FADE
            : FADED / LN_2 * Math.max(HALF_LIFE_POINTS, HALF_LIFE_MS / row.intervalMs);
    if (row.count % (long) Limits.nearest(points) == 0) {
      row.leapUp = rounded(row.leapUp * (1 - FADED));
      row.leapDown = rounded(row.leapDown * (1 - FADED));
    }
    if (leap > row.leapUp) row.leapUp = rounded(leap);
    else if (-leap > row.leapDown) row.leapDown = rounded(-leap);
  }

  /** How many times the largest leap known a leap must be to come once in {@code days}. */
  static double ratioOfRecords(double points, double intervalMs, double days) {
    double times = days * DAY_MS / (points * intervalMs);
    return Math.pow(1 + Math.max(0, Math.log(times)) / Math.log(points + 1), TAIL_POWER);
  }

  static int marked(double size) {
    int bits = Float.floatToRawIntBits((float) size);
    return Math.min(LARGEST, (bits + HALF_STEP) >>> DROPPED_BITS);
  }

  static double unmarked(int mark) {
    return Float.intBitsToFloat(mark << DROPPED_BITS);
  }

  private static double rounded(double size) {
    return unmarked(marked(size));
  }
}
