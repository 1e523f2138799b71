import type { Outcome } from '../batch.ts';
import type { StoreStatistics } from '../contract.ts';
import { ENTRIES_PAGE_MAX, SCAN_DEFAULT, SCAN_MAX } from '../limits.ts';
import type { EntryRow, Readings } from '../readings.ts';
import { StoreError } from '../store-error.ts';
import type { PostgresConnection } from './connection.ts';
import { toPostgresText } from './postgres-text.ts';
import { cellIn, detailIn, keysText, leafIn } from './rows.ts';
import { LOG_SIZE, READ_CELLS, READ_LOG, SCAN_CELLS, SCAN_CELLS_AFTER } from './statements.ts';

type Reading<Name extends keyof Readings> = (
  connection: PostgresConnection,
  request: Readings[Name]['request'],
  counts: StoreStatistics,
) => Promise<Readings[Name]['result']>;

const READINGS: { readonly [Name in keyof Readings]: Reading<Name> } = {
  $entries: async (connection, { from, to }) => {
    const [answer] = await connection.run([READ_LOG, String(from), String(to), String(ENTRIES_PAGE_MAX)]);
    return (answer?.rows ?? []).map((row): EntryRow => {
      const leaf = Buffer.from(leafIn(row)).toString('base64');
      return [Number(row['place']), leaf, detailIn(row)];
    });
  },
  $log_size: async (connection) => Number((await connection.run([LOG_SIZE]))[0]?.rows[0]?.['value']),
  $read: async (connection, { key }) => {
    const [answer] = await connection.run([READ_CELLS, keysText([key])]);
    const row = answer?.rows[0];
    return row === undefined ? undefined : cellIn(row)[1];
  },
  $scan: async (connection, { prefix, limit, after }) => {
    const most = Math.min(limit ?? SCAN_DEFAULT, SCAN_MAX);
    if (most < 1) return [];
    const [start, count] = [toPostgresText(prefix), String(most)];
    const [answer] = await connection.run(
      after === undefined
        ? [SCAN_CELLS, start, count]
        : [SCAN_CELLS_AFTER, start, toPostgresText(after), count],
    );
    return (answer?.rows ?? []).map(cellIn);
  },
  $statistics: async (_connection, _request, counts) => counts,
};

/** Answers one reading from committed state; rejects with what the driver threw. */
export async function readPostgres(
  connection: PostgresConnection,
  name: string,
  request: unknown,
  counts: StoreStatistics,
): Promise<Outcome> {
  if (!Object.hasOwn(READINGS, name))
    return { ok: false, error: new StoreError('store_procedure_failed', `no reading is named \`${name}\``) };
  const read = READINGS[name as keyof Readings] as Reading<keyof Readings>;
  const result: string | undefined = JSON.stringify(await read(connection, request as never, counts));
  return result === undefined ? { ok: true } : { ok: true, result };
}
