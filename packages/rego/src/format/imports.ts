import { compareStrings } from '../value/index.ts';
import type { FormatImport, FormatTerm } from './nodes.ts';
import { madeUpPlace } from './place.ts';

/** The versions at which the formatted text must parse, oldest and newest. */
export interface VersionSpan {
  readonly min: 0 | 1 | 2;
  readonly max: 0 | 1 | 2;
}

/** A path as words; parts that are not words cannot be in one that matters here. */
export function pathText(path: readonly FormatTerm[]): string {
  return path
    .map((part) => (part.kind === 'var' ? part.name : part.kind === 'string' ? part.value : ''))
    .join('.');
}

const isRego = (version: 1 | 2) => (statement: FormatImport) =>
  pathText(statement.path) === `rego.v${version}`;
const isRegoV1 = isRego(1);
const isRegoV2 = isRego(2);

function isFuture({ path }: FormatImport): boolean {
  return pathText(path).startsWith('future.keywords');
}

/** The word of `import future.keywords.WORD`. */
export function futureKeyword({ path }: FormatImport): string | undefined {
  const [root, group, word, ...more] = path.map((part) => pathText([part]));
  return root === 'future' && group === 'keywords' && more.length === 0 ? word : undefined;
}

function isAllKeywords({ path }: FormatImport): boolean {
  return pathText(path) === 'future.keywords';
}

/** What imports switch on. */
export interface ImportedSyntax {
  readonly contains: boolean;
  readonly ifs: boolean;
  readonly version2: boolean;
  readonly keywords: readonly string[];
}

export function importedSyntax(imports: readonly FormatImport[]): ImportedSyntax {
  const version2 = imports.some(isRegoV2);
  const all = version2 || imports.some((each) => isRegoV1(each) || isAllKeywords(each));
  const keywords = imports.flatMap((each) => futureKeyword(each) ?? []);
  return {
    contains: all || keywords.includes('contains'),
    ifs: all || keywords.includes('if'),
    version2,
    keywords,
  };
}

/** Keywords that every module of version 1 has. */
const STANDARD_V1 = new Set(['in', 'every', 'contains', 'if']);

export interface ImportOptions {
  readonly span: VersionSpan;
  /** Words that `import future.keywords.WORD` named. */
  readonly keywords: readonly string[];
  /** Words that the text uses and that need an import. */
  readonly used: ReadonlySet<string>;
  /** Imports that the span makes needless go. */
  readonly dropNeedless: boolean;
}

/** The imports that a module needs for a span of versions. */
export function importsFor(
  imports: readonly FormatImport[],
  options: ImportOptions,
): readonly FormatImport[] {
  const { span, dropNeedless } = options;
  const withoutFuture = (list: readonly FormatImport[]) => list.filter((each) => !isFuture(each));
  const withoutV1 = (list: readonly FormatImport[]) => list.filter((each) => !isRegoV1(each));
  if (span.min === 2)
    return dropNeedless ? withoutFuture(withoutV1(imports).filter((each) => !isRegoV2(each))) : imports;
  if (span.max === 2) return withoutFuture(withoutV1(ensureRego(imports, 2)));
  const hasV2 = imports.some(isRegoV2);
  let list = imports;
  if (hasV2 || (span.min === 1 && dropNeedless)) list = withoutV1(list);
  else if (span.min !== span.max) list = ensureRego(list, 1);
  const hasV1 = hasV2 || list.some(isRegoV1);
  if (span.max === 0 && !hasV1) return ensureKeywords(list, options.used);
  list = dropNeedless || hasV1 ? withoutFuture(list) : ensureKeywords(list, options.keywords);
  return hasV2
    ? list
    : ensureKeywords(
        list,
        [...options.used].filter((word) => !STANDARD_V1.has(word)),
      );
}

function ensureKeywords(imports: readonly FormatImport[], words: Iterable<string>): readonly FormatImport[] {
  let list = imports;
  for (const word of words) {
    const has = list.some((each) => {
      const imported = futureKeyword(each);
      return isAllKeywords(each) || imported === word || (imported === 'every' && word === 'in');
    });
    if (!has) list = [...list, madeImport(list, ['future', 'keywords', word])];
  }
  return list;
}

function ensureRego(imports: readonly FormatImport[], version: 1 | 2): readonly FormatImport[] {
  return imports.some(isRego(version)) ? imports : [...imports, madeImport(imports, ['rego', `v${version}`])];
}

/** Below the last import of its kind. */
function madeImport(imports: readonly FormatImport[], path: readonly string[]): FormatImport {
  const text = `import ${path.join('.')}`;
  const rows = imports.flatMap((each) =>
    pathText(each.path.slice(0, 1)) === 'future' || isRegoV1(each) ? [each.place.row] : [],
  );
  const last = Math.max(0, ...rows);
  const place = madeUpPlace(text, last === 0 ? 1 : last + 1);
  const terms = path.map(
    (word, index): FormatTerm =>
      index === 0
        ? { kind: 'var', name: word, place }
        : { kind: 'string', value: word, place: madeUpPlace(word) },
  );
  return { kind: 'import', path: terms, place };
}

/** Imports in the groups that blank lines make. */
export function groupImports(imports: readonly FormatImport[]): readonly (readonly FormatImport[])[] {
  const groups: FormatImport[][] = [];
  for (const [index, statement] of imports.entries()) {
    const previous = imports[index - 1];
    if (previous === undefined || statement.place.row - previous.place.row > 1) groups.push([]);
    groups.at(-1)!.push(statement);
  }
  return groups;
}

export function compareImports(first: FormatImport, second: FormatImport): number {
  const length = Math.min(first.path.length, second.path.length);
  for (let index = 0; index < length; index++) {
    const order = compareStrings(pathText([first.path[index]!]), pathText([second.path[index]!]));
    if (order !== 0) return order;
  }
  return first.path.length - second.path.length || compareStrings(first.alias ?? '', second.alias ?? '');
}
