import type { JsonObject } from '@writ/decision';
import { definitionDigest, shownDefinition } from './definition.ts';
import { isServerId, qualify, qualifyUri, unqualify } from './names.ts';
import { type CatalogueOffer, OFFER_SHAPES, type OfferMethod, shownOffer } from './offers.ts';
import type { PinnedDefinition, Pins } from './pins.ts';
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
  | { readonly kind: 'changed'; readonly tool: CatalogueTool; readonly pinned: string | undefined };

/** Every upstream's tools under one injective naming, held against the definitions that were pinned at first sight. */
export interface Catalogue {
  /** Tools whose definition is the pinned one, asked anew of every upstream. */
  list(): Promise<readonly CatalogueTool[]>;
  /** The tool of this name, by a list that is at most the time to live old. */
  lookup(name: string): Promise<Lookup>;
  /** Everything of this kind, asked anew of every upstream. */
  offers(method: OfferMethod): Promise<readonly CatalogueOffer[]>;
  /** The prompt that clients know by this name, asked anew of its server; undefined where none offers it. */
  lookupPrompt(name: string): Promise<FoundPrompt | undefined>;
  /** The server whose resource, or template, a client means by this URI; undefined where none can be meant. */
  locateUri(uri: string): Promise<{ readonly upstream: Upstream; readonly uri: string } | undefined>;
  readonly upstreams: readonly Upstream[];
  /** The URI by which clients mean this resource of this server. */
  uriOf(upstream: Upstream, uri: string): string;
  /** Makes the next lookup ask anew: something about this upstream was not as expected. */
  forget(upstream: Upstream): void;
  close(): Promise<void>;
}

/** A prompt of one server. */
export interface FoundPrompt {
  readonly upstream: Upstream;
  /** As the server names it. */
  readonly name: string;
  /** Digest of all that clients see of it. */
  readonly digest: string;
}

export interface CatalogueOptions {
  readonly upstreams: readonly Upstream[];
  readonly pins: Pins;
  /** Hears of a tool whose definition is not the pinned one; absent in catalogues beside the shared one. */
  readonly onChanged?: (tool: CatalogueTool) => void;
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
      pins.pinFirstSight(upstream.id, pinnable(found));
      const named = found.map((tool) => ({
        ...tool,
        upstream,
        name: qualify(upstream.id, tool.definition.name, single),
      }));
      if (options.onChanged !== undefined)
        for (const tool of unpinned(upstream, named)) options.onChanged(tool);
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
  const unpinned = (upstream: Upstream, tools: readonly CatalogueTool[]) => {
    const pinOf = pins.of(upstream.id);
    return tools.filter(({ definition, digest }) => pinOf(definition.name) !== digest);
  };

  return {
    async list() {
      // One upstream that is down must not hide the others.
      const lists = await Promise.allSettled(upstreams.map(ask));
      if (lists.length > 0 && lists.every(({ status }) => status === 'rejected')) {
        throw new Error('no upstream answers');
      }
      return lists.flatMap((list, index) => {
        if (list.status === 'rejected') return [];
        const pinOf = pins.of(upstreams[index]?.id ?? '');
        return list.value.filter(({ definition, digest }) => pinOf(definition.name) === digest);
      });
    },
    async lookup(name) {
      for (const upstream of upstreams) {
        if (!single && !name.startsWith(qualify(upstream.id, '', false))) continue;
        const tool = (await recent(upstream)).find((candidate) => candidate.name === name);
        if (tool === undefined) continue;
        const pinned = pins.of(upstream.id)(tool.definition.name);
        if (pinned === tool.digest) return { kind: 'tool', tool };
        forget(upstream);
        return { kind: 'changed', tool, pinned };
      }
      return { kind: 'unknown' };
    },
    upstreams,
    ...openOffers(upstreams, single),
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

type OfferPart = Pick<Catalogue, 'offers' | 'lookupPrompt' | 'locateUri' | 'uriOf'>;

/** Resources and prompts: nothing is kept of them, so that a list and a lookup are always the server's of the moment. */
function openOffers(upstreams: readonly Upstream[], single: boolean): OfferPart {
  const shownBy = async (upstream: Upstream, method: OfferMethod): Promise<CatalogueOffer[]> => {
    const { key, naming } = OFFER_SHAPES[method];
    const mapping = naming === 'uri' ? qualifyUri : qualify;
    const items = await upstream.offers(method);
    return items.map((item) => ({
      server: upstream.id,
      id: String((item as Readonly<Record<string, unknown>>)[key]),
      shown: shownOffer(method, item, (id) => mapping(upstream.id, id, single)),
    }));
  };
  return {
    async offers(method) {
      const lists = await Promise.allSettled(upstreams.map((upstream) => shownBy(upstream, method)));
      return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
    },
    async lookupPrompt(name) {
      for (const upstream of upstreams) {
        const own = unqualify(qualify, upstream.id, name, single);
        if (own === undefined) continue;
        const prompt = (await shownBy(upstream, 'prompts/list')).find(({ id }) => id === own);
        if (prompt !== undefined) return { upstream, name: own, digest: definitionDigest(prompt.shown) };
      }
      return undefined;
    },
    async locateUri(uri) {
      for (const upstream of upstreams) {
        const own = unqualify(qualifyUri, upstream.id, uri, single);
        if (own !== undefined && own !== '' && (await upstream.hasResources())) return { upstream, uri: own };
      }
      return undefined;
    },
    uriOf: (upstream, uri) => qualifyUri(upstream.id, uri, single),
  };
}

function requireIds(upstreams: readonly Upstream[]): void {
  const ids = upstreams.map(({ id }) => id);
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  if (duplicate !== undefined) throw new Error(`two upstreams are called \`${duplicate}\``);
  const wrong = ids.find((id) => !isServerId(id));
  if (wrong !== undefined)
    throw new Error(`upstream id \`${wrong}\` must be lower-case letters, digits, "-" or single "_"`);
}
