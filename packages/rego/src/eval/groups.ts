import { dataPath } from '../analysis/term-text.ts';
import { partialMemberBytes } from '../plan/member-bytes.ts';
import type { BranchPlan, DocumentPlan, GroupPlan, RuleChoice, RulePlan } from '../plan/plan.ts';
import { KEY_SLOT, RESULT_SLOT } from '../plan/plan.ts';
import { memberAt, ObjectCollector } from '../runtime/collections.ts';
import { EvaluationFault, OBJECT_CONFLICT } from '../runtime/fault.ts';
import { ABSENT, BUSY, isReplaced, refuseCircle, rememberedByKey } from '../runtime/memo.ts';
import type { Frame, MatchedRule, Run } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import { equal, isObject, lookup, objectEntries, plainNumber, RegoSet, SetBuilder } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import { compileAdmission } from './admission.ts';
import type { Backend, Collector, CompiledGroup, PartialRule, SingleRule, Step } from './backend.ts';
import { RuleConflict, refuseConflict } from './conflict.ts';
import { compileEarlyExit } from './early-exit.ts';
import { compilePattern, compileStatements, observedBody } from './statements.ts';
import { compileValue, computeAll } from './values.ts';
import { warmRules } from './warm-rules.ts';

type Choose = (run: Run, args: readonly Value[]) => readonly number[];

/** Compiles the rules of one path. */
export function compileGroup(backend: Backend, group: GroupPlan, node: DocumentPlan): CompiledGroup {
  if (group.kind === 'partial-set') return compilePartialSet(backend, group);
  if (group.kind === 'partial-object') return compilePartialObject(backend, group, node);
  return compileSingle(backend, group);
}

/** Compiles the choice of the rules that can apply. */
export function compileChoice(backend: Backend, choice: RuleChoice): Choose {
  if (!('subject' in choice)) return () => choice;
  const { subject } = choice;
  // Of many buckets few are ever looked into.
  const compiled = new Map<RuleChoice, Choose>();
  const otherwise = compileChoice(backend, choice.otherwise);
  const pick = (found: Value | undefined): Choose => {
    if (found === undefined) return otherwise;
    const key = plainNumber(found);
    const bucket = typeof key === 'object' && key !== null ? undefined : choice.buckets.get(key);
    if (bucket === undefined) return otherwise;
    let chosen = compiled.get(bucket);
    if (chosen === undefined) {
      chosen = compileChoice(backend, bucket);
      compiled.set(bucket, chosen);
    }
    return chosen;
  };
  if (subject.op === 'argument') {
    const { position, path } = subject;
    return (run, args) => pick(memberAt(args[position], path))(run, args);
  }
  const read = compileValue(backend, subject, false);
  return (run, args) => pick(read(run, []))(run, args);
}

/** As `compileChoice`; the observer hears how many rules were chosen. */
function chooseRules(backend: Backend, group: GroupPlan): Choose {
  const choose = compileChoice(backend, group.choice);
  if (!backend.observed) return choose;
  const path = dataPath(group.path);
  const endsEarly = group.constant !== undefined;
  return (run, args) => {
    const chosen = choose(run, args);
    run.observer?.rulesChosen?.(path, chosen.length, endsEarly);
    return chosen;
  };
}

/** Computes once per scope. */
function remembered(group: GroupPlan, compute: (run: Run) => Value | undefined) {
  const { id, path } = group;
  return (run: Run): Value | undefined => {
    const { scope } = run;
    const known = scope.memo[id];
    if (known !== undefined) {
      if (known === BUSY) refuseCircle(group);
      return known === ABSENT ? undefined : (known as Value);
    }
    if (scope.replaced !== undefined && isReplaced(run, path)) return memberAt(scope.data, path);
    scope.memo[id] = BUSY;
    const value = compute(run);
    scope.memo[id] = value === undefined ? ABSENT : value;
    return value;
  };
}

