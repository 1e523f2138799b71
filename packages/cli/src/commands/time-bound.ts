import { readBound } from '@writ/ledger';
import { CommandError, EXIT } from '../exit-status.ts';

/** The value of `--from` or `--to`: an instant, or a day in UTC. */
export function timeBound(text: string, side: 'from' | 'to'): string {
  const read = readBound(text, side);
  if (read !== undefined) return read;
  throw new CommandError(
    EXIT.usage,
    `--${side} is neither a day nor an instant: \`${text}\``,
    'such as 2026-03-14 or 2026-03-14T09:30:00Z',
  );
}
