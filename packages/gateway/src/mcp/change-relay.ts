import type { Server } from '@modelcontextprotocol/server';
import type { Catalogue } from './catalogue.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamChange } from './upstream-feed.ts';

/** Changes within this time are told once: a server cannot flood those who listen. */
const TOLD_TOGETHER_MS = 50;

/** Hears of changes and tells them on, each kind and each resource at most once in a while. */
export function gatherChanges(
  upstreams: readonly Upstream[],
  tell: (change: UpstreamChange, upstream: Upstream) => void,
): () => void {
  const waiting = new Map<string, () => void>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const due = [...waiting.values()];
    waiting.clear();
    for (const each of due) each();
  };
  const stops = upstreams.map((upstream) =>
    upstream.onChange((change) => {
      const key = change.kind === 'updated' ? `${upstream.id} ${change.uri}` : change.kind;
      waiting.set(key, () => tell(change, upstream));
      timer ??= setTimeout(flush, TOLD_TOGETHER_MS);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** Tells the client of this server instance what changes: that lists did, and which of its resources. */
export function followChanges(
  server: Server,
  wants: (uri: string) => Promise<boolean>,
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
        if (change.kind === 'tools') quietly(server.sendToolListChanged());
        if (change.kind === 'prompts') quietly(server.sendPromptListChanged());
        if (change.kind === 'resources') quietly(server.sendResourceListChanged());
      });
    },
    close: () => stop(),
  };
}
