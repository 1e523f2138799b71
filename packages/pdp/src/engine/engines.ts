import type { BundleEngine } from '@writ/bundle';
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
import { engineFault } from './opa-reply.ts';

/** Engines that stand side by side. */
export interface EnginesOptions {
  /** Evaluates bundles that name no engine. */
  readonly standard: Engine;
  /** Further ones by name; each is made when the first bundle asks for it. */
  readonly others: { readonly [name in BundleEngine]?: () => Engine };
}

/**
 * Several engines as one: each bundle is evaluated by the engine that it names, and one decision asks them all. Bundles
 * load only where all of them load, so that a decision never mixes revisions. Rules and data are seen by bundles of the
 * same engine only.
 */
export function createEngines({ standard, others }: EnginesOptions): Engine {
  const made = new Map<BundleEngine, Engine>([[standard.name, standard]]);
  const engineFor = (name: BundleEngine): Engine | undefined => {
    const known = made.get(name) ?? others[name]?.();
    if (known !== undefined) made.set(name, known);
    return known;
  };
  return {
    name: standard.name,
    load: (bundles) => loadAll(bundles, standard, engineFor),
    health: async () => {
      const all = await Promise.all([...made.values()].map((engine) => engine.health()));
      return all.find(({ ok }) => !ok) ?? { ok: true };
    },
    close: async () => {
      await Promise.all([...made.values()].map((engine) => engine.close()));
    },
  };
}

type Part = { readonly name: BundleEngine; readonly policies: LoadedPolicies };

async function loadAll(
  bundles: readonly EngineBundle[],
  standard: Engine,
  engineFor: (name: BundleEngine) => Engine | undefined,
): Promise<LoadResult> {
  const byEngine = Map.groupBy(bundles, ({ engine }) => engine ?? standard.name);
  // Without bundles the standard engine says what an empty set is.
  if (byEngine.size === 0) byEngine.set(standard.name, []);
  const parts: Part[] = [];
  const warnings: EngineDiagnostic[] = [];
  let reused = true;
  for (const [name, members] of byEngine) {
    const engine = engineFor(name);
    const loaded: LoadResult =
      engine === undefined
        ? { ok: false, diagnostics: members.map(unknownEngine) }
        : await engine.load(members);
    if (!loaded.ok) {
      await Promise.all(parts.map(({ policies }) => policies.close()));
      return loaded;
    }
    parts.push({ name, policies: loaded.policies });
    warnings.push(...loaded.warnings);
    if (loaded.reused !== true) reused = false;
  }
  const policies = new SeveralPolicies(bundles, parts, standard.name);
  warnings.push(...unseenData(bundles, policies, standard.name));
  return { ok: true, policies, warnings, ...(reused ? { reused } : {}) };
}

function unknownEngine({ name, engine }: EngineBundle): EngineDiagnostic {
  const message = `it is for engine \`${engine}\`, and there is none here: configure it under \`engine\` in writ.yaml`;
  return { code: 'policy_engine_unavailable', severity: 'error', bundle: name, message };
}

/** What a policy reads below the roots of a bundle that another engine has is never there for it. */
function unseenData(
  bundles: readonly EngineBundle[],
  policies: LoadedPolicies,
  standard: BundleEngine,
): EngineDiagnostic[] {
  const found = new Map<string, EngineDiagnostic>();
  const nameOf = ({ engine }: EngineBundle): BundleEngine => engine ?? standard;
  for (const bundle of bundles) {
    const apart = bundles.filter((other) => nameOf(other) !== nameOf(bundle) && other.thirdParty !== true);
    if (apart.length === 0) continue;
    const read = bundle.entrypoints.flatMap(({ path }) => policies.reads(bundle.name, path)?.data ?? []);
    for (const other of apart) {
      const path = read.find((steps) => other.roots?.some((root) => root !== '' && isBelow(steps, root)));
      if (path === undefined) continue;
      const message = `it reads data.${path.join('.')}, which is bundle \`${other.name}\`'s: engine \`${nameOf(bundle)}\` does not see what engine \`${nameOf(other)}\` evaluates`;
      const key = `${bundle.name} ${other.name}`;
      found.set(key, { code: 'engine_data_apart', severity: 'warning', bundle: bundle.name, message });
    }
  }
  return [...found.values()];
}

function isBelow(steps: readonly string[], root: string): boolean {
  const wanted = root.split('/');
  return steps.length >= wanted.length && wanted.every((step, index) => step === steps[index]);
}

class SeveralPolicies implements LoadedPolicies {
  readonly #parts: readonly Part[];
  readonly #byBundle: ReadonlyMap<string, LoadedPolicies>;
  readonly engine: string;
  readonly queries?: NonNullable<LoadedPolicies['queries']>;

  constructor(bundles: readonly EngineBundle[], parts: readonly Part[], standard: BundleEngine) {
    this.#parts = parts;
    const byName = new Map(parts.map(({ name, policies }) => [name, policies]));
    this.#byBundle = new Map(bundles.map(({ name, engine }) => [name, byName.get(engine ?? standard)!]));
    this.engine = parts.map(({ name, policies }) => policies.engine ?? name).join('+');
    const queries = byName.get(standard)?.queries;
    if (queries !== undefined) this.queries = queries;
  }

  evaluate(question: EngineQuestion): EngineAnswer | Promise<EngineAnswer> {
    const policies = this.#byBundle.get(question.bundle);
    if (policies === undefined)
      return engineFault('policy_error', `bundle \`${question.bundle}\` is not active`);
    return policies.evaluate(question);
  }

  reads(bundle: string, path: string): ReadPaths | undefined {
    return this.#byBundle.get(bundle)?.reads(bundle, path);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(({ policies }) => policies.close()));
  }
}

/** Bundles of other languages, for an engine that evaluates Rego: it would find nothing in them. */
export function refuseOtherLanguages(
  name: BundleEngine,
  bundles: readonly EngineBundle[],
): EngineDiagnostic[] {
  return bundles
    .filter(({ engine }) => engine === 'wasm' || engine === 'cedar')
    .map((bundle) => ({
      code: 'policy_engine_unavailable',
      severity: 'error',
      bundle: bundle.name,
      message: `it is for engine \`${bundle.engine}\`, which \`${name}\` is not`,
    }));
}
