import type { Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** True for a shell that `completionScript` knows. */
export function isShell(name: string): name is Shell {
  return (SHELLS as readonly string[]).includes(name);
}

/** Every command path of the program with the words that may follow it: subcommands and long options. */
export function completionWords(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    const options = command.options.flatMap(({ long }) => (long == null ? [] : [long]));
    words.set(path.join(' '), [...command.commands.map((child) => child.name()), ...options, '--help']);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

/** A completion script for the shell, made from the commands themselves so that it cannot fall behind. */
export function completionScript(program: Command, shell: Shell): string {
  return WRITERS[shell](completionWords(program));
}

const WRITERS: Readonly<Record<Shell, (words: Map<string, string[]>) => string>> = {
  bash: (words) => `_writ() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while true; do
    case "$path" in
${[...words].map(([path, list]) => `      "${path}") COMPREPLY=($(compgen -W "${list.join(' ')}" -- "\${COMP_WORDS[COMP_CWORD]}")); break ;;`).join('\n')}
      *" "*) path="\${path% *}" ;;
      *) path="" ;;
    esac
  done
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _writ writ
`,
  zsh: (words) => `#compdef writ
autoload -U +X bashcompinit && bashcompinit
${WRITERS.bash(words)}`,
  fish: (words) =>
    [...words]
      .flatMap(([path, list]) => {
        const steps = path.split(' ').filter((step) => step !== '');
        const condition =
          steps.length === 0
            ? '__fish_use_subcommand'
            : steps.map((step) => `__fish_seen_subcommand_from ${step}`).join('; and ');
        return list.map((word) =>
          word.startsWith('--')
            ? `complete -c writ -n '${condition}' -l ${word.slice(2)}`
            : `complete -c writ -n '${condition}' -a ${word}`,
        );
      })
      .join('\n')
      .concat('\n'),
};
