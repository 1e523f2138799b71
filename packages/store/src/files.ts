/** The database that holds cells, log and meta. Beside it SQLite keeps `-wal` and `-shm`. */
export const STORE_FILE_NAME = 'store.sqlite';
/** An empty database whose exclusive transaction is the ownership of the directory. */
export const LOCK_FILE_NAME = 'owner.lock';
/** The owner's socket, where the path is short enough for one. */
export const SOCKET_FILE_NAME = 'owner.sock';
/** Names the socket that stands elsewhere because the directory's path is too long. */
export const SOCKET_POINTER_NAME = 'owner.path';

/** Version of the tables below. A file with a higher one is refused (`store_schema_newer`). */
export const SCHEMA_VERSION = 1;

/** No secondary index: this is the authority, and every index doubles what a commit writes. */
export const SCHEMA = `
create table if not exists cells (key text primary key, value text not null) without rowid, strict;
create table if not exists log (idx integer primary key, leaf blob not null, detail text) strict;
create table if not exists meta (name text primary key, value integer not null) without rowid, strict;
`;
