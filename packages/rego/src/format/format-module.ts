import { isKnownBuiltin } from '../builtins/index.ts';
import type { Diagnostic, Location, RegoVersion } from '../syntax/index.ts';
import { parseModule } from '../syntax/index.ts';
import { keywordsOf } from '../syntax/token.ts';
import { checkTarget } from './check-target.ts';
import { importedSyntax, importsFor, type VersionSpan } from './imports.ts';
import { type FormatError, Layout, type LayoutSettings } from './layout.ts';
import { formatModuleOf } from './module-of.ts';
import type { FormatModule, FormatRule } from './nodes.ts';
import { unmangleWildcards, usedKeywords } from './preprocess.ts';
import { writeBody, writeExpression } from './write-expression.ts';
import { writeModule } from './write-module.ts';

/** How a module is to be formatted. */
export interface FormatOptions {
  /** Named in diagnostics. */
  readonly file: string;
  /** The version that the source is written in; 1 where nothing is said. */
  readonly version?: RegoVersion;
  /** The versions at which the result must parse, oldest and newest; the source's own where nothing is said. */
  readonly target?: VersionSpan;
  /** Imports that the target makes needless are left out. */
  readonly dropNeedlessImports?: boolean;
  /** References may hold keywords (`p.not`), as in every version of OPA since 1.6; true where nothing is said. */
  readonly keywordsInRefs?: boolean;
}

/**
 * Formats a module, byte for byte as `opa fmt` of OPA 1.22 does.
 *
 * @returns the text, or no text and at least one diagnostic that says why not
 */
export function formatModule(
  text: string,
  options: FormatOptions,
): { readonly text?: string; readonly diagnostics: readonly Diagnostic[] } {
  const { file, version = 1 } = options;
  const parsed = parseModule(text, { file, version, isBuiltin: isKnownBuiltin });
  if (parsed.module === undefined) return { diagnostics: parsed.diagnostics };
  const span = options.target ?? { min: version, max: version };
  const module = formatModuleOf(parsed.module);
  const refused = checkTarget(module, span.max);
  if (refused.length > 0) return { diagnostics: refused.map((error) => diagnosticOf(error, file)) };
  unmangleWildcards(module);
  const layout = new Layout(settingsOf(module, span, options), {
    expression: writeExpression,
    body: writeBody,
  });
  const { keywords } = importedSyntax(module.imports);
  const imports = importsFor(module.imports, {
    span,
    keywords,
    used: usedKeywords(module),
    dropNeedless: options.dropNeedlessImports ?? false,
  });
  writeModule(layout, { ...module, imports });
  if (layout.errors.length > 0)
    return { diagnostics: layout.errors.map((error) => diagnosticOf(error, file)) };
  return { text: layout.text.replace(/\n+$/, '\n'), diagnostics: [] };
}

function settingsOf(module: FormatModule, span: VersionSpan, options: FormatOptions): LayoutSettings {
  const imported = importedSyntax(module.imports);
  const version1 = span.max > 0;
  const keywords = version1
    ? [...keywordsOf(1), ...imported.keywords]
    : [...keywordsOf(0), ...imported.keywords];
  const version2 = span.max === 2;
  return {
    contains: version1 || imported.contains,
    ifs: version1 || imported.ifs,
    refHeads: module.rules.some(hasRefHead),
    version1,
    version2,
    keywords: version2 || imported.version2 ? keywordsOf(2) : new Set(keywords),
    keywordsInRefs: options.keywordsInRefs ?? true,
  };
}

function hasRefHead({ head }: FormatRule): boolean {
  if (head.ref.length > 2) return true;
  return head.ref.length === 2 && head.key !== undefined && head.value === undefined;
}

function diagnosticOf({ code, message, place }: FormatError, file: string): Diagnostic {
  const { row = 0, column = 0, start = 0, end = 0 } = place ?? {};
  const location: Location = { file, row, column, start, end };
  return { code, severity: 'error', message, location };
}
