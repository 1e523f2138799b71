import {
  applies,
  type Bundle,
  buildRegistry,
  digestBundles,
  type Entrypoint,
  modeOf,
  type Registry,
  type Release,
} from '@writ/bundle';
import { type AnswerForm, type DecisionRequest, type Profile, profileNamed } from '@writ/decision';
import type { Engine, EngineBundle, LoadedPolicies, ReadPaths } from '../engine/engine.ts';

/** An entrypoint with its bundle, ready to be asked. */
export interface ActiveEntrypoint {
  readonly bundle: string;
  /** With dots, as decisions name it: `data.agent.tools.decision`. */
  readonly rule: string;
  readonly entrypoint: Entrypoint;
  readonly profile: Profile;
  /** From somebody whose word may only tighten. */
  readonly thirdParty: boolean;
  /** Its opinions are recorded and shown, and do not count. */
  readonly observes: boolean;
  /** `package` where the path names a package: only the names that answers use are read from its document. */
  readonly form: AnswerForm;
}

/** Bundles that are active together, compiled: what one decision is made by. Immutable. */
export interface PolicySet {
  readonly bundles: readonly Bundle[];
  readonly policies: LoadedPolicies;
  readonly registry: Registry;
  readonly entrypoints: readonly ActiveEntrypoint[];
  /** `sha256:<hex>` over all bundles. */
  readonly digest: string;
  /** The engine, or several that stand side by side: `rego+cedar`. */
  readonly engine: string;
  /** What its bundles share a version with. */
  readonly releases: readonly Release[];
  /** The entrypoints that are consulted for this request, in their layer's order. */
  consulted(request: DecisionRequest): readonly ActiveEntrypoint[];
  /** The entrypoints that say who may approve this request. */
  approversFor(request: DecisionRequest): readonly ActiveEntrypoint[];
  /**
   * Paths of a request (profile `writ/v1`) and of `data` that the consulted entrypoints can read; undefined where
   * that cannot be told, and everything has to be gathered.
   */
  readsOf(request: DecisionRequest): ReadPaths | undefined;
}

/** Kinds that would loosen: a third party's bundle has none, whatever it says. */
const LOOSENING: ReadonlySet<Entrypoint['kind']> = new Set([
  'grant',
  'overrides',
  'capabilities',
  'approvers',
]);

/** A policy set of bundles that were checked together and loaded by an engine. */
export function createPolicySet(
  bundles: readonly Bundle[],
  policies: LoadedPolicies,
  engine: Engine['name'],
): PolicySet {
  const all = bundles.flatMap(activeEntrypoints);
  // Who may approve is asked when people are, not when a call is decided.
  const entrypoints = all.filter(({ entrypoint }) => entrypoint.kind !== 'approvers');
  const approvers = all.filter(({ entrypoint }) => entrypoint.kind === 'approvers');
  const consulted = (request: DecisionRequest): readonly ActiveEntrypoint[] =>
    entrypoints.filter(({ entrypoint, profile }) => applies(entrypoint.when, request, profile.types));
  return Object.freeze({
    bundles,
    policies,
    registry: buildRegistry(bundles).registry,
    entrypoints,
    digest: digestBundles(bundles),
    engine: policies.engine ?? engine,
    // A third party's bundle has no say about agents and other servers' tools; one that only observes has none at all.
    releases: bundles.flatMap((bundle) =>
      bundle.release === undefined || bundle.thirdParty || modeOf(bundle) === 'observe'
        ? []
        : [bundle.release],
    ),
    consulted,
    approversFor: (request: DecisionRequest) =>
      approvers.filter(({ entrypoint, profile }) => applies(entrypoint.when, request, profile.types)),
    readsOf: createReadsOf(policies, entrypoints),
  });
}

function activeEntrypoints(bundle: Bundle): ActiveEntrypoint[] {
  return bundle.entrypoints.flatMap((entrypoint) => {
    const profile = profileNamed(entrypoint.profile);
    if (profile === undefined || (bundle.thirdParty && LOOSENING.has(entrypoint.kind))) return [];
    const rule = `data.${entrypoint.path.replaceAll('/', '.')}`;
    const { name, thirdParty } = bundle;
    const observes = modeOf(bundle, entrypoint) === 'observe';
    const form = formOf(bundle, entrypoint.path);
    return [{ bundle: name, rule, entrypoint, profile, thirdParty, observes, form }];
  });
}

function formOf(bundle: Bundle, path: string): AnswerForm {
  const isPackage = bundle.modules.some(({ package: own }) => own === path || own.startsWith(`${path}/`));
  return isPackage ? 'package' : 'rule';
}

/** Parts of a request that the inputs of other profiles than `writ/v1` are made of. */
const REQUEST_PARTS = ['principal', 'actor', 'delegation', 'action', 'result', 'environment'];
/** Profiles without a place for the decision point's own context: nothing of it is gathered for them. */
export const CONTEXT_FREE: ReadonlySet<string> = new Set(['tools/v1', 'params/v1', 'envoy/v3']);

function readsOfInput(profile: string, reads: ReadPaths): ReadPaths['input'] {
  // This profile's input is the request itself: what its policies read are the request's own paths.
  if (profile === 'writ/v1') return reads.input;
  return [...REQUEST_PARTS, ...(CONTEXT_FREE.has(profile) ? [] : ['context'])].map((part) => [part]);
}

/** The union is the same for all requests that ask the same entrypoints: it is worked out once for each such set. */
function createReadsOf(
  policies: LoadedPolicies,
  all: readonly ActiveEntrypoint[],
): (request: DecisionRequest) => ReadPaths | undefined {
  const known = new Map<string, ReadPaths | undefined>();
  return (request) => {
    const asked = all.filter((active) => mayApply(active, request));
    // The identity layer's answer can change which others apply; then all of them count.
    const counted = asked.some(({ entrypoint }) => entrypoint.layer === 'identity') ? all : asked;
    const key = counted.map((active) => all.indexOf(active)).join();
    if (!known.has(key)) known.set(key, unionOfReads(policies, counted));
    return known.get(key);
  };
}

/** As `applies`, before it is known which capability a call uses. */
function mayApply({ entrypoint, profile }: ActiveEntrypoint, request: DecisionRequest): boolean {
  const { capabilities: _unknown, ...when } = entrypoint.when;
  return applies(when, request, profile.types);
}

function unionOfReads(policies: LoadedPolicies, asked: readonly ActiveEntrypoint[]): ReadPaths | undefined {
  const input = new Map<string, readonly string[]>();
  const data = new Map<string, readonly string[]>();
  for (const { bundle, entrypoint } of asked) {
    const reads = policies.reads(bundle, entrypoint.path);
    if (reads === undefined) return undefined;
    const shown = readsOfInput(entrypoint.profile, reads);
    for (const path of shown) input.set(JSON.stringify(path), path);
    for (const path of reads.data) data.set(JSON.stringify(path), path);
  }
  return { input: [...input.values()], data: [...data.values()] };
}

/** A bundle as engines take it. */
export function engineBundleOf(bundle: Bundle): EngineBundle {
  const { name, revision, digest, regoVersion, modules, data, entrypoints, roots, thirdParty } = bundle;
  const { engine, engineContent } = bundle;
  return {
    ...{ name, revision, digest, regoVersion, modules, data, entrypoints, roots, thirdParty },
    ...(engine === undefined ? {} : { engine }),
    ...(engineContent === undefined ? {} : { engineContent }),
  };
}
