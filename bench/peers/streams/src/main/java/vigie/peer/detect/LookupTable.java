package vigie.peer.detect;

import java.util.function.DoubleUnaryOperator;

/**
 * A function by its values at even distances, straight in between; outside the table it is
 * computed.
 */
final class LookupTable {
  private final DoubleUnaryOperator exactly;
  private final double from;
  private final double cellsPerUnit;
  private final int cells;
  private final double[] values;

  LookupTable(DoubleUnaryOperator exactly, double from, double to, double cellsPerUnit) {
    this.exactly = exactly;
    this.from = from;
    this.cellsPerUnit = cellsPerUnit;
    this.cells = (int) Math.ceil((to - from) * cellsPerUnit);
    this.values = new double[cells + 1];
    for (int i = 0; i <= cells; i++) values[i] = exactly.applyAsDouble(from + i / cellsPerUnit);
  }

  double at(double x) {
    double place = (x - from) * cellsPerUnit;
    if (!(place >= 0 && place < cells)) return exactly.applyAsDouble(x);
    int cell = (int) place;
    double value = values[cell];
    return value + (place - cell) * (values[cell + 1] - value);
  }
}
