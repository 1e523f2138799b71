import type { Annotations, Location, Module } from './syntax/ast.ts';

/** A rule (or package) annotated `entrypoint: true`. */
export interface Entrypoint {
  /** Slash path below `data`: `agent/tools/decision`. */
  readonly path: string;
  readonly location: Location;
  readonly annotations: Annotations;
}

/** The entrypoints of parsed modules, each path once. */
export function entrypointsOf(modules: readonly Module[]): readonly Entrypoint[] {
  const found: Entrypoint[] = [];
  for (const module of modules) {
    for (const annotations of module.annotations) {
      if (!annotations.entrypoint || annotations.scope === 'rule' || annotations.scope === 'document')
        continue;
      found.push({ path: module.package.path.join('/'), location: annotations.location, annotations });
    }
    for (const rule of module.rules) {
      for (const annotations of rule.annotations) {
        if (!annotations.entrypoint) continue;
        const names = rule.head.ref.map((term) => (term.kind === 'string' ? term.value : undefined));
        const end = names.indexOf(undefined);
        const head = (end < 0 ? names : names.slice(0, end)) as string[];
        const path = [...module.package.path, ...head].join('/');
        if (!found.some((other) => other.path === path)) {
          found.push({ path, location: rule.location, annotations });
        }
      }
    }
  }
  return found;
}
