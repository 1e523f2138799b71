import type { Callee, CoreBody, CoreRef, CoreRule, CoreTerm } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { walkGroups } from './documents.ts';
import { withoutTwins } from './twin-rule.ts';
import { walkBody, walkTerm } from './walk.ts';

/** Paths below `input` and `data` that an evaluation can read; an empty path is the whole document. */
export interface ReadPaths {
  readonly input: readonly (readonly string[])[];
  readonly data: readonly (readonly string[])[];
}

/**
 * Finds what the evaluation of the document at a path can read, through all rules that it can reach. It says too
 * much rather than too little: a step that is known only at run time cuts the path off there, and whatever is
 * bound to a variable counts as read in whole.
 */
export function readPaths(root: DocumentNode, path: readonly string[]): ReadPaths {
  const reader = new Reader(root);
  reader.readDocument(path);
  return reader.result();
}

/** As {@link readPaths}, for a query's body. */
export function queryReadPaths(root: DocumentNode, body: CoreBody): ReadPaths {
  const reader = new Reader(root);
  reader.readBody(body);
  return reader.result();
}

class Reader {
  readonly #root: DocumentNode;
  readonly #input = new PathSet();
  readonly #data = new PathSet();
  readonly #seen = new Set<CoreRule>();

  constructor(root: DocumentNode) {
    this.#root = root;
  }

  result(): ReadPaths {
    return { input: this.#input.paths(), data: this.#data.paths() };
  }

  /** Everything at, above and below a path of documents. */
  readDocument(path: readonly string[]): void {
    let node: DocumentNode | undefined = this.#root;
    for (const step of path) {
      if (node.group !== undefined) break;
      node = node.children.get(step);
      if (node === undefined) break;
    }
    if (node === undefined) {
      this.#data.add(path);
      return;
    }
    if (node.group === undefined) this.#data.add(node.path);
    walkGroups(node, (group) => {
      for (const rule of withoutTwins(group.rules)) this.#readRule(rule);
      if (group.fallback !== undefined) this.#readRule(group.fallback);
    });
  }

  readBody(body: CoreBody): void {
    walkBody(body, {
      ref: (ref) => this.#readRef(ref),
      expression: (expression) => {
        if (expression.kind === 'call') this.#readCallee(expression.callee);
        for (const { target, replacement } of expression.with) {
          // Below the `with` a rule reads the replacement, but siblings of what is replaced stay visible.
          if (target.kind === 'data') this.#data.add(target.path);
          if (replacement.kind === 'function') this.readDocument(replacement.path);
        }
      },
    });
  }

  #readRule(rule: CoreRule): void {
    if (this.#seen.has(rule)) return;
    this.#seen.add(rule);
    for (const branch of rule.branches) {
      this.readBody(branch.body);
      if (branch.value !== undefined) this.#readTerm(branch.value);
    }
    for (const term of [...rule.args, ...rule.tail, rule.key]) if (term !== undefined) this.#readTerm(term);
  }

  #readTerm(term: CoreTerm): void {
    walkTerm(term, {
      ref: (ref) => this.#readRef(ref),
      expression: (expression) => {
        if (expression.kind === 'call') this.#readCallee(expression.callee);
      },
    });
  }

  #readCallee(callee: Callee): void {
    if (callee.kind === 'function') this.readDocument(callee.path);
  }

  #readRef(ref: CoreRef): void {
    if (typeof ref.root === 'object') return;
    const names: string[] = [];
    for (const part of ref.parts) {
      if (part.kind !== 'constant' || typeof part.value !== 'string') break;
      names.push(part.value);
    }
    if (ref.root === 'input') this.#input.add(names);
    else this.readDocument(names);
  }
}

/** Paths of which none begins with another, in a stable order. */
class PathSet {
  readonly #paths = new Map<string, readonly string[]>();

  add(path: readonly string[]): void {
    this.#paths.set(JSON.stringify(path), path);
  }

  paths(): readonly (readonly string[])[] {
    const all = [...this.#paths.values()].sort((a, b) => a.length - b.length);
    const kept: (readonly string[])[] = [];
    for (const path of all) {
      const covered = kept.some((other) => other.every((step, index) => path[index] === step));
      if (!covered) kept.push(path);
    }
    return kept.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
}
