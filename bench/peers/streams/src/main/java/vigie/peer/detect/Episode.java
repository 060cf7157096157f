package vigie.peer.detect;

import java.nio.ByteBuffer;

/** An open episode of a series: times, figures at its peak, what was told of it. */
final class Episode {
  static final int BYTES = 4 * 8 + 4 * 8 + (3 + 2 * Members.COUNT) * 4 + 3 * 4 + 4;

  double startMs;
  double lastMs;
  double peakMs;
  double toldMs;
  double value;
  double expected;
  double lower;
  double upper;
  float peakScore;
  float toldScore;
  float confidence;
  final float[] raw = new float[Members.COUNT];
  final float[] surprise = new float[Members.COUNT];
  int points;
  int revision;
  int late;
  int tier;
  int movement;
  int lifeCycle;
  int historical;

  void read(ByteBuffer in) {
    startMs = in.getDouble();
    lastMs = in.getDouble();
    peakMs = in.getDouble();
    toldMs = in.getDouble();
    value = in.getDouble();
    expected = in.getDouble();
    lower = in.getDouble();
    upper = in.getDouble();
    peakScore = in.getFloat();
    toldScore = in.getFloat();
    confidence = in.getFloat();
    for (int m = 0; m < Members.COUNT; m++) raw[m] = in.getFloat();
    for (int m = 0; m < Members.COUNT; m++) surprise[m] = in.getFloat();
    points = in.getInt();
    revision = in.getInt();
    late = in.getInt();
    tier = in.get();
    movement = in.get();
    lifeCycle = in.get();
    historical = in.get();
  }

  void write(ByteBuffer out) {
    out.putDouble(startMs).putDouble(lastMs).putDouble(peakMs).putDouble(toldMs);
    out.putDouble(value).putDouble(expected).putDouble(lower).putDouble(upper);
    out.putFloat(peakScore).putFloat(toldScore).putFloat(confidence);
    for (float each : raw) out.putFloat(each);
    for (float each : surprise) out.putFloat(each);
    out.putInt(points).putInt(revision).putInt(late);
    out.put((byte) tier).put((byte) movement).put((byte) lifeCycle).put((byte) historical);
  }
}
