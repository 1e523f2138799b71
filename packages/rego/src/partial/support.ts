import type { CoreBody, CoreBranch, CoreRef, CoreRule, CoreTerm } from '../analysis/core.ts';
import type { DocumentNode, RuleGroup } from '../analysis/documents.ts';
import { pathKey } from '../analysis/names.ts';
import type { ArityOf } from '../analysis/own-variables.ts';
import { pathSource, ruleSource } from './print.ts';
import type { Residual, Support } from './residual.ts';
import { State } from './state.ts';
import { freshRule, openTermVariables } from './tree.ts';
import type { Unfolding } from './unfold.ts';
import { FOR_VALUE, groupAt } from './unfold.ts';
import { SUPPORT_ROOT } from './unknowns.ts';

/** Rules that what is left over refers to, with what is known worked in; each is made when it is first needed. */
export class SupportRules implements Support {
  readonly #root: DocumentNode;
  readonly #asked = new Map<string, RuleGroup>();
  #needsOriginals = false;

  constructor(root: DocumentNode) {
    this.#root = root;
  }

  get needsOriginals(): boolean {
    return this.#needsOriginals;
  }

  needOriginals(): void {
    this.#needsOriginals = true;
  }

  path(path: readonly string[]): readonly string[] {
    const node = path.reduce<DocumentNode | undefined>((at, step) => at?.children.get(step), this.#root);
    if (node?.group === undefined) {
      this.#needsOriginals = true;
      return path;
    }
    this.#asked.set(pathKey(path), node.group);
    return [SUPPORT_ROOT, ...path];
  }

  reaches(ref: CoreRef): { readonly path: readonly string[] } | undefined {
    return groupAt(this.#root, ref)?.group;
  }

  /** The sources of the modules, one for each package. */
  modules(unfolding: Unfolding, residual: Residual, arityOf: ArityOf): readonly string[] {
    const rules = new Map<string, string[]>();
    // Making one can ask for another, which a map's own order then brings later.
    for (const group of this.#asked.values()) {
      const [first] = [...group.rules, ...group.defaults];
      const { packagePath, path } = first!;
      const name = path.slice(packagePath.length);
      const header = `package ${pathSource(SUPPORT_ROOT, packagePath)}`;
      const sources = rules.get(header) ?? [];
      rules.set(header, sources);
      const written = pathSource(name[0]!, name.slice(1));
      // Without any rule left the document is empty, and not undefined.
      if (group.kind === 'partial-set') sources.push(`${written} contains 0 if 1 = 2`);
      if (group.kind === 'partial-object') {
        const value = first!.form === 'partial-set' ? 'contains 0' : ':= 0';
        sources.push(`${written}[x] ${value} if {\n\tx = ""\n\t1 = 2\n}`);
      }
      if (group.kind === 'function') {
        const parameters = first!.args.map((_argument, at) => `x${at}`).join(', ');
        sources.push(`${written}(${parameters}) := 0 if 1 = 2`);
      }
      for (const rule of [...group.defaults, ...group.rules]) {
        for (const made of supportRules(freshRule(rule), unfolding, residual)) {
          sources.push(ruleSource({ rule: made, name: written }, arityOf));
        }
      }
    }
    return [...rules].map(([header, sources]) => `${[header, ...new Set(sources)].join('\n\n')}\n`);
  }
}

/** What a rule comes to: one rule for each way through its body; its whole chain where it has `else`. */
function supportRules(rule: CoreRule, unfolding: Unfolding, residual: Residual): readonly CoreRule[] {
  if (rule.isDefault) return [rule];
  if (rule.branches.length > 1) {
    const branches = rule.branches.map((branch) => ({
      ...branch,
      value: branch.value && residual.term(branch.value),
      body: branch.body.map((expression) => residual.expression(expression)),
    }));
    return [{ ...rule, branches }];
  }
  const made: CoreRule[] = [];
  const [branch] = rule.branches;
  const parameters = rule.args.flatMap((argument) => [...openTermVariables(argument)]);
  unfolding.body(branch!.body, new State().opened(parameters), 1, (after) =>
    headTerms(rule, branch!, after, unfolding, (head, done) => {
      const body: CoreBody = done.saved.map((expression) => done.expression(expression));
      made.push({ ...head, branches: [{ ...head.branches[0]!, body }] });
    }),
  );
  return made;
}

function headTerms(
  rule: CoreRule,
  branch: CoreBranch,
  state: State,
  unfolding: Unfolding,
  go: (rule: CoreRule, state: State) => undefined,
): undefined {
  const terms: CoreTerm[] = [
    ...rule.tail,
    ...(rule.key ? [rule.key] : []),
    ...(branch.value ? [branch.value] : []),
  ];
  const next = (done: readonly CoreTerm[], current: State): undefined => {
    const following = terms[done.length];
    if (following !== undefined) {
      unfolding.term(current.term(following), current, 1, FOR_VALUE, (term, after) =>
        next([...done, term], after),
      );
      return;
    }
    const written = done.map((term) => current.term(term));
    const tail = written.slice(0, rule.tail.length);
    const key = rule.key && written[tail.length];
    const value = branch.value && written.at(-1);
    const args = rule.args.map((argument) => current.term(argument));
    go({ ...rule, args, tail, key, branches: [{ ...branch, value }] }, current);
  };
  next([], state);
}
