package vigie.peer.detect;

import ai.onnxruntime.OrtException;
import java.util.HashMap;
import java.util.Map;
import vigie.peer.Ensemble;
import vigie.peer.SeriesBatchReader;

/**
 * Scores the points of a batch: features, each model once over the whole batch, then surprises,
 * scores and episodes.
 *
 * <p>Used by one thread; what stands in its columns is good until the next batch.
 */
final class Detector {
  private final Ensemble ensemble;
  private final RowStore store;
  private final FeaturePass features;
  private final ScorePass scores;
  /** A batch may hold several runs of a series. */
  private final Map<Long, SeriesRow> rowOf = new HashMap<>();
  private SeriesRow[] spare = new SeriesRow[0];
  private SeriesRow[] rows = new SeriesRow[0];

  Detector(Ensemble ensemble, ClassWeights weights, RowStore store, EpisodeSink sink, int hop) {
    this.ensemble = ensemble;
    this.store = store;
    this.features = new FeaturePass(hop);
    this.scores = new ScorePass(features.points, weights, sink);
  }

  Points points() {
    return features.points;
  }

  void score(SeriesBatchReader batch, long recordMs) throws OrtException {
    int count = batch.points();
    features.begin(count);
    batch.copyPoints(features.points.ms, features.points.value);
    follow(batch);
    scores.reading.recordMs = recordMs;
    scores.read(count, ensemble.forecast(features.forecast, count));
    int windows = features.windows;
    if (windows > 0) {
      float[] forest = ensemble.forest(features.forest, windows);
      scores.readWindows(
          windows, features.forest, forest, ensemble.autoencoder(features.shape, windows));
    }
    rate(batch);
  }

  private void follow(SeriesBatchReader batch) {
    reserve(batch.runs);
    rowOf.clear();
    for (int run = 0, at = 0; run < batch.runs; run++) {
      Long id = batch.seriesId(run);
      SeriesRow row = rowOf.get(id);
      if (row == null) {
        row = spare[run];
        byte[] known = store.get(id);
        if (known == null) row.clear();
        else row.read(known);
        rowOf.put(id, row);
      }
      rows[run] = row;
      int end = at + batch.count(run);
      features.run(row, at, end);
      at = end;
    }
  }

  private void rate(SeriesBatchReader batch) {
    for (int run = 0, at = 0; run < batch.runs; run++) {
      int end = at + batch.count(run);
      long id = batch.seriesId(run);
      scores.reading.seriesId = id;
      scores.reading.historical = batch.isHistorical(run) ? 1 : 0;
      scores.reading.late = batch.isLate(run);
      scores.run(rows[run], at, end);
      store.put(id, rows[run].write());
      at = end;
    }
  }

  private void reserve(int runs) {
    if (rows.length >= runs) return;
    rows = new SeriesRow[2 * runs];
    spare = new SeriesRow[2 * runs];
    for (int i = 0; i < spare.length; i++) spare[i] = new SeriesRow();
  }
}
