import type { StoreReader } from '@writ/store';
import { CHECKPOINT_PREFIX, checkpointCell } from './cells.ts';

const DIGITS = '0123456789';
const SIZE_DIGITS = checkpointCell(0).length - CHECKPOINT_PREFIX.length;

/** The stored checkpoint of the smallest size that is at least `size`. */
export function checkpointFrom(reader: Pick<StoreReader, 'scan'>, size: number): string | undefined {
  const digits = checkpointCell(size).slice(CHECKPOINT_PREFIX.length);
  const exact = firstOf(reader, digits);
  if (exact !== undefined) return exact;
  // Keys are in order of size and may be many: at each place only the first one beyond is looked at.
  for (let place = SIZE_DIGITS - 1; place >= 0; place--) {
    for (const digit of DIGITS.slice(Number(digits[place]) + 1)) {
      const found = firstOf(reader, digits.slice(0, place) + digit);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The stored checkpoint of the largest size that is at most `size`. */
export function checkpointUpTo(reader: Pick<StoreReader, 'scan'>, size: number): string | undefined {
  const digits = checkpointCell(size).slice(CHECKPOINT_PREFIX.length);
  const exact = firstOf(reader, digits);
  if (exact !== undefined) return exact;
  for (let place = SIZE_DIGITS - 1; place >= 0; place--) {
    for (const digit of [...DIGITS.slice(0, Number(digits[place]))].reverse()) {
      const found = lastOf(reader, digits.slice(0, place) + digit);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function firstOf(reader: Pick<StoreReader, 'scan'>, digits: string): string | undefined {
  for (const [, note] of reader.scan(CHECKPOINT_PREFIX + digits)) return note;
  return undefined;
}

function lastOf(reader: Pick<StoreReader, 'scan'>, digits: string): string | undefined {
  if (firstOf(reader, digits) === undefined) return undefined;
  if (digits.length === SIZE_DIGITS) return firstOf(reader, digits);
  for (const digit of [...DIGITS].reverse()) {
    const found = lastOf(reader, digits + digit);
    if (found !== undefined) return found;
  }
  return undefined;
}
