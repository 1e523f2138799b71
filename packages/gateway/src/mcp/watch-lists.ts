import { unwatchFile, watchFile } from 'node:fs';
import type { SharedUpstream } from './own-connections.ts';
import { LIST_KINDS } from './shown-lists.ts';

/** How often it is looked whether an operator approved something, ms. */
const LOOK_MS = 1_000;

/** What lists depend on beside what servers say of them. */
export interface WatchedLists {
  /** It may have changed: whoever would see another list is told. */
  recheck(): void;
  close(): void;
}

/** Has lists looked at again when the pins were replaced, and when it is asked for. */
export function watchLists(shared: readonly SharedUpstream[], pinsFile: string | undefined): WatchedLists {
  const recheck = (): void => {
    for (const { upstream } of shared) for (const kind of LIST_KINDS) upstream.announce({ kind });
  };
  if (pinsFile !== undefined) watchFile(pinsFile, { persistent: false, interval: LOOK_MS }, recheck);
  return {
    recheck,
    close() {
      if (pinsFile !== undefined) unwatchFile(pinsFile, recheck);
    },
  };
}
