import type { FastifyReply } from 'fastify';
import type { PendingLine } from '../pipeline/approval-service.ts';

/** How often the list is read for a stream, ms: another process may have moved an approval. */
const LOOK_EVERY_MS = 500;
/** A comment as often as this keeps intermediaries from closing a quiet stream, ms. */
const KEEP_ALIVE_MS = 15_000;

/**
 * Server-sent events of what waits: first all as `added`, then `added`, `changed` and `removed` as they happen. Ends with
 * the connection. Who lags behind is told what is, not what was.
 */
export async function streamApprovals(
  reply: FastifyReply,
  pending: () => Promise<readonly PendingLine[]>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  raw.flushHeaders();
  let open = true;
  let wake: () => void = () => {};
  raw.once('close', () => {
    open = false;
    wake();
  });
  let known = new Map<string, string>();
  let saidAt = 0;
  while (open) {
    const lines = await pending().catch(() => undefined);
    if (lines !== undefined) {
      const found = new Map(lines.map((line) => [line.id, stateOf(line)]));
      const events = [
        ...lines.flatMap((line) => {
          const before = known.get(line.id);
          if (before === found.get(line.id)) return [];
          return [eventText(before === undefined ? 'added' : 'changed', line)];
        }),
        ...[...known.keys()].filter((id) => !found.has(id)).map((id) => eventText('removed', { id })),
      ];
      known = found;
      const quiet = events.length === 0 && performance.now() - saidAt > KEEP_ALIVE_MS;
      if (events.length > 0 || quiet) {
        saidAt = performance.now();
        const text = quiet ? ': quiet\n\n' : events.join('');
        if (!raw.write(text)) await new Promise<void>((resolve) => whenEither(raw, resolve));
      }
    }
    if (!open) break;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function whenEither(raw: FastifyReply['raw'], resolve: () => void): void {
  raw.once('drain', resolve);
  raw.once('close', resolve);
}

/** What a change is: everything but the age. */
function stateOf({ age_seconds: _age, ...line }: PendingLine): string {
  return JSON.stringify(line);
}

function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
