import type { Command } from 'commander';
import { withExamples, withFormat } from '../command-options.ts';
import type { RowFormat } from '../print-rows.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `vigie schemas list | check`. */
export function addSchemas(program: Command, terminal: Terminal): void {
  const schemas = program
    .command('schemas')
    .description('show and check the schemas of the topics');
  withExamples(
    withFormat(
      schemas
        .command('list', { isDefault: true })
        .description('list every record with its versions and ids'),
    ),
    [['vigie schemas list', 'records, ids, topics']],
  ).action(async (flags: { readonly output: RowFormat }) => {
    const { listSchemas } = await import('../check-schemas.ts');
    listSchemas(terminal, flags.output);
  });
  const check = schemas
    .command('check')
    .description(
      'check that no schema changed in a way that is not BACKWARD, and that the house rules are kept',
    )
    .argument('[file]', 'a producer’s .avsc: check instead that its records can be read here');
  withExamples(check, [
    ['vigie schemas check', 'exit 3 and one line per fault'],
    ['vigie schemas check my-metric-point.avsc', 'before a producer writes by it'],
  ]).action(async (file: string | undefined) => {
    const { checkOwnSchemas, checkProducerSchema } = await import('../check-schemas.ts');
    if (file === undefined) checkOwnSchemas(terminal);
    else checkProducerSchema(terminal, file);
  });
}
