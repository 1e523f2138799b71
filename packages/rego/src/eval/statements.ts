import { BUILTINS } from '../builtins/index.ts';
import type { NamedSlot, Override, Pattern, Statement } from '../plan/plan.ts';
import { forEachMember, isCollection } from '../runtime/collections.ts';
import type { ObservedBody } from '../runtime/observer.ts';
import type { ScopeDraft } from '../runtime/override.ts';
import { innerScope, overrideCall, overrideData, overrideInput } from '../runtime/override.ts';
import type { Frame, Mock, Run } from '../runtime/run.ts';
import { equal, isObject, objectGet, objectSize, plainNumber } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Backend, Compute, Step } from './backend.ts';
import { boundSlots, namedWithin, valuesOf } from './named-values.ts';
import { compileValue, computeAll } from './values.ts';

type StatementCompiler<K extends Statement['op']> = (
  backend: Backend,
  statement: Extract<Statement, { op: K }>,
  next: Step,
  ordered: boolean,
) => Step;

const COMPILERS: { readonly [K in Statement['op']]: StatementCompiler<K> } = {
  test: (backend, statement, next, ordered) => {
    const value = compileValue(backend, statement.value, ordered);
    return (run, frame) => {
      const found = value(run, frame);
      return found !== undefined && found !== false && next(run, frame);
    };
  },
  assign: (backend, statement, next, ordered) => {
    const value = compileValue(backend, statement.value, ordered);
    const { slot } = statement;
    return (run, frame) => {
      const found = value(run, frame);
      if (found === undefined) return false;
      frame[slot] = found;
      return next(run, frame);
    };
  },
  equal: (backend, statement, next, ordered) => compileEqual(backend, statement, next, ordered),
  match: (backend, statement, next, ordered) => {
    const value = compileValue(backend, statement.value, ordered);
    const matches = compilePattern(backend, statement.pattern, ordered);
    return (run, frame) => {
      const found = value(run, frame);
      return found !== undefined && matches(run, frame, found) && next(run, frame);
    };
  },
  scan: (backend, statement, next, ordered) => compileScan(backend, statement, next, ordered),
  'scan-document': (backend, statement, next, ordered) => {
    const keys = statement.keys.map((key) => compileValue(backend, key, ordered));
    const matches = compilePattern(backend, statement.key, ordered);
    return (run, frame) => {
      const values = computeAll(keys, run, frame);
      if (values === undefined) return false;
      for (const name of backend.documentNames(run, statement.path, values)) {
        run.count();
        if (matches(run, frame, name) && next(run, frame)) return true;
      }
      return false;
    };
  },
  relation: (backend, statement, next, ordered) => {
    const args = statement.args.map((argument) => compileValue(backend, argument, ordered));
    const matches = compilePattern(backend, statement.output, ordered);
    const answers = BUILTINS[statement.name]!.answers!;
    return (run, frame) => {
      const values = computeAll(args, run, frame);
      if (values === undefined) return false;
      for (const answer of answers(run.builtins, ...values)) {
        run.count();
        if (matches(run, frame, answer) && next(run, frame)) return true;
      }
      return false;
    };
  },
  not: (backend, statement, next) => {
    const body = compileBody(backend, statement.body, succeed, false);
    return (run, frame) => !body(run, frame) && next(run, frame);
  },
  holds: (backend, statement, next) => {
    const bodies = statement.bodies.map((body) => compileStatements(backend, body, succeed, false));
    return (run, frame) => bodies.some((body) => body(run, frame)) && next(run, frame);
  },
  every: (backend, statement, next, ordered) => compileEvery(backend, statement, next, ordered),
  with: (backend, statement, next, ordered) => compileWith(backend, statement, next, ordered),
};

const succeed: Step = () => true;

/** Compiles statements so that they lead to `end`, each into the one that follows. */
export function compileStatements(
  backend: Backend,
  statements: readonly Statement[],
  end: Step,
  ordered: boolean,
): Step {
  if (backend.observed) return observedSteps(backend, statements, end, ordered);
  return compileChain(backend, statements, end, ordered);
}

function compileChain(backend: Backend, statements: readonly Statement[], end: Step, asked: boolean): Step {
  // Of several errors the first one met counts.
  const ordered = asked || backend.choosesAsOpa;
  let step = end;
  for (let index = statements.length - 1; index >= 0; index--) {
    const statement = statements[index]!;
    const compiler = COMPILERS[statement.op] as (
      backend: Backend,
      statement: Statement,
      next: Step,
      ordered: boolean,
    ) => Step;
    step = compiler(backend, statement, step, ordered);
  }
  return step;
}

