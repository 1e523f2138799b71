import type { McpSubscription, Result } from '@modelcontextprotocol/client';
import { answerOf, type UpstreamAnswer } from './upstream-answer.ts';
import type { Connection } from './upstream-connection.ts';

/** What a server says without being asked. */
export type UpstreamChange =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly kind: 'updated'; readonly uri: string }
  /** The connection ended: whatever was known of the server may be wrong. */
  | { readonly kind: 'lost' };

export interface Feed {
  publish(change: UpstreamChange): void;
  onChange(listener: (change: UpstreamChange) => void): () => void;
  /** Hears what this connection says, and asks again for the resources that are subscribed. */
  follow(connection: Connection): void;
  /** One more who wants to hear of this resource. */
  subscribe(connection: Connection, uri: string): Promise<UpstreamAnswer<Result>>;
  unsubscribe(connection: Promise<Connection> | undefined, uri: string): Promise<void>;
  close(): void;
}

const ACK_TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 1_000;
const WAIT_MS_MAX = 60_000;

/**
 * What a server tells of changes: unasked in the older era, on streams that are listened to in the newer one. One
 * subscription of a resource serves all who want it.
 */
export function openFeed(): Feed {
  const listeners = new Set<(change: UpstreamChange) => void>();
  const wanted = new Map<string, { count: number; readonly opened: Promise<UpstreamAnswer<Result>> }>();
  const streams = new Map<string, McpSubscription>();
  let following: Connection | undefined;
  let closed = false;

  const publish = (change: UpstreamChange) => {
    for (const listener of [...listeners]) listener(change);
  };
  const watch = async (connection: Connection, uri: string): Promise<void> => {
    if (connection.era === 'legacy') {
      await connection.client.subscribeResource({ uri }, { timeout: ACK_TIMEOUT_MS });
      return;
    }
    streams.set(
      uri,
      await connection.client.listen({ resourceSubscriptions: [uri] }, { timeout: ACK_TIMEOUT_MS }),
    );
  };
  return {
    publish,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    follow(connection) {
      following = connection;
      streams.clear();
      for (const uri of wanted.keys()) void watch(connection, uri).catch(() => undefined);
      if (connection.era === 'modern')
        void listenForLists(connection, () => !closed && following === connection, publish);
    },
    async subscribe(connection, uri) {
      const held = wanted.get(uri);
      const opened =
        held?.opened ??
        answerOf(async () => {
          await watch(connection, uri);
          return {};
        });
      if (held === undefined) wanted.set(uri, { count: 1, opened });
      else held.count += 1;
      const answer = await opened;
      if (answer.kind !== 'result') wanted.delete(uri);
      return answer;
    },
    async unsubscribe(connection, uri) {
      const held = wanted.get(uri);
      if (held === undefined) return;
      held.count -= 1;
      if (held.count > 0) return;
      wanted.delete(uri);
      const open = await connection?.catch(() => undefined);
      const stream = streams.get(uri);
      streams.delete(uri);
      if (stream !== undefined) await stream.close();
      else if (open?.era === 'legacy') {
        await open.client.unsubscribeResource({ uri }, { timeout: ACK_TIMEOUT_MS }).catch(() => undefined);
      }
    },
    close() {
      closed = true;
      following = undefined;
      listeners.clear();
    },
  };
}

/** Keeps a stream of changed lists open for as long as the connection is the current one. */
async function listenForLists(
  { client }: Connection,
  current: () => boolean,
  publish: (change: UpstreamChange) => void,
): Promise<void> {
  const { tools, prompts, resources } = client.getServerCapabilities() ?? {};
  const filter = {
    ...(tools?.listChanged === true ? { toolsListChanged: true } : {}),
    ...(prompts?.listChanged === true ? { promptsListChanged: true } : {}),
    ...(resources?.listChanged === true ? { resourcesListChanged: true } : {}),
  };
  if (Object.keys(filter).length === 0) return;
  for (let waitMs = FIRST_WAIT_MS; current(); ) {
    const openedAtMs = performance.now();
    const stream = await client.listen(filter, { timeout: ACK_TIMEOUT_MS }).catch(() => undefined);
    await stream?.closed;
    if (!current()) return;
    // What changed while nobody listened is not known.
    if (stream !== undefined) publish({ kind: 'tools' });
    waitMs = performance.now() - openedAtMs > WAIT_MS_MAX ? FIRST_WAIT_MS : Math.min(WAIT_MS_MAX, waitMs * 2);
    await new Promise<void>((resolve) => setTimeout(resolve, waitMs).unref());
  }
}
