import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

// `node bench/profile-table.ts <folder of --cpu-prof> [lines]`: where CPU time went, per thread.

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder = '.', lines = '40'] = process.argv.slice(2);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  print(file, selfTimes(profile));
}

/** Self time by function, ms; what no script spent is by its name in brackets. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0) / 1000);
  }
  return times;
}

function nameOf({ functionName, url }: ProfileNode['callFrame']): string {
  const place = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  return place === '' ? functionName : `${functionName || '(anonymous)'} ${place}`;
}

function print(file: string, times: Map<string, number>): void {
  times.delete('(idle)');
  const busy = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  process.stdout.write(`\n${file}: ${Math.round(busy)} ms busy\n`);
  const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, Number(lines));
  for (const [name, ms] of rows) {
    const share = ((100 * ms) / busy).toFixed(1).padStart(5);
    process.stdout.write(`${share} % ${ms.toFixed(0).padStart(7)} ms  ${name}\n`);
  }
}
