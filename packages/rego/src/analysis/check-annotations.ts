import type { Annotations, Location, Module } from '../syntax/ast.ts';
import { rulePath } from './annotation-set.ts';
import { pathKey } from './names.ts';
import type { Report } from './report.ts';

/** Refuses two annotations of one document, package or its subpackages (OPA's stage SetAnnotationSet). */
export function checkAnnotations(modules: readonly Module[], report: Report): void {
  const seen = new Map<string, Location>();
  const refused = new Set<Location>();
  const look = ({ scope, location }: Annotations, path: readonly string[]): void => {
    const key = `${scope === 'package' ? 'package' : 'path'} ${pathKey(path)}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, location);
    // An annotation of a document stands at each of its rules, and is refused once.
    else if (before !== location && !refused.has(location)) {
      refused.add(location);
      const message = `${scope} annotation redeclared: ${before.file}:${before.row}`;
      report.error('rego_type_error', message, location);
    }
  };
  for (const module of modules) {
    const { path } = module.package;
    for (const annotations of module.annotations) {
      if (annotations.scope === 'package' || annotations.scope === 'subpackages') look(annotations, path);
    }
    for (const rule of module.rules) {
      for (const annotations of rule.annotations) {
        if (annotations.scope === 'document') look(annotations, rulePath(module, rule));
      }
    }
  }
}
