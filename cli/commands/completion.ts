import { Argument, type Command } from 'commander';
import { withExamples } from '../command-options.ts';
import { type CompletionShell, completionScript, completionShells } from '../completion-script.ts';
import type { Terminal } from '../terminal.ts';

/** Adds `vigie completion <shell>`. */
export function addCompletion(program: Command, terminal: Terminal): void {
  const command = program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'shell to write for').choices(completionShells));
  withExamples(command, [
    ['source <(vigie completion bash)', 'complete in this bash'],
    ['vigie completion fish | source', 'complete in this fish'],
  ]).action((shell: CompletionShell) => {
    terminal.out.write(completionScript(program, shell));
  });
}
