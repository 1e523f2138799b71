import type { PolicyPlan, QueryPlan, ValueNode } from '../plan/plan.ts';
import { EvaluationFault, EvaluationSuspension } from '../runtime/fault.ts';
import type { ObservedBody } from '../runtime/observer.ts';
import type { Frame, MatchedRule, Run } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import { memberKey } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Backend, Compute, Step } from './backend.ts';
import { createClosures } from './closures.ts';
import { RuleConflict } from './conflict.ts';
import { conflictDetails } from './conflict-list.ts';
import type {
  EvaluationError,
  EvaluationOptions,
  EvaluationResult,
  PolicyDefaults,
  QueryResult,
} from './evaluation.ts';
import { startRun } from './evaluation.ts';
import { compileStatements, observedBody } from './statements.ts';
import { compileValue } from './values.ts';

const NO_RULES: readonly MatchedRule[] = Object.freeze([]);
const NO_OPTIONS: EvaluationOptions = Object.freeze({});
/** Runs plans on a back end; observed evaluations on closures that report. */
export class Engine {
  readonly #plan: PolicyPlan;
  readonly #plain: Backend;
  readonly #defaults: PolicyDefaults;
  readonly #canRepeat: boolean;
  #observed: Backend | undefined;
  #asOpa: Backend | undefined;

  /**
   * @param plain the back end for evaluations that nothing observes
   * @param defaults what holds for evaluations that say nothing else
   * @param canRepeat whether the plan holds the bodies of all rules
   */
  constructor(plan: PolicyPlan, plain: Backend, defaults: PolicyDefaults = {}, canRepeat = true) {
    this.#defaults = defaults;
    this.#plan = plan;
    this.#plain = plain;
    this.#canRepeat = canRepeat;
  }

