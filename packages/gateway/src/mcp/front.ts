import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  LOG_LEVEL_META_KEY,
  type ProgressCallback,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import type { Incoming } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { Flight, LOG_LEVELS, type LogLevel } from './flight.ts';
import type { Channel } from './refuse.ts';

/** One client, as its requests are served. */
export interface Front {
  readonly era: 'legacy' | 'modern';
  /** What its requests are decided and forwarded with. */
  context(): CallContext;
  /** Whoever asks by a request, and by which way. */
  incoming(extra: ServerContext): Incoming;
  /** The request was answered. */
  landed(incoming: Incoming): void;
  /** What the older era keeps of a client; absent where nothing is kept. */
  readonly kept?: {
    setLogLevel(level: LogLevel): void;
    subscribed(uri: string): Promise<void>;
    unsubscribe(uri: string): Promise<void>;
  };
}

/** A client of whom nothing is kept: each request says all that there is to know. */
export function requestFront(context: CallContext, caller: Caller, channel: Channel): Front {
  return {
    era: channel.era,
    context: () => context,
    incoming: (extra) =>
      incomingOf(caller, channel, extra, {
        flight: new Flight(undefined, logLevelOf(extra)),
        capabilities: envelopeOf(extra)[CLIENT_CAPABILITIES_META_KEY] ?? {},
      }),
    landed: () => {},
  };
}

interface Envelope {
  readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
  readonly [LOG_LEVEL_META_KEY]?: unknown;
}

/** The SDK's type leaves the envelope open. */
function envelopeOf({ mcpReq }: ServerContext): Envelope {
  return (mcpReq.envelope ?? {}) as Envelope;
}

function logLevelOf(extra: ServerContext): LogLevel | undefined {
  const level = envelopeOf(extra)[LOG_LEVEL_META_KEY];
  return LOG_LEVELS.find((known) => known === level);
}

/** What the request of a client carries. */
export function incomingOf(
  caller: Caller,
  channel: Channel,
  extra: ServerContext,
  known: Pick<Incoming, 'flight' | 'capabilities'>,
): Incoming {
  const { mcpReq } = extra;
  const progressToken = mcpReq._meta?.progressToken;
  const state = mcpReq.requestState();
  const responses = mcpReq.inputResponses as JsonObject | undefined;
  const inputs = { responses: responses ?? {}, ...(typeof state === 'string' ? { state } : {}) };
  return {
    caller,
    channel,
    ...known,
    meta: { ...(mcpReq._meta as JsonObject | undefined) },
    signal: mcpReq.signal,
    ...(responses === undefined && typeof state !== 'string' ? {} : { inputs }),
    ...(progressToken === undefined ? {} : { onProgress: progressForwarder(extra, progressToken) }),
  };
}

function progressForwarder(extra: ServerContext, progressToken: string | number): ProgressCallback {
  return ({ progress, total }) => {
    // Numbers only: a message is output of the tool that no output policy has seen. A client that is gone has no use
    // for progress; the call itself is ended by its signal.
    const params = { progressToken, progress, ...(total === undefined ? {} : { total }) };
    extra.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
