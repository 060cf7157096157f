package vigie.peer.detect;

/**
 * Decides where episodes of a series open, rise to critical and close: warm-up, gates,
 * confirmation, pauses.
 */
final class OnsetPolicy {
  private static final double CALIBRATED = 1;
  private static final double CRITICAL = 2;
  private static final int PAUSE_POINTS = 5;
  private static final double MOST_OUTSIDE = 255;
  private static final double ODD_COURSE = 0.1;
  private static final double CRITICAL_CONFIRMATION = 2;
  private static final int LEAST_POINTS = 10;
  private static final double STAYS_MS = 60_000;
  private static final double STAYS_GRAINS = 2;
  private static final double MANIFOLD_POINTS = 3;
  private static final double MANIFOLD = 6;
  private static final double LEAST_GRAINS = 1.5;
  private static final double GRAIN_POINTS = 3;
  private static final double LEAST_OFF = 0.5;

  private final EpisodeBook book;

  OnsetPolicy(EpisodeBook book) {
    this.book = book;
  }

  /**
   * Points outside the band so far where points come so fast that a run of them must confirm each
   * other, else 0.
   */
  static double persistence(SeriesRow row, double intervalMs) {
    return intervalMs < Tuning.CONFIRM_MS ? row.outside : 0;
  }

  /** Opens, follows or closes the series' episode; returns the onset of the point. */
  int advance(SeriesRow row, Reading reading) {
    if (reading.gap) row.pause = PAUSE_POINTS;
    else if (row.pause > 0) row.pause -= 1;
    if (row.episode != null) closeIfQuiet(row, reading);
    int scored = tierAt(reading.score);
    count(row, scored, reading);
    int tier = scored == 0 ? 0 : Math.min(scored, confirmed(row, reading));
    if (row.episode != null) return follow(row, scored, tier, reading);
    boolean rested = row.pause == 0 && reading.ms >= row.refractoryEndMs;
    if (tier == 0 || !rested || isCounted(row, reading)) return 0;
    if (!Gates.mayOpen(reading) || !isReady(row, reading)) return 0;
    book.open(row, reading, tier);
    row.refractoryEndMs = reading.ms + Tuning.quietMs(reading.intervalMs);
    return tier;
  }

  private int follow(SeriesRow row, int scored, int tier, Reading reading) {
    if (scored == 0) {
      book.pass(row, reading);
      return 0;
    }
    int known = row.episode.tier;
    boolean risen = tier > known && row.pause == 0 && Gates.mayOpen(reading);
    book.follow(row, reading, risen ? tier : known);
    return risen ? tier : 0;
  }

  private void closeIfQuiet(SeriesRow row, Reading reading) {
    double quiet = Math.max(1, Tuning.QUIET_POINTS * reading.intervalMs);
    if (reading.ms - row.episode.lastMs > quiet) book.close(row, reading);
  }

  private static boolean isReady(SeriesRow row, Reading reading) {
    int before = reading.before;
    if (reading.sudden >= 1 && !reading.burst && before >= LEAST_POINTS) return true;
    if (before < Tuning.WARM_POINTS) return false;
    return before * reading.intervalMs >= Tuning.WARM_MS || stays(row, reading);
  }

  /**
   * Whether a series has stayed above its band for longer than a burst lasts, or is at many times
   * what it was.
   */
  private static boolean stays(SeriesRow row, Reading reading) {
    double stayMs = row.outside * reading.intervalMs;
    double above = reading.value - reading.expected;
    if (above <= STAYS_GRAINS * reading.grain) return false;
    if (stayMs >= STAYS_MS) return true;
    boolean confirmed = row.outside >= MANIFOLD_POINTS && stayMs >= Tuning.CONFIRM_MS;
    return confirmed && above > MANIFOLD * Math.abs(reading.expected);
  }

  /** One step of the least size and no more, so far: what counts do all the time. */
  private static boolean isCounted(SeriesRow row, Reading reading) {
    if (reading.flat || row.outside >= GRAIN_POINTS) return false;
    return Math.abs(reading.value - reading.expected) < LEAST_GRAINS * reading.grain;
  }

  /** Counts points outside the band, a point back for each inside it. */
  private static void count(SeriesRow row, int scored, Reading reading) {
    double value = reading.value;
    boolean off = Math.abs(value - reading.expected) > LEAST_OFF * reading.grain;
    double outside = row.outside;
    if (off && (value > reading.upper || value < reading.lower)) outside += 1;
    else if (scored > 0) outside += ODD_COURSE;
    else outside -= 1;
    row.outside = Limits.stored(Math.min(MOST_OUTSIDE, Math.max(0, outside)));
  }

  /** The highest tier that the time outside the band allows. */
  private static int confirmed(SeriesRow row, Reading reading) {
    if (reading.intervalMs >= Tuning.CONFIRM_MS) return 2;
    double needed =
        Math.min(MOST_OUTSIDE / CRITICAL_CONFIRMATION, Tuning.CONFIRM_MS / reading.intervalMs);
    if (row.outside < needed) return reading.sudden >= 1 ? 1 : 0;
    return row.outside < CRITICAL_CONFIRMATION * needed ? 1 : 2;
  }

  private static int tierAt(double score) {
    if (score >= CRITICAL) return 2;
    return score >= CALIBRATED ? 1 : 0;
  }
}
