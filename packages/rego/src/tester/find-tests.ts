import { dataPath } from '../analysis/term-text.ts';
import type { Module, Rule } from '../syntax/ast.ts';

/** A rule `test_…`, or several of one path, of which this is the first. */
export interface Test {
  /** `data.agent.tools_test.test_allow` */
  readonly path: string;
  readonly name: string;
  /** `data.agent.tools_test` */
  readonly package: string;
  readonly skipped: boolean;
  /** Its head goes on after its name, by what the cases are called. */
  readonly hasCases: boolean;
  readonly module: Module;
  readonly rule: Rule;
}

const SCALARS: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string']);

/** The tests of modules, in the order of its modules. */
export function findTests(modules: readonly Module[], filter: RegExp | undefined): readonly Test[] {
  const tests = new Map<string, Test>();
  for (const module of modules) {
    for (const rule of module.rules) {
      const steps: string[] = [];
      for (const term of rule.head.ref) {
        if (term.kind !== 'string') break;
        steps.push(term.value);
      }
      // What stands after the name in a head calls its cases.
      const at = steps.findIndex((step) => /^(todo_)?test_/.test(step));
      const name = steps[at] ?? '';
      const isTest = at >= 0 && rule.head.form !== 'function' && !rule.isDefault;
      steps.length = at + 1;
      const path = dataPath([...module.package.path, ...steps]);
      if (!isTest || tests.has(path) || filter?.test(path) === false) continue;
      const after = rule.head.ref.slice(steps.length);
      const hasCases = rule.head.form !== 'partial-set' && after.some(({ kind }) => !SCALARS.has(kind));
      const home = dataPath(module.package.path);
      tests.set(path, {
        path,
        name,
        package: home,
        skipped: name.startsWith('todo_'),
        hasCases,
        module,
        rule,
      });
    }
  }
  return [...tests.values()];
}