/** The statements of one expression of the user's at a time: what a plan makes of it is nobody's business. */
function observedSteps(
  backend: Backend,
  statements: readonly Statement[],
  end: Step,
  ordered: boolean,
): Step {
  let step = end;
  let last = statements.length;
  for (let index = statements.length - 1; index >= 0; index--) {
    const { source } = statements[index]!;
    const before = statements[index - 1]?.source;
    if (before !== undefined && before.start === source.start && before.end === source.end) continue;
    // What was taken out of it stands before it.
    const named = namedWithin(statements.slice(0, last), source);
    step = observedStep(backend, statements.slice(index, last), named, step, ordered);
    last = index;
  }
  return step;
}

/** Tells the observer when an expression starts, when it did not go on, and when the search comes back to it. */
function observedStep(
  backend: Backend,
  statements: readonly Statement[],
  named: readonly NamedSlot[],
  next: Step,
  ordered: boolean,
): Step {
  const { source } = statements[0]!;
  // Of what it binds itself an earlier round's value is still in the frame.
  const bound = boundSlots(statements);
  const before = named.filter(({ slot }) => !bound.has(slot));
  const reached: boolean[] = [];
  const goOn: Step = (run, frame) => {
    reached[reached.length - 1] = true;
    const stopped = next(run, frame);
    run.observer?.redo?.(source, () => valuesOf(named, frame));
    return stopped;
  };
  const step = compileChain(backend, statements, goOn, ordered);
  return (run, frame) => {
    run.observer?.enter(source, () => valuesOf(before, frame));
    reached.push(false);
    try {
      return step(run, frame);
    } finally {
      if (reached.pop() === false) run.observer?.fail(source, () => valuesOf(before, frame));
    }
  };
}

/** Compiles a body that is searched on its own, inside of an expression. */
export function compileBody(
  backend: Backend,
  statements: readonly Statement[],
  end: Step,
  ordered: boolean,
): Step {
  const [first] = statements;
  if (!backend.observed || first === undefined) return compileStatements(backend, statements, end, ordered);
  const location = { ...first.source, end: statements.at(-1)!.source.end };
  return observedBody(backend, statements, end, ordered, { kind: 'body', location, endsEarly: false });
}

/** As `compileStatements`; the observer hears of the search and of its answers. */
export function observedBody(
  backend: Backend,
  statements: readonly Statement[],
  end: Step,
  ordered: boolean,
  about: ObservedBody,
  isAnswer: (frame: Frame) => boolean = () => true,
): Step {
  const answer: Step = (run, frame) => {
    const stopped = end(run, frame);
    if (isAnswer(frame)) run.observer?.bodyAnswered?.(about);
    return stopped;
  };
  const body = compileStatements(backend, statements, answer, ordered);
  return (run, frame) => {
    run.observer?.bodyOpened?.(about);
    try {
      return body(run, frame);
    } finally {
      run.observer?.bodyClosed?.(about);
    }
  };
}

function compileEqual(
  backend: Backend,
  statement: Extract<Statement, { op: 'equal' }>,
  next: Step,
  ordered: boolean,
): Step {
  const { left, right } = statement;
  const [known, other] = left.op === 'constant' ? [left, right] : [right, left];
  const value = compileValue(backend, other, ordered);
  if (known.op === 'constant') {
    const constant = known.value;
    if (typeof constant === 'number') {
      return (run, frame) => {
        const found = value(run, frame);
        return (found === constant || plainNumber(found) === constant) && next(run, frame);
      };
    }
    if (constant === null || typeof constant !== 'object') {
      return (run, frame) => value(run, frame) === constant && next(run, frame);
    }
    return (run, frame) => {
      const found = value(run, frame);
      return found !== undefined && equal(found, constant) && next(run, frame);
    };
  }
  const expected = compileValue(backend, known, ordered);
  return (run, frame) => {
    const a = value(run, frame);
    if (a === undefined) return false;
    const b = expected(run, frame);
    return b !== undefined && equal(a, b) && next(run, frame);
  };
}

type Matcher = (run: Run, frame: Frame, value: Value) => boolean;

type PatternCompiler<K extends Pattern['op']> = (
  backend: Backend,
  pattern: Extract<Pattern, { op: K }>,
  ordered: boolean,
) => Matcher;

