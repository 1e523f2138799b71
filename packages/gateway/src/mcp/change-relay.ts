import type { Server } from '@modelcontextprotocol/server';
import type { Catalogue } from './catalogue.ts';
import type { ListKind, ShownLists } from './shown-lists.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamChange } from './upstream-feed.ts';

/** Changes within this time are told once. */
const TOLD_TOGETHER_MS = 50;
/**
 * Between two tellings, at least: a server cannot flood those who listen, nor the decision point, which is asked for each of
 * them. It doubles with each telling up to the longest, and begins anew when a server was quiet for twice that long.
 */
const TOLD_APART_MS = 250;
const TOLD_APART_MS_MAX = 30_000;

/** Hears of changes and tells them on, each kind and each resource at most once in a while. */
export function gatherChanges(
  upstreams: readonly Upstream[],
  tell: (change: UpstreamChange, upstream: Upstream) => void,
): () => void {
  const waiting = new Map<string, () => void>();
  let timer: NodeJS.Timeout | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let apartMs = TOLD_APART_MS;
  const flush = () => {
    timer = undefined;
    const quietMs = performance.now() - toldAtMs;
    apartMs = quietMs > 2 * apartMs ? TOLD_APART_MS : Math.min(TOLD_APART_MS_MAX, 2 * apartMs);
    toldAtMs = performance.now();
    const due = [...waiting.values()];
    waiting.clear();
    for (const each of due) each();
  };
  const stops = upstreams.map((upstream) =>
    upstream.onChange((change) => {
      const key = change.kind === 'updated' ? `${upstream.id} ${change.uri}` : change.kind;
      waiting.set(key, () => tell(change, upstream));
      const restMs = toldAtMs + apartMs - performance.now();
      timer ??= setTimeout(flush, Math.max(TOLD_TOGETHER_MS, restMs));
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

const TELL: Readonly<Record<ListKind, (server: Server) => Promise<void>>> = {
  tools: (server) => server.sendToolListChanged(),
  prompts: (server) => server.sendPromptListChanged(),
  resources: (server) => server.sendResourceListChanged(),
};

/** What one client wants to hear, and may. */
export interface Listener {
  /** Of a resource. */
  readonly wants: (uri: string) => Promise<boolean>;
  /** Of a list. */
  readonly shown: Pick<ShownLists, 'differs'>;
}

/** Tells the client of this server instance what changes: which of its lists, and which of its resources. */
export function followChanges(
  server: Server,
  { wants, shown }: Listener,
): { follow(catalogue: Catalogue): void; close(): void } {
  let stop = () => {};
  const quietly = (sent: Promise<void>) => void sent.catch(() => undefined);
  return {
    follow(catalogue) {
      stop();
      stop = gatherChanges(catalogue.upstreams, (change, upstream) => {
        if (change.kind === 'updated') {
          const uri = catalogue.uriOf(upstream, change.uri);
          quietly(wants(uri).then((wanted) => (wanted ? server.sendResourceUpdated({ uri }) : undefined)));
          return;
        }
        if (change.kind === 'lost') return;
        const tell = TELL[change.kind];
        quietly(shown.differs(change.kind).then((differs) => (differs ? tell(server) : undefined)));
      });
    },
    close: () => stop(),
  };
}
