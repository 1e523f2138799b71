import { groupBundles, readsByAnalysis } from './bundle-groups.ts';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineDiagnostic,
  EngineQuestion,
  LoadedPolicies,
  LoadResult,
  ReadPaths,
} from './engine.ts';
import { refuseOtherLanguages } from './engines.ts';
import { createOpaClient, type OpaAddress, type OpaClient } from './opa-client.ts';
import { type OpaProcess, type OpaProcessOptions, startOpaProcess } from './opa-process.ts';
import { engineFault } from './opa-reply.ts';
import { checkWithOpa, createOpaWorkspace, type OpaWorkspace, unusable } from './opa-workspace.ts';

/** A managed OPA with a way to look at its children. */
export interface ManagedOpaEngine extends Engine {
  /** The children of the policies loaded last, for monitoring. */
  processes(): readonly OpaProcess[];
}

/**
 * Evaluates in a real OPA that Writ runs as a child: each load starts new children (one for all first-party bundles,
 * one for each third party's), so that a swap is whole and the old ones answer until they are closed. Policies have
 * no builtin that reaches outside of the evaluation (`opa check` with restricted capabilities comes first).
 */
export function createManagedOpaEngine(options: OpaProcessOptions): ManagedOpaEngine {
  const open = new Set<ManagedPolicies>();
  return {
    name: 'opa',
    processes: () => [...open].at(-1)?.processes ?? [],
    async load(bundles) {
      const others = refuseOtherLanguages('opa', bundles);
      if (others.length > 0) return { ok: false, diagnostics: others };
      const loaded = await loadManaged(bundles, options, (policies) => open.delete(policies));
      if (loaded instanceof ManagedPolicies) {
        open.add(loaded);
        return { ok: true, policies: loaded, warnings: [] };
      }
      return { ok: false, diagnostics: loaded };
    },
    async health() {
      const missing = [...open]
        .flatMap(({ processes }) => processes)
        .filter((opa) => opa.client() === undefined);
      return missing.length === 0
        ? { ok: true }
        : { ok: false, message: 'an OPA process is being restarted' };
    },
    async close() {
      await Promise.all([...open].map((policies) => policies.close()));
    },
  };
}

interface Group {
  readonly workspace: OpaWorkspace;
  readonly process: OpaProcess;
}

async function loadManaged(
  bundles: readonly EngineBundle[],
  options: OpaProcessOptions,
  onClose: (policies: ManagedPolicies) => void,
): Promise<ManagedPolicies | readonly EngineDiagnostic[]> {
  const groups = new Map<string, Group>();
  for (const members of groupBundles(bundles)) {
    const started = await startGroup(members, options);
    if (Array.isArray(started)) {
      await closeGroups(new Set(groups.values()));
      return started as readonly EngineDiagnostic[];
    }
    for (const bundle of members) groups.set(bundle.name, started as Group);
  }
  return new ManagedPolicies(bundles, groups, onClose);
}

async function startGroup(
  members: readonly EngineBundle[],
  options: OpaProcessOptions,
): Promise<Group | readonly EngineDiagnostic[]> {
  const workspace = await createOpaWorkspace(members).catch((error: Error) => [
    unusable(`bundles cannot be written: ${error.message}`),
  ]);
  if (Array.isArray(workspace)) return workspace;
  const diagnostics = await checkWithOpa(options.binary, workspace as OpaWorkspace);
  if (diagnostics.length === 0) {
    const started = await startOpaProcess(workspace as OpaWorkspace, options);
    if (started.ok) return { workspace: workspace as OpaWorkspace, process: started.process };
    await (workspace as OpaWorkspace).remove();
    return started.diagnostics;
  }
  await (workspace as OpaWorkspace).remove();
  return diagnostics;
}

async function closeGroups(groups: ReadonlySet<Group>): Promise<void> {
  for (const { process, workspace } of groups) {
    await process.close();
    await workspace.remove();
  }
}

class ManagedPolicies implements LoadedPolicies {
  readonly #digests: ReadonlyMap<string, string>;
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #readsOf: LoadedPolicies['reads'];
  readonly #onClose: (policies: ManagedPolicies) => void;

  constructor(
    bundles: readonly EngineBundle[],
    groups: ReadonlyMap<string, Group>,
    onClose: (policies: ManagedPolicies) => void,
  ) {
    this.#digests = new Map(bundles.map(({ name, digest }) => [name, digest]));
    this.#groups = groups;
    this.#readsOf = readsByAnalysis(bundles);
    this.#onClose = onClose;
  }

