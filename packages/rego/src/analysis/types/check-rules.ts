import type { Steps } from '../../syntax/steps.ts';
import type { Value } from '../../value/index.ts';
import { compareStrings } from '../../value/index.ts';
import type { CoreBody, CoreRule, CoreTerm } from '../core.ts';
import type { RuleGraph } from '../rule-graph.ts';
import { BodyChecker } from './check-body.ts';
import { Environment, scalarOf } from './environment.ts';
import type { SchemaAnnotations } from './schema-annotations.ts';
import type { MaybeType, Type } from './type.ts';
import { ANY, functionType, objectType, setType } from './type.ts';
import type { TypeFault } from './type-errors.ts';
import { UNKNOWN_STEP } from './type-tree.ts';

/** What the checker needs beside the rules. */
export interface TypeCheckOptions {
  /** Type of the whole `input`, where a schema says it. */
  readonly input?: Type | undefined;
  /** What annotations say about types. */
  readonly annotations?: SchemaAnnotations | undefined;
}

/** What is wrong with the rules' types, and a check of further bodies by what is known of the rules then. */
export interface CheckedTypes {
  readonly faults: readonly TypeFault[];
  readonly checkQuery: (body: CoreBody) => readonly TypeFault[];
  /** The type of the document at a path below `data`, by the rules there; undefined where nothing is known. */
  readonly typeAt: (path: readonly string[]) => MaybeType;
}

/** Checks the types of all rules, each after those that it reads (OPA's stage CheckTypes). */
export function* checkRuleTypes(graph: RuleGraph, options: TypeCheckOptions = {}): Steps<CheckedTypes> {
  const errors: TypeFault[] = [];
  const checker = new BodyChecker(dependentsOf(graph));
  const environment = new Environment(checker.closureType);
  if (options.input !== undefined) environment.documents.put(['input'], options.input);
  const annotations = options.annotations?.isEmpty === false ? options.annotations : undefined;
  for (const { rule, index } of inOrder(graph)) {
    yield;
    checker.forget();
    let inside = environment;
    if (annotations !== undefined) {
      inside = environment.inside();
      errors.push(...annotations.apply(rule, index, inside));
    }
    checkBranch(rule, index, { environment, inside, checker, errors });
  }
  checker.forget();
  return {
    faults: errors,
    checkQuery: (body) => checker.checkOnce(environment, body),
    typeAt: (path) => environment.typeOfDocument(path, NOWHERE),
  };
}

const NOWHERE = { file: '', start: 0, end: 0, row: 0, column: 0 };

interface Checking {
  readonly environment: Environment;
  readonly inside: Environment;
  readonly checker: BodyChecker;
  readonly errors: TypeFault[];
}

function checkBranch(rule: CoreRule, index: number, checking: Checking): void {
  const { environment, inside, checker, errors } = checking;
  const branch = rule.branches[index]!;
  const { environment: own, errors: found } = checker.check(inside, branch.body);
  const { path, dynamic } = pathOf(rule);
  if (found.length > 0) {
    errors.push(...found);
    // Rules that read this one are not to blame.
    const below = dynamic.map((part) => scalarOf(part) ?? UNKNOWN_STEP);
    environment.documents.put([...path, ...below], ANY);
    return;
  }
  const type =
    rule.form === 'function' ? functionOf(rule, own, branch.value) : documentOf(rule, own, branch.value);
  if (type === undefined) return;
  const nested = nest(own, dynamic, type);
  if (nested !== undefined) environment.documents.insert(path, nested);
}

/** The known beginning of a rule's path, with `data`, and the parts after it. */
function pathOf(rule: CoreRule): { path: Value[]; dynamic: readonly CoreTerm[] } {
  const path: Value[] = ['data', ...rule.path];
  let known = 0;
  for (const part of rule.tail) {
    const value = scalarOf(part);
    if (value === undefined) break;
    path.push(value);
    known += 1;
  }
  return { path, dynamic: known === 0 ? rule.tail : rule.tail.slice(known) };
}

function functionOf(rule: CoreRule, own: Environment, value: CoreTerm | undefined): Type {
  for (const argument of rule.args) assumeAny(own, argument);
  const args = rule.args.map((argument) => own.typeOf(argument));
  return functionType(args, value === undefined ? undefined : own.typeOf(value));
}

