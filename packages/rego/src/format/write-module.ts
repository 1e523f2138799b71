import { comparePlaces } from './group-lines.ts';
import { compareImports, futureKeyword, groupImports } from './imports.ts';
import { type Comments, forgetting, type Layout } from './layout.ts';
import type { FormatComment, FormatImport, FormatModule, FormatPackage, FormatRule } from './nodes.ts';
import { writeRules } from './write-rule.ts';
import { writeReference } from './write-term.ts';

/** Writes a whole module into the layout. */
export function writeModule(layout: Layout, module: FormatModule): void {
  const statements = [...module.imports, ...module.rules].sort((a, b) => comparePlaces(a.place, b.place));
  const firstRuleRow = Math.min(...module.rules.map(({ place }) => place.row));
  const isAdded = (statement: FormatImport | FormatRule): statement is FormatImport =>
    statement.kind === 'import' && statement.place.isMadeUp;
  const addedAbove = statements.some((each) => isAdded(each) && each.place.row >= firstRuleRow);
  const added = addedAbove ? statements.filter(isAdded) : [];
  const others = addedAbove ? statements.filter((each) => !isAdded(each)) : statements;

  let left = writePackage(layout, module.package, [...module.comments].sort(compareComments));
  left = writeImports(layout, added, left);
  for (let from = 0; from < others.length; ) {
    const imports = runFrom(others, from, 'import');
    left = writeImports(layout, imports as readonly FormatImport[], left);
    from += imports.length;
    const rules = runFrom(others, from, 'rule');
    left = writeRules(layout, rules as readonly FormatRule[], left);
    from += rules.length;
  }
  for (const [index, comment] of left.entries()) {
    layout.writeLine(comment.text);
    if (index === left.length - 1) layout.write('\n');
  }
}

function compareComments(first: FormatComment, second: FormatComment): number {
  return first.row - second.row || first.column - second.column;
}

/** The statements of one kind that stand together. */
function runFrom(
  statements: readonly (FormatImport | FormatRule)[],
  from: number,
  kind: 'import' | 'rule',
): readonly (FormatImport | FormatRule)[] {
  const end = statements.findIndex((each, index) => index >= from && each.kind !== kind);
  return statements.slice(from, end < 0 ? statements.length : end);
}

function writePackage(layout: Layout, { path, place }: FormatPackage, comments: Comments): Comments {
  const left = forgetting(() => layout.insertComments(comments, place.row));
  layout.startLine();
  layout.write('package ');
  writeReference(layout, path, []);
  layout.blankLine();
  return left;
}

/** Imports sorted within their groups, each with the comment of its line. */
function writeImports(layout: Layout, imports: readonly FormatImport[], comments: Comments): Comments {
  const own = new Map<FormatImport, FormatComment>();
  let left: Comments = comments.filter((comment) => {
    const statement = imports.find(({ place }) => place.row === comment.row);
    if (statement !== undefined) own.set(statement, comment);
    return statement === undefined;
  });
  for (const group of groupImports(imports)) {
    left = layout.insertComments(left, group[0]!.place.row);
    for (const statement of [...group].sort(compareImports)) {
      layout.startLine();
      writeImport(layout, statement);
      const comment = own.get(statement);
      if (comment !== undefined) layout.write(` ${comment.text}`);
      layout.endLine();
    }
    layout.blankLine();
  }
  return left;
}

function writeImport(layout: Layout, statement: FormatImport): void {
  layout.write('import ');
  if (futureKeyword(statement) === undefined) writeReference(layout, statement.path, []);
  else
    layout.write(
      statement.path
        .map((part) => ('name' in part ? part.name : 'value' in part ? part.value : ''))
        .join('.'),
    );
  if (statement.alias !== undefined) layout.write(` as ${statement.alias}`);
}
