import type { JsonObject } from '@writ/decision';
import { qualify, qualifyUri, unqualify } from './names.ts';
import { type CatalogueOffer, describedOffer, OFFER_SHAPES, type OfferMethod, shownOffer } from './offers.ts';
import type { Pins, SeenDefinition } from './pins.ts';
import type { Upstream } from './upstream.ts';

/** Every upstream's resources and prompts under one injective naming, held against what was pinned. */
export interface CatalogueOffers {
  /** Everything of this kind whose description is the pinned one, asked anew of every upstream. */
  offers(method: OfferMethod): Promise<readonly CatalogueOffer[]>;
  /** The prompt that clients know by this name, asked anew of its server. */
  lookupPrompt(name: string): Promise<PromptLookup>;
  /** The server whose resource, or template, a client means by this URI; undefined where none can be meant. */
  locateUri(uri: string): Promise<{ readonly upstream: Upstream; readonly uri: string } | undefined>;
  /** The URI by which clients mean this resource of this server. */
  uriOf(upstream: Upstream, uri: string): string;
}

export type PromptLookup =
  | {
      readonly kind: 'prompt';
      readonly upstream: Upstream;
      /** As the server names it. */
      readonly name: string;
      /** Digest of all that clients see of it. */
      readonly digest: string;
    }
  | { readonly kind: 'unknown' }
  /** Its description is not the pinned one, or the name appeared after the pins were taken. */
  | { readonly kind: 'changed' };

export interface OffersOptions {
  readonly upstreams: readonly Upstream[];
  readonly pins: Pins;
  /** Hears of a definition that is not the pinned one, each time that it is seen. */
  readonly onChanged: (changed: SeenDefinition) => void;
}

interface SeenOffer extends CatalogueOffer {
  readonly pinned: boolean;
}

/**
 * Resources and prompts, as far as their descriptions are the pinned ones. Nothing is kept of them, so that a list and a
 * lookup are always the server's of the moment.
 */
export function openOffers({ upstreams, pins, onChanged }: OffersOptions, single: boolean): CatalogueOffers {
  const seenOf = async (upstream: Upstream, method: OfferMethod): Promise<SeenOffer[]> => {
    const { naming, kind } = OFFER_SHAPES[method];
    const mapping = naming === 'uri' ? qualifyUri : qualify;
    const items = await upstream.offers(method);
    const described = items.map((item) => ({ item, ...describedOffer(method, item) }));
    pins.pinSeen(upstream.id, kind, new Map(described.map((each) => [each.id, each])));
    const pinOf = pins.of(upstream.id, kind);
    return described.map(({ item, id, digest }) => {
      const pinned = pinOf(id) === digest;
      if (!pinned) onChanged({ server: upstream.id, kind, name: id, digest });
      const shown: JsonObject = shownOffer(method, item, (own) => mapping(upstream.id, own, single));
      return { server: upstream.id, id, digest, shown, pinned };
    });
  };
  return {
    async offers(method) {
      const lists = await Promise.allSettled(upstreams.map((upstream) => seenOf(upstream, method)));
      return lists
        .flatMap((list) => (list.status === 'fulfilled' ? list.value : []))
        .filter(({ pinned }) => pinned);
    },
    async lookupPrompt(name) {
      for (const upstream of upstreams) {
        const own = unqualify(qualify, upstream.id, name, single);
        if (own === undefined) continue;
        const prompt = (await seenOf(upstream, 'prompts/list')).find(({ id }) => id === own);
        if (prompt === undefined) continue;
        return prompt.pinned
          ? { kind: 'prompt', upstream, name: own, digest: prompt.digest }
          : { kind: 'changed' };
      }
      return { kind: 'unknown' };
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
