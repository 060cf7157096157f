package vigie.peer.detect;

/** Members of the ensemble, in the order of every array that has one place per member. */
final class Members {
  static final int FORECAST = 0;
  static final int FOREST = 1;
  static final int AUTOENCODER = 2;
  static final int STEP = 3;
  static final int EXTREME = 4;
  static final int COUNT = 5;
  /** Members with a short mean, a long mean and a variance: all but new extremes. */
  static final int RATED = COUNT - 1;

  private Members() {}
}
