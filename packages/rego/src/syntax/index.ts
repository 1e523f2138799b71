export type * from './ast.ts';
export type { AstJson, AstObject, AstOptions, AstTerm, RawNumber } from './ast-json.ts';
export { DIAGNOSTIC_CODES, type Diagnostic, type DiagnosticCode } from './diagnostic.ts';
export { moduleToAst, queryToAst } from './module-to-ast.ts';
export { type ParseOptions, parseModule, parseQuery, parseTerm } from './parse-module.ts';
export { renderDiagnostic } from './render-diagnostic.ts';
