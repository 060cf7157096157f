package vigie.peer.detect;

/**
 * Turns sums of surprises into scores whose unit is a rate in time: 1 comes once in 20 days, 2 once
 * in 500.
 */
final class RateCalibration {
  private static final double DAY_MS = 86_400_000;
  private static final double USUAL_POINTS = 288;
  private static final double GAP_INTERVALS = 6;
  private static final double LEAST_HEIGHTS = 0.7;
  private static final double EXPOSURE_STEPS = 1 << 26;
  private static final double MOST_EXPOSURE = 4294967295.0;
  private static final double CRITICAL_HEIGHTS =
      Math.log(Tuning.CRITICAL_DAYS / Tuning.WARNING_DAYS);

  private double priorFor = -1;
  private double priorDays;

  /** Scores a sum by what was known before it, then learns it. */
  double score(SeriesRow row, Reading reading) {
    double sum = reading.sum;
    double intervalMs = reading.intervalMs;
    double days = Math.min(reading.gapMs, GAP_INTERVALS * intervalMs) / DAY_MS;
    double kept = Math.max(0, 1 - days / Tuning.MEMORY_DAYS);
    row.exposureDays = stored(row.exposureDays * kept + days);
    float[] cells = row.members;
    cells[SeriesRow.EXCURSIONS] = (float) (cells[SeriesRow.EXCURSIONS] * kept);
    cells[SeriesRow.HEIGHTS] = (float) (cells[SeriesRow.HEIGHTS] * kept);
    double excursions = cells[SeriesRow.EXCURSIONS];
    double heights = cells[SeriesRow.HEIGHTS];
    double height =
        (Tuning.PRIOR_HEIGHTS * Tuning.PRIOR_HEIGHT + heights)
            / (Tuning.PRIOR_HEIGHTS + excursions);
    if (intervalMs != priorFor) setPrior(intervalMs);
    double perDay = (Tuning.PRIOR_EXCURSIONS + excursions) / (priorDays + row.exposureDays);
    double perWarning = Math.log(perDay * Tuning.WARNING_DAYS);
    double opening = Tuning.FLOOR + height * Math.max(LEAST_HEIGHTS, perWarning);
    if (sum > Tuning.FLOOR || row.peak > 0) learn(row, reading, height);
    return sum < opening ? sum / opening : 1 + (sum - opening) / (height * CRITICAL_HEIGHTS);
  }

  private static void learn(SeriesRow row, Reading reading, double height) {
    double above = reading.sum - Tuning.FLOOR;
    if (above > 0) {
      row.peak = Limits.stored(Math.max(row.peak, above));
      row.excursionEndMs = reading.ms + Tuning.quietMs(reading.intervalMs);
    } else if (reading.ms >= row.excursionEndMs) {
      float[] cells = row.members;
      cells[SeriesRow.EXCURSIONS] += 1;
      double counted = Math.min(row.peak, Tuning.HEIGHT_LIMIT * height);
      cells[SeriesRow.HEIGHTS] = (float) (cells[SeriesRow.HEIGHTS] + counted);
      row.peak = 0;
    }
  }

  /** Exposure that the prior's excursions stand for; the same for all series of an interval. */
  private void setPrior(double intervalMs) {
    double points = DAY_MS / Math.max(intervalMs, 1);
    priorFor = intervalMs;
    priorDays =
        Tuning.PRIOR_EXCURSIONS
            / (Tuning.PRIOR_RATE * Math.pow(points / USUAL_POINTS, Tuning.RATE_GROWTH));
  }

  private static double stored(double days) {
    return Math.min(MOST_EXPOSURE, Limits.nearest(days * EXPOSURE_STEPS)) / EXPOSURE_STEPS;
  }
}
