import { join } from 'node:path';
import type { BundleChange, BundleSource, ReleaseRequirement, RemoteBundle } from '@writ/bundle';
import {
  type CheckpointSigner,
  claimSigningKey,
  LEDGER_PROCEDURES,
  LedgerError,
  openFileSigner,
  type SignReceipt,
  signReceipts,
  startCheckpointer,
  startWitnessing,
  type Trust,
  vouchedReceipts,
  type Witness,
} from '@writ/ledger';
import {
  type ActivationNote,
  type ActivationTerms,
  type Approver,
  activationFacts,
  type BundleDesk,
  type CallerIdentity,
  createBundleDesk,
  createDecisionPoint,
  createEmbeddedEngines,
  createPolicySource,
  createPolicyWrites,
  DECISION_PROCEDURES,
  type DecisionService,
  type Engine,
  type LoadFailure,
  loadFirst,
  type OverrideTerms,
  type PolicySet,
  type PolicySource,
  type PolicyWrites,
  remotesOf,
  renderLoadFailure,
  staleReason,
  watchPolicies,
  writtenSource,
} from '@writ/pdp';
import { type BudgetDefinition, STATE_PROCEDURES, startSweeper } from '@writ/state';
import { openStore, type Store, StoreError, type StoreRecovery } from '@writ/store';
import { LocalError } from './local-error.ts';
import { whyExposed } from './why-exposed.ts';

/** What a decision point in this process is made of. */
export interface LocalOptions {
  /** Folders or archives of policies, or sources with their settings. */
  readonly bundles: readonly (string | BundleSource)[];
  /** Holds state, record and keys. Shared with other processes: one owns it, the others reach it through that one. */
  readonly dataDirectory: string;
  /** `postgres://…`: state and record are in this database, shared by all nodes; keys stay in the data directory. */
  readonly store?: string;
  /** Evaluates the policies; embedded by default. Closed with the point. */
  readonly engine?: Engine;
  readonly budgets?: readonly BudgetDefinition[];
  /** How many overrides the bundles may state, and from when on they are warned about. */
  readonly overrides?: OverrideTerms;
  /** `observe`: effects proceed whatever policies and budgets say, and verdicts are on record. Default `enforce`. */
  readonly mode?: CallerIdentity['mode'];
  /** `enforced` where agents run as another operating-system user. Default `cooperative`. */
  readonly trust?: Trust;
  /** Paths of what is recorded (`/input/action/args/password`, `/result/…`) that are left out of it. */
  readonly maskedPaths?: readonly string[];
  /** Signs the record in place of a key in the data directory. */
  readonly signer?: CheckpointSigner;
  /** Witnesses that cosign the record's checkpoints. */
  readonly witnesses?: readonly Witness[];
  /** Bundles that activate together, in one version of a release. */
  readonly releases?: readonly ReleaseRequirement[];
  /** Longest time for one decision, ms. Default 2,000. */
  readonly decisionMs?: number;
  /** How long an approval waits for a person, ms. Default one hour. */
  readonly approvalMs?: number;
  /** How long a call may be made once it is approved, ms. Default 15 minutes. */
  readonly overrideMs?: number;
  /** People who may be asked to approve. */
  readonly approvers?: readonly Approver[];
  /** Names of channels by which people are asked; each gets every step of an approval from an outbox. */
  readonly channels?: readonly string[];
  /** Policies and data may be written while the service runs; kept in `written` below the data directory. Default false. */
  readonly policyWrites?: boolean;
  /** Reloads policies as their files change. Default false. */
  readonly watch?: boolean;
  readonly onActivated?: (change: BundleChange) => void;
  /** What is on disk does not activate; the last good policies stay in force. */
  readonly onRefused?: (failure: LoadFailure) => void;
  /** What went wrong beside decisions: signing, sweeping, watching, warnings of the compiler. */
  readonly onFault?: (what: string, error: unknown) => void;
}

/** A decision point in this process, with its state and record. */
export interface LocalPoint {
  /** Give it to `guard`, `authorize`, or an HTTP API. */
  readonly point: DecisionService;
  readonly policies: PolicySource;
  /** Bundles as the operator sees them, and rollbacks. */
  readonly bundles: BundleDesk;
  /** Present where policies may be written. */
  readonly writes?: PolicyWrites;
  readonly store: Pick<Store, 'role'>;
  /** What a crash left and how it was repaired; undefined where this process does not own the data. */
  readonly recovery: StoreRecovery | undefined;
  close(): Promise<void>;
}

type Undo = () => Promise<void> | void;

/**
 * Opens a decision point in this process: policies, state and record on one data directory. Rejects with `LocalError`
 * `policies_invalid` or `data_unavailable`: a point without policies would deny everything and look as if it worked.
 */
