package vigie.peer.detect;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes an anomaly: whose it is, its phase, the point that caused it, each member's weight, and
 * the episode as it is kept.
 */
final class AnomalyWriter {
  private static final int BYTES = 8 + 4 + 5 * 8 + Members.COUNT * 8 + Episode.BYTES;
  /** ln(0.15): the grade of score 1 is 0.85. */
  private static final double GRADE = Math.log(0.15);

  private AnomalyWriter() {}

  static byte[] write(Episode episode, Reading reading, int phase, double[] weights) {
    ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(reading.seriesId).putShort((short) phase).putShort((short) reading.metricClass);
    out.putDouble(Math.max(reading.ms, episode.lastMs));
    out.putDouble(phase == EpisodeSink.CLOSE ? episode.lastMs : Double.NaN);
    out.putDouble(reading.intervalMs).putDouble(reading.score);
    out.putDouble(1 - Math.exp(GRADE * episode.peakScore));
    for (double weight : weights) out.putDouble(weight);
    episode.write(out);
    return out.array();
  }
}
