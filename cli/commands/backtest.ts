import path from 'node:path';
import type { Command } from 'commander';
import { withExamples } from '../command-options.ts';
import { openProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

interface BacktestFlags {
  readonly out: string;
}

/** Adds `vigie backtest <in-dir> --out <out-dir>`. */
export function addBacktest(program: Command, terminal: Terminal): void {
  const command = program
    .command('backtest')
    .description('score every CSV file of a folder as the live pipeline would')
    .argument(
      '<in-dir>',
      'folder with CSV or CSV.gz files that have the columns timestamp and value',
    )
    .requiredOption('--out <out-dir>', 'folder for the scored files, same relative paths');
  withExamples(command, [
    [
      'vigie backtest data --out scored',
      'one row out per row in: score, onset, expected, band, state',
    ],
  ]).action(async (inDir: string, flags: BacktestFlags) => {
    const [{ runBacktest }, { systemClock }] = await Promise.all([
      import('../backtest.ts'),
      import('../../runtime/clock.ts'),
    ]);
    const progress = openProgress(terminal, () => systemClock.nowMs());
    const { files, rows, onsets, critical } = await runBacktest({
      inDir: path.resolve(terminal.cwd, inDir),
      outDir: path.resolve(terminal.cwd, flags.out),
      onProgress: (done, total, file) => progress.show(`${done}/${total} ${file}`),
    });
    progress.clear();
    const found = `${onsets} episodes, ${critical} of them critical`;
    terminal.err.write(`${files} files, ${rows} rows scored to ${flags.out}: ${found}\n`);
  });
}