/** Arguments that the body does not use can be anything. */
function assumeAny(environment: Environment, term: CoreTerm): void {
  switch (term.kind) {
    case 'variable':
      if (environment.variable(term.variable) === undefined) environment.setVariable(term.variable, ANY);
      return;
    case 'array':
    case 'set':
      for (const item of term.items) assumeAny(environment, item);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        assumeAny(environment, key);
        assumeAny(environment, value);
      }
      return;
    default:
  }
}

function documentOf(rule: CoreRule, own: Environment, value: CoreTerm | undefined): MaybeType {
  if (rule.form !== 'partial-set') return value === undefined ? undefined : own.typeOf(value);
  const member = rule.key === undefined ? undefined : own.typeOf(rule.key);
  return member === undefined ? undefined : setType(member);
}

/** An object for each part of the path that is not known. */
function nest(own: Environment, parts: readonly CoreTerm[], type: Type): Type | undefined {
  let nested = type;
  for (const part of parts.toReversed()) {
    const key = own.typeOf(part);
    if (key === undefined) return undefined;
    nested = objectType([], { key, value: nested });
  }
  return nested;
}

/** A rule's own branch, or one after `else`: each is looked at on its own. */
interface BranchNode {
  readonly rule: CoreRule;
  readonly index: number;
}

/** Branches after those that they read, and otherwise in the order of the source, as OPA looks at them. */
function inOrder(graph: RuleGraph): BranchNode[] {
  const nodes = new Map<CoreRule, readonly BranchNode[]>();
  for (const rule of [...graph.keys()].sort(bySource)) {
    nodes.set(
      rule,
      rule.branches.map((_branch, index) => ({ rule, index })),
    );
  }
  const read = (node: BranchNode): readonly BranchNode[] => {
    const edges = graph.get(node.rule)!.filter(({ branches }) => branches.includes(node.index));
    return edges
      .map(({ to }) => to)
      .sort(bySource)
      .flatMap((to) => nodes.get(to)!);
  };
  const ordered: BranchNode[] = [];
  const seen = new Set<BranchNode>();
  for (const first of [...nodes.values()].flat()) {
    if (seen.has(first)) continue;
    seen.add(first);
    const path = [{ node: first, needs: read(first), next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = top.needs[top.next];
      top.next += 1;
      if (need === undefined) {
        ordered.push(top.node);
        path.pop();
      } else if (!seen.has(need)) {
        seen.add(need);
        path.push({ node: need, needs: read(need), next: 0 });
      }
    }
  }
  return ordered;
}

function bySource(a: CoreRule, b: CoreRule): number {
  return compareStrings(a.file, b.file) || a.location.start - b.location.start;
}

/** Finds the rules that a path below `data` can mean, and all that read them. */
function dependentsOf(graph: RuleGraph): (path: readonly string[]) => readonly (readonly string[])[] {
  const known = new Map<string, readonly (readonly string[])[]>();
  let readers: Map<CoreRule, CoreRule[]> | undefined;
  return (path) => {
    const key = JSON.stringify(path);
    const found = known.get(key);
    if (found !== undefined) return found;
    readers ??= readersOf(graph);
    const rules = new Set<CoreRule>();
    const waiting = [...graph.keys()].filter((rule) => meets(rule.path, path));
    for (let rule = waiting.pop(); rule !== undefined; rule = waiting.pop()) {
      if (rules.has(rule)) continue;
      rules.add(rule);
      waiting.push(...(readers.get(rule) ?? []));
    }
    const paths = [...rules].map((rule) => rule.path);
    known.set(key, paths);
    return paths;
  };
}

function readersOf(graph: RuleGraph): Map<CoreRule, CoreRule[]> {
  const readers = new Map<CoreRule, CoreRule[]>();
  for (const [rule, edges] of graph) {
    for (const { to } of edges) {
      const list = readers.get(to);
      if (list === undefined) readers.set(to, [rule]);
      else list.push(rule);
    }
  }
  return readers;
}

function meets(rule: readonly string[], path: readonly string[]): boolean {
  const size = Math.min(rule.length, path.length);
  for (let index = 0; index < size; index++) if (rule[index] !== path[index]) return false;
  return true;
}
