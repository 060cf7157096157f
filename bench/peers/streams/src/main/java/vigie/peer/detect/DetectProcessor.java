package vigie.peer.detect;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import vigie.peer.Ensemble;
import vigie.peer.SeriesBatchReader;

/**
 * Scores every point of a batch as the product's detect stage does, and forwards what becomes of
 * episodes.
 */
public final class DetectProcessor implements Processor<byte[], byte[], Long, byte[]> {
  private final String storeName;
  private final Ensemble ensemble;
  private final ClassWeights weights;
  private final SeriesBatchReader batch;
  private final AtomicLong scored;
  private final int hop;
  private Detector detector;

  /** @param hop points between two windows; 0 goes by the interval. */
  public DetectProcessor(
      String storeName,
      Ensemble ensemble,
      ClassWeights weights,
      SeriesBatchReader batch,
      AtomicLong scored,
      int hop) {
    this.storeName = storeName;
    this.ensemble = ensemble;
    this.weights = weights;
    this.batch = batch;
    this.scored = scored;
    this.hop = hop;
  }

  @Override
  public void init(ProcessorContext<Long, byte[]> context) {
    KeyValueStore<Long, byte[]> store = context.getStateStore(storeName);
    RowStore rows =
        new RowStore() {
          @Override
          public byte[] get(Long seriesId) {
            return store.get(seriesId);
          }

          @Override
          public void put(Long seriesId, byte[] row) {
            store.put(seriesId, row);
          }
        };
    EpisodeSink sink =
        (episode, reading, phase) -> {
          byte[] anomaly =
              AnomalyWriter.write(episode, reading, phase, weights.of(reading.metricClass));
          context.forward(new Record<>(reading.seriesId, anomaly, reading.recordMs));
        };
    detector = new Detector(ensemble, weights, rows, sink, hop);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    try {
      if (!batch.read(record.value())) return;
      detector.score(batch, record.timestamp());
      scored.addAndGet(batch.points());
    } catch (IOException | OrtException fault) {
      throw new IllegalStateException(fault);
    }
  }
}
