package vigie.peer.detect;

/** The curves that every point passes through, looked up. */
final class Curves {
  /** log10 of 2: the surprise of a median reading. */
  private static final double MEDIAN = 0.30103;
  private static final double LOG10_E = 1 / Math.log(10);

  private static final LookupTable TAIL = new LookupTable(Curves::tail, -8, 40, 64);
  private static final LookupTable ASINH = new LookupTable(Curves::asinh, 0, 64, 64);
  private static final LookupTable SINE =
      new LookupTable(turns -> Math.sin(2 * Math.PI * turns), 0, 1.25, 1024);

  private Curves() {}

  /** -log10 of the upper tail of a standard normal law at {@code u}. */
  static double surprise(double u) {
    return TAIL.at(u);
  }

  /** Inverse hyperbolic sine. */
  static double folded(double distance) {
    return distance < 0 ? -ASINH.at(-distance) : ASINH.at(distance);
  }

  /** Sine by turns, 0 to 1.25. */
  static double sineOfTurn(double turns) {
    return SINE.at(turns);
  }

  private static double tail(double u) {
    if (u <= 0) return MEDIAN * Math.exp(1.151 * u);
    double natural = 0.5 * u * u + 0.9189385 + Math.log(0.5 * (u + Math.sqrt(u * u + 4)));
    return natural * LOG10_E - 0.098 / (1 + u);
  }

  private static double asinh(double x) {
    return Math.log(x + Math.sqrt(x * x + 1));
  }
}
