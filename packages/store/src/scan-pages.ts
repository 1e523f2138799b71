import type { Store } from './contract.ts';
import { SCAN_DEFAULT } from './limits.ts';

/** One page of cells, in key order. */
export type CellPage = readonly (readonly [key: string, value: string])[];

/**
 * All committed cells whose key starts with `prefix`, page by page in key order, from behind the key `after` on. Each page is
 * as committed when it was read: cells that are written meanwhile may be in one or not. Rejects with the store's error.
 */
export async function* scanPages(
  store: Pick<Store, 'scan'>,
  prefix: string,
  { size = SCAN_DEFAULT, after }: { readonly size?: number; readonly after?: string } = {},
): AsyncGenerator<CellPage> {
  let last = after;
  for (;;) {
    const page = await store.scan(prefix, size, last);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    last = page.at(-1)?.[0];
  }
}
