import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const STORE = 'store.sqlite';
/** How much of a leaf before the text tells it from the same text elsewhere in the file. */
const CONTEXT_BYTES = 60;

/** What was altered: the entry and the byte of the file. */
export interface Altered {
  readonly entry: number;
  readonly file: string;
  readonly offset: number;
}

/**
 * Copies a record and alters one byte of the copy: within the first entry that holds `text`, one letter of it. What the
 * write-ahead log still holds is folded in first, or the byte would be in two places.
 */
export function copyAndAlter(dataDirectory: string, copy: string, text: string): Altered {
  cpSync(dataDirectory, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const file = join(copy, STORE);
  const { entry, leaf } = withDatabase(file, (database) => {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const row = database
      .prepare('select idx, leaf from log where instr(leaf, cast(? as blob)) > 0 order by idx limit 1')
      .get(text);
    if (row === undefined) throw new Error(`no entry of the record holds ${text}`);
    return { entry: Number(row['idx']), leaf: Buffer.from(row['leaf'] as Uint8Array) };
  });
  const at = leaf.indexOf(text);
  const needle = leaf.subarray(Math.max(0, at - CONTEXT_BYTES), at + 1);
  const bytes = readFileSync(file);
  for (let found = bytes.indexOf(needle); found >= 0; found = bytes.indexOf(needle, found + 1)) {
    const offset = found + needle.length - 1;
    const before = bytes[offset]!;
    bytes[offset] = before === 0x78 ? 0x79 : 0x78;
    writeFileSync(file, bytes);
    // Pages that are free now may hold an older copy of the row: only a byte that is read counts.
    if (!leaf.equals(leafOf(file, entry))) return { entry, file, offset };
    bytes[offset] = before;
  }
  throw new Error(`entry ${entry} lies in pieces`);
}

function leafOf(file: string, entry: number): Buffer {
  return withDatabase(file, (database) =>
    Buffer.from(database.prepare('select leaf from log where idx = ?').get(entry)!['leaf'] as Uint8Array),
  );
}

function withDatabase<T>(file: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return use(database);
  } finally {
    database.close();
  }
}
