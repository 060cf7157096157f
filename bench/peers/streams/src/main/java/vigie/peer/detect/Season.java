package vigie.peer.detect;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Means, spreads and visits of a series by hour of day, apart for days off, and what it gathers
 * within an hour.
 */
final class Season {
  static final int SLOTS = 48;
  static final int BYTES = 2 * SLOTS + SLOTS + SLOTS + 1 + 5 * 4 + 1;

  /** Means in steps of a power of two. */
  final short[] mean = new short[SLOTS];
  final byte[] spread = new byte[SLOTS];
  final byte[] visits = new byte[SLOTS];
  /** Exponent of the step plus 128, or 0 before the first mean. */
  int mark;
  /** How far the series has lain above its profile of late, and its deviation from it. */
  double offset;
  double deviation;
  /** Sum, count and distances of the values in the open slot, and that slot plus 1. */
  double slotSum;
  double slotCount;
  double slotSpread;
  int openSlot;

  void clear() {
    Arrays.fill(mean, (short) 0);
    Arrays.fill(spread, (byte) 0);
    Arrays.fill(visits, (byte) 0);
    mark = 0;
    offset = deviation = slotSum = slotCount = slotSpread = 0;
    openSlot = 0;
  }

  /** Rounds what changes with each point to the width it is stored in. */
  void round() {
    offset = Limits.stored(offset);
    deviation = Limits.stored(deviation);
    slotSum = Limits.stored(slotSum);
    slotCount = Limits.stored(slotCount);
    slotSpread = Limits.stored(slotSpread);
  }

  void read(ByteBuffer in) {
    in.asShortBuffer().get(mean);
    in.position(in.position() + 2 * SLOTS);
    in.get(spread).get(visits);
    mark = in.get() & 255;
    offset = in.getFloat();
    deviation = in.getFloat();
    slotSum = in.getFloat();
    slotCount = in.getFloat();
    slotSpread = in.getFloat();
    openSlot = in.get();
  }

  void write(ByteBuffer out) {
    out.asShortBuffer().put(mean);
    out.position(out.position() + 2 * SLOTS);
    out.put(spread).put(visits).put((byte) mark);
    out.putFloat((float) offset).putFloat((float) deviation);
    out.putFloat((float) slotSum).putFloat((float) slotCount).putFloat((float) slotSpread);
    out.put((byte) openSlot);
  }
}
