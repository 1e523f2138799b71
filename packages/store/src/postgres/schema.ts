import { StoreError } from '../store-error.ts';
import type { PostgresConnection, Statement } from './connection.ts';
import { commit } from './node.ts';

/**
 * What each version of the tables added to the one before. Names begin with `writ_`, in whatever schema the search path
 * names first. Texts compare by code point, as SQLite's do.
 */
const MIGRATIONS: readonly string[] = [
  `create table writ_cells (key text collate "C" primary key, value text not null);
   create table writ_log (idx bigint primary key, leaf bytea not null, detail text);
   create table writ_pending (
     id bigint generated always as identity primary key,
     transaction xid8 not null default pg_current_xact_id(),
     time_ms bigint not null, leaf bytea not null, detail text);
   insert into writ_meta values ('log_size', 0), ('clock_ms', 0);`,
  // The right edge of the ledger's tree lies in slots, where a version that does not know them finds an older edge.
  'select 1',
];

export const POSTGRES_SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Makes the tables or brings them forward, one process at a time. Throws `store_schema_newer` for tables of a later
 * version.
 */
export async function migrate(connection: PostgresConnection, upTo = POSTGRES_SCHEMA_VERSION): Promise<void> {
  const answers = await connection.run(
    ['begin isolation level read committed'],
    ["select pg_advisory_xact_lock(hashtextextended('writ/migration', 0))"],
    ['create table if not exists writ_meta (name text primary key, value bigint not null)'],
    ["select value from writ_meta where name = 'schema'"],
  );
  const version = Number(answers[3]?.rows[0]?.['value'] ?? 0);
  if (version > POSTGRES_SCHEMA_VERSION) {
    const message = `the tables have schema ${version}, this version knows ${POSTGRES_SCHEMA_VERSION}`;
    throw new StoreError('store_schema_newer', message);
  }
  const steps = MIGRATIONS.slice(version, upTo).map((text): Statement => [text]);
  const schema = String(Math.max(version, upTo));
  await commit(connection, [...steps, [SET_SCHEMA, schema]]);
}

const SET_SCHEMA = `
  insert into writ_meta values ('schema', $1::bigint) on conflict (name) do update set value = excluded.value`;
