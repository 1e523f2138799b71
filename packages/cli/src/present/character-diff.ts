import { diffMain } from 'diff-match-patch-es';

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const RESET = '\u001b[0m';

/** Beyond this time what is left is shown as replaced as a whole; OPA waits for one second. */
const SECONDS_MAX = 10;

/** What changed, character by character, in the colours of a terminal, as `opa fmt --diff` prints it. */
export function characterDiff(before: string, after: string): string {
  return diffMain(before, after, { diffTimeout: SECONDS_MAX }, false)
    .map(([operation, text]) => {
      if (operation === 0) return text;
      const color = operation > 0 ? GREEN : RED;
      return text
        .split('\n')
        .map((line) => `${color}${line}${RESET}`)
        .join('\n');
    })
    .join('');
}