const PATTERNS: { readonly [K in Pattern['op']]: PatternCompiler<K> } = {
  any: () => () => true,
  bind:
    (_backend, { slot }) =>
    (_run, frame, value) => {
      frame[slot] = value;
      return true;
    },
  check: (backend, pattern, ordered) => {
    const expected = compileValue(backend, pattern.value, ordered);
    return (run, frame, value) => {
      const other = expected(run, frame);
      return other !== undefined && equal(other, value);
    };
  },
  array: (backend, pattern, ordered) => {
    const items = pattern.items.map((item) => compilePattern(backend, item, ordered));
    return (run, frame, value) =>
      Array.isArray(value) &&
      value.length === items.length &&
      items.every((matches, index) => matches(run, frame, value[index]!));
  },
  object: (backend, pattern, ordered) => {
    const entries = pattern.entries.map(
      ([key, value]) =>
        [compileValue(backend, key, ordered), compilePattern(backend, value, ordered)] as const,
    );
    return (run, frame, value) =>
      isObject(value) &&
      objectSize(value) === entries.length &&
      entries.every(([key, matches]) => {
        const name = key(run, frame);
        const inner = name === undefined ? undefined : objectGet(value, name);
        return inner !== undefined && matches(run, frame, inner);
      });
  },
};

/** Compiles what takes a value apart. */
export function compilePattern(backend: Backend, pattern: Pattern, ordered: boolean): Matcher {
  const compiler = PATTERNS[pattern.op] as (b: Backend, pattern: Pattern, ordered: boolean) => Matcher;
  return compiler(backend, pattern, ordered);
}

function compileScan(
  backend: Backend,
  statement: Extract<Statement, { op: 'scan' }>,
  next: Step,
  ordered: boolean,
): Step {
  const of = compileValue(backend, statement.of, ordered);
  const matchesKey = compilePattern(backend, statement.key, ordered);
  const matchesValue = compilePattern(backend, statement.value, ordered);
  return (run, frame) =>
    forEachMember(of(run, frame), ordered, (key, value) => {
      run.count();
      return matchesKey(run, frame, key) && matchesValue(run, frame, value) && next(run, frame);
    });
}

function compileEvery(
  backend: Backend,
  statement: Extract<Statement, { op: 'every' }>,
  next: Step,
  ordered: boolean,
): Step {
  const domain = compileValue(backend, statement.domain, ordered);
  const body = compileBody(backend, statement.body, succeed, false);
  const { key: keySlot, value: valueSlot } = statement;
  return (run, frame) => {
    const collection = domain(run, frame);
    if (!isCollection(collection)) return false;
    const failed = forEachMember(collection, false, (key, value) => {
      run.count();
      if (keySlot !== undefined) frame[keySlot] = key;
      frame[valueSlot] = value;
      return !body(run, frame);
    });
    return !failed && next(run, frame);
  };
}

function compileWith(
  backend: Backend,
  statement: Extract<Statement, { op: 'with' }>,
  next: Step,
  ordered: boolean,
): Step {
  const overrides = statement.overrides.map((override) => compileOverride(backend, override, ordered));
  // What follows the modified expression sees the scope around it again.
  const leave: Step = (run, frame) => {
    const inner = run.scope;
    run.scope = inner.outer!;
    const stopped = next(run, frame);
    run.scope = inner;
    return stopped;
  };
  // It is the same expression: the observer hears of it once.
  const body = compileChain(backend, statement.body, leave, ordered);
  return (run, frame) => {
    const outer = run.scope;
    const draft = innerScope(run);
    for (const override of overrides) if (!override(run, frame, draft)) return false;
    run.scope = draft;
    const stopped = body(run, frame);
    run.scope = outer;
    return stopped;
  };
}

/** Applies one override; false where its value is undefined. */
type Apply = (run: Run, frame: Frame, draft: ScopeDraft) => boolean;

function compileOverride(backend: Backend, override: Override, ordered: boolean): Apply {
  if (override.target === 'call') {
    const { key, replacement } = override;
    const value: Compute | undefined =
      replacement.kind === 'value' ? compileValue(backend, replacement.value, ordered) : undefined;
    return (run, frame, draft) => {
      let mock: Mock;
      if (replacement.kind === 'value') {
        const found = value!(run, frame);
        if (found === undefined) return false;
        mock = { kind: 'value', value: found };
      } else mock = replacement;
      overrideCall(draft, key, mock);
      return true;
    };
  }
  const { target, path } = override;
  const value = compileValue(backend, override.value, ordered);
  return (run, frame, draft) => {
    const found = value(run, frame);
    if (found === undefined) return false;
    (target === 'input' ? overrideInput : overrideData)(draft, path, found);
    return true;
  };
}
