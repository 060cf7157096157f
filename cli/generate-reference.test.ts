import { describe, expect, it } from 'vitest';
import { configSchema } from '../pipelines/config.ts';
import { errorCatalogue } from '../runtime/errors.ts';
import {
  describeOptions,
  type OptionSchema,
  resolveSchema,
} from '../runtime/options/option-schema.ts';
import { referenceFiles, staleReferenceFiles } from './generate-reference.ts';

describe('docs/reference', () => {
  it('is what would be generated now', () => {
    expect(staleReferenceFiles()).toEqual([]);
  });

  it('has every error code and every option of two levels', () => {
    const files = referenceFiles();
    for (const code of Object.keys(errorCatalogue))
      expect(files.get('errors.md')).toContain(`\n## ${code}\n`);
    const root = describeOptions(configSchema);
    for (const [section, schema] of Object.entries(root.properties ?? {})) {
      for (const key of Object.keys(resolveSchema(root, schema).properties ?? {})) {
        expect(files.get('options.md')).toContain(`| \`${section}.${key}\` |`);
      }
    }
  });

  it('describes every option', () => {
    const root = describeOptions(configSchema);
    const silent: string[] = [];
    const visit = (schema: OptionSchema, path: string, depth: number): void => {
      const resolved = resolveSchema(root, schema);
      if (path !== '' && (resolved.description ?? '') === '') silent.push(path);
      if (depth > 6) return;
      for (const [key, each] of Object.entries(resolved.properties ?? {}))
        visit(each, `${path}.${key}`, depth + 1);
    };
    visit(root, '', 0);
    expect(silent).toEqual([]);
  });
});
