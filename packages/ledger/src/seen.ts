import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './checkpointer.ts';
import type { VerifyReport } from './verify-log.ts';

/**
 * What a verifier remembers of a log: its last good checkpoint, in a folder of the verifier's own. Whoever holds both
 * log and key could rewrite both; what was seen before is the only thing that they cannot change.
 */
export function readSeen(folder: string, origin: string): string | undefined {
  try {
    return readFileSync(join(folder, seenFileName(origin)), 'utf8');
  } catch {
    return undefined;
  }
}

/** Remembers a report that is `ok`; gives whether there was something to remember. Throws where the folder cannot be written. */
export function rememberSeen(folder: string, report: VerifyReport): boolean {
  if (report.seen === undefined || report.checkpoint === undefined) return false;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeWhole(join(folder, seenFileName(report.checkpoint.origin)), report.seen);
  return true;
}

/** Origins that this verifier remembers. */
export function seenOrigins(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.endsWith('.new'))
      .map(decodeURIComponent);
  } catch {
    return [];
  }
}

function seenFileName(origin: string): string {
  return encodeURIComponent(origin).replaceAll('.', '%2E');
}
