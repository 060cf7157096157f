/** One bar: its parts stand one above the other. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
  /** Drawn as a line across the bar: what is asked for. */
  readonly must?: number | undefined;
}

const WIDTH = 860;
const PLOT_HEIGHT = 300;
const MARGIN = { left: 70, top: 44, bottom: 120 };
const COLOURS = ['#4878a8', '#e49444', '#6a9f58', '#d1615d', '#85b6b2', '#a87c9f'];
const TICKS = 5;

/**
 * Draws bars as an SVG document of its own, without any library: `unit` stands on the axis.
 *
 * Parts of one name have one colour, told below. Values are not negative.
 */
export function barPlot(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(1e-9, ...bars.map((bar) => Math.max(total(bar), bar.must ?? 0)));
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const step = (WIDTH - MARGIN.left - 20) / Math.max(1, bars.length);
  const body = [
    text(MARGIN.left, 22, title, 'font-weight="bold"'),
    ...axis(most, unit),
    ...bars.flatMap((bar, i) => column(bar, MARGIN.left + i * step, step, { most, names })),
    ...names.map((name, i) => legend(name, i)),
  ];
  const height = MARGIN.top + PLOT_HEIGHT + MARGIN.bottom;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`;
  const paper = `<rect width="${WIDTH}" height="${height}" fill="white"/>`;
  return `${[head, paper, ...body, '</svg>'].join('\n')}\n`;
}

function total({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

function yOf(value: number, most: number): number {
  return MARGIN.top + PLOT_HEIGHT * (1 - value / most);
}

function axis(most: number, unit: string): string[] {
  return Array.from({ length: TICKS + 1 }, (_, i) => {
    const value = (most * i) / TICKS;
    const y = yOf(value, most);
    const line = `<line x1="${MARGIN.left}" x2="${WIDTH - 20}" y1="${y}" y2="${y}" stroke="#ddd"/>`;
    const words = i === TICKS ? `${short(value)} ${unit}` : short(value);
    return line + text(MARGIN.left - 6, y + 4, words, 'text-anchor="end"');
  });
}

function column(
  bar: Bar,
  x: number,
  step: number,
  { most, names }: { readonly most: number; readonly names: readonly string[] },
): string[] {
  const drawn: string[] = [];
  let below = 0;
  for (const { name, value } of bar.parts) {
    const y = yOf(below + value, most);
    const height = yOf(below, most) - y;
    const colour = COLOURS[names.indexOf(name) % COLOURS.length] ?? '';
    drawn.push(
      `<rect x="${x + step * 0.15}" y="${y}" width="${step * 0.7}" height="${height}" fill="${colour}"/>`,
    );
    below += value;
  }
  drawn.push(text(x + step / 2, yOf(below, most) - 5, short(below), 'text-anchor="middle"'));
  if (bar.must !== undefined) {
    const y = yOf(bar.must, most);
    drawn.push(
      `<line x1="${x + 4}" x2="${x + step - 4}" y1="${y}" y2="${y}" stroke="black" stroke-dasharray="4"/>`,
    );
  }
  const under = MARGIN.top + PLOT_HEIGHT + 18;
  const middle = x + step / 2;
  const slanted = `text-anchor="end" transform="rotate(-30 ${middle} ${under})"`;
  return [...drawn, text(middle, under, bar.label, slanted)];
}

function legend(name: string, i: number): string {
  const x = MARGIN.left + i * 120;
  const y = MARGIN.top + PLOT_HEIGHT + 90;
  const colour = COLOURS[i % COLOURS.length] ?? '';
  return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}"/>${text(x + 17, y + 11, name)}`;
}

function text(x: number, y: number, words: string, attributes = ''): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes}>${safe}</text>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value >= 10_000 ? `${Math.round(value / 1000)} k` : `${Number(value.toPrecision(3))}`;
}
