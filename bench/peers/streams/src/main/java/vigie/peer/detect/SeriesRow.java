package vigie.peer.detect;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * State of one series: 198 bytes, 214 more once it has a season, 132 more while an episode is open.
 *
 * <p>All values are relative to {@code base}. An object is used for one series after the other.
 */
final class SeriesRow {
  /** Points in a window: what the forest and the autoencoder look at. */
  static final int WINDOW = 32;
  /** A series of fewer points is young. */
  static final int YOUNG_POINTS = 250;
  static final int LEVELS = 11;
  /** Cells of {@code members} after the mean and the variance of each rated member. */
  static final int EXCURSIONS = 2 * Members.RATED;
  static final int HEIGHTS = EXCURSIONS + 1;
  private static final int SEASON = 1;
  private static final int EPISODE = 2;
  private static final int FAST = Members.RATED + 3;
  private static final double EXPOSURE_STEPS = 1 << 26;
  private static final double MOST_LEFT_MS = 4294967295.0;
  private static final int BYTES =
      2 * 8 + LEVELS * 4 + (HEIGHTS + 1) * 4 + 7 * 4 + 2 * FAST + ValueRing.BYTES + 6 + 2;

  double base;
  double lastMs;
  int count;
  double intervalMs;
  double previous;
  double middle;
  double slow;
  double middleDeviation;
  double slowDeviation;
  double slowStep;
  double high;
  double low;
  /** Mean signed step of late. */
  double trend;
  /** Least step other than none, or 0. */
  double grain;
  /** Second gap of the series until the third is known; its place is then that of the leaps. */
  double secondGapMs;
  /** Largest leaps up and down, as 16 bits hold them. */
  double leapUp;
  double leapDown;
  final float[] members = new float[HEIGHTS + 1];
  /** What members forget within some points, in fixed steps. */
  final short[] fast = new short[FAST];
  double exposureDays;
  /** Height of the excursion under way, or 0, and when it ends. */
  double peak;
  double excursionEndMs;
  double refractoryEndMs;
  /** Points in a row outside the band. */
  double outside;
  final byte[] ring = new byte[ValueRing.BYTES];
  int ringMark;
  /** Points until onsets are allowed again. */
  int pause;
  int lifeCycle;
  int metricClass;
  int repeats;
  int mostRepeats;
  boolean hasSeason;
  final Season season = new Season();
  /** The open episode, or null. */
  Episode episode;

  private static final byte[] NOTHING = new byte[BYTES];

  /** Becomes a series that has seen nothing. */
  void clear() {
    read(NOTHING);
  }

  void read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    base = in.getDouble();
    lastMs = in.getDouble();
    intervalMs = in.getFloat();
    previous = in.getFloat();
    middle = in.getFloat();
    slow = in.getFloat();
    middleDeviation = in.getFloat();
    slowDeviation = in.getFloat();
    slowStep = in.getFloat();
    high = in.getFloat();
    low = in.getFloat();
    trend = in.getFloat();
    grain = in.getFloat();
    for (int i = 0; i <= HEIGHTS; i++) members[i] = in.getFloat();
    count = in.getInt();
    readLeaps(in.getInt());
    exposureDays = (in.getInt() & 0xffff_ffffL) / EXPOSURE_STEPS;
    peak = in.getFloat();
    excursionEndMs = lastMs + (in.getInt() & 0xffff_ffffL);
    refractoryEndMs = lastMs + (in.getInt() & 0xffff_ffffL);
    outside = in.getFloat();
    for (int i = 0; i < FAST; i++) fast[i] = in.getShort();
    in.get(ring);
    ringMark = in.get() & 255;
    pause = in.get();
    lifeCycle = in.get();
    metricClass = in.get();
    repeats = in.get() & 255;
    mostRepeats = in.get() & 255;
    int parts = in.getShort();
    hasSeason = (parts & SEASON) != 0;
    if (hasSeason) season.read(in);
    episode = (parts & EPISODE) != 0 ? new Episode() : null;
    if (episode != null) episode.read(in);
  }

  byte[] write() {
    int size = BYTES + (hasSeason ? Season.BYTES : 0) + (episode != null ? Episode.BYTES : 0);
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putDouble(base).putDouble(lastMs);
    out.putFloat((float) intervalMs).putFloat((float) previous).putFloat((float) middle);
    out.putFloat((float) slow).putFloat((float) middleDeviation).putFloat((float) slowDeviation);
    out.putFloat((float) slowStep).putFloat((float) high).putFloat((float) low);
    out.putFloat((float) trend).putFloat((float) grain);
    for (float cell : members) out.putFloat(cell);
    out.putInt(count).putInt(packedLeaps());
    out.putInt((int) (long) (exposureDays * EXPOSURE_STEPS));
    out.putFloat((float) peak);
    out.putInt(peak > 0 ? left(excursionEndMs) : 0).putInt(left(refractoryEndMs));
    out.putFloat((float) outside);
    for (short cell : fast) out.putShort(cell);
    out.put(ring).put((byte) ringMark).put((byte) pause).put((byte) lifeCycle);
    out.put((byte) metricClass).put((byte) repeats).put((byte) mostRepeats);
    out.putShort((short) ((hasSeason ? SEASON : 0) | (episode != null ? EPISODE : 0)));
    if (hasSeason) season.write(out);
    if (episode != null) episode.write(out);
    return out.array();
  }

  /** Gives the series a season profile. */
  void beginSeason() {
    hasSeason = true;
    season.clear();
  }

  /** Rounds what a point changes to the width it is stored in. */
  void round() {
    intervalMs = Limits.stored(intervalMs);
    previous = Limits.stored(previous);
    middle = Limits.stored(middle);
    slow = Limits.stored(slow);
    middleDeviation = Limits.stored(middleDeviation);
    slowDeviation = Limits.stored(slowDeviation);
    slowStep = Limits.stored(slowStep);
    high = Limits.stored(high);
    low = Limits.stored(low);
    trend = Limits.stored(trend);
    grain = Limits.stored(grain);
    if (hasSeason) season.round();
  }

  private void readLeaps(int packed) {
    boolean young = count < LeapWatch.LEAP_POINTS;
    secondGapMs = young ? packed & 0xffff_ffffL : 0;
    leapUp = young ? 0 : LeapWatch.unmarked(packed >>> 16);
    leapDown = young ? 0 : LeapWatch.unmarked(packed & 0xffff);
  }

  private int packedLeaps() {
    if (count < LeapWatch.LEAP_POINTS) return (int) (long) secondGapMs;
    return (LeapWatch.marked(leapUp) << 16) | LeapWatch.marked(leapDown);
  }

  /** What is left of a time at the last point: whole ms. */
  private int left(double endMs) {
    return (int) (long) Math.min(MOST_LEFT_MS, Math.max(0, Math.ceil(endMs - lastMs)));
  }
}
