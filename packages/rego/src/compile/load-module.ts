import { dataPath } from '../analysis/term-text.ts';
import type { Backend, OtherParts, PartialRule, SingleRule, Step } from '../eval/backend.ts';
import { createClosures } from '../eval/closures.ts';
import { Engine } from '../eval/engine.ts';
import type {
  EvaluationError,
  EvaluationOptions,
  EvaluationResult,
  QueryResult,
} from '../eval/evaluation.ts';
import { pathSteps, planDocumentPath } from '../plan/document-path.ts';
import type { Frame, Run } from '../runtime/run.ts';
import type { Value } from '../value/value.ts';
import { makeConstant } from './constants.ts';
import type { GeneratedGroup } from './generated-group.ts';
import { compiledGroup } from './generated-group.ts';
import type { ModuleChunk, PolicyModule } from './module-source.ts';
import { MODULE_FORMAT, planOfModule } from './module-source.ts';
import { partName } from './part-name.ts';

/** A policy that was compiled into a module. */
export interface LoadedPolicy {
  /** Slash paths of all rules, functions included, sorted. */
  readonly rulePaths: readonly string[];
  /** Names of the queries that were compiled with it. */
  readonly queries: readonly string[];
  /** The document at a path, as `Policy.prepare` gives it. Nothing can observe its evaluations. */
  prepare(path: string): {
    readonly path: string;
    evaluate(input: Value | undefined, options?: EvaluationOptions): EvaluationResult;
  };
  /** One of {@link queries}; undefined for any other name. */
  query(
    name: string,
  ): { evaluate(input: Value | undefined, options?: EvaluationOptions): QueryResult } | undefined;
}

const UNOBSERVED: EvaluationError = Object.freeze({
  kind: 'error',
  code: 'eval_internal_error',
  message: 'a policy compiled into a module cannot be observed',
});

/**
 * Makes a policy of what a module holds; called by the modules themselves.
 *
 * @throws TypeError for a module that another version of the compiler wrote
 */
export function loadModule(source: PolicyModule): LoadedPolicy {
  if (source.format !== MODULE_FORMAT) {
    throw new TypeError(`the module has format ${source.format}, this runtime takes ${MODULE_FORMAT}`);
  }
  const plan = planOfModule(source);
  const functionOf = functionsOf(source, () => backend);
  const other: OtherParts = {
    warmUses: 0,
    group: ({ id }) => {
      const found = functionOf(partName({ kind: 'group', group: id })) as GeneratedGroup | undefined;
      return found === undefined ? undefined : compiledGroup(found);
    },
    singleRule: ({ id }, position) =>
      functionOf(partName({ kind: 'single', group: id, position })) as SingleRule | undefined,
    partialRule: ({ id }, position, keyed) =>
      functionOf(partName({ kind: keyed ? 'keyed' : 'partial', group: id, position })) as
        | PartialRule
        | undefined,
  };
  const backend = createClosures(plan, false, other);
  const engine = new Engine(plan, backend, { data: source.data, allowNet: source.allowNet }, false);
  return {
    rulePaths: plan.groups.map(({ path }) => path.join('/')).sort(),
    queries: Object.keys(source.queries),
    prepare: (path) => {
      const steps = pathSteps(path);
      const evaluate = engine.prepareValue(planDocumentPath(plan.root, steps), dataPath(steps));
      return {
        path: steps.join('/'),
        evaluate: (input, options) =>
          options?.observer === undefined ? evaluate(input, options) : UNOBSERVED,
      };
    },
    query: (name) => {
      if (!Object.hasOwn(source.queries, name)) return undefined;
      const step = functionOf(partName({ kind: 'query', name })) as
        | ((run: Run, frame: Frame, next: Step) => boolean)
        | undefined;
      const evaluate = engine.prepareQuery(source.queries[name]!, true, step);
      return {
        evaluate: (input, options) =>
          options?.observer === undefined ? evaluate(input, options) : UNOBSERVED,
      };
    },
  };
}

/** Finds functions by name; the chunk that holds one is run at the first use. */
function functionsOf({ chunks }: PolicyModule, backendOf: () => Backend): (name: string) => unknown {
  const places = new Map<string, { readonly chunk: ModuleChunk; readonly index: number }>();
  for (const chunk of chunks) {
    for (const [index, part] of chunk.parts.entries()) places.set(partName(part), { chunk, index });
  }
  const made = new Map<ModuleChunk, readonly unknown[]>();
  return (name) => {
    const place = places.get(name);
    if (place === undefined) return undefined;
    let functions = made.get(place.chunk);
    if (functions === undefined) {
      const backend = backendOf();
      functions = place.chunk.make(place.chunk.constants().map((one) => makeConstant(backend, one)));
      made.set(place.chunk, functions);
    }
    return functions[place.index];
  };
}
