package vigie.peer.detect;

/** Hears of every change of an episode. */
interface EpisodeSink {
  int OPEN = 0;
  int UPDATE = 1;
  int CLOSE = 2;

  void tell(Episode episode, Reading reading, int phase);
}
