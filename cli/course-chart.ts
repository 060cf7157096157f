import type { AnomalyView, ViewPoint } from './anomaly-view.ts';
import { rangeOf } from './anomaly-view.ts';
import { formatNumber } from './number-format.ts';
import type { Paint } from './terminal.ts';

const ROWS = 10;
const LABEL_WIDTH = 8;

type Cell = 'value' | 'odd' | 'band' | 'empty';

/**
 * Draws a course for a terminal: `●` values, red while the episode lasted, `░` the band in which they were expected.
 *
 * Several points share a column where there are more of them than columns: then the farthest from the band is shown.
 */
export function courseChart({ points }: AnomalyView, width: number, paint: Paint): string[] {
  const columns = columnsOf(points, Math.max(16, width - LABEL_WIDTH - 4));
  const { low, high } = rangeOf(points);
  const rowOf = (value: number): number => Math.round(((value - low) / (high - low)) * (ROWS - 1));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const cells = columns.map((column) => drawn(cellAt(column, row, rowOf), paint));
    const label = row === ROWS - 1 ? formatNumber(high) : row === 0 ? formatNumber(low) : '';
    lines.push(`  ${label.padStart(LABEL_WIDTH)} ${cells.join('')}`);
  }
  return lines;
}

function cellAt(
  { value, lower, upper, isInside }: ViewPoint,
  row: number,
  rowOf: (value: number) => number,
): Cell {
  if (rowOf(value) === row) return isInside ? 'odd' : 'value';
  return row >= rowOf(lower) && row <= rowOf(upper) ? 'band' : 'empty';
}

function drawn(cell: Cell, paint: Paint): string {
  if (cell === 'odd') return paint('red', '●');
  if (cell === 'value') return '●';
  return cell === 'band' ? paint('dim', '░') : ' ';
}

/** As many points as there are columns at most, each the farthest outside its band of those it stands for. */
function columnsOf(points: readonly ViewPoint[], width: number): readonly ViewPoint[] {
  if (points.length <= width) return points;
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * points.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * points.length) / width));
    const group = points.slice(from, to);
    return group.reduce((most, each) => (outside(each) > outside(most) ? each : most));
  });
}

function outside({ value, lower, upper, isInside }: ViewPoint): number {
  return Math.max(value - upper, lower - value) + (isInside ? Number.MIN_VALUE : 0);
}
