package vigie.peer.detect;

/** Runs of a value that stands still: how rare one is, and how long they have been. */
final class Repeats {
  private static final int SETTLED = 32;
  private static final double LONGER = 1.5;
  private static final double LEAST = 5;
  private static final int MOST = 255;
  private static final double HABIT_MS = 3_600_000;
  private static final double MOVED_MS = 600_000;
  private static final double MOST_STILLNESS = 20;

  private Repeats() {}

  /**
   * If the longest run of the n points before is of k repeats, another one has a chance of about
   * n^(-1/k).
   */
  static double stillness(SeriesRow row, double value) {
    if (row.count < SETTLED || row.grain == 0 || value != row.previous) return 0;
    double beyond = row.repeats + 1 - Math.max(LEAST, LONGER * row.mostRepeats);
    int before = row.count - row.repeats;
    if (beyond <= 0 || before * row.intervalMs < MOVED_MS) return 0;
    return Math.min(MOST_STILLNESS, beyond * Math.log10(before) / Math.max(1, row.mostRepeats));
  }

  static void learn(SeriesRow row, double change) {
    if (change == 0) {
      row.repeats = Math.min(MOST, row.repeats + 1);
      return;
    }
    boolean young =
        row.count < SeriesRow.YOUNG_POINTS || row.count * row.intervalMs < HABIT_MS;
    int most = young ? MOST : 2 * row.mostRepeats + 3;
    row.mostRepeats = Math.max(row.mostRepeats, Math.min(most, row.repeats));
    row.repeats = 0;
  }
}