export async function openLocal(options: LocalOptions): Promise<LocalPoint> {
  const undo: Undo[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return { ...(await open(options, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: LocalOptions, undo: Undo[]): Promise<Omit<LocalPoint, 'close'>> {
  const engine = options.engine ?? createEmbeddedEngines();
  undo.push(() => engine.close());
  const store = await openData(options);
  undo.push(() => store.close());
  refuseExposed(options);
  const signer = options.signer ?? openFileSigner(join(options.dataDirectory, 'credentials'));
  if (options.store !== undefined) await requireClusterKey(store, signer);
  const upkeep = startUpkeep(options, store, signer);
  undo.push(...upkeep);
  const written =
    options.policyWrites === true ? writtenSource(join(options.dataDirectory, 'written')) : undefined;
  const sources = [...options.bundles.map(asSource), ...(written === undefined ? [] : [written])];
  await startRemotes(sources, undo);
  const { set, refused } = await load(options, sources, engine);
  const policies = createPolicySource(set, () => staleReason(sources));
  undo.push(() => policies.close());
  const point = createPoint(options, store, policies, receiptsOf(options, signer));
  undo.push(() => point.close());
  await point.administration.recordLife('start', lifeMessage(store.recovery));
  undo.push(async () => void (await point.administration.recordLife('stop')));
  await point.administration.recordActivation(activationOf(set));
  if (refused !== undefined) await reportRefused(options, { policies, point }, refused);
  if (options.watch === true || remotesOf(sources).length > 0)
    undo.push(watchSources(options, sources, engine, { policies, point }));
  const bundles = createBundleDesk({
    sources,
    policies,
    record: {
      asked: (rollback, by) => point.administration.recordRollback(rollback, by),
      refused: (note) => point.administration.recordActivation(note),
    },
  });
  const shared = { point, policies, bundles, store, recovery: store.recovery };
  if (written === undefined) return shared;
  const { administration } = point;
  const writes = createPolicyWrites({
    directory: written.path,
    sources,
    engine,
    policies,
    administration,
    terms: termsOf(options),
    onWarning: (message) => options.onFault?.(message, undefined),
  });
  return { ...shared, writes };
}

/** What the record says of a start after a crash; nothing after a clean end. */
function lifeMessage(recovery: StoreRecovery | undefined): string | undefined {
  if (recovery?.unclean !== true) return undefined;
  return `the process before did not close: ${recovery.framesRecovered} committed frames recovered, files ${recovery.check}`;
}

/** `enforced` is a claim about the files: where they say otherwise it must not get into checkpoints. */
function refuseExposed({ trust, dataDirectory }: LocalOptions): void {
  const why = trust === 'enforced' ? whyExposed(dataDirectory) : undefined;
  if (why !== undefined) throw new LocalError('data_unavailable', `trust is \`enforced\`, but ${why}`);
}

async function openData({ dataDirectory: directory, store: postgres }: LocalOptions): Promise<Store> {
  try {
    return await openStore({
      directory,
      ...(postgres === undefined ? {} : { postgres }),
      procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES, ...STATE_PROCEDURES],
    });
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    const message = `${cause.code}: the data in ${postgres === undefined ? directory : 'PostgreSQL'} can't be opened: ${cause.message}`;
    throw new LocalError('data_unavailable', message, { cause });
  }
}

/** One key signs the one log of a cluster. */
async function requireClusterKey(store: Store, signer: CheckpointSigner): Promise<void> {
  try {
    await claimSigningKey(store, signer.verifierKey);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new LocalError('data_unavailable', cause.message, { cause });
  }
}

/** Signs the record as it grows, and clears state that expired; both end before the store closes. */
function startUpkeep(options: LocalOptions, store: Store, signer: CheckpointSigner): Undo[] {
  const checkpointer = startCheckpointer({
    store,
    signer,
    directory: options.dataDirectory,
    trust: options.trust ?? 'cooperative',
    onFault: (error) => options.onFault?.('signing the record', error),
  });
  const sweeper = startSweeper(store, {
    onFault: (error) => options.onFault?.('clearing expired state', error),
  });
  const { witnesses = [] } = options;
  if (witnesses.length === 0) return [() => checkpointer.close(), () => sweeper.close()];
  const witnessing = startWitnessing({
    store,
    witnesses,
    onFault: (message) => options.onFault?.('having the record witnessed', message),
  });
  return [() => witnessing.close(), () => checkpointer.close(), () => sweeper.close()];
}

function asSource(bundle: string | BundleSource): BundleSource {
  return typeof bundle === 'string' ? { kind: 'path', path: bundle } : bundle;
}

/** Fetches what is published elsewhere, or takes what is kept of it. */
async function startRemotes(sources: readonly BundleSource[], undo: Undo[]): Promise<void> {
  const remotes = remotesOf(sources);
  undo.push(async () => {
    await Promise.all(remotes.map((remote) => remote.close()));
  });
  await Promise.all(remotes.map((remote) => remote.start()));
}

async function load(
  options: LocalOptions,
  sources: readonly BundleSource[],
  engine: Engine,
): Promise<{ readonly set: PolicySet; readonly refused?: LoadFailure }> {
  const { load: loaded, ...rest } = await loadFirst(
    sources,
    engine,
    (error) => options.onFault?.('keeping the last good policies', error),
    termsOf(options),
  );
  if (!loaded.ok) {
    throw new LocalError('policies_invalid', `the policies do not activate\n${renderLoadFailure(loaded)}`);
  }
  for (const warning of loaded.warnings) options.onFault?.(warning.message, undefined);
  for (const remote of remotesOf(sources)) reportAge(options, remote);
  return { set: loaded.set, ...rest };
}

function termsOf({ overrides, releases }: LocalOptions): ActivationTerms {
  return {
    ...(overrides === undefined ? {} : { overrides }),
    ...(releases === undefined ? {} : { releases }),
  };
}

function reportAge(options: LocalOptions, remote: RemoteBundle): void {
  const { name, from, ageMs, place, failure } = remote.status();
  if (from !== 'disk') return;
  const why = failure === undefined ? '' : ` (${failure.message})`;
  const age = Math.round((ageMs ?? 0) / 1000);
  options.onFault?.(`bundle \`${name}\` is ${age} s old: ${place} gives none${why}`, undefined);
}

/** A cluster's entries get their places later: its nodes sign receipts. A signer that was given is asked seldom. */
function receiptsOf(options: LocalOptions, signer: CheckpointSigner): SignReceipt | undefined {
  if (options.store === undefined) return undefined;
  return options.signer === undefined ? signReceipts(signer) : vouchedReceipts(signer);
}

function createPoint(
  options: LocalOptions,
  store: Store,
  policies: PolicySource,
  receipts: SignReceipt | undefined,
): DecisionService {
  return createDecisionPoint({
    ...(receipts === undefined ? {} : { receipts }),
    store,
    policies,
    trust: options.trust ?? 'cooperative',
    budgets: options.budgets ?? [],
    maskedPaths: options.maskedPaths ?? [],
    approvers: options.approvers ?? [],
    channels: options.channels ?? [],
    caller: { pointId: 'in-process', mayAssert: {}, mode: options.mode ?? 'enforce' },
    limits: {
      ...(options.decisionMs === undefined ? {} : { decisionMs: options.decisionMs }),
      ...(options.approvalMs === undefined ? {} : { approvalMs: options.approvalMs }),
      ...(options.overrideMs === undefined ? {} : { overrideMs: options.overrideMs }),
    },
  });
}

function namesOf(set: PolicySet): { [name: string]: { revision: string; digest: string } } {
  return Object.fromEntries(set.bundles.map(({ name, revision, digest }) => [name, { revision, digest }]));
}

function activationOf(set: PolicySet): ActivationNote {
  return { ok: true, bundles: namesOf(set), facts: activationFacts(set.bundles) };
}

/** On record, and to whoever listens: what was offered does not activate, and what is active stays. */
async function reportRefused(
  options: LocalOptions,
  { policies, point }: { readonly policies: PolicySource; readonly point: DecisionService },
  failure: LoadFailure,
): Promise<void> {
  const active = policies.current();
  const bundles = active === undefined ? {} : namesOf(active);
  const named = [...failure.problems, ...failure.diagnostics].flatMap(({ bundle }) => bundle ?? []);
  await point.administration.recordActivation({
    ok: false,
    bundles,
    message: renderLoadFailure(failure),
    ...(named.length === 0 ? {} : { refused: [...new Set(named)] }),
  });
  options.onRefused?.(failure);
}

function watchSources(
  options: LocalOptions,
  sources: readonly BundleSource[],
  engine: Engine,
  { policies, point }: { readonly policies: PolicySource; readonly point: DecisionService },
): Undo {
  const watch = watchPolicies(sources, engine, policies, {
    onActivated: async (change, set, warnings) => {
      await point.administration.recordActivation(activationOf(set));
      options.onActivated?.(change);
      for (const warning of warnings) options.onFault?.(warning.message, undefined);
    },
    terms: termsOf(options),
    watchFolders: options.watch === true,
    onRefused: (failure) => reportRefused(options, { policies, point }, failure),
    onError: (error) => options.onFault?.('watching the policies', error),
  });
  return () => watch.close();
}
