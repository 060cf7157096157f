package vigie.peer.light;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** State of one series: levels, the last values, and each member's statistics. */
final class SeriesRow {
  static final int MEMBERS = 4;
  private static final int BYTES = 8 + 8 + 4 + 9 * 4 + (Features.WINDOW + 3 * MEMBERS + 2) * 4;

  double base;
  double lastMs;
  int count;
  float intervalMs;
  float previous;
  float middle;
  float slow;
  float deviation;
  float step;
  float high;
  float low;
  float trend;
  float heldForest;
  float heldShape;
  final float[] ring = new float[Features.WINDOW];
  final float[] members = new float[3 * MEMBERS];

  void clear() {
    read(ByteBuffer.allocate(BYTES));
  }

  void read(byte[] bytes) {
    read(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  private void read(ByteBuffer in) {
    base = in.getDouble();
    lastMs = in.getDouble();
    count = in.getInt();
    intervalMs = in.getFloat();
    previous = in.getFloat();
    middle = in.getFloat();
    slow = in.getFloat();
    deviation = in.getFloat();
    step = in.getFloat();
    high = in.getFloat();
    low = in.getFloat();
    trend = in.getFloat();
    heldForest = in.getFloat();
    heldShape = in.getFloat();
    for (int i = 0; i < ring.length; i++) ring[i] = in.getFloat();
    for (int i = 0; i < members.length; i++) members[i] = in.getFloat();
  }

  byte[] write() {
    ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.putDouble(base).putDouble(lastMs).putInt(count).putFloat(intervalMs);
    out.putFloat(previous).putFloat(middle).putFloat(slow).putFloat(deviation).putFloat(step);
    out.putFloat(high).putFloat(low).putFloat(trend).putFloat(heldForest).putFloat(heldShape);
    for (float value : ring) out.putFloat(value);
    for (float value : members) out.putFloat(value);
    return out.array();
  }

  double spread() {
    return Math.max(deviation, Math.max(1e-6 * Math.abs(middle), 1e-30));
  }

  /** Notes a point that the forecast's inputs were written for. */
  void learn(double ms, double value) {
    float at = (float) (value - base);
    if (count == 0) {
      previous = middle = slow = high = low = at;
    } else {
      float gap = (float) (ms - lastMs);
      float nudge = 0.005f * Math.signum(gap - intervalMs) * intervalMs;
      intervalMs = count == 1 ? gap : intervalMs + nudge;
      double early = Math.max(1 / 256.0, 1.0 / (count + 1));
      double limit = count < 32 ? Double.POSITIVE_INFINITY : 8 * spread();
      double off = Math.max(-limit, Math.min(limit, at - slow));
      deviation += (float) (early * (Math.abs(off) - deviation));
      float change = at - previous;
      step += (float) (Math.max(1 / 512.0, early) * (Math.abs(change) - step));
      trend += (float) (early * (change - trend));
      middle += (float) (Math.max(1 / 32.0, early) * (at - middle));
      slow += (float) (early * off);
      high = Math.max(at, high - (high - slow) / 8192);
      low = Math.min(at, low + (slow - low) / 8192);
      previous = at;
    }
    ring[count % Features.WINDOW] = at;
    count += 1;
    lastMs = ms;
  }
}
