/** Samples of a scrape, by name and labels as they stand in the text. */
export type Scrape = ReadonlyMap<string, number>;

/** Reads the Prometheus text format, as far as a test needs it. */
export function parseScrape(text: string): Scrape {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.lastIndexOf(' ');
    samples.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return samples;
}

/** Adds up all samples of a metric that carry the given label texts, such as `stage="detect"`. */
export function sumSamples(scrape: Scrape, metric: string, ...labels: string[]): number {
  let sum = 0;
  for (const [key, value] of scrape) {
    const [name = '', rest = ''] = key.split('{', 2);
    if (name === metric && labels.every((label) => rest.includes(label))) sum += value;
  }
  return sum;
}
