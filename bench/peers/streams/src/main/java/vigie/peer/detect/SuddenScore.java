package vigie.peer.detect;

/** Rates the leap and the run of repeats up to a point, apart from the members. */
final class SuddenScore {
  private static final double SUDDEN_MS = 10 * 60_000;
  private static final double BURST_MS = 57_000;
  private static final double BURSTS_KNOWN_MS = 3_600_000;

  private SuddenScore() {}

  static void rate(Reading reading, Points points) {
    reading.sudden = 0;
    reading.flat = false;
    reading.burst = false;
    reading.leap = 0;
    double before = reading.before;
    if (before * reading.intervalMs < SUDDEN_MS) return;
    double stillness = points.stillness[reading.point];
    double record = points.record[reading.point];
    if (stillness == 0 && record <= 0) return;
    double known = before / (before + Tuning.SUDDEN_POINTS);
    double still = known * stillness / Tuning.STILL_RARITY;
    boolean up = points.leap[reading.point] > 0;
    double leap = record <= 0 ? 0 : leapScore(reading, up, record);
    reading.flat = still >= 1;
    if (leap >= 1) reading.leap = points.leap[reading.point];
    reading.sudden = Math.max(still, leap);
  }

  private static double leapScore(Reading reading, boolean up, double record) {
    double before = reading.before;
    double intervalMs = reading.intervalMs;
    reading.burst = up && intervalMs < BURST_MS && before * intervalMs < BURSTS_KNOWN_MS;
    double ratio = LeapWatch.ratioOfRecords(before, intervalMs, Tuning.WARNING_DAYS);
    return record / Math.log(Math.max(Tuning.RECORD_RATIO, ratio));
  }
}
