package vigie.peer.detect;

/** Bounds and rounding of numbers. */
final class Limits {
  private Limits() {}

  /** Holds a number within ±most. */
  static double held(double number, double most) {
    return Math.min(most, Math.max(-most, number));
  }

  /** Nearest whole number, halves upwards. */
  static double nearest(double number) {
    return Math.floor(number + 0.5);
  }

  /** Rounds to the 32 bits that a number is stored in. */
  static double stored(double number) {
    return (float) number;
  }
}
