package vigie.peer.detect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Weights of the members by class: the general ones, but for what {@code manifest.json} has of a
 * class.
 */
public final class ClassWeights {
  private final double[][] weights = new double[MetricClass.NAMES.size()][];

  /**
   * Reads the manifest in the folder of the models; no other constant of a class is known.
   */
  public ClassWeights(Path models) throws IOException {
    Arrays.fill(weights, Tuning.GENERAL_WEIGHTS);
    JsonNode manifest = new ObjectMapper().readTree(models.resolve("manifest.json").toFile());
    for (JsonNode entry : manifest.path("classes")) {
      // A graph of its own has only a class that a definition names.
      if (entry.has("model")) continue;
      if (!entry.path("part").asText().equals("weights")) {
        throw new IOException("of a class only weights are known: " + entry.path("id").asText());
      }
      double[] own = new double[Members.COUNT];
      for (int m = 0; m < own.length; m++) own[m] = entry.path("values").path(m).asDouble();
      weights[MetricClass.NAMES.indexOf(entry.path("metricClass").asText())] = own;
    }
  }

  double[] of(int metricClass) {
    return weights[metricClass];
  }
}
