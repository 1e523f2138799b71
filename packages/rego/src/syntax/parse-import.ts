import type { Import, Package, StringTerm, Term } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node, termName } from './nodes.ts';
import { isNameKeyword } from './parse-reference.ts';
import { IMPORTABLE_KEYWORDS, keywordsOf, type Token } from './token.ts';

const ROOTS = ['data', 'future', 'input', 'rego'];
const V1_WORDS = ['in', 'every', 'contains', 'if'];

/** The statement starts with the word and is not a reference that starts with it (`package.x`). */
function startsPath(cursor: Cursor): boolean {
  const following = cursor.ahead();
  return following.spaceBefore || (following.kind !== '.' && following.kind !== '[');
}

/** `package a.b["c-d"]`. `undefined` without a diagnostic: this is no package statement. */
export function parsePackage(cursor: Cursor): Package | undefined {
  const first = cursor.token;
  if (!startsPath(cursor)) return undefined;
  cursor.advance();
  if (cursor.kind !== 'identifier' && !isNameKeyword(cursor)) return cursor.unexpected();
  cursor.asIdentifier();
  const term = cursor.grammar.term(cursor);
  if (!term) return undefined;
  const path = pathOf(cursor, term);
  if (!path) return undefined;
  if (cursor.kind === '-') return cursor.unexpected();
  return node({
    path: Object.freeze(path.map(({ value }) => value)),
    stepLocations: path.map((step) => step.term.location),
    location: cursor.span(first),
  });
}

function pathOf(cursor: Cursor, term: Term): { value: string; term: Term }[] | undefined {
  if (term.kind === 'var') return [{ value: term.name, term }];
  if (term.kind !== 'ref') return cursor.unexpected();
  const { head } = term;
  if (head.kind !== 'var')
    return cursor.fail(`unexpected ${termName(head)} token: expecting var`, head.location);
  const other = term.parts.find((part) => part.kind !== 'string');
  if (other) return cursor.fail(`unexpected ${termName(other)} token: expecting string`, other.location);
  const parts = term.parts as readonly StringTerm[];
  return [{ value: head.name, term: head }, ...parts.map((part) => ({ value: part.value, term: part }))];
}

/** `import path` with or without `as name`; switches keywords on. `undefined` without a diagnostic: no import statement. */
export function parseImport(cursor: Cursor): Import | undefined {
  const first = cursor.token;
  if (!startsPath(cursor)) return undefined;
  cursor.advance();
  if (cursor.kind !== 'identifier' && !isNameKeyword(cursor)) return cursor.unexpected();
  const reported = cursor.diagnostics.length;
  const term = cursor.withoutImportedKeywords(() => {
    cursor.asIdentifier();
    return cursor.grammar.term(cursor);
  });
  const steps = term && pathOf(cursor, term);
  if (!term || !steps) return cursor.diagnostics.length > reported ? undefined : cursor.fail('expected path');
  const path = Object.freeze(steps.map(({ value }) => value));
  if (!ROOTS.includes(path[0]!)) {
    cursor.hint('if this is unexpected, try updating OPA');
    const roots = `{${ROOTS.join(', ')}}`;
    return cursor.fail(
      `unexpected import path, must begin with one of: ${roots}, got: ${path[0]}`,
      term.location,
    );
  }
  const alias = cursor.kind === 'as' ? parseAlias(cursor) : undefined;
  if (cursor.diagnostics.length > reported) return undefined;
  if (!alias && !endsWell(cursor, path, steps.at(-1)!.term)) return undefined;
  if (cursor.kind === '-') return cursor.unexpected();
  const result = node({
    path,
    pathLocation: term.location,
    stepLocations: steps.map((step) => step.term.location),
    ...(alias && { alias: alias.text, aliasLocation: cursor.at(alias) }),
    location: cursor.span(first),
  });
  return applyImport(cursor, result, term, alias) ? result : undefined;
}

function parseAlias(cursor: Cursor): Token | undefined {
  cursor.advance();
  const token = cursor.token;
  if (cursor.kind !== 'identifier') return cursor.unexpected('expected var');
  if (token.text === 'input' || token.text === 'data') {
    return cursor.fail(`unexpected import alias, must not be a reserved name, got: ${token.text}`, token);
  }
  const alias = cursor.grammar.term(cursor);
  return alias?.kind === 'var' ? token : cursor.unexpected('expected var');
}

function endsWell(cursor: Cursor, path: readonly string[], last: Term): boolean {
  const name = path.at(-1)!;
  if (path.length > 1 && path[0] === 'future') return true;
  if (!keywordsOf(cursor.version).has(name)) return true;
  cursor.hint('import a different path or use an alias');
  cursor.fail(`unexpected import path, must not end with a keyword, got: ${name}`, last.location);
  return false;
}

/** Imports under `rego` and `future` change how the rest of the module is read. */
function applyImport(cursor: Cursor, { path }: Import, term: Term, alias: Token | undefined): boolean {
  if (path[0] === 'rego') return applyRego(cursor, path, term, alias);
  if (path[0] === 'future') return applyFuture(cursor, path, term, alias);
  return true;
}

function applyRego(cursor: Cursor, path: readonly string[], term: Term, alias: Token | undefined): boolean {
  const refuse = (message: string, where: Token | Term['location']): boolean => {
    cursor.fail(message, where);
    return false;
  };
  const isV2 = path[1] === 'v2';
  if (path.length !== 2 || (path[1] !== 'v1' && !isV2)) {
    return refuse(
      `invalid import \`${path.join('.')}\`, must be one of: \`rego.v1\`, \`rego.v2\``,
      term.location,
    );
  }
  if (alias) return refuse('`rego` imports cannot be aliased', alias);
  cursor.addKeywords(isV2 ? IMPORTABLE_KEYWORDS : V1_WORDS);
  if (isV2) cursor.wideNot = true;
  return true;
}

function applyFuture(cursor: Cursor, path: readonly string[], term: Term, alias: Token | undefined): boolean {
  const refuse = (message: string, where: Token | Term['location']): boolean => {
    cursor.fail(message, where);
    return false;
  };
  if (path[1] !== 'keywords') return refuse('invalid import, must be `future.keywords`', term.location);
  if (alias) return refuse('`future` imports cannot be aliased', alias);
  const word = path.length === 3 ? path[2] : undefined;
  if (word !== undefined && !IMPORTABLE_KEYWORDS.includes(word)) {
    return refuse(`unexpected keyword, must be one of [${IMPORTABLE_KEYWORDS.join(' ')}]`, term.location);
  }
  const words = word === undefined ? IMPORTABLE_KEYWORDS : [word];
  cursor.addKeywords(words);
  if (words.includes('not')) cursor.wideNot = true;
  return true;
}