function compileSingle(backend: Backend, group: GroupPlan): CompiledGroup {
  const choose = chooseRules(backend, group);
  const endsEarly = group.constant !== undefined;
  const canEndEarly = compileEarlyExit(backend, group);
  const rule = warmRules<SingleRule>(
    backend.other.warmUses,
    (position) => compileSingleRule(backend, group, group.rules[position]!, endsEarly),
    (position) => backend.other.singleRule(group, position),
  );
  let fallback: SingleRule | undefined;
  const evaluate = (run: Run, args: readonly Value[]): Value | undefined => {
    let result: Value | undefined;
    const positions = choose(run, args);
    for (const position of positions) {
      const value = rule(position)(run, args);
      if (value === undefined) continue;
      if (result === undefined) {
        result = value;
        if (canEndEarly(run, args, positions)) break;
      } else if (!equal(result, value)) {
        refuseConflict({ group, location: group.rules[position]!.location }, run, args);
      }
    }
    if (result !== undefined || group.fallback === undefined) return result;
    fallback ??= compileSingleRule(backend, group, group.fallback, endsEarly);
    return fallback(run, args);
  };
  const value = remembered(group, (run) => evaluate(run, []));
  return {
    value: group.kind === 'function' && group.arity > 0 ? () => undefined : value,
    member: (run, key) => lookup(value(run), key),
    call: (run, args) => {
      run.count();
      if (isReplaced(run, group.path)) return memberAt(run.scope.data, group.path);
      const [only] = args;
      if (
        !group.worthKeeping ||
        args.length !== 1 ||
        only === undefined ||
        (typeof only === 'object' && only !== null)
      ) {
        return evaluate(run, args);
      }
      return rememberedByKey(run, group, only, () => evaluate(run, args));
    },
  };
}

function compileSingleRule(
  backend: Backend,
  group: GroupPlan,
  rule: RulePlan,
  endsEarly: boolean,
): SingleRule {
  const matchers = rule.args.map((pattern) => compilePattern(backend, pattern, false));
  const branches = rule.branches.map((branch, index) => {
    const record: MatchedRule = {
      path: rule.path,
      file: rule.file,
      row: index === 0 ? rule.row : branch.location.row,
    };
    const end = singleEnd(backend, group, branch);
    const about = { kind: 'rule', path: rule.path, location: branch.location, endsEarly } as const;
    const body = backend.observed
      ? observedBody(backend, branch.body, end, false, about, (frame) => frame[RESULT_SLOT] !== undefined)
      : compileStatements(backend, branch.body, end, false);
    const admits = compileAdmission(backend, branch, rule.args);
    return { body, record, location: branch.location, admits };
  });
  const { slots } = rule;
  const [first] = rule.branches;
  const isConstant = matchers.length === 0 && first?.body.length === 0 && first.value.op === 'constant';
  if (isConstant && !backend.observed) {
    return constantRule(first.value.value, branches[0]!);
  }
  return (run, args) => {
    run.rulesEvaluated += 1;
    run.count();
    const frame: Frame = new Array(slots);
    // No rule that gives one value is asked for one key.
    frame[KEY_SLOT] = args;
    for (let index = 0; index < matchers.length; index++) {
      if (!matchers[index]!(run, frame, args[index]!)) return undefined;
    }
    for (const { body, record, location, admits } of branches) {
      if (!admits(run, frame)) continue;
      body(run, frame);
      const value = frame[RESULT_SLOT] as Value | undefined;
      if (value === undefined) continue;
      run.matched?.push(record);
      run.observer?.exit(location);
      return value;
    }
    return undefined;
  };
}

/** A rule without conditions needs no frame. */
function constantRule(
  value: Value,
  branch: { readonly record: MatchedRule; readonly location: Location },
): SingleRule {
  return (run) => {
    run.rulesEvaluated += 1;
    run.matched?.push(branch.record);
    run.observer?.exit(branch.location);
    return value;
  };
}

