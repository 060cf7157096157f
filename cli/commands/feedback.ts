import type { Command } from 'commander';
import { type ConfigFlags, readConfig, withConfig, withExamples } from '../command-options.ts';
import { CommandFailure, exitCode } from '../exit-code.ts';
import type { FeedbackWords } from '../feedback-command.ts';
import type { Terminal } from '../terminal.ts';

interface FeedbackFlags extends ConfigFlags {
  readonly falsePositive?: boolean;
  readonly missed?: boolean;
  readonly useful?: boolean;
  readonly undo?: boolean;
  readonly author: string;
  readonly comment: string;
  readonly from?: string;
}

/** Adds `vigie feedback <id>`. */
export function addFeedback(program: Command, terminal: Terminal): void {
  const command = program
    .command('feedback')
    .description(
      'say what an anomaly was worth: its metric then opens episodes less, or more, readily',
    )
    .argument('<id>', 'id of the anomaly, or its first digits; with --missed also of a series')
    .option('--false-positive', 'it was no fault: the like of it is to be held back')
    .option('--missed', 'a fault of this series was told too late, or not at all')
    .option('--useful', 'it was a fault, and the like of it must go on being told')
    .option('--undo', 'take back what was said before')
    .option('--author <pseudonym>', 'who says so; goes to decisions, so no real name', 'cli')
    .option('--comment <text>', 'why; stays on commands', '')
    .option(
      '--from <time>',
      'event time from which it acts: 2026-11-24T09:00Z, or 2h ago (default: now)',
    );
  withExamples(withConfig(command), [
    ['vigie feedback 3fa2 --false-positive', 'one mark moves little, twenty of a metric a lot'],
    ['vigie feedback 3fa2 --undo', 'as if nothing had been said'],
    ['vigie feedback 90c1e5 --missed --from 1d', 'of a series, from yesterday on'],
  ])
    .addHelpText('after', NOTE)
    .action(async (id: string, flags: FeedbackFlags) => {
      const verdict = verdictOf(flags);
      const { author, comment, from } = flags;
      const { options: config } = readConfig(terminal, flags);
      const { giveFeedback } = await import('../give-feedback.ts');
      await giveFeedback(config, terminal, { id, verdict, author, comment, from });
    });
}

const NOTE = `
It moves the score at which episodes open, never a score: for the series most, for those of the same tenant, name and
class a little. How far, and for how long, \`detect.feedback\` says. Each effect is on the topic decisions.`;

function verdictOf(flags: FeedbackFlags): FeedbackWords['verdict'] {
  const { falsePositive = false, missed = false, useful = false, undo = false } = flags;
  const said = [falsePositive, missed, useful].filter(Boolean).length;
  if (undo && said === 0) return null;
  if (undo || said !== 1) {
    throw new CommandFailure(
      'feedback: say one thing',
      exitCode.usage,
      'One of --false-positive, --missed, --useful, or --undo alone.',
    );
  }
  if (falsePositive) return 'FALSE_ALARM';
  return missed ? 'MISSED' : 'TRUE_ALARM';
}
