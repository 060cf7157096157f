package vigie.peer.detect;

import java.nio.FloatBuffer;

/** Second pass: turns what the models gave into scores, onsets and episodes. */
final class ScorePass {
  private static final double CONFIDENCE_POINTS = 100;
  private static final double GAP_INTERVALS = 6;

  private final Points points;
  private final ClassWeights weights;
  private final MemberTracker members;
  private final RateCalibration calibration = new RateCalibration();
  private final OnsetPolicy onsets;
  final Reading reading = new Reading();
  private float[] forest = new float[0];
  private float[] shapeError = new float[0];
  private FloatBuffer forestRows;

  ScorePass(Points points, ClassWeights weights, EpisodeSink sink) {
    this.points = points;
    this.weights = weights;
    this.members = new MemberTracker(points);
    this.onsets = new OnsetPolicy(new EpisodeBook(points, sink));
  }

  /** Turns the models' outputs into readings, as far as no series' state is needed for it. */
  void read(int count, float[] forecast) {
    Points at = points;
    double[] distance = at.reading[Members.FORECAST];
    double[] outside = at.reading[Members.EXTREME];
    for (int i = 0; i < count; i++) {
      double level = at.slow[i] + at.spread[i] * Limits.held(forecast[2 * i], 12);
      at.expected[i] = level;
      double off = Math.abs(at.value[i] - level) / at.unit[i];
      distance[i] = Math.sqrt(Math.min(400, off));
      outside[i] = at.beyond[i] == 0 ? 0 : Math.log1p(2 * Math.abs(at.beyond[i]));
    }
  }

  /** The same for those of the windows. */
  void readWindows(int windows, FloatBuffer forestRows, float[] forest, float[] shape) {
    this.forestRows = forestRows;
    this.forest = forest;
    if (shapeError.length < windows) shapeError = new float[2 * windows];
    for (int window = 0; window < windows; window++) {
      double whole = shape[2 * window];
      double error = whole + Tuning.LATE_SHARE * (shape[2 * window + 1] - whole);
      shapeError[window] = (float) Math.log(error + 0.01);
    }
  }

  /**
   * Scores the points {@code [start, end)} of a series; of the reading its series and flags are
   * set.
   */
  void run(SeriesRow row, int start, int end) {
    members.hold(row, start, end, 0, forest);
    members.hold(row, start, end, 1, shapeError);
    members.rate(row, start, end);
    for (int i = start; i < end; i++) point(row, i);
    row.lifeCycle = reading.lifeCycle;
  }

  private void point(SeriesRow row, int i) {
    Points at = points;
    Reading reading = this.reading;
    int before = at.ordinal[i];
    reading.point = i;
    reading.before = before;
    reading.metricClass = at.metricClass[i];
    reading.ms = at.ms[i];
    reading.value = at.value[i];
    reading.gapMs = at.gapMs[i];
    reading.intervalMs = at.intervalMs[i];
    reading.expected = at.expected[i];
    double band = at.unit[i] * at.usual[i] * at.usual[i];
    reading.lower = reading.expected - band;
    reading.upper = reading.expected + band;
    double outside = OnsetPolicy.persistence(row, reading.intervalMs);
    reading.sum = members.sum(i, outside, weights.of(reading.metricClass));
    double calibrated = calibration.score(row, reading);
    SuddenScore.rate(reading, at);
    reading.score = Math.max(calibrated, reading.sudden);
    reading.confidence = before / (before + CONFIDENCE_POINTS);
    reading.lifeCycle = LifeCycle.of(reading);
    reading.span = at.span[i];
    reading.grain = at.grain[i];
    reading.gap = reading.gapMs > GAP_INTERVALS * reading.intervalMs && before > 0;
    reading.movement = Movement.of(reading, at, forestRows);
    at.score[i] = reading.score;
    at.onset[i] = (byte) onsets.advance(row, reading);
  }
}
