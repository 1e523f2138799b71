import type { Annotations, Body, Import, Module, Package, RegoVersion, Rule, Term } from './ast.ts';
import { checkVersion1 } from './check-version1.ts';
import { Cursor, type Grammar } from './cursor.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Annotated, attachAnnotations, readAnnotations } from './parse-annotations.ts';
import { parseBody, parseLiteral } from './parse-expression.ts';
import { parseInfix } from './parse-infix.ts';
import { parseQuery as parseQueryStatement, parseStatements, type Statement } from './parse-statements.ts';
import { parseTerm as parsePlainTerm } from './parse-term.ts';
import { annotationsOfRules } from './rule-annotations.ts';
import { type RuleDraft, ruleOf } from './rule-draft.ts';
import { ruleFromExpression } from './rule-from-expression.ts';
import type { RuleTwins } from './rule-twins.ts';
import { each, finish, mapSteps, type Steps } from './steps.ts';

export interface ParseOptions {
  /** Named in every location. */
  readonly file: string;
  /** Version of the language; 1 where nothing is said. `import rego.v1` in a version 0 module asks for 1's rules. */
  readonly version?: RegoVersion;
  /** Knows the names of builtins (`count`, `io.jwt.decode`): a function without a value cannot take one. */
  readonly isBuiltin?: (name: string) => boolean;
  /** Whether `METADATA` blocks are read; they are unless this is false. */
  readonly annotations?: boolean;
}

const GRAMMAR: Grammar = { term: parsePlainTerm, infix: parseInfix, body: parseBody, literal: parseLiteral };

function open(text: string, { version = 1, ...options }: ParseOptions): Cursor {
  return new Cursor({ text, version, ...options }, GRAMMAR);
}

/**
 * Parses a Rego module (the grammar of OPA 1.22, versions 0 and 1). Never throws for any text.
 *
 * @returns the tree, or no tree and at least one diagnostic of severity `error`. Codes: `rego_parse_error` in OPA's
 * words, `rego_unsupported_error` for what the language has and this engine does not evaluate yet.
 */
export function parseModule(
  text: string,
  options: ParseOptions,
): { readonly module?: Module; readonly diagnostics: readonly Diagnostic[] } {
  return finish(parseModuleSteps(text, options));
}

/** As {@link parseModule}; with `twins`, rules that are like others go there and not into the module. */
export function* parseModuleSteps(
  text: string,
  options: ParseOptions,
  twins?: RuleTwins,
): Steps<ReturnType<typeof parseModule>> {
  const cursor = open(text, options);
  const statements = yield* parseStatements(cursor, twins);
  const parts = yield* partsOf(cursor, statements);
  const isRead = options.annotations !== false && cursor.diagnostics.length === 0;
  const blocks = isRead ? readAnnotations(cursor) : [];
  if (cursor.diagnostics.length > 0 || !parts.package) return { diagnostics: cursor.diagnostics };
  const annotations = attachAnnotations(cursor, blocks, statementsOf(parts));
  if (cursor.diagnostics.length > 0) return { diagnostics: cursor.diagnostics };
  return {
    module: yield* moduleOf(cursor, { ...parts, package: parts.package }, annotations),
    diagnostics: [],
  };
}

/** Statements by what they are. */
interface Parts {
  readonly package?: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly RuleDraft[];
}

function* partsOf(cursor: Cursor, statements: readonly Statement[]): Steps<Parts> {
  const reported = cursor.diagnostics.length;
  const imports: Import[] = [];
  const rules: RuleDraft[] = [];
  const [first] = statements;
  if (!first && reported === 0) cursor.fail('empty module', NOWHERE);
  if (first && first.kind !== 'package' && isFirst(cursor, first))
    cursor.fail('package expected', locationOf(first));
  for (const statement of statements) {
    if (statement.kind === 'import') imports.push(statement.node);
    else if (statement.kind === 'rule') rules.push(statement.node);
    else if (statement.kind === 'body') rules.push(...ruleOfBody(cursor, statement.node));
    else if (statement !== first) cursor.fail('unexpected package', statement.node.location);
  }
  if (isVersion1(cursor, imports)) yield* each(rules, (rule) => checkVersion1(cursor, rule));
  return { ...(first?.kind === 'package' && { package: first.node }), imports, rules };
}

