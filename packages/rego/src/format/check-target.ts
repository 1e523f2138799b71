import { SIGNATURES } from '../builtins/signatures.ts';
import { keywordsOf } from '../syntax/token.ts';
import { pathText } from './imports.ts';
import type { FormatError } from './layout.ts';
import type { FormatExpression, FormatImport, FormatModule, FormatRule, FormatTerm } from './nodes.ts';
import type { Place } from './place.ts';
import { visitNodes } from './relocate.ts';
import { termText } from './term-text.ts';

type Check = (module: FormatModule) => readonly FormatError[];

const ROOTS: ReadonlySet<string> = new Set(['input', 'data']);
const DEPRECATED: ReadonlySet<string> = new Set(
  SIGNATURES.flatMap(({ name, deprecated }) => (deprecated === true ? [name] : [])),
);
const V2_ONLY: ReadonlySet<string> = new Set([...keywordsOf(2)].filter((word) => !keywordsOf(1).has(word)));

/** What version 1 asks of a module, as OPA's formatter asks it, in the order of its reports. */
const CHECKS_V1: readonly Check[] = [
  checkImportNames,
  checkRoots,
  checkDeprecated,
  checkNames(keywordsOf(1)),
];
const CHECKS_V2: readonly Check[] = [checkV2Rules];

/** Why a module cannot be formatted for a version; empty where it can. */
export function checkTarget(module: FormatModule, version: 0 | 1 | 2): readonly FormatError[] {
  if (version === 0) return [];
  const checks = version === 2 ? [...CHECKS_V1, ...CHECKS_V2] : CHECKS_V1;
  return checks.flatMap((check) => check(module));
}

function compileError(message: string, place: Place): FormatError {
  return { code: 'rego_compile_error', message, place };
}

function importName({ path, alias }: FormatImport): string {
  return alias ?? pathText(path.slice(-1));
}

function importText({ path, alias, place }: FormatImport): string {
  const written = termText({ kind: 'ref', parts: path, place });
  return `import ${written}${alias === undefined ? '' : ` as ${alias}`}`;
}

function checkImportNames({ imports }: FormatModule): readonly FormatError[] {
  const byName = new Map<string, FormatImport>();
  return imports.flatMap((statement) => {
    const name = importName(statement);
    const before = byName.get(name);
    if (before !== undefined)
      return [compileError(`import must not shadow ${importText(before)}`, statement.place)];
    byName.set(name, statement);
    return [];
  });
}

function nameOf({ head }: FormatRule): string {
  return termText(head.ref[0]!);
}

function checkRoots({ rules }: FormatModule): readonly FormatError[] {
  const found: FormatError[] = [];
  for (const rule of rules) {
    const name = nameOf(rule);
    if (ROOTS.has(name))
      found.push(compileError(`rules must not shadow ${name} (use a different rule name)`, rule.place));
    for (const arg of rule.head.args) {
      const text = arg.kind === 'ref' ? termText(arg) : '';
      if (ROOTS.has(text))
        found.push(compileError(`args must not shadow ${text} (use a different variable name)`, arg.place));
    }
  }
  visitNodes(rules, (node) => {
    const { content, place } = node as FormatExpression;
    if (node.kind !== 'expression' || content.kind !== 'call') return;
    const [operator, target] = content.terms.map(termText);
    if (operator === 'assign' && target !== undefined && ROOTS.has(target))
      found.push(compileError(`variables must not shadow ${target} (use a different variable name)`, place));
  });
  return found;
}

function checkDeprecated({ rules }: FormatModule): readonly FormatError[] {
  const found: FormatError[] = [];
  const check = (operator: FormatTerm | undefined, place: Place): void => {
    const name = operator === undefined ? '' : termText(operator);
    if (!DEPRECATED.has(name)) return;
    const message = `deprecated built-in function calls in expression: ${name}`;
    found.push({ code: 'rego_type_error', message, place });
  };
  const visit = (node: { place: Place; readonly kind?: string }): void => {
    // The names of rules are not visited otherwise.
    if ('ref' in node) visitNodes(node.ref, visit);
    if (node.kind === 'expression') {
      const { content, place } = node as FormatExpression;
      if (content.kind === 'call') check(content.terms[0], place);
    } else if (node.kind === 'call') {
      const { terms } = node as Extract<FormatTerm, { kind: 'call' }>;
      check(terms[0], terms[0]!.place);
    }
  };
  visitNodes(rules, visit);
  return found;
}

function checkNames(words: ReadonlySet<string>): Check {
  return ({ rules }) =>
    rules.flatMap((rule) => {
      const name = nameOf(rule);
      if (rule.head.ref.length > 1 || !words.has(name)) return [];
      const message = `${name} keyword cannot be used for rule name`;
      return [{ code: 'rego_parse_error', message, place: rule.place }];
    });
}

/** The words that version 2 adds can name neither rules nor variables. */
function checkV2Rules(module: FormatModule): readonly FormatError[] {
  return module.rules.flatMap((rule) => {
    const only = { ...module, rules: [rule] };
    return [...checkNames(V2_ONLY)(only), ...variablesNamed(rule)];
  });
}

function variablesNamed(rule: FormatRule): readonly FormatError[] {
  const operators = new Set<unknown>();
  const found: FormatError[] = [];
  visitNodes([rule.head.ref.slice(1), rule], (node) => {
    const terms = (node as { terms?: readonly FormatTerm[] }).terms ?? contentTerms(node as FormatExpression);
    for (const part of terms.slice(0, 1)) if (part.kind === 'ref') operators.add(part.parts[0]);
    if (node.kind !== 'var' || operators.has(node)) return;
    const { name, place } = node as Extract<FormatTerm, { kind: 'var' }>;
    operators.add(node);
    const message = `${name} keyword cannot be used for variable name`;
    if (V2_ONLY.has(name)) found.push({ code: 'rego_parse_error', message, place });
  });
  return found;
}

function contentTerms({ content }: FormatExpression): readonly FormatTerm[] {
  return content?.kind === 'call' ? content.terms : [];
}
