import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from './recording-terminal.fixture.ts';

async function script(shell: string): Promise<string> {
  return (await runCommandLine(['completion', shell])).out;
}

/** What bash would offer for a command line, by running the script in a bash. */
async function bashOffers(...words: string[]): Promise<string[]> {
  const text = `${await script('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_vigie
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', text], { encoding: 'utf8', cwd: '/' }).trim().split('\n');
}

describe('completion', () => {
  it('completes commands, subcommands, options and choices in bash', async () => {
    expect(await bashOffers('vigie', 'ta')).toEqual(['tail']);
    expect(await bashOffers('vigie', 'dead-letter', '')).toEqual(
      expect.arrayContaining(['list', 'show', '--help']),
    );
    expect(await bashOffers('vigie', 'dead-letter', 'list', '--co')).toEqual(
      expect.arrayContaining(['--code', '--count', '--config']),
    );
    expect(await bashOffers('vigie', '-V', 'completion', 'z')).toEqual(['zsh']);
  });

  it('falls back to files', async () => {
    expect(await bashOffers('vigie', 'produce', 'et')).toEqual(['etc']);
  });

  it('names every command in zsh and fish, with quotes that hold', async () => {
    const zsh = await script('zsh');
    const fish = await script('fish');
    expect(zsh).toContain("'schemas check') found=(");
    expect(zsh).toContain(
      "'tail:print the last records of a topic, and with --follow what comes after'",
    );
    expect(fish).toContain(
      "complete -c vigie -n '__fish_use_subcommand' -f -a tail -d 'print the last records",
    );
    expect(fish).toContain("-n '__vigie_at schemas' -f -a check");
    execFileSync('bash', ['-n'], { input: zsh.replace(/^compdef.*$/m, '') });
  });

  it('refuses other shells with exit 2', async () => {
    expect((await runCommandLine(['completion', 'tcsh'])).code).toBe(2);
  });
});
