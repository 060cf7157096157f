package vigie.peer.detect;

/** How far a series has come. */
final class LifeCycle {
  static final int COLD = 0;
  static final int WARMING = 1;
  static final int PROBATION = 2;
  static final int LIVE = 3;
  static final int STALE = 4;
  private static final int LIVE_POINTS = 256;
  private static final double STALE_INTERVALS = 288;

  private LifeCycle() {}

  static int of(Reading reading) {
    int before = reading.before;
    if (before < SeriesRow.WINDOW) return COLD;
    if (reading.gapMs > STALE_INTERVALS * reading.intervalMs) return STALE;
    if (before < Tuning.WARM_POINTS) return WARMING;
    return before < LIVE_POINTS ? PROBATION : LIVE;
  }
}