/** Takes the value at the end of a body; a second, other value is a conflict. */
function singleEnd(backend: Backend, group: GroupPlan, branch: BranchPlan): Step {
  if (branch.value.op === 'constant') {
    const constant = branch.value.value;
    return (_run, frame) => {
      frame[RESULT_SLOT] = constant;
      return true;
    };
  }
  const compute = compileValue(backend, branch.value, false);
  return (run, frame) => {
    const value = compute(run, frame);
    if (value === undefined) return false;
    const before = frame[RESULT_SLOT] as Value | undefined;
    if (before === undefined) frame[RESULT_SLOT] = value;
    else if (!equal(before, value)) {
      refuseConflict({ group, location: branch.location }, run, frame[KEY_SLOT] as readonly Value[]);
    }
    return false;
  };
}

function compilePartialRule(backend: Backend, rule: RulePlan, keyed: boolean): PartialRule {
  const variant = keyed ? rule.keyed!() : rule;
  const [branch] = variant.branches;
  const bytes = partialMemberBytes(branch!.value);
  const keys = branch!.keys.map((key) => compileValue(backend, key, false));
  const compute = compileValue(backend, branch!.value, false);
  const record: MatchedRule = { path: rule.path, file: rule.file, row: rule.row };
  const end: Step = (run, frame) => {
    const keyValues = computeAll(keys, run, frame);
    const value = compute(run, frame);
    if (keyValues === undefined || value === undefined) return false;
    run.allocate(bytes);
    const result = frame[RESULT_SLOT] as { collector: Collector; answered: boolean };
    result.answered = true;
    return result.collector(keyValues, value, rule);
  };
  const about = { kind: 'rule', path: rule.path, location: rule.location, endsEarly: false } as const;
  const isAnswer = (frame: Frame): boolean => (frame[RESULT_SLOT] as { answered: boolean }).answered;
  const body = backend.observed
    ? observedBody(backend, branch!.body, end, false, about, isAnswer)
    : compileStatements(backend, branch!.body, end, false);
  const { slots } = variant;
  const admits = compileAdmission(backend, branch!, []);
  return (run, collector, key) => {
    run.rulesEvaluated += 1;
    run.count();
    const frame: Frame = new Array(slots);
    if (!admits(run, frame)) return;
    const result = { collector, answered: false };
    frame[RESULT_SLOT] = result;
    frame[KEY_SLOT] = key;
    body(run, frame);
    if (!result.answered) return;
    run.matched?.push(record);
    run.observer?.exit(rule.location);
  };
}

/** The rules of a group, each compiled when it is first needed. */
function partialRules(backend: Backend, group: GroupPlan, keyed: boolean): (position: number) => PartialRule {
  return warmRules<PartialRule>(
    backend.other.warmUses,
    (position) => compilePartialRule(backend, group.rules[position]!, keyed),
    (position) => backend.other.partialRule(group, position, keyed),
  );
}

function compilePartialSet(backend: Backend, group: GroupPlan): CompiledGroup {
  const choose = chooseRules(backend, group);
  const full = partialRules(backend, group, false);
  const keyed = partialRules(backend, group, true);
  const value = remembered(group, (run) => {
    const builder = new SetBuilder();
    const collect: Collector = (_keys, item) => {
      builder.add(item);
      return false;
    };
    for (const position of choose(run, [])) full(position)(run, collect, undefined);
    return builder.build();
  });
  return {
    value,
    member: (run, key) => {
      const whole = run.scope.memo[group.id];
      if (whole !== undefined || isReplaced(run, group.path)) return lookup(value(run), key);
      return rememberedByKey(run, group, key, () => {
        let found = false;
        const collect: Collector = () => {
          found = true;
          return true;
        };
        for (const position of choose(run, [])) {
          keyed(position)(run, collect, key);
          if (found && !run.isStrict) return key;
        }
        return found ? key : undefined;
      });
    },
    call: () => undefined,
  };
}

