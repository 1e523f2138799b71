import { createHash, randomUUID } from 'node:crypto';
import type { ChannelDesk } from '../pipeline/channel-desk.ts';
import { pause } from './pause.ts';
import type { ChannelAnswer, ChannelSender } from './sender.ts';

export interface ChannelsOptions {
  readonly desk: ChannelDesk;
  readonly senders: readonly ChannelSender[];
  /** Where people reach this service: `https://writ.example.org`. */
  readonly pageUrl?: string;
  readonly onFault?: (what: string, error: unknown) => void;
  /** How often the outbox is looked at, ms. Default 500. */
  readonly lookEveryMs?: number;
  /** Longest time of one delivery, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** How long deliveries under way are waited for at the end, ms. Default 2,000. */
  readonly endingMs?: number;
  /** Wait before the second attempt, ms; doubled with each further one. Default 1,000. */
  readonly retryMs?: number;
}

/** Deliveries of one channel at a time: a slow receiver holds up nobody but itself. */
const IN_FLIGHT_MAX = 4;
const RETRY_MAX_MS = 60 * 60_000;
/** A notice that could not be told for so long is given up. */
const GIVE_UP_MS = 3 * 24 * 60 * 60_000;
const UPKEEP_EVERY_MS = 2_000;

/**
 * Tells channels what happens to approvals, from the outbox: each notice until its channel took it, with growing waits,
 * by one of all processes at a time. Nothing waits for a channel.
 */
export function startChannels(options: ChannelsOptions): { close(): Promise<void> } {
  const { desk, senders, lookEveryMs = 500, endingMs = 2_000, onFault = () => {} } = options;
  const owner = randomUUID();
  const ending = new AbortController();
  const cutting = new AbortController();
  const flights = new Map(senders.map(({ name }) => [name, new Map<string, Promise<void>>()]));
  let upkeepAt = 0;
  const look = async (): Promise<void> => {
    if (performance.now() >= upkeepAt) {
      upkeepAt = performance.now() + UPKEEP_EVERY_MS;
      await desk.upkeep().catch((error) => onFault('looking after approvals', error));
    }
    for (const sender of senders) {
      const flight = flights.get(sender.name) as Map<string, Promise<void>>;
      if (flight.size >= IN_FLIGHT_MAX) continue;
      for (const [key, notice] of await desk.due(sender.name)) {
        if (ending.signal.aborted || flight.size >= IN_FLIGHT_MAX) break;
        // Steps of one approval go one after another.
        if (flight.has(notice.approval_id)) continue;
        const told = deliver(options, sender, key, owner, cutting.signal)
          .catch((error) => onFault(`telling ${sender.name}`, error))
          .finally(() => flight.delete(notice.approval_id));
        flight.set(notice.approval_id, told);
      }
    }
  };
  const loop = (async () => {
    while (!ending.signal.aborted) {
      await look().catch((error) => onFault('reading the outbox', error));
      await pause(lookEveryMs, ending.signal);
    }
  })();
  return {
    close: async () => {
      ending.abort();
      await loop;
      const flying = Promise.allSettled([...flights.values()].flatMap((flight) => [...flight.values()]));
      // A message that was sent and not noted would be sent again, and the first one never change.
      const cut = setTimeout(() => cutting.abort(), endingMs);
      await flying;
      clearTimeout(cut);
    },
  };
}

async function deliver(
  { desk, pageUrl, timeoutMs = 10_000, retryMs = 1_000, onFault = () => {} }: ChannelsOptions,
  sender: ChannelSender,
  key: string,
  owner: string,
  cut: AbortSignal,
): Promise<void> {
  const notice = await desk.claim(key, owner, timeoutMs * 3);
  if (notice === undefined) return;
  const found = await desk.look(notice.approval_id, sender);
  if (found === undefined) return desk.told(key, owner);
  const signal = AbortSignal.any([cut, AbortSignal.timeout(timeoutMs)]);
  const id = `msg_${createHash('sha256').update(key).digest('base64url').slice(0, 27)}`;
  const page = pageUrl === undefined ? {} : { pageUrl: `${pageUrl}/approvals/${notice.approval_id}` };
  const answer: ChannelAnswer = await sender
    .send({ id, event: notice.event, ...found, ...page }, signal)
    .catch((error: unknown) => ({ ok: false, message: error instanceof Error ? error.message : 'failed' }));
  if (answer.ok) {
    const memo = answer.memo;
    const kept =
      memo === undefined ? undefined : { approvalId: notice.approval_id, channel: sender.name, text: memo };
    return desk.told(key, owner, kept);
  }
  const givenUp = answer.gone === true || Date.now() - notice.created_ms > GIVE_UP_MS;
  onFault(`telling ${sender.name}${givenUp ? ', given up' : ''}`, answer.message);
  if (givenUp) return desk.told(key, owner);
  const wait = Math.min(RETRY_MAX_MS, retryMs * 2 ** Math.min(notice.attempts, 20));
  return desk.retry(key, owner, Math.ceil(wait * (0.8 + Math.random() * 0.4)));
}
