import {
  type Bundle,
  type BundleSource,
  type Fetched,
  foldDeltas,
  isSameContent,
  type KeptContent,
  type RemoteBundle,
  readTarballBytes,
  renderProblem,
} from '@writ/bundle';
import { type BundleState, stateOf } from '../layers/bundle-state.ts';
import type { PolicySource } from '../layers/policy-source.ts';
import type { ActivationNote, ActOutcome, RollbackRecord } from './service.ts';

/** Codes of refused rollbacks. */
export type RollbackCode =
  | 'bundle_unknown'
  | 'bundle_not_published'
  | 'rollback_unsigned'
  | 'rollback_unknown'
  | 'rollback_refused'
  | 'rollback_overtaken'
  | 'audit_unavailable'
  | 'state_unavailable';

export type RollbackOutcome =
  | {
      readonly ok: true;
      /** Signed and in order, but other bundles of its release have to come first. */
      readonly waiting: boolean;
      readonly revision: string;
      readonly digest: string;
      readonly sequence?: number;
    }
  | { readonly ok: false; readonly code: RollbackCode; readonly message: string };

/** What the operator sees of bundles and may do with them. Whoever calls these has checked the operator's credential. */
export interface BundleDesk {
  list(): Promise<readonly BundleState[]>;
  /** Contents of a published bundle that were in force, the newest first; undefined where it keeps none. */
  kept(name: string): Promise<readonly KeptContent[] | undefined>;
  /** One of them as one archive, by the bundle's digest. */
  archive(name: string, digest: string): Promise<Pick<Fetched, 'archive' | 'detached'> | undefined>;
  /**
   * Puts a kept content in force again, between two decisions: an archive of it with `rollback_to`, signed as the
   * bundle has to be. On record before it is tried; what comes of it is on record like any activation.
   */
  rollback(
    name: string,
    offered: Pick<Fetched, 'archive' | 'detached'>,
    by: string,
    reason?: string,
  ): Promise<RollbackOutcome>;
}

/** What a desk works on. */
export interface BundleDeskOptions {
  readonly sources: readonly BundleSource[];
  readonly policies: PolicySource;
  readonly record: {
    /** Puts on record that an operator asked for a rollback. */
    readonly asked: (rollback: RollbackRecord, by: string) => Promise<ActOutcome>;
    readonly refused: (note: ActivationNote) => Promise<ActOutcome>;
  };
}

type RemoteSource = Extract<BundleSource, { readonly kind: 'remote' }>;
type Offered = Pick<Fetched, 'archive' | 'detached'>;
type Refusal = Extract<RollbackOutcome, { ok: false }>;

export function createBundleDesk(options: BundleDeskOptions): BundleDesk {
  const { sources, policies } = options;
  const remoteNamed = (name: string): RemoteBundle | undefined => sourceNamed(sources, name)?.remote;
  return {
    async list() {
      const active = policies.current()?.bundles ?? [];
      return Promise.all(sources.map((source) => stateOf(source, active)));
    },
    kept: async (name) => remoteNamed(name)?.history(),
    async archive(name, digest) {
      const remote = remoteNamed(name);
      return remote === undefined ? undefined : keptArchive(remote, digest);
    },
    rollback: (name, offered, by, reason) => rollBack(options, name, offered, by, reason),
  };
}

/** A content to which deltas came is folded into one archive, which nobody has signed yet. */
async function keptArchive(
  remote: RemoteBundle,
  digest: string,
): Promise<{ readonly archive: Uint8Array; readonly detached: readonly string[] } | undefined> {
  const kept = await remote.kept(digest);
  if (kept === undefined) return undefined;
  const { archive, detached, deltas = [] } = kept;
  const folded = await foldDeltas(archive, deltas);
  if (folded === undefined) return undefined;
  return { archive: folded, detached: deltas.length === 0 ? detached : [] };
}

