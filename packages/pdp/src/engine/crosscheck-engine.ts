import { canonicalJson } from '@writ/decision';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineQuestion,
  LoadedPolicies,
  LoadResult,
  ReadPaths,
} from './engine.ts';

/** Two engines gave different answers to one question; the answers themselves stay out of it, they may be personal. */
export interface Disagreement {
  readonly bundle: string;
  /** Slash path below `data`. */
  readonly path: string;
  readonly engines: readonly [Engine['name'], Engine['name']];
  /** What kind of answer each gave: `value`, `undefined`, or the code of its fault. */
  readonly answers: readonly [string, string];
}

export interface CrosscheckOptions {
  /** Told of every disagreement, and where only one of them fails. What it throws is passed over. */
  readonly onDisagreement?: (disagreement: Disagreement) => void;
}

/**
 * Asks two engines at once, each with the same bundles, input and deadline. Where both give the same answer it is the
 * answer; where one fails its fault is; where they differ the answer is `policy_engines_disagree`, which denies.
 * Bundles load only where both load them, so that a decision never mixes revisions.
 */
export function createCrosscheckEngine(
  first: Engine,
  second: Engine,
  options: CrosscheckOptions = {},
): Engine {
  return {
    name: 'crosscheck',
    load: (bundles) => loadBoth(first, second, bundles, options),
    health: async () => {
      const [one, other] = await Promise.all([first.health(), second.health()]);
      return one.ok ? other : one;
    },
    close: async () => {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

async function loadBoth(
  first: Engine,
  second: Engine,
  bundles: readonly EngineBundle[],
  options: CrosscheckOptions,
): Promise<LoadResult> {
  const one = await first.load(bundles);
  if (!one.ok) return one;
  const other = await second.load(bundles);
  if (!other.ok) {
    await one.policies.close();
    return other;
  }
  const names = [first.name, second.name] as const;
  return {
    ok: true,
    policies: new CrosscheckPolicies(one.policies, other.policies, names, options),
    warnings: [...one.warnings, ...other.warnings],
  };
}

class CrosscheckPolicies implements LoadedPolicies {
  readonly #first: LoadedPolicies;
  readonly #second: LoadedPolicies;
  readonly #names: Disagreement['engines'];
  readonly #options: CrosscheckOptions;
  readonly queries?: NonNullable<LoadedPolicies['queries']>;

  constructor(
    first: LoadedPolicies,
    second: LoadedPolicies,
    names: Disagreement['engines'],
    options: CrosscheckOptions,
  ) {
    this.#first = first;
    this.#second = second;
    this.#names = names;
    this.#options = options;
    // Queries of administrators decide nothing: one engine's answer will do.
    if (first.queries !== undefined) this.queries = first.queries;
  }

  async evaluate(question: EngineQuestion): Promise<EngineAnswer> {
    const [one, other] = await Promise.all([this.#first.evaluate(question), this.#second.evaluate(question)]);
    if (one.kind === 'error' && other.kind === 'error') return one;
    const fault = one.kind === 'error' ? one : other.kind === 'error' ? other : undefined;
    // One that fails where the other answers denies by its own code, and is told too.
    if (fault === undefined && isSameAnswer(one, other)) return one;
    this.#tell(question, one, other);
    if (fault !== undefined) return fault;
    return {
      kind: 'error',
      code: 'policy_engines_disagree',
      message: `${this.#names[0]} and ${this.#names[1]} give different answers`,
    };
  }

  #tell({ bundle, path }: EngineQuestion, one: EngineAnswer, other: EngineAnswer): void {
    try {
      const answers = [kindOf(one), kindOf(other)] as const;
      this.#options.onDisagreement?.({ bundle, path, engines: this.#names, answers });
    } catch {
      // Whoever is told must not change what is decided.
    }
  }

  /** What either of them can read; undefined where one cannot tell. */
  reads(bundle: string, path: string): ReadPaths | undefined {
    const one = this.#first.reads(bundle, path);
    const other = this.#second.reads(bundle, path);
    if (one === undefined || other === undefined) return undefined;
    return { input: united(one.input, other.input), data: united(one.data, other.data) };
  }

  async close(): Promise<void> {
    await Promise.all([this.#first.close(), this.#second.close()]);
  }
}

function kindOf(answer: EngineAnswer): string {
  return answer.kind === 'error' ? answer.code : answer.kind;
}

function isSameAnswer(one: EngineAnswer, other: EngineAnswer): boolean {
  if (one.kind === 'value' && other.kind === 'value')
    return canonicalJson(one.value) === canonicalJson(other.value);
  return one.kind === other.kind;
}

function united(one: ReadPaths['input'], other: ReadPaths['input']): ReadPaths['input'] {
  return [...new Map([...one, ...other].map((path) => [JSON.stringify(path), path])).values()];
}
