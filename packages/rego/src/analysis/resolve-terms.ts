import type { CustomBuiltins } from '../builtins/index.ts';
import type {
  Body,
  CallTerm,
  Expression,
  Location,
  ObjectTerm,
  RefTerm,
  TemplateStringTerm,
  Term,
  VarTerm,
  With,
} from '../syntax/ast.ts';
import { compareStrings, equal, numberAsWritten } from '../value/index.ts';
import type { BuiltinCallee, Callee, CoreBody, CoreObject, CoreTerm, CoreWith } from './core.ts';
import { generatedVariable, variableTerm } from './core.ts';
import type { Globals, PolicyNames } from './names.ts';
import { pathKey } from './names.ts';
import type { Report } from './report.ts';
import type { Scope } from './scope.ts';
import { termText } from './term-text.ts';
import type { WithFaults } from './with-faults.ts';

/** What resolving a term needs to know. */
export interface Resolving {
  readonly names: PolicyNames;
  readonly globals: Globals;
  /** Takes the names that were looked up among the globals. */
  readonly usedGlobals?: Set<string> | undefined;
  /** Of the rule at hand. */
  scope: Scope;
  readonly report: Report;
  /** Takes what is wrong with targets of `with`. */
  readonly withFaults: WithFaults;
  /** How many errors there were before this branch of a rule: what is wrong with others does not count in it. */
  errorsBefore: number;
  readonly isBuiltin: (name: string) => boolean;
  /** Builtins that the caller of the engine brought. */
  readonly customs?: CustomBuiltins | undefined;
  /** Takes the names of builtins that are called, or stand for others. */
  readonly usedBuiltins?: Set<string> | undefined;
  /** What is known of unused variables of the rule: after the first, no more are looked for in bodies around it. */
  readonly unused: { found: boolean; readonly strict: boolean };
  /** Resolves a nested body (a comprehension's or `every`'s) in a frame of its own. */
  readonly body: (body: Body, within: () => void, continues?: boolean) => CoreBody;
  /** Resolves a modifier; undefined where it is no good (noted). */
  readonly with: (modifier: With) => CoreWith | undefined;
}

type Resolver<K extends Term['kind']> = (context: Resolving, term: Extract<Term, { kind: K }>) => CoreTerm;

const RESOLVERS: { readonly [K in Term['kind']]: Resolver<K> } = {
  null: (_context, term) => ({ kind: 'constant', value: null, location: term.location }),
  boolean: (_context, term) => ({ kind: 'constant', value: term.value, location: term.location }),
  string: (_context, term) => ({ kind: 'constant', value: term.value, location: term.location }),
  number: (context, term) => {
    const value = numberAsWritten(term.text);
    if (value === undefined) {
      context.report.error('rego_parse_error', `number too big: ${term.text}`, term.location);
    }
    return { kind: 'constant', value: value ?? 0, location: term.location };
  },
  var: (context, term) => resolveVariable(context, term),
  ref: (context, term) => resolveRef(context, term),
  array: (context, term) => ({
    kind: 'array',
    items: term.items.map((item) => resolveTerm(context, item)),
    location: term.location,
  }),
  set: (context, term) => ({
    kind: 'set',
    items: term.items.map((item) => resolveTerm(context, item)),
    location: term.location,
  }),
  object: (context, term) => ({
    kind: 'object',
    entries: inOrderOfKeys(
      lastOfEachKey(
        withoutRepeated(term.entries).map(([key, value]) => [
          resolveTerm(context, key),
          resolveTerm(context, value),
        ]),
      ),
    ),
    location: term.location,
  }),
  call: (context, term) => resolveCall(context, term),
  'array-comprehension': (context, term) => comprehension(context, 'array', undefined, term.term, term),
  'set-comprehension': (context, term) => comprehension(context, 'set', undefined, term.term, term),
  'object-comprehension': (context, term) => comprehension(context, 'object', term.key, term.value, term),
  'template-string': (context, term) => ({
    kind: 'call',
    callee: builtinCallee(context, 'internal.template_string'),
    args: [
      {
        kind: 'array',
        items: templateItems(context, term),
        location: term.location,
      },
    ],
    location: term.location,
  }),
};