  /**
   * Compiles the computation of one value.
   *
   * @param path what it is, for observers: `data.agent.allow`
   */
  prepareValue(
    node: ValueNode,
    path: string,
  ): (input: Value | undefined, options?: EvaluationOptions) => EvaluationResult {
    const plain = compileValue(this.#plain, node, true);
    let observed: Compute | undefined;
    let repeated: Compute | undefined;
    const evaluate = (
      compute: Compute,
      input: Value | undefined,
      options: EvaluationOptions,
      backend = this.#plain,
    ): EvaluationResult => {
      const run = startRun(this.#plan, input, options, this.#defaults);
      try {
        const value = compute(run, []);
        return finish(run, value, options);
      } catch (caught) {
        return this.#errorOf(caught, run, options, backend);
      }
    };
    return (input, options = NO_OPTIONS) => {
      let compute = plain;
      if (options.observer !== undefined) {
        observed ??= observedValue(compileValue(this.#observedBackend(), node, true), path);
        compute = observed;
      }
      const result = evaluate(compute, input, options);
      if (!this.#isInDoubt(result)) return result;
      const backend = this.#asOpaBackend();
      repeated ??= compileValue(backend, node, true);
      return evaluate(repeated, input, quietly(options), backend);
    };
  }

  /**
   * Compiles a query.
   *
   * @param distinct gives each set of bindings once, however often it is found
   * @param made the query's body made in another way than by closures; calls `next` for each answer
   */
  prepareQuery(
    plan: QueryPlan,
    distinct = true,
    made?: (run: Run, frame: Frame, next: Step) => boolean,
  ): (input: Value | undefined, options?: EvaluationOptions) => QueryResult {
    const compiled: [plain?: Step, observed?: Step] = [];
    let repeated: Step | undefined;
    const collect: Step = (_run, frame) => {
      const { found, seen } = frame[0] as Collected;
      const bindings: Record<string, Value> = Object.create(null);
      for (const { name, slot } of plan.variables) bindings[name] = frame[slot] as Value;
      if (!distinct) {
        found.push(bindings);
        return false;
      }
      const key = memberKey(bindings);
      if (!seen.has(key)) found.push(bindings);
      seen.add(key);
      return false;
    };
    if (made !== undefined) compiled[0] = (run, frame) => made(run, frame, collect);
    const evaluate = (
      body: Step,
      input: Value | undefined,
      options: EvaluationOptions,
      backend = this.#plain,
    ): QueryResult => {
      const run = startRun(this.#plan, input, options, this.#defaults);
      const collected: Collected = { found: [], seen: new Set() };
      const frame: Frame = new Array(plan.slots);
      frame[0] = collected;
      try {
        body(run, frame);
        const failure = strictFailure(run, options);
        return failure ?? { kind: 'bindings', bindings: collected.found, rules: run.matched ?? NO_RULES };
      } catch (caught) {
        return this.#errorOf(caught, run, options, backend);
      }
    };
    return (input, options = NO_OPTIONS) => {
      const which = options.observer === undefined ? 0 : 1;
      compiled[which] ??=
        which === 0
          ? compileStatements(this.#plain, plan.body, collect, true)
          : observedBody(this.#observedBackend(), plan.body, collect, true, queryBody(plan));
      const result = evaluate(compiled[which]!, input, options);
      if (!this.#isInDoubt(result)) return result;
      const backend = this.#asOpaBackend();
      repeated ??= compileStatements(backend, plan.body, collect, true);
      return evaluate(repeated, input, quietly(options), backend);
    };
  }

  /** Turns what ended an evaluation into a value; bugs included, so that a caller can only deny. */
  #errorOf(caught: unknown, run: Run, options: EvaluationOptions, backend: Backend): EvaluationError {
    // A builtin's failure counts for more than what came of it, or after it.
    const failure = caught instanceof EvaluationFault ? strictFailure(run, options) : undefined;
    if (failure !== undefined) return failure;
    if (!(caught instanceof RuleConflict)) return errorOf(caught);
    const { message, location } = conflictDetails(backend, run, caught);
    return { ...errorOf(caught), message, ...(location !== undefined && { location }) };
  }

  /**
   * Whether the error hangs on which rules are begun: OPA leaves out by its index those that have no answer in any
   * case, and meets no error in them. Then the evaluation is done once more in its way.
   */
  #isInDoubt(result: EvaluationResult | QueryResult): boolean {
    return result.kind === 'error' && this.#canRepeat && IN_DOUBT.has(result.code);
  }

  #asOpaBackend(): Backend {
    this.#asOpa ??= createClosures(this.#plan, false, undefined, true);
    return this.#asOpa;
  }

  #observedBackend(): Backend {
    this.#observed ??= createClosures(this.#plan, true);
    return this.#observed;
  }
}

const IN_DOUBT: ReadonlySet<string> = new Set([
  'eval_conflict_error',
  'eval_builtin_error',
  'eval_type_error',
]);

/** The same evaluation, without what was heard of it already. */
function quietly({ observer: _observer, host, ...options }: EvaluationOptions): EvaluationOptions {
  if (host === undefined) return options;
  const { printed: _printed, traced: _traced, testCase: _testCase, builtinFailed: _failed, ...silent } = host;
  return { ...options, host: silent };
}

const QUERY_FILE = 'query';

function queryBody({ body }: QueryPlan): ObservedBody {
  const [first] = body;
  const location = { file: QUERY_FILE, row: 1, column: 1, start: 0, end: 0, ...first?.source };
  location.end = body.at(-1)?.source.end ?? 0;
  return { kind: 'query', location, endsEarly: false };
}

/** Reports the computation of a value as a query with one expression. */
function observedValue(compute: Compute, path: string): Compute {
  const location: Location = { file: QUERY_FILE, row: 1, column: 1, start: 0, end: 0 };
  const about: ObservedBody = { kind: 'query', path, location, endsEarly: false };
  return (run, frame) => {
    const { observer } = run;
    observer?.bodyOpened?.(about);
    try {
      const value = compute(run, frame);
      if (value !== undefined) observer?.bodyAnswered?.(about);
      return value;
    } finally {
      observer?.bodyClosed?.(about);
    }
  };
}

interface Collected {
  readonly found: Readonly<Record<string, Value>>[];
  readonly seen: Set<unknown>;
}

function finish(run: Run, value: Value | undefined, options: EvaluationOptions): EvaluationResult {
  const failure = strictFailure(run, options);
  if (failure !== undefined) return failure;
  const rules = run.matched ?? NO_RULES;
  const { rulesEvaluated } = run;
  return value === undefined
    ? { kind: 'undefined', rules, rulesEvaluated }
    : { kind: 'value', value, rules, rulesEvaluated };
}

function strictFailure(run: Run, options: EvaluationOptions): EvaluationError | undefined {
  if (options.strict !== true || run.builtinError === undefined) return undefined;
  const { error, location } = run.builtinError;
  return { kind: 'error', code: error.code, message: error.message, location };
}

function errorOf(caught: unknown): EvaluationError {
  if (caught instanceof EvaluationFault) {
    const { code, message, location } = caught;
    const request = caught instanceof EvaluationSuspension ? caught.request : undefined;
    return {
      kind: 'error',
      code,
      message,
      ...(location !== undefined && { location }),
      ...(request !== undefined && { request }),
    };
  }
  const message =
    caught instanceof RangeError
      ? 'evaluation nested too deeply'
      : `evaluation failed: ${caught instanceof Error ? caught.message : String(caught)}`;
  return { kind: 'error', code: 'eval_internal_error', message };
}
