import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  LOG_LEVEL_META_KEY,
  type ProgressCallback,
  type RequestId,
} from '@modelcontextprotocol/server';
import type { Caller } from '@writ/identity';
import { type Incoming, reportMalformed } from './ask-decision.ts';
import type { Asked } from './asked.ts';
import type { CallContext } from './call-context.ts';
import type { DirectCall } from './direct-call.ts';
import { Flight, LOG_LEVELS, type LogLevel } from './flight.ts';
import { FloodMeter } from './flood-limit.ts';
import type { Channel } from './refuse.ts';
import type { ShownLists } from './shown-lists.ts';

/** One client, as its requests are served. */
export interface Front {
  readonly era: 'legacy' | 'modern';
  /** What its requests are decided and forwarded with. */
  context(): CallContext;
  /** Whoever asks by a request, and by which way. */
  incoming(asked: Asked): Incoming;
  /** Puts on record that a request is none of the protocol's. */
  malformed(reason: string): Promise<void>;
  /** The request was answered. */
  landed(incoming: Incoming): void;
  /** The call of a tool with this id that is under way already, where the SDK takes one over. */
  direct?(id: RequestId): DirectCall | undefined;
  /** What the client was shown of lists; absent where nothing is kept of it. */
  readonly shown?: ShownLists;
  /** What the older era keeps of a client; absent where nothing is kept. */
  readonly kept?: {
    setLogLevel(level: LogLevel): void;
    subscribed(uri: string): Promise<void>;
    unsubscribe(uri: string): Promise<void>;
  };
}

/** A client of whom nothing is kept: each request says all that there is to know. */
export function requestFront(
  context: CallContext,
  caller: Caller,
  channel: Channel,
  direct?: DirectCall,
): Front {
  return {
    era: channel.era,
    context: () => context,
    incoming: (asked) =>
      incomingOf(caller, channel, asked, {
        flight: new Flight(undefined, logLevelOf(asked)),
        capabilities: (asked.envelope as Envelope)[CLIENT_CAPABILITIES_META_KEY] ?? {},
      }),
    malformed: (reason) => reportMalformed(context.point, caller, 'message_refused', reason),
    landed: () => {},
    direct: () => direct,
  };
}

interface Envelope {
  readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
  readonly [LOG_LEVEL_META_KEY]?: unknown;
}

function logLevelOf({ envelope }: Asked): LogLevel | undefined {
  const level = (envelope as Envelope)[LOG_LEVEL_META_KEY];
  return LOG_LEVELS.find((known) => known === level);
}

/** What the request of a client carries. */
export function incomingOf(
  caller: Caller,
  channel: Channel,
  asked: Asked,
  { flight, capabilities }: Pick<Incoming, 'flight' | 'capabilities'>,
): Incoming {
  const { meta, signal, inputs } = asked;
  const { progressToken } = meta;
  const wantsProgress = typeof progressToken === 'string' || typeof progressToken === 'number';
  return {
    caller,
    channel,
    flight,
    capabilities,
    meta,
    signal,
    ...(inputs === undefined ? {} : { inputs }),
    ...(wantsProgress ? { onProgress: progressForwarder(asked, flight, progressToken) } : {}),
  };
}

/** Signs of progress of one request that are told: so many at once, then so many a second. */
const PROGRESS_AT_ONCE = 100;
const PROGRESS_PER_SECOND = 20;

function progressForwarder(asked: Asked, flight: Flight, progressToken: string | number): ProgressCallback {
  const rate = new FloodMeter(PROGRESS_AT_ONCE, PROGRESS_PER_SECOND);
  return (told) => {
    flight.advance(told);
    // A server that says more would fill the memory behind a client that reads slowly.
    if (!rate.take()) return;
    const { progress, total } = told;
    // Numbers only: a text is output of the tool, which waits for the output policy. A client that is gone has no use
    // for progress; the call itself is ended by its signal.
    const params = { progressToken, progress, ...(total === undefined ? {} : { total }) };
    const sent = asked.notify({ method: 'notifications/progress', params }).catch(() => undefined);
    flight.told = Promise.all([flight.told, sent]).then(() => undefined);
  };
}