type Entry = CoreObject['entries'][number];

/** Of keys that turn out to be equal the last one stands; as in OPA the computed ones come after scalars. */
function inOrderOfKeys(entries: Entry[]): Entry[] {
  if (entries.every(([key]) => key.kind === 'constant')) return entries;
  const rank = ([key]: Entry): number => ORDER.indexOf(key.kind);
  return entries.sort(
    (a, b) =>
      rank(a) - rank(b) || (rank(a) === REF_RANK ? compareStrings(termText(a[0]), termText(b[0])) : 0),
  );
}

const ORDER: readonly CoreTerm['kind'][] = [
  'constant',
  'variable',
  'ref',
  'call',
  'comprehension',
  'array',
  'object',
  'set',
];
const REF_RANK = ORDER.indexOf('ref');

/** Of keys that are computed, and written the same, the last one stands, as in OPA. */
function withoutRepeated(entries: ObjectTerm['entries']): ObjectTerm['entries'] {
  const computed = entries.filter(([key]) => key.kind === 'ref' || key.kind === 'call' || key.kind === 'var');
  if (computed.length < 2) return entries;
  return entries.filter(
    ([key], index) => !entries.slice(index + 1).some(([other]) => isWrittenSame(key, other)),
  );
}

function isWrittenSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const names = Object.keys(a).filter((name) => !/location/i.test(name));
  return (
    names.length === Object.keys(b).filter((name) => !/location/i.test(name)).length &&
    names.every((name) => isWrittenSame(a[name as keyof typeof a], b[name as keyof typeof b]))
  );
}

/** A key written twice has its last value, as in OPA, where the first one is gone before anything is evaluated. */
function lastOfEachKey(entries: Entry[]): Entry[] {
  const isAgain = ([key]: Entry, index: number): boolean =>
    key.kind === 'constant' &&
    entries.slice(index + 1).some(([other]) => other.kind === 'constant' && equal(key.value, other.value));
  return entries.filter((entry, index) => !isAgain(entry, index));
}

/** Resolves one term. */
export function resolveTerm(context: Resolving, term: Term): CoreTerm {
  const resolver = RESOLVERS[term.kind] as (context: Resolving, term: Term) => CoreTerm;
  return resolver(context, term);
}

function resolveVariable(context: Resolving, term: VarTerm): CoreTerm {
  const global = globalPath(context, term.name);
  if (global === undefined) return variableTerm(context.scope.use(term.name), term.location);
  return refFromPath(global, term.location);
}

/** The path that a bare name stands for, `input` or `data` first; undefined for a local. */
export function globalPath(context: Resolving, name: string): readonly string[] | undefined {
  if (context.scope.hides(name)) return undefined;
  if (name === 'input' || name === 'data') {
    context.usedGlobals?.add(name);
    return [name];
  }
  const path = context.globals.get(name);
  if (path !== undefined) context.usedGlobals?.add(name);
  return path;
}

function refFromPath(path: readonly string[], location: Location): CoreTerm {
  const [root, ...steps] = path;
  return {
    kind: 'ref',
    root: root as 'input' | 'data',
    parts: steps.map((step) => ({ kind: 'constant', value: step, location })),
    location,
  };
}

function resolveRef(context: Resolving, term: RefTerm): CoreTerm {
  const head = resolveTerm(context, term.head);
  const parts = term.parts.map((part) => resolveTerm(context, part));
  if (head.kind === 'ref') {
    return { kind: 'ref', root: head.root, parts: [...head.parts, ...parts], location: term.location };
  }
  return { kind: 'ref', root: head, parts, location: term.location };
}

/** Resolves a call; one that is an expression of its own says less about a local in the place of its function. */
export function resolveCall(context: Resolving, term: CallTerm, isExpression = false): CoreTerm {
  const callee = resolveCallee(context, term, isExpression);
  return {
    kind: 'call',
    callee,
    args: term.args.map((argument) => resolveTerm(context, argument)),
    location: term.location,
  };
}

