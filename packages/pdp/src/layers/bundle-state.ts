import { type Bundle, type BundleSource, contentFacts } from '@writ/bundle';

/** One bundle as it is now, for operators; what is unknown is absent. */
export interface BundleState {
  readonly name: string;
  /** `published`: fetched from elsewhere; `path`: a folder or file; `built-in`: part of Writ. */
  readonly kind: 'published' | 'path' | 'built-in';
  /** Where it comes from, without credentials. */
  readonly place: string;
  /** Of what is in force. */
  readonly revision?: string;
  readonly digest?: string;
  readonly sequence?: number;
  readonly rollback_to?: string;
  /** `NAME VERSION` of the release that it belongs to. */
  readonly release?: string;
  readonly third_party: boolean;
  /** Whose signatures were checked: `author (k1)`. */
  readonly signed_by: readonly string[];
  /** Published ones: where the content in force was read from, and how long ago that it holds was last confirmed. */
  readonly from?: 'network' | 'disk';
  readonly age_seconds?: number;
  /** Nothing is decided by it any more: nobody confirmed it for longer than its operator allows. */
  readonly stale?: boolean;
  /** An operator put an earlier content in place of what is published. */
  readonly rolled_back?: boolean;
  /** Something newer waits for other bundles of its release. */
  readonly waiting?: boolean;
  /** Why the last question failed. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** How many contents could be gone back to, this one among them. */
  readonly kept?: number;
}

/** The state of one source, with what is active of it. */
export async function stateOf(source: BundleSource, active: readonly Bundle[]): Promise<BundleState> {
  const name = nameOf(source);
  const bundle = active.find((one) => one.name === name);
  const { revision, digest, sequence, rollbackTo, release, signedBy } =
    bundle === undefined ? { signedBy: [] } : contentFacts(bundle);
  return {
    name,
    ...placeOf(source),
    ...(revision === undefined || digest === undefined ? {} : { revision, digest }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(rollbackTo === undefined ? {} : { rollback_to: rollbackTo }),
    ...(release === undefined ? {} : { release }),
    third_party: bundle?.thirdParty ?? false,
    signed_by: signedBy,
    ...(await publication(source)),
  };
}

function nameOf(source: BundleSource): string {
  if (source.kind === 'remote') return source.remote.name;
  return source.kind === 'built-in' ? source.bundle.name : (source.name ?? source.path);
}

function placeOf(source: BundleSource): Pick<BundleState, 'kind' | 'place'> {
  if (source.kind === 'remote') return { kind: 'published', place: source.remote.status().place };
  if (source.kind === 'built-in') return { kind: 'built-in', place: source.bundle.name };
  return { kind: 'path', place: source.path };
}

async function publication(source: BundleSource): Promise<Partial<BundleState>> {
  if (source.kind !== 'remote') return {};
  const { ageMs, stale, from, failure, rolledBack, waiting } = source.remote.status();
  return {
    ...(from === undefined ? {} : { from }),
    ...(ageMs === undefined ? {} : { age_seconds: Math.round(ageMs / 1000) }),
    stale,
    rolled_back: rolledBack,
    waiting,
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
    kept: (await source.remote.history()).length,
  };
}
