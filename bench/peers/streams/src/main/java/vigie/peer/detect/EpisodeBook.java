package vigie.peer.detect;

/** Opens, follows and closes the episodes of series, and tells what changed. */
final class EpisodeBook {
  private static final double UPDATE_MS = 5 * 60_000;

  private final Points points;
  private final EpisodeSink sink;

  EpisodeBook(Points points, EpisodeSink sink) {
    this.points = points;
    this.sink = sink;
  }

  void open(SeriesRow row, Reading reading, int tier) {
    Episode episode = new Episode();
    episode.startMs = reading.ms;
    episode.toldMs = reading.ms;
    episode.tier = tier;
    episode.historical = reading.historical;
    episode.toldScore = (float) reading.score;
    row.episode = episode;
    note(episode, reading);
    tell(episode, reading, EpisodeSink.OPEN);
  }

  /**
   * Follows an episode through a point at or above the opening score; {@code tier} may have risen
   * to it.
   */
  void follow(SeriesRow row, Reading reading, int tier) {
    Episode episode = row.episode;
    note(episode, reading);
    boolean risen = tier > episode.tier;
    if (risen) episode.tier = tier;
    updateIfDue(episode, reading, risen);
  }

  /** Sees an episode through a point below the opening score. */
  void pass(SeriesRow row, Reading reading) {
    updateIfDue(row.episode, reading, false);
  }

  void close(SeriesRow row, Reading reading) {
    tell(row.episode, reading, EpisodeSink.CLOSE);
    row.episode = null;
  }

  private void note(Episode episode, Reading reading) {
    episode.lastMs = reading.ms;
    episode.points += 1;
    if (reading.late) episode.late += 1;
    if (reading.score <= episode.peakScore) return;
    episode.peakScore = (float) reading.score;
    episode.confidence = (float) reading.confidence;
    for (int m = 0; m < Members.COUNT; m++) {
      episode.raw[m] = (float) points.reading[m][reading.point];
      episode.surprise[m] = (float) points.surprise[m][reading.point];
    }
    episode.peakMs = reading.ms;
    episode.value = reading.value;
    episode.expected = reading.expected;
    episode.lower = reading.lower;
    episode.upper = reading.upper;
    episode.movement = reading.movement;
    episode.lifeCycle = reading.lifeCycle;
  }

  private void updateIfDue(Episode episode, Reading reading, boolean risen) {
    boolean doubled = episode.peakScore >= 2 * episode.toldScore;
    if (!risen && !doubled && reading.ms - episode.toldMs < UPDATE_MS) return;
    episode.toldScore = episode.peakScore;
    episode.toldMs = reading.ms;
    tell(episode, reading, EpisodeSink.UPDATE);
  }

  private void tell(Episode episode, Reading reading, int phase) {
    sink.tell(episode, reading, phase);
    episode.revision += 1;
  }
}
