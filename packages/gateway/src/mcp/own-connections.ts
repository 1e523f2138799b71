import type { LoggingLevel } from '@modelcontextprotocol/client';
import { type Catalogue, openCatalogue } from './catalogue.ts';
import type { Peer } from './peer.ts';
import type { Pins, SeenDefinition } from './pins.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import type { UpstreamConfig } from './upstream-config.ts';
import { knowsNewerEraOnly } from './upstream-connection.ts';
import type { UpstreamChange } from './upstream-feed.ts';

/** One server, as all clients share it. */
export interface SharedUpstream {
  readonly config: UpstreamConfig;
  readonly upstream: Upstream;
}

export interface OwnConnectionsOptions {
  readonly shared: readonly SharedUpstream[];
  readonly pins: Pins;
  readonly definitionsTtlMs: number;
  /** Hears of a definition that is not the pinned one. */
  readonly onChanged: (changed: SeenDefinition) => void;
  /** Whom each server may ask. */
  readonly peerOf: (server: string) => Peer;
}

/** Connections that belong to one client: what a server asks over them, it asks that client. */
export interface OwnConnections {
  readonly catalogue: Catalogue;
  setLogLevel(level: LoggingLevel): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connections of one client's own, opened as they are used. A server that speaks only the newer era asks in its results
 * and needs none: the shared connection serves it.
 */
export function openOwnConnections(options: OwnConnectionsOptions): OwnConnections {
  const { shared, pins, definitionsTtlMs, onChanged } = options;
  let level: LoggingLevel | undefined;
  const opened = new Set<Upstream>();
  const upstreams = shared.map((each) =>
    ownUpstream(each, () => {
      const own = openUpstream(each.config, options.peerOf(each.config.id));
      opened.add(own);
      if (level !== undefined) void own.setLogLevel(level).catch(() => undefined);
      return own;
    }),
  );
  return {
    catalogue: openCatalogue({
      upstreams,
      pins,
      definitionsTtlMs,
      onChanged,
    }),
    async setLogLevel(wanted) {
      level = wanted;
      await Promise.all([...opened].map((own) => own.setLogLevel(wanted).catch(() => undefined)));
    },
    async close() {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    },
  };
}

/** One server as one client sees it: over its own connection, or the shared one where it speaks only the newer era. */
function ownUpstream({ config, upstream: shared }: SharedUpstream, open: () => Upstream): Upstream {
  let own: Upstream | undefined;
  let picked: Promise<Upstream> | undefined;
  const listeners = new Set<(change: UpstreamChange) => void>();
  const publish = (change: UpstreamChange) => {
    for (const listener of [...listeners]) listener(change);
  };
  const stopListening = shared.onChange(publish);
  const choose = async (): Promise<Upstream> => {
    const opened = open();
    own = opened;
    opened.onChange((change) => {
      // A server may say that a list changed to the one connection only by which it was made to.
      if (change.kind === 'lost' || change.kind === 'updated') publish(change);
      else shared.announce(change);
    });
    try {
      await opened.era();
      return opened;
    } catch (error) {
      own = undefined;
      await opened.close();
      if ('url' in config && knowsNewerEraOnly(error)) return shared;
      // The next request tries anew.
      picked = undefined;
      throw error;
    }
  };
  const pick = (): Promise<Upstream> => {
    picked ??= choose();
    return picked;
  };
  return {
    id: shared.id,
    ...(shared.address === undefined ? {} : { address: shared.address }),
    era: async () => (await pick()).era(),
    tools: async () => (await pick()).tools(),
    call: async (tool, args, options) => (await pick()).call(tool, args, options),
    offers: async (method) => (await pick()).offers(method),
    hasResources: async () => (await pick()).hasResources(),
    async request(method, params, options) {
      const picked = await pick().catch(() => undefined);
      return picked === undefined ? { kind: 'not_sent' } : picked.request(method, params, options);
    },
    unsubscribe: async (uri) => (await pick()).unsubscribe(uri),
    setLogLevel: async (level) => (await pick()).setLogLevel(level),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce: publish,
    async close() {
      stopListening();
      await own?.close();
    },
  };
}
