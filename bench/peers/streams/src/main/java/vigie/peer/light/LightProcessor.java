package vigie.peer.light;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import vigie.peer.Ensemble;
import vigie.peer.SeriesBatchReader;

/**
 * Scores every point of a batch with less than the product does: simpler levels, no season, no
 * rate, no episodes.
 *
 * <p>Features, three models over the whole batch, then each member's surprise.
 */
public final class LightProcessor implements Processor<byte[], byte[], Long, byte[]> {
  private static final int HOP = 8;
  private static final double OPENING = 12;
  private static final float[] PRIOR_MEAN = {0.9f, 0.45f, -2.2f, 0.9f};
  private static final float[] PRIOR_VARIANCE = {0.16f, 0.0025f, 0.64f, 0.49f};
  private static final double[] SHORT_SHARE = {0.2, 0.5, 0.5, 0.4};
  private static final double[] WEIGHT = {1, 0.6, 1.2, 0.2};

  private final String storeName;
  private final Ensemble ensemble;
  private final SeriesBatchReader batch;
  private final AtomicLong scored;
  private final Features features = new Features();
  private ProcessorContext<Long, byte[]> context;
  private KeyValueStore<Long, byte[]> store;
  /** A batch may hold several runs of a series. */
  private final Map<Long, SeriesRow> rowOf = new HashMap<>();
  private SeriesRow[] spare = new SeriesRow[0];
  private SeriesRow[] rows = new SeriesRow[0];
  private int[] before = new int[0];
  private double[] times = new double[0];
  private double[] values = new double[0];
  private double[] expected = new double[0];
  private double[] unit = new double[0];
  private double[] steps = new double[0];
  private int[] windowOf = new int[0];
  private FloatBuffer forecastRows;
  private FloatBuffer forestRows;
  private FloatBuffer shapeRows;
  private int windows;

  public LightProcessor(
      String storeName, Ensemble ensemble, SeriesBatchReader batch, AtomicLong scored) {
    this.storeName = storeName;
    this.ensemble = ensemble;
    this.batch = batch;
    this.scored = scored;
  }

  @Override
  public void init(ProcessorContext<Long, byte[]> context) {
    this.context = context;
    this.store = context.getStateStore(storeName);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    try {
      if (!batch.read(record.value())) return;
      int points = batch.points();
      reserve(points, batch.runs);
      batch.copyPoints(times, values);
      follow();
      float[] forecasts = ensemble.forecast(forecastRows, points);
      float[] forest = windows > 0 ? ensemble.forest(forestRows, windows) : null;
      float[] shape = windows > 0 ? ensemble.autoencoder(shapeRows, windows) : null;
      rate(forecasts, forest, shape, record);
      scored.addAndGet(points);
    } catch (IOException | OrtException fault) {
      throw new IllegalStateException(fault);
    }
  }

  /** First pass: levels and the models' inputs. */
  private void follow() {
    windows = 0;
    rowOf.clear();
    int at = 0;
    for (int run = 0; run < batch.runs; run++) {
      long id = batch.seriesId(run);
      SeriesRow row = rowOf.get(id);
      if (row == null) {
        row = spare[run];
        byte[] known = store.get(id);
        if (known == null) row.clear();
        else row.read(known);
        rowOf.put(id, row);
      }
      rows[run] = row;
      before[run] = row.count;
      int end = at + batch.count(run);
      for (; at < end; at++) {
        double ms = times[at];
        double value = values[at];
        if (row.count == 0) row.base = value;
        features.forecast(row, ms, forecastRows, at * Features.FORECAST_WIDTH);
        expected[at] = row.base + row.slow;
        unit[at] = row.spread();
        double size = Math.abs(value - row.base - row.previous);
        steps[at] = Math.min(50, size / (row.step + 0.02 * unit[at]));
        row.learn(ms, value);
        windowOf[at] = -1;
        if (row.count < Features.WINDOW || row.count % HOP != 0) continue;
        features.window(
            row, forestRows, windows * Features.FOREST_WIDTH, shapeRows, windows * Features.WINDOW);
        windowOf[at] = windows++;
      }
    }
  }

