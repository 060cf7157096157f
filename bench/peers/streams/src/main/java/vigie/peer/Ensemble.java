package vigie.peer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * The three models; sessions are shared by all stream threads, each run uses the calling thread
 * alone.
 *
 * <p>Rows lie in direct buffers with room for two or more, which are handed to the runtime without
 * a copy.
 */
public final class Ensemble {
  private static final int FORECAST_WIDTH = 16;
  private static final int FOREST_WIDTH = 13;
  private static final int WINDOW = 32;
  /** Rows per run: bounds the memory of the runtime. */
  private static final int RUN_ROWS = 4096;
  /** A row alone is run twice, for a matrix of one column is multiplied in another order. */
  private static final int LEAST_ROWS = 2;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession forecast;
  private final OrtSession forest;
  private final OrtSession autoencoder;

  public Ensemble(Path folder) throws OrtException {
    forecast = open(folder.resolve("forecast/model.onnx"));
    forest = open(folder.resolve("isolation-forest/model.onnx"));
    autoencoder = open(folder.resolve("lstm-autoencoder/model.onnx"));
  }

  /** Level, in spreads from the slow one, and spread of each row. */
  public float[] forecast(FloatBuffer rows, int count) throws OrtException {
    return run(forecast, rows, count, FORECAST_WIDTH, 2);
  }

  /** Isolation of each row. */
  public float[] forest(FloatBuffer rows, int count) throws OrtException {
    return run(forest, rows, count, FOREST_WIDTH, 1);
  }

  /** Error of each row, over the whole window and over its last points. */
  public float[] autoencoder(FloatBuffer rows, int count) throws OrtException {
    return run(autoencoder, rows, count, WINDOW, 2);
  }

  private float[] run(OrtSession session, FloatBuffer rows, int count, int width, int outputs)
      throws OrtException {
    if (count == 1) for (int i = 0; i < width; i++) rows.put(width + i, rows.get(i));
    int all = Math.max(LEAST_ROWS, count);
    float[] results = new float[all * outputs];
    for (int start = 0; start < all; start += RUN_ROWS) {
      int part = Math.min(RUN_ROWS, all - start);
      FloatBuffer used = rows.duplicate().position(start * width).limit((start + part) * width);
      long[] shape = {part, width};
      try (OnnxTensor tensor = OnnxTensor.createTensor(environment, used, shape);
          OrtSession.Result result = session.run(Map.of("rows", tensor))) {
        FloatBuffer given = ((OnnxTensor) result.get(0)).getFloatBuffer();
        given.get(results, start * outputs, part * outputs);
      }
    }
    return results;
  }

  private OrtSession open(Path file) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    return environment.createSession(file.toString(), options);
  }
}
