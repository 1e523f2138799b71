import { CommandError, EXIT } from '../exit-status.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration in Go's form: `1m30s`, `250ms`. */
export function readDurationMs(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw new CommandError(EXIT.usage, `${flag}: \`${text}\` is no duration`, 'write it like 10s or 1m30s');
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
}

/** Nanoseconds since 1970 of a time in RFC 3339, or given as such a number. */
export function readTimeNs(flag: string, text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const seconds = found === null ? Number.NaN : Date.parse(`${found[1]}${found[3]}`);
  if (found === null || Number.isNaN(seconds))
    throw new CommandError(
      EXIT.usage,
      `${flag}: \`${text}\` is no time`,
      'write it like 2026-01-31T12:00:00Z',
    );
  return BigInt(seconds) * 1_000_000n + BigInt((found[2] ?? '').padEnd(9, '0'));
}
