import { readFileSync, writeFileSync } from 'node:fs';
import { modelSetSha256 } from '../manifest.ts';

// `node models/train/sign-manifest.ts`: puts the checksum of models/manifest.json right after its classes were edited.

const path = new URL('../manifest.json', import.meta.url);
const manifest = JSON.parse(readFileSync(path, 'utf8'));
const { id, version, training, models, classes = [] } = manifest;
const sha256 = modelSetSha256(models, classes);
writeFileSync(
  path,
  `${JSON.stringify({ id, version, sha256, training, models, classes }, null, 2)}\n`,
);