/** OPA gives an empty module no place. */
const NOWHERE = { file: '', row: 0, column: 0, start: 0, end: 0 };

/** Nothing that failed stands before it. */
function isFirst(cursor: Cursor, statement: Statement): boolean {
  const { start } = locationOf(statement);
  return cursor.diagnostics.every(({ location }) => location.start >= start);
}

function locationOf(statement: Statement): Rule['location'] {
  return statement.kind === 'body' ? statement.node[0]!.location : statement.node.location;
}

function ruleOfBody(cursor: Cursor, body: Body): readonly RuleDraft[] {
  const [expression] = body;
  if (body.length !== 1 || !expression) {
    cursor.fail('multiple expressions cannot be used for rule head', body[0]!.location);
    return [];
  }
  const rule = ruleFromExpression(cursor, expression);
  return rule ? [rule] : [];
}

function isVersion1(cursor: Cursor, imports: readonly Import[]): boolean {
  return cursor.version > 0 || imports.some(({ path }) => path[0] === 'rego');
}

function statementsOf({ package: statement, imports, rules }: Parts): readonly Annotated[] {
  return [
    ...(statement ? [{ target: { kind: 'package' }, location: statement.location } as const] : []),
    ...imports.map(({ location }) => ({ target: { kind: 'import' }, location }) as const),
    ...rules.map(({ location }, rule) => ({ target: { kind: 'rule', rule }, location }) as const),
  ];
}

function* moduleOf(
  cursor: Cursor,
  parts: Parts & { readonly package: Package },
  annotations: readonly Annotations[],
): Steps<Module> {
  const ofRules = annotationsOfRules(parts.rules, annotations);
  const rules = yield* mapSteps(parts.rules, (draft, index) => ruleOf(draft, ofRules[index]!));
  return Object.freeze({
    kind: 'module',
    file: cursor.file,
    text: cursor.text,
    version: isVersion1(cursor, parts.imports) && cursor.version === 0 ? 1 : cursor.version,
    package: parts.package,
    imports: Object.freeze(parts.imports),
    rules: Object.freeze(rules),
    comments: cursor.comments,
    annotations: Object.freeze(annotations),
  });
}

/** Parses a query: literals joined by `;` or line ends, like a body without braces. Diagnostics as in {@link parseModule}. */
export function parseQuery(
  text: string,
  options: ParseOptions,
): { readonly body?: Body; readonly diagnostics: readonly Diagnostic[] } {
  const cursor = open(text, options);
  const body: Body[number][] = [];
  if (cursor.kind === 'eof') cursor.fail('found empty body');
  while (cursor.kind !== 'eof') {
    const literals = parseQueryStatement(cursor);
    if (!literals) break;
    body.push(...literals.map((literal, index) => Object.freeze({ ...literal, index: body.length + index })));
  }
  return cursor.diagnostics.length > 0 ? { diagnostics: cursor.diagnostics } : { body, diagnostics: [] };
}

/** Parses one term, operators included; anything after it is an error. Diagnostics as in {@link parseModule}. */
export function parseTerm(
  text: string,
  options: ParseOptions,
): { readonly term?: Term; readonly diagnostics: readonly Diagnostic[] } {
  const cursor = open(text, options);
  const term = parseInfix(cursor);
  if (term && cursor.kind !== 'eof') cursor.unexpected();
  return cursor.diagnostics.length > 0 || !term
    ? { diagnostics: cursor.diagnostics }
    : { term, diagnostics: [] };
}
