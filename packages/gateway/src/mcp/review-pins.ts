import type { JsonObject } from '@writ/decision';
import { shownDefinition } from './definition.ts';
import { type DefinitionChange, definitionDiff } from './definition-diff.ts';
import { definitionFindings, type Finding } from './findings.ts';
import { describedOffer, OFFER_SHAPES, type OfferMethod } from './offers.ts';
import type { Peer } from './peer.ts';
import { openPins, PIN_KINDS, type PinKind, type PinnedDefinition, type Pins } from './pins.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import type { UpstreamConfig } from './upstream-config.ts';

/** How a definition stands to its pin. `gone`: pinned, and no longer offered. */
export type PinState = 'pinned' | 'changed' | 'new' | 'gone';

/** One thing that a server offers, held against its pin. */
export interface ReviewedDefinition {
  readonly server: string;
  readonly kind: PinKind;
  /** As the server names it: a tool's or prompt's name, a URI or its template. */
  readonly name: string;
  readonly state: PinState;
  /** Is there anything for a person to decide: what is new of resources is pinned by itself. */
  readonly open: boolean;
  /** Digest of the definition as it is now. */
  readonly digest?: string;
  /** Of a changed one; empty where the pinned definition itself was not kept. */
  readonly changes: readonly DefinitionChange[];
  /** What to look at in the definition as it is now. */
  readonly findings: readonly Finding[];
}

export interface ReviewOptions {
  readonly upstreams: readonly UpstreamConfig[];
  readonly pinsFile: string;
}

/** What was reviewed, and how each server answered. */
export interface PinReview {
  readonly definitions: readonly ReviewedDefinition[];
  /** Ids of servers that do not answer. */
  readonly silent: readonly string[];
  /** Pins these as they were reviewed. What changed since the review stays quarantined. */
  approve(definitions: readonly ReviewedDefinition[]): void;
  /** Pins everything of servers, and of kinds, that were never seen; gives what that was. */
  pinUnseen(): readonly ReviewedDefinition[];
}

/** What one server offers of one kind, by name. */
interface Offered {
  readonly server: string;
  readonly kind: PinKind;
  readonly definitions: ReadonlyMap<string, PinnedDefinition>;
}

/** Asks every server what it offers and holds it against the pins. Pins nothing by itself. */
export async function reviewPins(options: ReviewOptions): Promise<PinReview> {
  const asked = await Promise.all(
    options.upstreams.map(async (config) => {
      const [plain, askable] = await Promise.all([offersOf(config), offersOf(config, ASKABLE)]);
      return { id: config.id, offered: plain === undefined ? undefined : united(plain, askable ?? []) };
    }),
  );
  return review(openPins(options.pinsFile), asked);
}

/** A client that could be asked anything, and answers nothing: some servers offer it more. */
const ASKABLE: Peer = {
  capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} },
  input: () => Promise.reject(new Error('nobody answers while definitions are looked at')),
  log: () => {},
};

async function offersOf(config: UpstreamConfig, peer?: Peer): Promise<readonly Offered[] | undefined> {
  const upstream = openUpstream(config, peer);
  try {
    return await offeredBy(upstream);
  } finally {
    await upstream.close();
  }
}

/** What is offered to anybody, and beside it what only those are offered who can be asked. */
function united(plain: readonly Offered[], askable: readonly Offered[]): readonly Offered[] {
  return plain.map((each) => {
    const more = askable.find(({ kind }) => kind === each.kind)?.definitions ?? new Map();
    return { ...each, definitions: new Map([...more, ...each.definitions]) };
  });
}

function review(
  pins: Pins,
  asked: readonly { readonly id: string; readonly offered: readonly Offered[] | undefined }[],
): PinReview {
  const all = asked.flatMap(({ offered }) => offered ?? []);
  const of = (server: string, kind: PinKind) =>
    all.find((each) => each.server === server && each.kind === kind)?.definitions;
  const definitions = all.flatMap((each) => reviewKind(pins, each, all));
  return {
    definitions,
    silent: asked.filter(({ offered }) => offered === undefined).map(({ id }) => id),
    approve(chosen) {
      for (const { server, kind, name } of chosen) {
        const now = of(server, kind)?.get(name);
        if (now === undefined) pins.remove(server, kind, name);
        else pins.approve(server, kind, new Map([[name, now]]));
      }
    },
    pinUnseen() {
      const unseen = all.filter(({ server, kind }) => !pins.seen(server, kind));
      for (const { server, kind, definitions: now } of unseen) pins.pinSeen(server, kind, now);
      return definitions.filter((each) =>
        unseen.some(({ server, kind }) => server === each.server && kind === each.kind),
      );
    },
  };
}

/** Undefined where the server does not answer. */
async function offeredBy(upstream: Upstream): Promise<readonly Offered[] | undefined> {
  const tools = await upstream.tools().catch(() => undefined);
  if (tools === undefined) return undefined;
  const server = upstream.id;
  const described = tools.map(({ definition, digest }) => {
    const shown = shownDefinition(definition) as unknown as JsonObject;
    return [definition.name, { digest, definition: shown }] as const;
  });
  const methods = Object.keys(OFFER_SHAPES) as OfferMethod[];
  const others = await Promise.all(
    methods.map(async (method): Promise<Offered[]> => {
      // One kind that cannot be listed is not held against anything.
      const items = await upstream.offers(method).catch(() => undefined);
      if (items === undefined) return [];
      const each = items.map((item) => describedOffer(method, item));
      const { kind } = OFFER_SHAPES[method];
      return [{ server, kind, definitions: new Map(each.map((offer) => [offer.id, offer])) }];
    }),
  );
  return [{ server, kind: 'tool', definitions: new Map(described) }, ...others.flat()];
}

function reviewKind(
  pins: Pins,
  { server, kind, definitions }: Offered,
  all: readonly Offered[],
): ReviewedDefinition[] {
  const pinOf = pins.of(server, kind);
  const grows = 'growsTo' in PIN_KINDS[kind];
  const foreign = all.filter((each) => each.server !== server && each.kind === 'tool');
  const otherNames = foreign.flatMap((each) => [...each.definitions.keys()]);
  const offered = [...definitions].map(([name, { digest, definition }]): ReviewedDefinition => {
    const pinned = pinOf(name);
    const state = pinned === undefined ? 'new' : pinned === digest ? 'pinned' : 'changed';
    const before = pinned === undefined ? undefined : pins.definition(pinned);
    const changes = state === 'changed' && before !== undefined ? definitionDiff(before, definition) : [];
    const findings = definitionFindings(definition, otherNames);
    const open = state === 'changed' || (state === 'new' && !grows);
    return { server, kind, name, state, open, digest, changes, findings };
  });
  const missing = grows ? [] : pins.namesOf(server, kind).filter((name) => !definitions.has(name));
  const gone = missing.map((name): ReviewedDefinition => {
    return { server, kind, name, state: 'gone', open: true, changes: [], findings: [] };
  });
  return [...offered, ...gone];
}