  /** Second pass: surprises, their sum, and an anomaly where it is large. */
  private void rate(
      float[] forecasts, float[] forest, float[] shape, Record<byte[], byte[]> record) {
    int at = 0;
    for (int run = 0; run < batch.runs; run++) {
      SeriesRow row = rows[run];
      int count = batch.count(run);
      int before = this.before[run];
      long id = batch.seriesId(run);
      for (int end = at + count; at < end; at++, before++) {
        int window = windowOf[at];
        if (window >= 0) {
          row.heldForest = forest[window];
          double whole = shape[2 * window];
          row.heldShape =
              (float) Math.log(whole + 0.75 * (shape[2 * window + 1] - whole) + 0.01);
        }
        double value = values[at];
        double usual = expected[at] + unit[at] * forecasts[2 * at];
        double distance = Math.sqrt(Math.min(400, Math.abs(value - usual) / unit[at]));
        double sum = surprise(row, 0, before, distance) + surprise(row, 3, before, steps[at]);
        if (before + 1 >= Features.WINDOW) {
          sum += surprise(row, 1, before, row.heldForest) + surprise(row, 2, before, row.heldShape);
        }
        if (sum > OPENING && before > 64) context.forward(anomaly(record, id, value, usual, sum));
      }
      store.put(id, row.write());
    }
  }

  private double surprise(SeriesRow row, int member, int before, double reading) {
    float[] cells = row.members;
    int at = 3 * member;
    if (cells[at + 2] == 0) {
      cells[at] = PRIOR_MEAN[member];
      cells[at + 1] = PRIOR_MEAN[member];
      cells[at + 2] = PRIOR_VARIANCE[member];
    }
    double deviation = Math.sqrt(cells[at + 2]);
    double newest = cells[at] + SHORT_SHARE[member] * (reading - cells[at]);
    double u = (newest - cells[at + 1]) / Math.max(deviation, 0.05);
    double most = (before < 250 ? 3 : 8) * deviation;
    double change = Math.max(-most, Math.min(most, reading - cells[at + 1]));
    double share = Math.max(1.0 / (before + 20), 1.0 / 5000);
    cells[at] = (float) newest;
    cells[at + 1] += (float) (share * change);
    cells[at + 2] += (float) (share * (change * change - cells[at + 2]));
    double tail =
        u <= 0
            ? 0.30103 * Math.exp(1.151 * u)
            : 0.4343 * (0.5 * u * u + 0.9189 + Math.log(0.5 * (u + Math.sqrt(u * u + 4))));
    return WEIGHT[member] * Math.min(2 * Math.log10(before + 2), tail);
  }

  private Record<Long, byte[]> anomaly(
      Record<byte[], byte[]> record, long id, double value, double usual, double sum) {
    byte[] bytes = new byte[32];
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(id)
        .putDouble(value)
        .putDouble(usual)
        .putDouble(sum);
    return new Record<>(id, bytes, record.timestamp());
  }

  private void reserve(int points, int runs) {
    if (rows.length < runs) {
      rows = new SeriesRow[2 * runs];
      before = new int[2 * runs];
      spare = new SeriesRow[2 * runs];
      for (int i = 0; i < spare.length; i++) spare[i] = new SeriesRow();
    }
    if (windowOf.length >= points) return;
    int size = 2 * points;
    times = new double[size];
    values = new double[size];
    expected = new double[size];
    unit = new double[size];
    steps = new double[size];
    windowOf = new int[size];
    forecastRows = floats(size * Features.FORECAST_WIDTH);
    forestRows = floats(size * Features.FOREST_WIDTH);
    shapeRows = floats(size * Features.WINDOW);
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }
}
