package vigie.peer.detect;

import java.nio.FloatBuffer;

/** Writes what the forecast knows of a point before it comes. */
final class ForecastFeatures {
  static final int WIDTH = 16;
  private static final double DAY_MS = 86_400_000;
  private static final double SMALL = 0.02;

  private ForecastFeatures() {}

  static void write(SeriesTracker tracker, FloatBuffer out, int at) {
    SeriesRow row = tracker.row;
    SeasonWatch season = tracker.season;
    double inverse = 1 / tracker.spread;
    boolean known = season.visits > 0;
    out.put(at, (float) Math.min(1, season.visits / 4.0));
    out.put(at + 1, (float) Math.min(1, season.visits / 20.0));
    out.put(at + 2, known ? held((season.value - row.slow) * inverse) : 0);
    out.put(at + 3, known ? held(row.season.offset * inverse) : 0);
    out.put(at + 4, known ? (float) Math.log(Math.max(season.spread * inverse, SMALL)) : 0);
    double days = tracker.timeMs / DAY_MS;
    double turns = (tracker.timeMs - Math.floor(days) * DAY_MS) / DAY_MS;
    double sine = Curves.sineOfTurn(turns);
    double cosine = Curves.sineOfTurn(turns + 0.25);
    out.put(at + 5, (float) sine);
    out.put(at + 6, (float) cosine);
    out.put(at + 7, (float) (2 * sine * cosine));
    out.put(at + 8, (float) (cosine * cosine - sine * sine));
    out.put(at + 9, season.slot >= 24 ? 1 : 0);
    out.put(at + 10, held(tracker.drift * inverse));
    out.put(at + 11, (float) Curves.folded((row.high - row.slow) * inverse));
    out.put(at + 12, (float) Curves.folded((row.slow - row.low) * inverse));
    out.put(at + 13, (float) Math.log(Math.max(row.slowStep * inverse, SMALL)));
    out.put(at + 14, (float) (0.2 * Math.log(Math.max(1, row.intervalMs) / 60_000)));
    out.put(at + 15, (float) Math.min(1, row.count / 1000.0));
  }

  private static float held(double distance) {
    return (float) Math.min(8, Math.max(-8, distance));
  }
}