function compilePartialObject(backend: Backend, group: GroupPlan, node: DocumentPlan): CompiledGroup {
  const choose = chooseRules(backend, group);
  const full = partialRules(backend, group, false);
  const keyed = partialRules(backend, group, true);
  const { whole = [], prepared = [], defaults = [] } = group.fixed ?? {};
  const isAsked = (keys: readonly Value[], key: Value | undefined): boolean =>
    key === undefined || equal(keys[0]!, key);
  const conflict = (rule: RulePlan | undefined): never => {
    throw new EvaluationFault('eval_conflict_error', OBJECT_CONFLICT, rule?.location);
  };
  const evaluate = (run: Run, key: Value | undefined): ObjectCollector => {
    const collector = new ObjectCollector();
    for (const { keys, kind } of prepared) if (isAsked(keys, key)) collector.prepare(keys, kind);
    const collect: Collector = (keys, value, rule) => {
      const fits = rule.collects === 'set' ? collector.addMember(keys, value) : collector.put(keys, value);
      if (fits) return false;
      if (whole.some((position) => group.rules[position] === rule))
        refuseConflict({ group, keys, location: rule.location }, run, []);
      return conflict(rule);
    };
    for (const position of choose(run, [])) {
      (key === undefined ? full(position) : keyed(position))(run, collect, key);
    }
    for (const [name, child] of node.children) {
      if (key !== undefined && key !== name) continue;
      const isFixed = group.fixed !== undefined;
      if (!injectDocument({ backend, run, collector, isFixed }, child, [name])) conflict(firstRule(child));
    }
    // Where a rule gave a value, the default finds its place taken.
    for (const { keys, value } of defaults) if (isAsked(keys, key)) collector.put(keys, value);
    return collector;
  };
  const value = remembered(group, (run) => evaluate(run, undefined).build());
  return {
    value,
    member: (run, key) => {
      const whole = run.scope.memo[group.id];
      if ((whole !== undefined && whole !== BUSY) || isReplaced(run, group.path))
        return lookup(value(run), key);
      return rememberedByKey(run, group, key, () => evaluate(run, key).get(key));
    },
    call: () => undefined,
  };
}

/** What documents below a group are added to, and how. */
interface Injection {
  readonly backend: Backend;
  readonly run: Run;
  readonly collector: ObjectCollector;
  /** The steps of the group's heads are constants, so that what stands below is a document of its own. */
  readonly isFixed: boolean;
}

/** The value of rules below a group with dynamic heads: where they contradict each other it is a key that does. */
function injectedValue({ backend, run, isFixed }: Injection, group: GroupPlan): Value | undefined {
  try {
    return backend.group(group.id).value(run);
  } catch (caught) {
    if (isFixed || !(caught instanceof RuleConflict) || caught.group !== group) throw caught;
    throw new EvaluationFault('eval_conflict_error', OBJECT_CONFLICT, caught.location);
  }
}

/** The first rule at or below a node. */
function firstRule(node: DocumentPlan): RulePlan | undefined {
  if (node.group !== undefined) return node.group.rules[0];
  for (const child of node.children.values()) {
    const found = firstRule(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Adds what rules with static heads define below a group with dynamic ones; false where the two meet in one place.
 */
function injectDocument(injection: Injection, node: DocumentPlan, keys: readonly Value[]): boolean {
  const { collector } = injection;
  if (node.group === undefined) {
    for (const [name, child] of node.children) {
      if (!injectDocument(injection, child, [...keys, name])) return false;
    }
    return true;
  }
  const value = injectedValue(injection, node.group);
  if (value === undefined) return true;
  if (node.group.kind === 'partial-set' && value instanceof RegoSet) {
    return [...value].every((item) => collector.addMember(keys, item));
  }
  if (node.group.kind === 'partial-object' && isObject(value)) {
    return objectEntries(value).every(([key, inner]) => collector.put([...keys, key], inner));
  }
  return collector.put(keys, value);
}
