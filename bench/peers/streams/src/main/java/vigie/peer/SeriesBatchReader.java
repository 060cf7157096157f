package vigie.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** Decodes framed SeriesBatch records; what it holds is good until the next is read. */
public final class SeriesBatchReader {
  private static final int FRAME_BYTES = 5;
  private static final int HISTORICAL = 1;
  private static final int LATE = 2;

  private final GenericDatumReader<GenericRecord> reader;
  private final int schemaId;
  private BinaryDecoder decoder;
  private GenericRecord record;
  private ByteBuffer seriesIds;
  private ByteBuffer runSeries;
  private ByteBuffer runCounts;
  private ByteBuffer runFlags;
  private ByteBuffer runFirstTimestamps;
  private ByteBuffer runSteps;
  private ByteBuffer timestamps;
  private ByteBuffer values;

  public int runs;

  public SeriesBatchReader(Schema schema, int schemaId) {
    this.reader = new GenericDatumReader<>(schema);
    this.schemaId = schemaId;
  }

  /** Reads a record; false for one of another type, such as a tick of event time. */
  public boolean read(byte[] framed) throws IOException {
    if (ByteBuffer.wrap(framed).getInt(1) != schemaId) return false;
    decoder =
        DecoderFactory.get()
            .binaryDecoder(framed, FRAME_BYTES, framed.length - FRAME_BYTES, decoder);
    record = reader.read(record, decoder);
    seriesIds = column("seriesIds").order(ByteOrder.BIG_ENDIAN);
    runSeries = column("runSeries");
    runCounts = column("runCounts");
    runFlags = column("runFlags");
    runFirstTimestamps = column("runFirstTimestamps");
    runSteps = column("runSteps");
    timestamps = column("timestamps");
    values = column("values");
    runs = runCounts.remaining() / 4;
    return true;
  }

  public int points() {
    return values.remaining() / 8;
  }

  public long seriesId(int run) {
    return seriesIds.getLong(8 * runSeries.getInt(4 * run));
  }

  public int count(int run) {
    return runCounts.getInt(4 * run);
  }

  /** Whether a run is back-fill, or too late to act on. */
  public boolean isHistorical(int run) {
    return (runFlags.get(run) & HISTORICAL) != 0;
  }

  public boolean isLate(int run) {
    return (runFlags.get(run) & LATE) != 0;
  }

  /** Writes time and value of each point, run by run. */
  public void copyPoints(double[] intoMs, double[] intoValues) {
    values.asDoubleBuffer().get(intoValues, 0, points());
    int irregular = 0;
    for (int run = 0, at = 0; run < runs; run++) {
      int count = count(run);
      double first = runFirstTimestamps.getDouble(8 * run);
      double step = runSteps.getDouble(8 * run);
      for (int i = 0; i < count; i++, at++) {
        intoMs[at] = step == 0 ? timestamps.getDouble(8 * irregular++) : first + i * step;
      }
    }
  }

  private ByteBuffer column(String name) {
    return ((ByteBuffer) record.get(name)).slice().order(ByteOrder.LITTLE_ENDIAN);
  }
}
