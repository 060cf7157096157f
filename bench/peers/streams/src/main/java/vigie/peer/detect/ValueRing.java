package vigie.peer.detect;

import static vigie.peer.detect.SeriesRow.WINDOW;

/**
 * Holds the last values of a series as whole steps of a power of two, 12 bits each, two in three
 * bytes of its row.
 *
 * <p>The step follows the series' scale and changes only when it is off by four times.
 */
final class ValueRing {
  static final int BYTES = WINDOW / 2 * 3;
  private static final int EXPONENT_SHIFT = 128;
  private static final int LIMIT = 2047;
  private static final double COARSEST = 16;
  private static final double FINEST = 128;
  private static final double CHOSEN = 32;
  private static final int PLACE_BITS = WINDOW - 1;
  private static final double[] STEPS = new double[256];

  static {
    for (int mark = 0; mark < 256; mark++) STEPS[mark] = Math.scalb(1.0, mark - EXPONENT_SHIFT);
  }

  private ValueRing() {}

  /** Size of one step. */
  static double step(SeriesRow row) {
    return STEPS[row.ringMark];
  }

  /** Puts a value in its place after fitting the step to {@code scale}. */
  static void push(SeriesRow row, double value, double scale) {
    double step = STEPS[row.ringMark];
    if (row.ringMark == 0 || scale < COARSEST * step || scale > FINEST * step) fit(row, scale);
    put(row.ring, row.count & PLACE_BITS, Limits.nearest(value / STEPS[row.ringMark]));
  }

  /** Moves all values down by a whole number of steps. */
  static void shift(SeriesRow row, double steps) {
    for (int place = 0; place < WINDOW; place++) put(row.ring, place, get(row.ring, place) - steps);
  }

  /** Value of a point; 0 for one before the first. */
  static double at(SeriesRow row, int ordinal) {
    return ordinal < 0 ? 0 : get(row.ring, ordinal & PLACE_BITS) * STEPS[row.ringMark];
  }

  /** Writes the values, oldest first. */
  static void read(SeriesRow row, double[] into) {
    double step = STEPS[row.ringMark];
    byte[] bytes = row.ring;
    int to = -row.count & PLACE_BITS;
    for (int at = 0; at < BYTES; at += 3) {
      int middle = bytes[at + 1];
      int even = (bytes[at] & 255) | ((middle & 15) << 8);
      int odd = ((middle & 255) >> 4) | ((bytes[at + 2] & 255) << 4);
      into[to] = ((even << 20) >> 20) * step;
      into[(to + 1) & PLACE_BITS] = ((odd << 20) >> 20) * step;
      to = (to + 2) & PLACE_BITS;
    }
  }

  private static void fit(SeriesRow row, double scale) {
    int exponent = Math.getExponent(scale / CHOSEN);
    int mark = Math.min(255, Math.max(1, exponent + EXPONENT_SHIFT));
    if (row.ringMark != 0 && mark != row.ringMark) {
      double ratio = Math.scalb(1.0, row.ringMark - mark);
      for (int place = 0; place < WINDOW; place++)
        put(row.ring, place, Limits.nearest(get(row.ring, place) * ratio));
    }
    row.ringMark = mark;
  }

  private static int get(byte[] bytes, int place) {
    int at = (place >> 1) * 3;
    int middle = bytes[at + 1];
    int bits =
        (place & 1) == 0
            ? (bytes[at] & 255) | ((middle & 15) << 8)
            : ((middle & 255) >> 4) | ((bytes[at + 2] & 255) << 4);
    return (bits << 20) >> 20;
  }

  private static void put(byte[] bytes, int place, double steps) {
    int bits = (int) Math.min(LIMIT, Math.max(-LIMIT, steps)) & 0xfff;
    int at = (place >> 1) * 3;
    int middle = bytes[at + 1];
    if ((place & 1) == 0) {
      bytes[at] = (byte) bits;
      bytes[at + 1] = (byte) ((middle & 0xf0) | (bits >> 8));
    } else {
      bytes[at + 1] = (byte) ((middle & 15) | ((bits & 15) << 4));
      bytes[at + 2] = (byte) (bits >> 4);
    }
  }
}
