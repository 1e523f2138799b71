import type { Prompt, Resource, ResourceTemplateType } from '@modelcontextprotocol/client';
import type { JsonObject, ListCall } from '@writ/decision';
import { definitionDigest } from './definition.ts';
import { isObject } from './json-object.ts';
import { named } from './methods.ts';

/** What a server offers beside tools, by the method that lists it. */
export interface Offers {
  readonly 'resources/list': Resource;
  readonly 'resources/templates/list': ResourceTemplateType;
  readonly 'prompts/list': Prompt;
}
export type OfferMethod = keyof Offers;

interface OfferShape {
  /** Member of the result that holds the items. */
  readonly items: 'resources' | 'resourceTemplates' | 'prompts';
  /** Member of an item that names it. */
  readonly key: 'uri' | 'uriTemplate' | 'name';
  readonly naming: 'uri' | 'name';
  /** What an item is, for policies and pins. */
  readonly kind: 'resource' | 'template' | 'prompt';
  /** Members that clients get to see. */
  readonly shown: readonly string[];
}

/** How each list is read, named and shown. */
export const OFFER_SHAPES: Readonly<Record<OfferMethod, OfferShape>> = {
  'resources/list': {
    items: 'resources',
    key: 'uri',
    naming: 'uri',
    kind: 'resource',
    shown: ['uri', 'name', 'title', 'description', 'mimeType', 'size', 'annotations'],
  },
  'resources/templates/list': {
    items: 'resourceTemplates',
    key: 'uriTemplate',
    naming: 'uri',
    kind: 'template',
    shown: ['uriTemplate', 'name', 'title', 'description', 'mimeType', 'annotations'],
  },
  'prompts/list': {
    items: 'prompts',
    key: 'name',
    naming: 'name',
    kind: 'prompt',
    shown: ['name', 'title', 'description', 'arguments'],
  },
};

/** One offer with its server. */
export interface CatalogueOffer {
  readonly server: string;
  /** Its name, URI or template as the server has it. */
  readonly id: string;
  /** As clients see it. */
  readonly shown: JsonObject;
  /** Of what is pinned of it. */
  readonly digest: string;
}

/** One offer as its server describes it, as far as it is pinned. */
export interface DescribedOffer {
  readonly id: string;
  readonly definition: JsonObject;
  readonly digest: string;
}

/** What is pinned of an item: all that clients see, under the server's own name, but for what changes by itself. */
export function describedOffer(method: OfferMethod, item: object): DescribedOffer {
  const own = shownOffer(method, item, (id) => id);
  const { size: _size, annotations, ...rest } = own;
  const { lastModified: _modified, ...steady } = isObject(annotations) ? annotations : {};
  const definition: JsonObject = {
    ...rest,
    ...(Object.keys(steady).length === 0 ? {} : { annotations: steady }),
  };
  return { id: String(own[OFFER_SHAPES[method].key]), definition, digest: definitionDigest(definition) };
}

/** An offer as the decision point is asked about it. */
export function listItem(method: OfferMethod, { server, id }: CatalogueOffer): ListCall['items'][number] {
  return { server, resources: [named(OFFER_SHAPES[method].kind, id)] };
}

/** An item as clients see it, under the name that `rename` gives it. */
export function shownOffer(method: OfferMethod, item: object, rename: (id: string) => string): JsonObject {
  const { shown, key } = OFFER_SHAPES[method];
  const given = item as JsonObject;
  const members = shown.flatMap((member) => (given[member] === undefined ? [] : [[member, given[member]]]));
  return { ...(Object.fromEntries(members) as JsonObject), [key]: rename(String(given[key])) };
}
