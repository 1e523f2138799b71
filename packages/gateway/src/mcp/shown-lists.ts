import type { Caller } from '@writ/identity';
import type { CallContext } from './call-context.ts';
import { definitionDigest } from './definition.ts';
import type { OfferMethod } from './offers.ts';
import type { UpstreamChange } from './upstream-feed.ts';
import { visibleOffers, visibleTools } from './visible.ts';

export type ListMethod = OfferMethod | 'tools/list';
export type ListKind = Exclude<UpstreamChange['kind'], 'updated' | 'lost'>;

const LISTS: Readonly<Record<ListKind, readonly ListMethod[]>> = {
  tools: ['tools/list'],
  prompts: ['prompts/list'],
  resources: ['resources/list', 'resources/templates/list'],
};

export const LIST_KINDS = Object.keys(LISTS) as readonly ListKind[];

/**
 * What one client was shown of lists. That a list changed is told only where the client would see another one: else a
 * server, or a policy, would tell it of what it may not see.
 */
export interface ShownLists {
  /** The client was shown this list. */
  note(method: ListMethod, list: readonly object[]): void;
  /** Looks at lists of these kinds now, as if the client had been shown them. */
  look(kinds: readonly ListKind[]): Promise<void>;
  /** Would the client see another list than it saw last; also where it saw none yet, or it cannot be said. */
  differs(kind: ListKind): Promise<boolean>;
}

/** `context`: what the client's lists are made with at the moment. */
export function shownLists(context: () => CallContext, caller: () => Caller): ShownLists {
  const digests = new Map<ListMethod, string>();
  const digestNow = async (method: ListMethod): Promise<string | undefined> => {
    const asking = { caller: caller(), meta: {} };
    const list =
      method === 'tools/list'
        ? visibleTools(context(), asking)
        : visibleOffers<object>(context(), asking, method);
    return list.then(definitionDigest, () => undefined);
  };
  return {
    note: (method, list) => void digests.set(method, definitionDigest(list)),
    async look(kinds) {
      for (const method of kinds.flatMap((kind) => LISTS[kind])) {
        const digest = await digestNow(method);
        if (digest !== undefined) digests.set(method, digest);
      }
    },
    async differs(kind) {
      const seen = LISTS[kind].filter((method) => digests.has(method));
      if (seen.length === 0) return true;
      for (const method of seen) if ((await digestNow(method)) !== digests.get(method)) return true;
      return false;
    },
  };
}
