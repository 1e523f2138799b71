/** The index of a data directory; it can always be made again from the log. */
export const INDEX_FILE_NAME = 'index.sqlite';
/** Version of the tables; an index of another version is made anew. */
export const INDEX_VERSION = 1;

/** Values of which an entry can have several, by the number that stands for their kind in the table `tags`. */
export const TAG_KINDS = {
  resource: 0,
  code: 1,
  rule: 2,
  revision: 3,
  digest: 4,
  data_class: 5,
  spiffe: 6,
} as const;
export type TagKind = keyof typeof TAG_KINDS;

/** Columns that filters compare whole; each has an index, in which SQLite keeps the position as the last part. */
export const INDEXED_COLUMNS = [
  'kind',
  'outcome',
  'decision_id',
  'approval_id',
  'tenant',
  'principal',
  'actor',
  'session',
  'tool',
  'server',
] as const;
export type IndexedColumn = (typeof INDEXED_COLUMNS)[number];

export const INDEX_SCHEMA = `
create table if not exists meta (name text primary key, value text not null) without rowid, strict;
create table if not exists entries (
  idx integer primary key, time_ms integer not null,
  ${INDEXED_COLUMNS.map((name) => `${name} text`).join(', ')}
) strict;
create index if not exists entries_time on entries (time_ms);
${INDEXED_COLUMNS.map((name) => `create index if not exists entries_${name} on entries (${name}) where ${name} is not null;`).join('\n')}
create table if not exists tags (
  kind integer not null, value text not null, idx integer not null, primary key (kind, value, idx)
) without rowid, strict;
create index if not exists tags_idx on tags (idx);
create table if not exists rollup (
  seconds integer not null, start_ms integer not null, what text not null, name text not null, number integer not null,
  primary key (seconds, what, start_ms, name)
) without rowid, strict;
`;
