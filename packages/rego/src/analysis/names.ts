import type { Import, Module, Rule } from '../syntax/ast.ts';
import { isGround } from '../syntax/nodes.ts';
import type { Steps } from '../syntax/steps.ts';

/** What a bare name in a module stands for: the path of a rule or an import, `data` or `input` first. */
export type Globals = ReadonlyMap<string, readonly string[]>;

/** The names of a policy, read off its modules before anything is resolved. */
export interface PolicyNames {
  /** Per module, in order. */
  readonly globals: readonly Globals[];
  /** Slash paths of all functions, with their number of arguments. */
  readonly functions: ReadonlyMap<string, number>;
  /** Slash paths of everything that a rule defines, and all paths above. */
  readonly virtual: ReadonlySet<string>;
  /** Slash paths of rules themselves (their ground beginnings). */
  readonly rules: ReadonlySet<string>;
  /** Slash paths of rules that are never undefined: with a default, sets, and single constants. */
  readonly defined: ReadonlySet<string>;
}

/** The key by which this package's maps know a document path. */
export function pathKey(path: readonly string[]): string {
  return path.map(stepKey).join('/');
}

function stepKey(step: string): string {
  if (!step.includes('~') && !step.includes('/')) return step;
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The string steps at the beginning of a rule's head. */
export function groundHead(rule: Rule): string[] {
  const steps: string[] = [];
  for (const term of rule.head.ref) {
    if (term.kind !== 'string') break;
    steps.push(term.value);
  }
  return steps;
}

/** Whether an import only switches language features on. */
export function isKeywordImport(path: readonly string[]): boolean {
  return path[0] === 'rego' || path[0] === 'future';
}

/** The name under which an import is known. */
export function importName(imported: Import): string {
  return imported.alias ?? imported.path.at(-1) ?? '';
}

/** Reads the names of all modules. */
export function* policyNames(modules: readonly Module[]): Steps<PolicyNames> {
  const exported = new Map<string, Set<string>>();
  const functions = new Map<string, number>();
  const virtual = new Set<string>();
  const rules = new Set<string>();
  const defined = new Set<string>();
  const constants = new Set<string>();
  for (const module of modules) {
    const packageKey = pathKey(module.package.path);
    const names = exported.get(packageKey) ?? new Set<string>();
    exported.set(packageKey, names);
    for (const rule of module.rules) {
      yield;
      const head = groundHead(rule);
      const path = [...module.package.path, ...head];
      const key = pathKey(path);
      if (rule.head.form === 'function') functions.set(key, rule.head.args.length);
      // Many rules share a path; what follows is known from the first of them.
      names.add(head[0]!);
      const isWhole = head.length === rule.head.ref.length && rule.head.form !== 'function';
      if (isWhole && rule.isDefault) defined.add(key);
      if (rules.has(key)) {
        if (constants.delete(key)) defined.delete(key);
        if (isWhole && rule.isDefault) defined.add(key);
        continue;
      }
      rules.add(key);
      if (isWhole && rule.head.form === 'partial-set') defined.add(key);
      // A default stays one, whatever rules follow.
      if (isWhole && !rule.isDefault && isConstant(rule)) {
        constants.add(key);
        defined.add(key);
      }
      for (let length = 1; length <= path.length; length++) virtual.add(pathKey(path.slice(0, length)));
    }
  }
  const globals = modules.map((module) => moduleGlobals(module, exported.get(pathKey(module.package.path))!));
  return { globals, functions, virtual, rules, defined };
}

function isConstant({ head, body, elses }: Rule): boolean {
  return body.length === 0 && elses.length === 0 && head.value !== undefined && isGround(head.value);
}

function moduleGlobals(module: Module, names: ReadonlySet<string>): Globals {
  const globals = new Map<string, readonly string[]>();
  for (const name of names) globals.set(name, ['data', ...module.package.path, name]);
  for (const imported of module.imports) {
    if (!isKeywordImport(imported.path)) globals.set(importName(imported), imported.path);
  }
  return globals;
}
