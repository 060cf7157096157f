import { readFileSync, writeFileSync } from 'node:fs';
import { OnnxEnsemble } from '../onnx-ensemble.ts';
import { dataReport } from './data-report.ts';
import { generatedReport } from './generated-report.ts';
import { replaceBlock } from './report-table.ts';

// `npm run evaluate`: writes the figures of models/EVALUATION.md; those on labelled data when VIGIE_DATA names a folder.

const report = new URL('../EVALUATION.md', import.meta.url);
const progress = (what: string): void => {
  process.stderr.write(`${what} …\n`);
};
const scorer = await OnnxEnsemble.load();
const parts = await generatedReport(
  { scorer },
  { faultSeries: 6, curveSeries: 4, curveDays: 4, youngSeries: 1000 },
  progress,
);
const root = process.env.VIGIE_DATA;
if (root !== undefined) {
  for (const [name, body] of await dataReport(scorer, root, progress)) parts.set(name, body);
}
let text = readFileSync(report, 'utf8');
for (const [name, body] of parts) text = replaceBlock(text, name, body);
writeFileSync(report, text);
