/**
 * Writes a series as Prometheus does: `node_load1{host="a"}`, labels in the order of their names.
 *
 * `without` leaves labels out that say the same on every line, such as the host a person sits at.
 */
export function formatSeries(
  metric: string,
  labels: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): string {
  const shown = Object.keys(labels)
    .filter((name) => !without.includes(name))
    .sort()
    .map((name) => `${name}=${JSON.stringify(labels[name])}`);
  return shown.length === 0 ? metric : `${metric}{${shown.join(',')}}`;
}