  get processes(): readonly OpaProcess[] {
    return [...new Set(this.#groups.values())].map(({ process }) => process);
  }

  evaluate(question: EngineQuestion): EngineAnswer | Promise<EngineAnswer> {
    const group = this.#groups.get(question.bundle);
    const opaName = group?.workspace.folders.get(question.bundle);
    const revision = this.#digests.get(question.bundle);
    if (group === undefined || opaName === undefined || revision === undefined)
      return unknownBundle(question.bundle);
    const client = group.process.client();
    if (client === undefined)
      return engineFault('policy_engine_unavailable', 'OPA is not running; it is being restarted');
    return client.evaluate(question.path, question.input, question.deadlineMs, { opaName, revision });
  }

  reads(bundle: string, path: string): ReadPaths | undefined {
    return this.#readsOf(bundle, path);
  }

  async close(): Promise<void> {
    this.#onClose(this);
    await closeGroups(new Set(this.#groups.values()));
  }
}

function unknownBundle(name: string): EngineAnswer {
  return engineFault('policy_error', `bundle \`${name}\` is not active`);
}

/** An OPA that somebody else runs and feeds with bundles. */
export interface RemoteOpaOptions extends OpaAddress {
  /** How that OPA names a bundle, where it is not Writ's name for it. */
  readonly bundleNames?: Readonly<Record<string, string>>;
  /** For the check when policies are loaded; three seconds by default. */
  readonly loadTimeoutMs?: number;
}

/** A path that no bundle may own, asked only for the provenance that comes with the answer. */
const PROBE_PATH = 'system/writ/probe';
const LOAD_TIMEOUT_MS = 3_000;

/**
 * Evaluates in an OPA elsewhere. Every answer must come from the revision that Writ activated: while that OPA runs
 * another one, decisions deny with `policy_error`. Loading asks for the revisions once and refuses a mismatch.
 */
export function createRemoteOpaEngine(options: RemoteOpaOptions): Engine {
  const client = createOpaClient(options);
  const nameOf = (bundle: string): string => options.bundleNames?.[bundle] ?? bundle;
  return {
    name: 'opa',
    async load(bundles) {
      const others = refuseOtherLanguages('opa', bundles);
      if (others.length > 0) return { ok: false, diagnostics: others };
      if (bundles.some((bundle) => bundle.thirdParty === true)) {
        return {
          ok: false,
          diagnostics: [
            unusable("a third party's bundle needs an OPA of its own; a shared one cannot hold it"),
          ],
        };
      }
      const diagnostics = await probe(client, bundles, nameOf, options.loadTimeoutMs ?? LOAD_TIMEOUT_MS);
      return diagnostics.length > 0 ? { ok: false, diagnostics } : loadedRemote(client, bundles, nameOf);
    },
    async health() {
      const fault = await client.health(options.loadTimeoutMs ?? LOAD_TIMEOUT_MS);
      return fault === undefined ? { ok: true } : { ok: false, message: fault.message };
    },
    close: () => client.close(),
  };
}

async function probe(
  client: OpaClient,
  bundles: readonly EngineBundle[],
  nameOf: (bundle: string) => string,
  timeoutMs: number,
): Promise<readonly EngineDiagnostic[]> {
  const answers = await Promise.all(
    bundles.map(async ({ name, revision }) => {
      const answer = await client.evaluate(PROBE_PATH, undefined, timeoutMs, {
        opaName: nameOf(name),
        revision,
      });
      return answer.kind === 'error'
        ? [{ code: answer.code, severity: 'error' as const, bundle: name, message: answer.message }]
        : [];
    }),
  );
  return answers.flat();
}

function loadedRemote(
  client: OpaClient,
  bundles: readonly EngineBundle[],
  nameOf: (bundle: string) => string,
): LoadResult {
  const revisions = new Map(bundles.map(({ name, revision }) => [name, revision]));
  const policies: LoadedPolicies = {
    evaluate({ bundle, path, input, deadlineMs }) {
      const revision = revisions.get(bundle);
      if (revision === undefined) return unknownBundle(bundle);
      return client.evaluate(path, input, deadlineMs, { opaName: nameOf(bundle), revision });
    },
    reads: readsByAnalysis(bundles),
    close: async () => undefined,
  };
  return { ok: true, policies, warnings: [] };
}
