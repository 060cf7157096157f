package vigie.peer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** The three models; sessions are shared by all stream threads, each run uses the calling thread alone. */
final class Ensemble {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession forecast;
  private final OrtSession forest;
  private final OrtSession autoencoder;

  Ensemble(Path folder) throws OrtException {
    forecast = open(folder.resolve("forecast/model.onnx"));
    forest = open(folder.resolve("isolation-forest/model.onnx"));
    autoencoder = open(folder.resolve("lstm-autoencoder/model.onnx"));
  }

  FloatBuffer forecast(FloatBuffer rows, int count) throws OrtException {
    return run(forecast, rows, count, Features.FORECAST_WIDTH);
  }

  FloatBuffer forest(FloatBuffer rows, int count) throws OrtException {
    return run(forest, rows, count, Features.FOREST_WIDTH);
  }

  FloatBuffer autoencoder(FloatBuffer rows, int count) throws OrtException {
    return run(autoencoder, rows, count, Features.WINDOW);
  }

  private FloatBuffer run(OrtSession session, FloatBuffer rows, int count, int width)
      throws OrtException {
    FloatBuffer used = rows.duplicate().position(0).limit(count * width);
    try (OnnxTensor tensor = OnnxTensor.createTensor(environment, used, new long[] {count, width});
        OrtSession.Result result = session.run(Map.of("rows", tensor))) {
      return ((OnnxTensor) result.get(0)).getFloatBuffer();
    }
  }

  private OrtSession open(Path file) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    return environment.createSession(file.toString(), options);
  }
}
