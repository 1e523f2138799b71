import type { DocumentPlan, ValueNode } from './plan.ts';

/** Plans the value at a path of names below `data`. */
export function planDocumentPath(root: DocumentPlan, path: readonly string[]): ValueNode {
  const keys = path.map((value): ValueNode => ({ op: 'constant', value }));
  let node = root;
  for (const [index, name] of path.entries()) {
    const child = node.children.get(name);
    if (child === undefined) return { op: 'base', path };
    node = child;
    const { group } = node;
    if (group === undefined) continue;
    // A function is no value; what asks for one finds nothing there, or what a `with` put in its place.
    if (group.kind === 'function') return { op: 'dynamic', path: [], keys };
    const [first, ...rest] = keys.slice(index + 1);
    const isMember = group.kind !== 'complete' && first !== undefined;
    const whole: ValueNode = isMember
      ? { op: 'member', group: group.id, key: first }
      : { op: 'rule', group: group.id };
    return (isMember ? rest : keys.slice(index + 1)).reduce(
      (of, key): ValueNode => ({ op: 'lookup', of, key, stored: false }),
      whole,
    );
  }
  return { op: 'document', path };
}

/** The steps of a path written `data.a.b`, `data.a["b c"]` or `a/b`. */
export function pathSteps(path: string): readonly string[] {
  if (path === 'data' || path === '') return [];
  if (!/^data[.[]/.test(path)) return path.split('/').filter((step) => step !== '');
  const steps: string[] = [];
  for (const found of path.slice(4).matchAll(/\.([^.[\]]+)|\["((?:[^"\\]|\\.)*)"\]/g)) {
    steps.push(found[1] ?? (JSON.parse(`"${found[2]}"`) as string));
  }
  return steps;
}
