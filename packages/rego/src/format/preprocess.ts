import type { FormatExpression, FormatModule, FormatVar } from './nodes.ts';
import { visitNodes } from './relocate.ts';
import { termText } from './term-text.ts';

/** A wildcard that stands in several places (the head of chained bodies) gets a name: each `_` is another variable. */
export function unmangleWildcards(module: FormatModule): void {
  const first = new Map<string, FormatVar | undefined>();
  visitNodes([module.imports, module.rules], (node) => {
    if (node.kind !== 'var') return;
    const variable = node as FormatVar;
    if (!variable.name.startsWith('$')) return;
    if (!first.has(variable.name)) {
      first.set(variable.name, variable);
      return;
    }
    const name = `_${variable.name.slice(1)}`;
    const before = first.get(variable.name);
    first.set(variable.name, undefined);
    if (before !== undefined) before.name = name;
    variable.name = name;
  });
}

const CONTENT_KEYWORDS = new Set(['every', 'not', 'and', 'or']);

/** The keywords that literals use and that need an import in older versions. */
export function usedKeywords(module: FormatModule): ReadonlySet<string> {
  const used = new Set<string>();
  visitNodes(module.rules, (node) => {
    if (node.kind !== 'expression') return;
    const { content } = node as FormatExpression;
    if (CONTENT_KEYWORDS.has(content.kind)) used.add(content.kind);
    if (content.kind === 'call' && termText(content.terms[0]!).startsWith('internal.member_')) used.add('in');
  });
  return used;
}
