import type { Module } from '../syntax/ast.ts';
import { importName, isKeywordImport } from './names.ts';
import type { Report } from './report.ts';

/** Refuses imports that hide each other and names that hide `input` or `data` (OPA's stages for strict v1 modules). */
export function checkImports(module: Module, report: Report): void {
  if (module.version === 0 && !module.imports.some(({ path }) => path.join('.') === 'rego.v1')) return;
  const seen = new Map<string, string>();
  for (const imported of module.imports) {
    if (isKeywordImport(imported.path)) continue;
    const name = importName(imported);
    const path = imported.path.join('.');
    const before = seen.get(name);
    if (before !== undefined) {
      const message = `import must not shadow import ${before}`;
      report.error('rego_compile_error', message, imported.location);
    } else seen.set(name, path);
  }
  for (const rule of module.rules) {
    const [first] = rule.head.ref;
    const name = first?.kind === 'string' ? first.value : undefined;
    if (name !== 'input' && name !== 'data') continue;
    const message = `rules must not shadow ${name} (use a different rule name)`;
    report.error('rego_compile_error', message, rule.location);
  }
}
