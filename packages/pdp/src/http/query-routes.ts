import {
  IndexFault,
  LOG_FILTERS,
  type LogFilter,
  type LogQueries,
  ROLLUP_SECONDS,
  type RollupSpan,
  readBound,
} from '@writ/ledger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, requireOperator } from './http-api.ts';
import { queryInteger, queryText } from './reading.ts';

const ENTRIES_DEFAULT = 100;
const ENTRIES_MAX = 1_000;

/** Queries over the record, for the operator; answered by the index's own thread. */
export function registerQueryRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/v1/log/query', async (request) => {
    requireOperator(request, context);
    const limit = Math.min(queryInteger(request, 'count') ?? ENTRIES_DEFAULT, ENTRIES_MAX);
    const cursor = queryText(request, 'cursor');
    const page = { limit: Math.max(1, limit), ...(cursor === undefined ? {} : { cursor }) };
    return answered(() => queriesOf(context).query(filterOf(request), page));
  });
  app.get('/v1/log/stats', async (request) => {
    requireOperator(request, context);
    const per = queryText(request, 'per') ?? 'hour';
    if (!isSpan(per)) throw new HttpError(400, 'request_invalid', '`per` is `minute` or `hour`');
    const [from, to] = [boundOf(request, 'from'), boundOf(request, 'to')];
    if (from === undefined || to === undefined)
      throw new HttpError(400, 'request_invalid', '`from` and `to` are needed');
    return { rollups: await answered(() => queriesOf(context).rollups(per, from, to)) };
  });
}

function queriesOf({ queries }: ApiContext): LogQueries {
  if (queries !== undefined) return queries;
  throw new HttpError(404, 'not_found', 'this process keeps no index: ask the owner of the data');
}

function filterOf(request: FastifyRequest): LogFilter {
  const filter: Record<string, string> = {};
  for (const name of LOG_FILTERS) {
    const value = name === 'from' || name === 'to' ? boundOf(request, name) : queryText(request, name);
    if (value !== undefined) filter[name] = value;
  }
  return filter;
}

function boundOf(request: FastifyRequest, side: 'from' | 'to'): string | undefined {
  const text = queryText(request, side);
  if (text === undefined) return undefined;
  const read = readBound(text, side);
  if (read !== undefined) return read;
  throw new HttpError(400, 'request_invalid', `\`${side}\` is neither a day nor an RFC 3339 instant`);
}

function isSpan(text: string): text is RollupSpan {
  return Object.hasOwn(ROLLUP_SECONDS, text);
}

async function answered<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof IndexFault)) throw cause;
    if (cause.wrongCursor) throw new HttpError(400, 'request_invalid', cause.message);
    throw new HttpError(503, 'state_unavailable', 'the index cannot be read now');
  }
}
