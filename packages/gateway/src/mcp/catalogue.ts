import type { JsonObject } from '@writ/decision';
import { type CatalogueOffers, type OffersOptions, openOffers } from './catalogue-offers.ts';
import { shownDefinition } from './definition.ts';
import { isServerId, qualify } from './names.ts';
import type { PinnedDefinition } from './pins.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamTool } from './upstream-call.ts';

/** A tool that clients may name. */
export interface CatalogueTool extends UpstreamTool {
  readonly upstream: Upstream;
  /** The name that clients use. */
  readonly name: string;
}

export type Lookup =
  | { readonly kind: 'tool'; readonly tool: CatalogueTool }
  | { readonly kind: 'unknown' }
  /** The definition differs from the pinned one, or the name appeared after the pins were taken. */
  | { readonly kind: 'changed' };

/** Every upstream's tools under one injective naming, held against the definitions that were pinned at first sight. */
export interface Catalogue extends CatalogueOffers {
  /** Tools whose definition is the pinned one, asked anew of every upstream. */
  list(): Promise<readonly CatalogueTool[]>;
  /** The tool of this name, by a list that is at most the time to live old. */
  lookup(name: string): Promise<Lookup>;
  readonly upstreams: readonly Upstream[];
  /** Makes the next lookup ask anew: something about this upstream was not as expected. */
  forget(upstream: Upstream): void;
  close(): Promise<void>;
}

export interface CatalogueOptions extends OffersOptions {
  /** Oldest list that a call is held against, ms; 0 asks before every call. */
  readonly definitionsTtlMs: number;
}

interface Listed {
  readonly atMs: number;
  readonly tools: Promise<readonly CatalogueTool[]>;
}

/**
 * Opens the catalogue. A definition is pinned at first sight; later a changed one, or a name that an upstream with
 * pins did not have, stays out of the list and out of reach until an operator removes the pin (MCP "rug pull").
 */
export function openCatalogue(options: CatalogueOptions): Catalogue {
  const { upstreams, pins, definitionsTtlMs } = options;
  const single = upstreams.length === 1;
  requireIds(upstreams);
  const kept = new Map<string, Listed>();
  const forget = (upstream: Upstream) => void kept.delete(upstream.id);
  for (const upstream of upstreams) {
    upstream.onChange(({ kind }) => {
      if (kind === 'tools' || kind === 'lost') forget(upstream);
    });
  }

  const ask = (upstream: Upstream): Promise<readonly CatalogueTool[]> => {
    const tools = upstream.tools().then((found) => {
      pins.pinSeen(upstream.id, 'tool', pinnable(found));
      const named = found.map((tool) => ({
        ...tool,
        upstream,
        name: qualify(upstream.id, tool.definition.name, single),
      }));
      const isPinned = pinnedOf(upstream);
      for (const tool of named) {
        const { definition, digest } = tool;
        if (!isPinned(tool))
          options.onChanged({ server: upstream.id, kind: 'tool', name: definition.name, digest });
      }
      return named;
    });
    const listed: Listed = { atMs: performance.now(), tools };
    kept.set(upstream.id, listed);
    tools.catch(() => {
      if (kept.get(upstream.id) === listed) forget(upstream);
    });
    return tools;
  };
  const recent = (upstream: Upstream): Promise<readonly CatalogueTool[]> => {
    const listed = kept.get(upstream.id);
    const fresh = listed !== undefined && performance.now() - listed.atMs < definitionsTtlMs;
    return fresh ? listed.tools : ask(upstream);
  };
  const pinnedOf = (upstream: Upstream) => {
    const pinOf = pins.of(upstream.id, 'tool');
    return ({ definition, digest }: UpstreamTool) => pinOf(definition.name) === digest;
  };

  return {
    async list() {
      // One upstream that is down must not hide the others.
      const lists = await Promise.allSettled(upstreams.map(ask));
      if (lists.length > 0 && lists.every(({ status }) => status === 'rejected')) {
        throw new Error('no upstream answers');
      }
      return lists.flatMap((list, index) => {
        const upstream = upstreams[index];
        if (list.status === 'rejected' || upstream === undefined) return [];
        return list.value.filter(pinnedOf(upstream));
      });
    },
    async lookup(name) {
      for (const upstream of upstreams) {
        if (!single && !name.startsWith(qualify(upstream.id, '', false))) continue;
        const tool = (await recent(upstream)).find((candidate) => candidate.name === name);
        if (tool === undefined) continue;
        if (pinnedOf(upstream)(tool)) return { kind: 'tool', tool };
        forget(upstream);
        return { kind: 'changed' };
      }
      return { kind: 'unknown' };
    },
    upstreams,
    ...openOffers(options, single),
    forget,
    async close() {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    },
  };
}

function pinnable(tools: readonly UpstreamTool[]): ReadonlyMap<string, PinnedDefinition> {
  return new Map(
    tools.map(({ definition, digest }) => [
      definition.name,
      { digest, definition: shownDefinition(definition) as unknown as JsonObject },
    ]),
  );
}

function requireIds(upstreams: readonly Upstream[]): void {
  const ids = upstreams.map(({ id }) => id);
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  if (duplicate !== undefined) throw new Error(`two upstreams are called \`${duplicate}\``);
  const wrong = ids.find((id) => !isServerId(id));
  if (wrong !== undefined)
    throw new Error(`upstream id \`${wrong}\` must be lower-case letters, digits, "-" or single "_"`);
}
