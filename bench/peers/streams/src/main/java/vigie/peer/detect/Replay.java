package vigie.peer.detect;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import vigie.peer.Ensemble;
import vigie.peer.SeriesBatchReader;

/**
 * Scores batches from a file, each behind its length, without Kafka, so that scores can be
 * compared.
 *
 * <p>Arguments: folder of the models, file with the Avro schema, schema id of a batch, hop, input,
 * output. Writes of each point, in order, its score as a double, its onset as a byte; of each
 * change of an episode its series, phase and time to a second file, {@code <output>.episodes}.
 */
public final class Replay {
  private Replay() {}

  public static void main(String[] args) throws Exception {
    Path models = Path.of(args[0]);
    Schema schema = new Schema.Parser().parse(Files.readString(Path.of(args[1])));
    SeriesBatchReader batch = new SeriesBatchReader(schema, Integer.parseInt(args[2]));
    Map<Long, byte[]> rows = new HashMap<>();
    try (DataInputStream in = open(args[4]);
        DataOutputStream out = create(args[5]);
        DataOutputStream episodes = create(args[5] + ".episodes")) {
      Detector detector =
          new Detector(
              new Ensemble(models),
              new ClassWeights(models),
              new MapStore(rows),
              (episode, reading, phase) -> tell(episodes, reading, phase),
              Integer.parseInt(args[3]));
      while (true) {
        byte[] record;
        try {
          record = new byte[in.readInt()];
        } catch (EOFException end) {
          return;
        }
        in.readFully(record);
        if (!batch.read(record)) continue;
        detector.score(batch, 0);
        Points points = detector.points();
        for (int i = 0; i < batch.points(); i++) {
          out.writeDouble(points.score[i]);
          out.writeByte(points.onset[i]);
        }
      }
    }
  }

  private static void tell(DataOutputStream out, Reading reading, int phase) {
    try {
      out.writeLong(reading.seriesId);
      out.writeByte(phase);
      out.writeDouble(reading.ms);
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }

  private static DataInputStream open(String file) throws IOException {
    return new DataInputStream(new BufferedInputStream(Files.newInputStream(Path.of(file))));
  }

  private static DataOutputStream create(String file) throws IOException {
    return new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(file))));
  }

  private record MapStore(Map<Long, byte[]> rows) implements RowStore {
    @Override
    public byte[] get(Long seriesId) {
      return rows.get(seriesId);
    }

    @Override
    public void put(Long seriesId, byte[] row) {
      rows.put(seriesId, row);
    }
  }
}
