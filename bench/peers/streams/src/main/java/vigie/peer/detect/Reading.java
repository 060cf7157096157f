package vigie.peer.detect;

/** What the second pass knows of the point it is at; one object, written anew for each point. */
final class Reading {
  long seriesId;
  int point;
  double ms;
  double gapMs;
  double intervalMs;
  /** Points of the series before this one. */
  int before;
  int metricClass;
  int historical;
  boolean late;
  double value;
  double expected;
  double lower;
  double upper;
  double span;
  double grain;
  double sum;
  /**
   * Score of its leap or run of repeats by itself; whether values stand still as never; its leap
   * where that is news.
   */
  double sudden;
  boolean flat;
  /** Whether that leap may be the first of its bursts: then it opens no episode by itself. */
  boolean burst;
  double leap;
  double score;
  double confidence;
  int lifeCycle;
  int movement;
  boolean gap;
  /** Records of the batch have this time, for those who hear of an episode. */
  long recordMs;
}
