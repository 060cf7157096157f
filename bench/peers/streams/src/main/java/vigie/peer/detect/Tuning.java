package vigie.peer.detect;

/** Constants of fusion and calibration, those of {@code operators/detect/tuning.ts}. */
final class Tuning {
  static final double[] SHORT_SHARES = {0.2, 0.5, 0.5, 0.4, 0.06};
  static final double[] POINT_SHARES = {0, 0, 0, 0.3, 0};
  static final double[] GENERAL_WEIGHTS = {1, 0.6, 1.2, 0.2, 2};
  static final double LATE_SHARE = 0.75;
  static final double MEMORY = 5000;
  static final double PRIOR_READINGS = 20;
  static final double HELD = 8;
  static final double YOUNG_HELD = 3;
  static final double CAP = 20;
  static final double FLOOR = 1.6;
  static final double PRIOR_RATE = 0.7;
  static final double RATE_GROWTH = 1.15;
  static final double PRIOR_HEIGHT = 1;
  static final double PRIOR_EXCURSIONS = 5;
  static final double PRIOR_HEIGHTS = 10;
  static final double HEIGHT_LIMIT = 4;
  static final double MEMORY_DAYS = 60;
  static final double REFRACTORY_POINTS = 48;
  static final double REFRACTORY_MIN_MS = 5 * 60_000;
  static final double REFRACTORY_MAX_MS = 12 * 3_600_000;
  static final double QUIET_POINTS = 8;
  static final double WARM_POINTS = 64;
  static final double WARM_MS = 3_600_000;
  static final double EXTREME_POINTS = 200;
  static final double RECORD_RATIO = 1.4;
  static final double STILL_RARITY = 12;
  static final double SUDDEN_POINTS = 10;
  static final double EXTREME_CAP = 5;
  static final double EVIDENCE = 2;
  static final double PERSISTENCE = 0.2;
  static final double CONFIRM_MS = 8000;
  /** Days of own normal behaviour that open one warning, and one critical episode. */
  static final double WARNING_DAYS = 20;
  static final double CRITICAL_DAYS = 500;

  private Tuning() {}

  /** Refractory period of a series, ms of event time. */
  static double quietMs(double intervalMs) {
    return Math.min(
        REFRACTORY_MAX_MS, Math.max(REFRACTORY_MIN_MS, REFRACTORY_POINTS * intervalMs));
  }
}
