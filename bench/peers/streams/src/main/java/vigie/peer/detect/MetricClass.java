package vigie.peer.detect;

import java.util.List;

/** Classes of metrics by number, in the order of {@code models/metric-class.ts}. */
final class MetricClass {
  static final List<String> NAMES =
      List.of(
          "general",
          "latency",
          "error-ratio",
          "throughput",
          "saturation",
          "seasonal-kpi",
          "sparse-counts",
          "steps",
          "counter");
  static final int GENERAL = 0;

  private MetricClass() {}
}
