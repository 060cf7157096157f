package vigie.peer.detect;

/**
 * What the season says of the point looked at, and how it is learned: hour by hour, once an hour is
 * over.
 */
final class SeasonWatch {
  private static final int SEASON_POINTS = 24;
  private static final double SEASON_MS = 3_600_000;
  /** Longer intervals than this have no hours to tell apart. */
  private static final double SEASON_INTERVAL_MS = 2 * 3_600_000;

  /** Season value at the point; meaningful where {@code visits} > 0. */
  double value;
  int visits;
  double spread;
  int slot;
  private final HourSlot hour = new HourSlot();
  private final SeasonProfile profile = new SeasonProfile();

  void look(SeriesRow row, double ms) {
    slot = hour.at(ms);
    visits = 0;
    if (!row.hasSeason) return;
    profile.look(row.season, ms, ms - row.intervalMs);
    value = profile.value;
    spread = profile.spread;
    visits = profile.visits;
  }

  /** Learns the point that the tracker has looked at. */
  void learn(SeriesTracker tracker) {
    SeriesRow row = tracker.row;
    if (!row.hasSeason) {
      boolean old = row.count >= SEASON_POINTS && row.count * row.intervalMs >= SEASON_MS;
      if (!old || row.grain == 0 || row.intervalMs > SEASON_INTERVAL_MS) return;
      row.beginSeason();
    }
    Season season = row.season;
    if (slot + 1 != season.openSlot && season.slotCount > 0) closeSlot(tracker, season);
    season.openSlot = slot + 1;
    season.slotSum += tracker.value;
    season.slotCount += 1;
    season.slotSpread += visits > 0 ? Math.abs(tracker.value - value) : row.slowDeviation;
    if (visits == 0) return;
    double above = tracker.value - value;
    double residual = Math.abs(above - season.offset);
    double share = Math.max(1 / 256.0, tracker.early / (row.count + tracker.early));
    season.deviation = tracker.deviation(season.deviation, residual, share);
    season.offset += tracker.lasting * (above - season.offset);
  }

  void shift(Season season, double distance) {
    season.slotSum -= distance * season.slotCount;
    profile.shift(season, distance);
  }

  private void closeSlot(SeriesTracker tracker, Season season) {
    double limit = 3 * Math.max(tracker.row.slowDeviation, tracker.resolution);
    double mean = season.slotSum / season.slotCount;
    double distance = season.slotSpread / season.slotCount;
    profile.learn(season, season.openSlot - 1, mean, distance, limit);
    season.slotSum = 0;
    season.slotSpread = 0;
    season.slotCount = 0;
  }
}
