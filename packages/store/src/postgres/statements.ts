/** The statements of the PostgreSQL back end. `$1` and so on are texts; a list travels as one JSON text. */

/** Serializable: what was read holds at the commit, or the transaction fails and starts over. */
export const BEGIN = 'begin isolation level serializable';
/** The leader gives places; what it reads is its own. */
export const BEGIN_ROUND = 'begin isolation level read committed';

/** What a batch starts from: when it began, and what the log has by now. */
export const BATCH_START = `
  select floor(extract(epoch from now()) * 1000)::text as now_ms,
    (select value from writ_meta where name = 'log_size')::text as log_size,
    (select value from writ_meta where name = 'clock_ms')::text as clock_ms,
    pg_current_xact_id()::text as transaction`;

/** $1: keys. */
export const READ_CELLS = `
  select key, value from writ_cells
  where key = any (array (select json_array_elements_text($1::json)))`;

/** $1: pairs of key and value. In order of keys, so that two batches do not wait for each other in a circle. */
export const PUT_CELLS = `
  insert into writ_cells
  select pair ->> 0, pair ->> 1 from json_array_elements($1::json) as pair order by (pair ->> 0) collate "C"
  on conflict (key) do update set value = excluded.value`;

/** $1: keys. */
export const REMOVE_CELLS = `
  delete from writ_cells where key = any (array (select json_array_elements_text($1::json)))`;

/** $1: time, ms; $2: pairs of leaf (base64) and detail. */
export const APPEND_PENDING = `
  insert into writ_pending (time_ms, leaf, detail)
  select $1::bigint, decode(pair ->> 0, 'base64'), pair ->> 1
  from json_array_elements($2::json) with ordinality as each (pair, place) order by place`;

/** One node at a time leads; the lock ends with its connection. */
export const TRY_LEAD = "select pg_try_advisory_lock(hashtextextended('writ/leader', 0)) as leads";

/**
 * What may be given a place: entries of transactions before which none is under way, so that none of an earlier time
 * can follow, or that waited for a second. $1: how many at most.
 */
export const TAKE_PENDING = `
  select id::text as pending_id, time_ms::text as pending_ms, leaf, detail from writ_pending
  where transaction < pg_snapshot_xmin(pg_current_snapshot())
    or time_ms < extract(epoch from clock_timestamp()) * 1000 - 1000
  order by time_ms, id limit $1::int`;

/** $1: triples of place, leaf (base64) and detail. */
export const APPEND_LOG = `
  insert into writ_log
  select (each ->> 0)::bigint, decode(each ->> 1, 'base64'), each ->> 2
  from json_array_elements($1::json) as each`;

/** $1: ids as texts. */
export const DROP_PENDING = `
  delete from writ_pending
  where id = any (array (select json_array_elements_text($1::json)::bigint))`;

/** $1: size of the log; $2: time of its last entry. */
export const SET_LOG = `
  update writ_meta set value = case name when 'log_size' then $1::bigint else greatest(value, $2::bigint) end
  where name in ('log_size', 'clock_ms')`;

/** $1: pairs of place and detail. */
export const REPLACE_DETAILS = `
  update writ_log set detail = pair ->> 1 from json_array_elements($1::json) as pair
  where idx = (pair ->> 0)::bigint`;

export const LOG_SIZE = "select value::text from writ_meta where name = 'log_size'";

/** $1, $2: from and to; $3: how many at most. */
export const READ_LOG = `
  select idx::text as place, leaf, detail from writ_log
  where idx >= $1::bigint and idx < $2::bigint order by idx limit $3::int`;

/** $1: a prefix; $2: how many at most. */
export const SCAN_CELLS = `
  select key, value from writ_cells
  where key >= $1::text and starts_with(key, $1::text) order by key limit $2::int`;

/** $1: a prefix; $2: the key after which it goes on; $3: how many at most. */
export const SCAN_CELLS_AFTER = `
  select key, value from writ_cells
  where key > $2::text and starts_with(key, $1::text) order by key limit $3::int`;
