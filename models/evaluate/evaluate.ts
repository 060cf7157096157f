import { readFileSync, writeFileSync } from 'node:fs';
import { OnnxEnsemble } from '../onnx-ensemble.ts';
import { dataReport } from './data-report.ts';
import { generatedReport } from './generated-report.ts';
import { replaceBlock } from './report-table.ts';

// `npm run evaluate`: writes the figures of models/EVALUATION.md, each part when it is known; those on labelled data when VIGIE_DATA names a folder.

const report = new URL('../EVALUATION.md', import.meta.url);
const scorer = await OnnxEnsemble.load();

function put([name, body]: readonly [name: string, body: string]): void {
  process.stderr.write(`${name}\n`);
  writeFileSync(report, replaceBlock(readFileSync(report, 'utf8'), name, body));
}

const size = { faultSeries: 6, curveSeries: 4, curveDays: 4, youngSeries: 1000 };
for await (const part of generatedReport({ scorer }, size)) put(part);
const root = process.env.VIGIE_DATA;
if (root !== undefined) for await (const part of dataReport(scorer, root)) put(part);
