package vigie.peer.detect;

/** Keeps the rows of series as bytes; what was put may not be changed. */
interface RowStore {
  /** The row of a series, or null. */
  byte[] get(Long seriesId);

  void put(Long seriesId, byte[] row);
}
