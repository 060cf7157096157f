import type { Command } from 'commander';

/** Shells that a completion script can be written for. */
export const completionShells = ['bash', 'zsh', 'fish'] as const;

/** A shell with a completion script. */
export type CompletionShell = (typeof completionShells)[number];

interface Entry {
  /** Command words before it: `` or `schemas`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly about: string }[];
}

/**
 * Writes a script that completes every command, subcommand, option and choice of a program.
 *
 * It is made from the command tree itself, so it cannot fall behind.
 */
export function completionScript(program: Command, shell: CompletionShell): string {
  const entries = collectEntries(program, []);
  if (shell === 'bash') return bashScript(program, entries);
  return shell === 'zsh' ? zshScript(program, entries) : fishScript(program, entries);
}

function collectEntries(command: Command, path: readonly string[]): Entry[] {
  const options = command.options
    .filter((option) => !option.hidden)
    .flatMap((option) => {
      const about =
        option.argChoices === undefined
          ? option.description
          : `${option.description}: ${option.argChoices.join(', ')}`;
      return [option.long, option.short]
        .filter((word) => word !== undefined && word !== null)
        .map((word) => ({ word, about }));
    });
  const choices = command.registeredArguments.flatMap((argument) =>
    (argument.argChoices ?? []).map((word) => ({ word, about: argument.description })),
  );
  const commands = command.commands.map((each) => ({
    word: each.name(),
    about: each.description(),
  }));
  const help = { word: '--help', about: 'print help' };
  const own = { path: path.join(' '), words: [...commands, ...choices, ...options, help] };
  return [own, ...command.commands.flatMap((each) => collectEntries(each, [...path, each.name()]))];
}

function bashScript(program: Command, entries: readonly Entry[]): string {
  const name = program.name();
  const cases = entries.map(
    ({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`,
  );
  return `# bash completion of ${name}: source <(${name} completion bash)
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${pathWalk(entries)}
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
  return 0
}
complete -F _${name} ${name}
`;
}

function zshScript(program: Command, entries: readonly Entry[]): string {
  const name = program.name();
  const cases = entries.map(({ path, words }) => {
    const lines = words.map(({ word, about }) => `      '${quoted(word)}:${quoted(about)}'`);
    return `    '${path}') found=(\n${lines.join('\n')}\n    ) ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}: ${name} completion zsh > "\${fpath[1]}/_${name}"
_${name}() {
  local path='' word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
${pathWalk(entries)}
  done
  case "$path" in
${cases.join('\n')}
  esac
  _describe '${name}' found || _files
}
compdef _${name} ${name}
`;
}

/** The part that bash and zsh share: follows the words typed so far down the command tree. */
function pathWalk(entries: readonly Entry[]): string {
  const known = entries
    .filter(({ path }) => path !== '')
    .map(({ path }) => `      '${path}') path='${path}' ;;`);
  return `    case "\${path:+$path }$word" in\n${known.join('\n')}\n    esac`;
}

function fishScript(program: Command, entries: readonly Entry[]): string {
  const name = program.name();
  const lines = entries.flatMap(({ path, words }) =>
    words.map(({ word, about }) => fishLine(name, path, word, about)),
  );
  return `# fish completion of ${name}: ${name} completion fish | source
function __${name}_at
  set -l typed (commandline -opc | string match -v -- '-*')
  test "$typed[2..-1]" = "$argv"; or string match -q -- "$argv *" "$typed[2..-1]"
end
${lines.join('\n')}
`;
}

function fishLine(name: string, path: string, word: string, about: string): string {
  const when =
    path === '' && !word.startsWith('-') ? '__fish_use_subcommand' : `__${name}_at ${path}`.trim();
  return `complete -c ${name} -n '${when}' ${fishWord(word)} -d '${quoted(about)}'`;
}

function fishWord(word: string): string {
  if (word.startsWith('--')) return `-l ${word.slice(2)}`;
  return word.startsWith('-') ? `-s ${word.slice(1)}` : `-f -a ${word}`;
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