function sourceNamed(sources: readonly BundleSource[], name: string): RemoteSource | undefined {
  return sources.find(
    (source): source is RemoteSource => source.kind === 'remote' && source.remote.name === name,
  );
}

async function rollBack(
  options: BundleDeskOptions,
  name: string,
  offered: Offered,
  by: string,
  reason: string | undefined,
): Promise<RollbackOutcome> {
  const source = sourceNamed(options.sources, name);
  if (source === undefined) return absent(options, name);
  // A commit's signature says nothing about an archive: without one of its own anybody's archive would do.
  if ((source.signatures ?? []).length === 0) {
    const message = `bundle \`${name}\` needs no signature on its archive, so nothing shows whose rollback it is: revert where it is published`;
    return { ok: false, code: 'rollback_unsigned', message };
  }
  const checked = await checkOffer(source, offered);
  if (!checked.ok) {
    await options.record.refused({
      ok: false,
      bundles: activeNames(options),
      message: checked.message,
      refused: [name],
    });
    return checked;
  }
  const { revision, digest, sequence } = checked.bundle;
  const facts = { revision, digest, ...(sequence === undefined ? {} : { sequence }) };
  const noted = await options.record.asked(
    { bundle: name, ...facts, ...(reason === undefined ? {} : { reason }) },
    by,
  );
  if (!noted.ok) return { ok: false, code: noted.code as RollbackCode, message: noted.message };
  const outcome = await source.remote.offer(offered);
  switch (outcome.kind) {
    case 'accepted':
      return { ok: true, waiting: false, ...facts };
    case 'waiting':
      return { ok: true, waiting: true, ...facts };
    case 'refused':
      return { ok: false, code: 'rollback_refused', message: outcome.why };
    case 'overtaken':
      return { ok: false, code: 'rollback_overtaken', message: 'something else was published meanwhile' };
  }
}

function absent({ sources }: BundleDeskOptions, name: string): Refusal {
  const isOther = sources.some((source) => source.kind === 'path' && source.name === name);
  return isOther
    ? {
        ok: false,
        code: 'bundle_not_published',
        message: `bundle \`${name}\` is a folder or file: it changes there, and nothing of it is kept`,
      }
    : { ok: false, code: 'bundle_unknown', message: `there is no bundle \`${name}\`` };
}

/** The archive must be what it says: signed as it has to be, and the content that was in force once. */
async function checkOffer(
  { kind: _, remote, ...read }: RemoteSource,
  { archive, detached }: Offered,
): Promise<{ readonly ok: true; readonly bundle: Bundle } | Refusal> {
  const result = await readTarballBytes(archive, { ...read, name: remote.name, detached });
  if (!result.ok) {
    return { ok: false, code: 'rollback_refused', message: result.problems.map(renderProblem).join('\n') };
  }
  const { bundle } = result;
  const { rollbackTo } = bundle;
  if (rollbackTo === undefined) {
    const message = 'its manifest does not say which revision it goes back to (`metadata.writ.rollback_to`)';
    return { ok: false, code: 'rollback_refused', message };
  }
  const { signatures: _required, ...unchecked } = read;
  for (const one of (await remote.history()).filter(({ revision }) => revision === rollbackTo)) {
    const kept = await keptArchive(remote, one.digest);
    if (kept === undefined) continue;
    const before = await readTarballBytes(kept.archive, {
      ...unchecked,
      name: remote.name,
      skipVerify: true,
    });
    if (before.ok && isSameContent(before.bundle, bundle)) return { ok: true, bundle };
  }
  const message = `it is not the content of a revision \`${rollbackTo}\` that was in force here and is still kept`;
  return { ok: false, code: 'rollback_unknown', message };
}

function activeNames({ policies }: BundleDeskOptions): ActivationNote['bundles'] {
  const active = policies.current()?.bundles ?? [];
  return Object.fromEntries(active.map(({ name, revision, digest }) => [name, { revision, digest }]));
}
