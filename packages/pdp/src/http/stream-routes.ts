import type { Approval } from '@writ/decision';
import type { LedgerEntry } from '@writ/ledger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, approverOf, isApprover, pointFor, requireOperator } from './http-api.ts';
import { queryInteger } from './reading.ts';
import type { EventStream, ServerSentEvent } from './stream/event-stream.ts';
import { LogGrowth } from './stream/log-growth.ts';
import { openStreams } from './stream/open-streams.ts';

/** Entries read at once for one stream. */
const PAGE = 100;

/** What of an entry is sent, if anything. */
type Shown = (entry: LedgerEntry) => Promise<ServerSentEvent | undefined>;

/**
 * Server-sent events: the record as it grows, for the operator, and what becomes of approvals, for whoever may see
 * them. An event's id is its entry's place in the record, so that a client that comes back with `Last-Event-ID` misses
 * nothing; without one a stream begins with what comes next.
 */
export function registerStreamRoutes(app: FastifyInstance, context: ApiContext): void {
  const { log } = context.service.administration;
  const growth = new LogGrowth(() => log.size());
  const open = openStreams(app);

  const follow = async (request: FastifyRequest, reply: FastifyReply, shown: Shown): Promise<void> => {
    open.admit();
    const asked = startOf(request);
    const size = await log.size();
    const next = Math.min(asked ?? size, size);
    await open.run(reply, headersOf(reply), (stream) => feedLog(stream, next, size, shown));
  };
  const feedLog = async (stream: EventStream, from: number, sizeNow: number, shown: Shown): Promise<void> => {
    let [next, size] = [from, sizeNow];
    try {
      while (!stream.gone.aborted) {
        if (next >= size) {
          size = await growth.beyond(next, stream.gone);
          continue;
        }
        for (const entry of await log.from(next, PAGE)) {
          const event = await shown(entry);
          if (event !== undefined && !(await stream.send(event))) return;
        }
        next = Math.min(next + PAGE, size);
      }
    } catch {
      // The store failed: the client comes back and goes on where it was.
    }
  };

  app.get('/v1/log/stream', async (request, reply) => {
    requireOperator(request, context);
    await follow(request, reply, async (entry) => ({ event: 'entry', id: entry.index, data: entry }));
  });
  app.get('/v1/approvals/changes', async (request, reply) => {
    const get = visibleTo(request, context);
    await follow(request, reply, async ({ index, core }) => {
      const id = core.approval_id;
      const approval = id === undefined ? undefined : await get(id);
      return approval === undefined ? undefined : { event: 'approval', id: index, data: approval };
    });
  });
}

/** Reads an approval as this caller may see it; refuses whoever may see none before the stream opens. */
function visibleTo(
  request: FastifyRequest,
  context: ApiContext,
): (id: string) => Promise<Approval | undefined> {
  if (!isApprover(request, context)) return pointFor(request, context).approval.get;
  const person = approverOf(request, context);
  return (id) => context.service.administration.approvals.get(id, person);
}

/** After the event that the client saw last, or from the entry that it names. */
function startOf(request: FastifyRequest): number | undefined {
  const seen = request.headers['last-event-id'];
  if (seen === undefined) return queryInteger(request, 'from');
  if (typeof seen === 'string' && /^\d{1,15}$/.test(seen)) return Number(seen) + 1;
  throw new HttpError(400, 'request_invalid', 'the header `Last-Event-ID` is the id of no event');
}

/** What was set before the answer was taken over. */
function headersOf(reply: FastifyReply): Readonly<Record<string, string>> {
  const id = reply.getHeader('x-request-id');
  return typeof id === 'string' ? { 'x-request-id': id } : {};
}
