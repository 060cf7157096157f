package vigie.peer.detect;

import static vigie.peer.detect.SeriesRow.WINDOW;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * First pass: follows the points of a batch and writes what the models and the second pass need of
 * them.
 */
final class FeaturePass {
  private static final double MINUTE_MS = 57_000;
  private static final double SECOND_MS = 950;

  final Points points = new Points();
  FloatBuffer forecast;
  FloatBuffer forest;
  FloatBuffer shape;
  int windows;
  private final int hop;
  private final SeriesTracker tracker = new SeriesTracker();
  private final WindowFeatures features = new WindowFeatures();
  private final ClassInference classes = new ClassInference();
  private final double[] window = new double[WINDOW];
  private int room;

  /** @param hop points between two windows; 0 goes by the interval. */
  FeaturePass(int hop) {
    this.hop = hop;
  }

  /** Begins a batch; times and values of its points stand in the columns. */
  void begin(int count) {
    points.reserve(count);
    windows = 0;
    if (room >= count) return;
    // At least two rows: a row alone is run twice.
    room = 2 * count;
    forecast = floats(room * ForecastFeatures.WIDTH);
    forest = floats(room * WindowFeatures.FOREST_WIDTH);
    shape = floats(room * WINDOW);
  }

  /**
   * Follows the points {@code [start, end)} of a series, which is a counter or has the class that
   * its values tell.
   */
  void run(SeriesRow row, int start, int end) {
    tracker.turnTo(row);
    for (int i = start; i < end; i++) {
      points.metricClass[i] = (byte) row.metricClass;
      point(row, i);
      if (!ClassInference.isDue(row.count)) continue;
      ValueRing.read(row, window);
      row.metricClass = classes.infer(tracker, window);
    }
  }

  private void point(SeriesRow row, int i) {
    Points to = points;
    tracker.look(to.ms[i], to.value[i]);
    ForecastFeatures.write(tracker, forecast, i * ForecastFeatures.WIDTH);
    to.slow[i] = row.base + row.slow;
    to.spread[i] = tracker.spread;
    to.unit[i] = tracker.unit;
    to.step[i] = tracker.step;
    to.leap[i] = tracker.leaps.leap;
    to.record[i] = tracker.leaps.record;
    to.stillness[i] = tracker.stillness;
    to.ordinal[i] = row.count;
    to.intervalMs[i] = row.intervalMs;
    to.grain[i] = row.grain;
    to.gapMs[i] = tracker.gapMs;
    to.span[i] = row.high - row.low;
    to.beyond[i] = tracker.beyondExtremes();
    tracker.take();
    int every = hop > 0 ? hop : hopOf(row.intervalMs);
    to.window[i] = row.count >= WINDOW && row.count % every == 0 ? close(row) : -1;
  }

  private int close(SeriesRow row) {
    ValueRing.read(row, window);
    features.forest(tracker, window, forest, windows * WindowFeatures.FOREST_WIDTH);
    features.autoencoder(tracker, window, shape, windows * WINDOW);
    return windows++;
  }

  private static int hopOf(double intervalMs) {
    if (intervalMs >= MINUTE_MS) return 1;
    return intervalMs >= SECOND_MS ? 8 : WINDOW;
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }
}
