import type { Location, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { termName } from './nodes.ts';
import type { HeadDraft } from './rule-draft.ts';

/** A default rule has a constant value, and arguments that are different plain variables (OPA `validateDefaultRuleValue`, `validateDefaultRuleArgs`). */
export function checkDefault(cursor: Cursor, head: HeadDraft, location: Location): boolean {
  const reported = cursor.diagnostics.length;
  if (head.member || (!head.value && head.ref.length === 2 && !head.args)) {
    cursor.fail('illegal default rule (must have a value)', location);
  }
  for (const name of head.value ? variablesOf(head.value) : []) {
    cursor.fail(`illegal default rule (value cannot contain ${name})`, location);
  }
  checkArguments(cursor, head.args ?? [], location);
  return cursor.diagnostics.length === reported;
}

/** What makes a value depend on evaluation; a comprehension may hold such terms. */
function variablesOf(term: Term): string[] {
  switch (term.kind) {
    case 'var':
    case 'ref':
    case 'call':
      return [termName(term)];
    case 'array':
    case 'set':
      return term.items.flatMap(variablesOf);
    case 'object':
      return term.entries.flatMap(([key, value]) => [...variablesOf(key), ...variablesOf(value)]);
    case 'template-string':
      return term.parts.flatMap((part) => (part.kind === 'term-expression' ? variablesOf(part.term) : []));
    default:
      return [];
  }
}

function checkArguments(cursor: Cursor, args: readonly Term[], location: Location): void {
  const names = new Set<string>();
  for (const term of args) {
    if (term.kind !== 'var' || term.name === 'input' || term.name === 'data') {
      cursor.fail(`illegal default rule (arguments cannot contain ${termName(term)})`, location);
    } else if (names.has(term.name)) {
      cursor.fail(`illegal default rule (arguments cannot be repeated ${term.name})`, location);
    } else {
      names.add(term.name);
    }
  }
}
