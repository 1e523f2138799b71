import { setTimeout as delay } from 'node:timers/promises';
import type { PendingLine } from '../pipeline/pending-line.ts';
import type { EventStream, ServerSentEvent } from './stream/event-stream.ts';

/** How often the list is read for a stream, ms: another process may have moved an approval. */
const LOOK_EVERY_MS = 500;

/**
 * Server-sent events of what waits: first all as `added`, then `added`, `changed` and `removed` as they happen. Ends with
 * the connection. Who lags behind is told what is, not what was, and who does not read at all is dropped.
 */
export async function feedApprovals(
  stream: EventStream,
  pending: () => Promise<readonly PendingLine[]>,
): Promise<void> {
  let known: ReadonlyMap<string, string> = new Map();
  while (!stream.gone.aborted) {
    const lines = await pending().catch(() => undefined);
    if (lines !== undefined) {
      const found = new Map(lines.map((line) => [line.id, stateOf(line)]));
      for (const event of eventsOf(lines, known, found)) if (!(await stream.send(event))) return;
      known = found;
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: stream.gone }).catch(() => undefined);
  }
}

function eventsOf(
  lines: readonly PendingLine[],
  known: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): readonly ServerSentEvent[] {
  return [
    ...lines.flatMap((line) => {
      const before = known.get(line.id);
      if (before === found.get(line.id)) return [];
      return [{ event: before === undefined ? 'added' : 'changed', data: line }];
    }),
    ...[...known.keys()].filter((id) => !found.has(id)).map((id) => ({ event: 'removed', data: { id } })),
  ];
}

/** What a change is: everything but the age. */
function stateOf({ age_seconds: _age, ...line }: PendingLine): string {
  return JSON.stringify(line);
}
