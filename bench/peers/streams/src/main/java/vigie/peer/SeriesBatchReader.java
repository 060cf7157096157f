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
final class SeriesBatchReader {
  private static final int FRAME_BYTES = 5;

  private final GenericDatumReader<GenericRecord> reader;
  private final int schemaId;
  private BinaryDecoder decoder;
  private GenericRecord record;

  ByteBuffer seriesIds;
  ByteBuffer runSeries;
  ByteBuffer runCounts;
  ByteBuffer runFirstTimestamps;
  ByteBuffer runSteps;
  ByteBuffer timestamps;
  ByteBuffer values;
  int runs;

  SeriesBatchReader(Schema schema, int schemaId) {
    this.reader = new GenericDatumReader<>(schema);
    this.schemaId = schemaId;
  }

  /** Reads a record; false for one of another type, such as a tick of event time. */
  boolean read(byte[] framed) throws IOException {
    if (ByteBuffer.wrap(framed).getInt(1) != schemaId) return false;
    decoder =
        DecoderFactory.get()
            .binaryDecoder(framed, FRAME_BYTES, framed.length - FRAME_BYTES, decoder);
    record = reader.read(record, decoder);
    seriesIds = column("seriesIds").order(ByteOrder.BIG_ENDIAN);
    runSeries = column("runSeries");
    runCounts = column("runCounts");
    runFirstTimestamps = column("runFirstTimestamps");
    runSteps = column("runSteps");
    timestamps = column("timestamps");
    values = column("values");
    runs = runCounts.remaining() / 4;
    return true;
  }

  private ByteBuffer column(String name) {
    return ((ByteBuffer) record.get(name)).slice().order(ByteOrder.LITTLE_ENDIAN);
  }
}
