package vigie.peer.detect;

/**
 * Tells the season slot of a time, hour of day plus 24 on Saturdays and Sundays; remembers the hour
 * of its last answer.
 */
final class HourSlot {
  private static final long HOUR_MS = 3_600_000;
  private static final long DAY_MS = 86_400_000;

  /** The hour of the last answer, epoch ms. */
  double startMs = Double.NaN;
  private int slot;

  int at(double ms) {
    double into = ms - startMs;
    if (!(into >= 0 && into < HOUR_MS)) turnTo(ms);
    return slot;
  }

  private void turnTo(double ms) {
    long whole = (long) Math.floor(ms);
    long day = Math.floorDiv(whole, DAY_MS);
    int hour = (int) ((whole - day * DAY_MS) / HOUR_MS);
    // 1970-01-01 was a Thursday.
    boolean off = Math.floorMod(day + 3, 7) >= 5;
    startMs = day * DAY_MS + hour * HOUR_MS;
    slot = off ? hour + 24 : hour;
  }
}
