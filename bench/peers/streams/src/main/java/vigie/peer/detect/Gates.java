package vigie.peer.detect;

/**
 * Tells whether an episode may open at a point, by the settings of a metric about which nothing was
 * said.
 */
final class Gates {
  private static final double MIN_REL = 0.2;
  private static final double SPAN_SHARES = 1.5;
  private static final int CONSTANT_POINTS = 200;
  private static final double CONSTANT_MS = 3_600_000;
  private static final double GRAINS = 2;

  private Gates() {}

  static boolean mayOpen(Reading reading) {
    if (reading.flat) return true;
    double off = Math.abs(reading.value - reading.expected);
    double size = Math.max(Math.abs(reading.leap), off);
    if (reading.span == 0) {
      int before = reading.before;
      return before >= CONSTANT_POINTS && before * reading.intervalMs >= CONSTANT_MS;
    }
    if (size >= MIN_REL * Math.abs(reading.expected)) return true;
    return size >= Math.max(SPAN_SHARES * MIN_REL * reading.span, GRAINS * reading.grain);
  }
}
