export type * from './ast.ts';
export { DIAGNOSTIC_CODES, type Diagnostic, type DiagnosticCode } from './diagnostic.ts';
export { type ParseOptions, parseModule, parseQuery, parseTerm } from './parse-module.ts';
export { renderDiagnostic } from './render-diagnostic.ts';
