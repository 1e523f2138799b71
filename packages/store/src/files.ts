/** The database that holds cells, log and meta. Beside it SQLite keeps `-wal` and `-shm`. */
export const STORE_FILE_NAME = 'store.sqlite';
/** An empty database whose exclusive transaction is the ownership of the directory. */
export const LOCK_FILE_NAME = 'owner.lock';
/** The owner's socket, where the path is short enough for one. */
export const SOCKET_FILE_NAME = 'owner.sock';
/** Names the socket that stands elsewhere because the directory's path is too long. */
export const SOCKET_POINTER_NAME = 'owner.path';

/**
 * What each version of the tables added to the one before; a file of any earlier version is brought forward at opening.
 * No secondary index: this is the authority, and every index doubles what a commit writes.
 */
const MIGRATIONS: readonly string[] = [
  `create table cells (key text primary key, value text not null) without rowid, strict;
   create table log (idx integer primary key, leaf blob not null, detail text) strict;
   create table if not exists meta (name text primary key, value integer not null) without rowid, strict;`,
  // Changed cells that have not been moved into their table yet, in the order of the commits.
  `create table journal (seq integer primary key, clock_ms integer not null, changes text not null) strict;`,
  // The right edge of the ledger's tree lies in slots, where a version that does not know them finds an older edge.
  'select 1',
];

/** Version of the tables. A file with a higher one is refused (`store_schema_newer`). */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Statements that bring tables of `version` forward; 0 for a new file. */
export function migrationsFrom(version: number): readonly string[] {
  return MIGRATIONS.slice(version);
}
