import type { ClientCapabilities } from '@modelcontextprotocol/server';
import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import type { Incoming } from './ask-decision.ts';
import { callerKey } from './caller-key.ts';
import type { Catalogue } from './catalogue.ts';
import type { Flight } from './flight.ts';
import type { GatewayLimits } from './limits.ts';
import type { OwnConnections } from './own-connections.ts';
import { askableCapabilities, type Peer } from './peer.ts';

/** Connections that one request has to itself, for as long as it takes: what a server asks belongs to that request. */
export interface Lease {
  readonly catalogue: Catalogue;
  /** Whom the server asks from now on, and whose log it writes. */
  bind(input: (method: string, params: JsonObject) => Promise<JsonObject>, flight: Flight): void;
  /** Gives the connections back for the caller's next request. */
  release(): void;
}

export interface Leases {
  /** Connections for one request of this caller; undefined where all that it may have are taken. */
  take(incoming: Incoming): Lease | undefined;
  close(): Promise<void>;
}

interface Pooled {
  readonly own: OwnConnections;
  input: ((method: string, params: JsonObject) => Promise<JsonObject>) | undefined;
  flight: Flight | undefined;
  idle?: NodeJS.Timeout;
}

const IDLE_MS = 60_000;

/** Connections for requests of clients that keep none: lent to one request at a time, and never to another caller. */
export function createLeases(
  open: (peerOf: (server: string) => Peer) => OwnConnections,
  limits: Pick<GatewayLimits, 'heldCalls' | 'heldCallsPerCaller'>,
  idleMs: number = IDLE_MS,
): Leases {
  const free = new Map<string, Pooled[]>();
  const all = new Map<Pooled, string>();

  const drop = (pooled: Pooled): Promise<void> => {
    const key = all.get(pooled) ?? '';
    clearTimeout(pooled.idle);
    all.delete(pooled);
    const rest = (free.get(key) ?? []).filter((each) => each !== pooled);
    if (rest.length === 0) free.delete(key);
    else free.set(key, rest);
    return pooled.own.close();
  };
  const make = (key: string, capabilities: ClientCapabilities): Pooled | undefined => {
    const taken = [...all.values()].filter((each) => each === key).length;
    if (taken >= limits.heldCallsPerCaller || all.size >= limits.heldCalls) return undefined;
    const peer: Peer = {
      capabilities,
      input: (method, params) =>
        pooled.input?.(method, params) ?? Promise.reject(new Error('no request is waiting')),
      log: (entry) => pooled.flight?.log(entry),
    };
    const pooled: Pooled = { own: open(() => peer), input: undefined, flight: undefined };
    all.set(pooled, key);
    return pooled;
  };

  return {
    take(incoming) {
      const capabilities = askableCapabilities(incoming.capabilities);
      const key = `${callerKey(incoming.caller)} ${canonicalJson(capabilities as Json)}`;
      const pooled = free.get(key)?.pop() ?? make(key, capabilities);
      if (pooled === undefined) return undefined;
      clearTimeout(pooled.idle);
      const { logLevel } = incoming.flight;
      if (logLevel !== undefined) void pooled.own.setLogLevel(logLevel);
      return {
        catalogue: pooled.own.catalogue,
        bind(input, flight) {
          pooled.input = input;
          pooled.flight = flight;
        },
        release() {
          pooled.input = undefined;
          pooled.flight = undefined;
          if (!all.has(pooled)) return;
          free.set(key, [...(free.get(key) ?? []), pooled]);
          pooled.idle = setTimeout(() => void drop(pooled), idleMs);
          pooled.idle.unref();
        },
      };
    },
    async close() {
      await Promise.all([...all.keys()].map(drop));
    },
  };
}