/** The callee of a builtin that is known. */
export function builtinCallee({ customs, usedBuiltins }: Resolving, name: string): BuiltinCallee {
  usedBuiltins?.add(name);
  const custom = customs?.get(name);
  return custom === undefined ? { kind: 'builtin', name } : { kind: 'builtin', name, custom };
}

/** Finds what a call calls; an unknown name is reported later, by the `calls` stage. */
function resolveCallee(
  context: Resolving,
  { operator, operatorLocation }: CallTerm,
  isExpression: boolean,
): Callee {
  const [head, ...rest] = operator;
  const name = operator.join('.');
  if (context.scope.declared(head!) !== undefined) {
    if (!isExpression) {
      context.report.error('rego_compile_error', `called function ${name} shadowed`, operatorLocation);
    }
    return { kind: 'unknown', name };
  }
  const global = globalPath(context, head!);
  if (global !== undefined && global[0] === 'data') {
    return { kind: 'function', path: [...global.slice(1), ...rest] };
  }
  return context.isBuiltin(name) ? builtinCallee(context, name) : { kind: 'unknown', name };
}

function comprehension(
  context: Resolving,
  result: 'array' | 'set' | 'object',
  key: Term | undefined,
  value: Term,
  term: { readonly body: Body; readonly location: Location },
): CoreTerm {
  let resolvedKey: CoreTerm | undefined;
  let resolvedTerm: CoreTerm | undefined;
  const body = context.body(term.body, () => {
    resolvedKey = key === undefined ? undefined : resolveTerm(context, key);
    resolvedTerm = resolveTerm(context, value);
  });
  return {
    kind: 'comprehension',
    result,
    key: resolvedKey,
    term: resolvedTerm!,
    body,
    location: term.location,
  };
}

/** A scalar part is itself, an expression a set of no or one member, as `internal.template_string` takes it. */
function templateItems(context: Resolving, { parts, location }: TemplateStringTerm): CoreTerm[] {
  if (parts.length === 0) return [{ kind: 'constant', value: '', location }];
  return parts.map((part) => {
    if (!('negated' in part)) return resolveTerm(context, part);
    if (part.kind !== 'term-expression') {
      const message = `unexpected template-string expression type: ${GO_TYPES[part.kind]}`;
      context.report.error('rego_compile_error', message, part.location);
      return { kind: 'constant', value: '', location };
    }
    const shown = resolveTerm(context, part.term);
    // What is known to have a value needs no comprehension; OPA drops its `with`.
    if (shown.kind === 'variable' || isDefined(context, shown))
      return { kind: 'set', items: [shown], location };
    context.withFaults.enter();
    const modifiers = part.with.map((modifier) => context.with(modifier));
    context.withFaults.leave();
    return optionalValue(shown, modifiers, location);
  });
}

/** A reference to a rule that is never undefined. */
function isDefined({ names }: Resolving, term: CoreTerm): boolean {
  if (term.kind !== 'ref' || term.root !== 'data') return false;
  const path: string[] = [];
  for (const part of term.parts) {
    if (part.kind !== 'constant' || typeof part.value !== 'string') return false;
    path.push(part.value);
  }
  return names.defined.has(pathKey(path));
}

/** The types that OPA's message names. */
const GO_TYPES: Readonly<Record<Exclude<Expression['kind'], 'term-expression'>, string>> = {
  not: '*ast.Not',
  logical: '*ast.LogicalAnd',
  unify: '[]*ast.Term',
  assign: '[]*ast.Term',
  some: '*ast.SomeDecl',
  'some-in': '*ast.SomeDecl',
  every: '*ast.Every',
};

/** `{x | x = term}`: what may be undefined, as a set of no or one member. */
export function optionalValue(
  term: CoreTerm,
  modifiers: readonly (CoreWith | undefined)[] = [],
  location = term.location,
): CoreTerm {
  const variable = generatedVariable();
  const modifier = modifiers.filter((one) => one !== undefined);
  return {
    kind: 'comprehension',
    result: 'set',
    key: undefined,
    term: variableTerm(variable, location),
    body: [
      {
        kind: 'equal',
        left: variableTerm(variable, location),
        right: term,
        assigned: false,
        negated: false,
        with: modifier,
        generated: true,
        source: location,
        location,
      },
    ],
    location,
  };
}
