import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Copies a record and alters one byte of the copy: within the entry that holds `text`, one letter of it. Returns what
 * was altered. What the write-ahead log still holds is folded in first, or the byte would be in two places.
 */
export function copyAndAlter(
  dataDirectory: string,
  copy: string,
  text: string,
): { file: string; offset: number } {
  cpSync(dataDirectory, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  for (const name of readdirSync(copy).filter((entry) => entry.endsWith('.sqlite'))) {
    const file = join(copy, name);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const bytes = readFileSync(file);
    const offset = bytes.indexOf(text);
    if (offset < 0) continue;
    bytes[offset] = bytes[offset] === 0x78 ? 0x79 : 0x78;
    writeFileSync(file, bytes);
    return { file, offset };
  }
  throw new Error(`no entry of the record holds ${text}`);
}
