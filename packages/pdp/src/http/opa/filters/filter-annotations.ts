import type { BundleModule } from '@writ/bundle';
import { type Annotations, type Module, parseModule } from '@writ/rego';

/** What annotations say about a rule that is to become a filter (`compile: {unknowns, mask_rule}`). */
export interface FilterAnnotations {
  /** As Rego writes them: `input.fruits`. */
  readonly unknowns: readonly string[];
  /** Slash path below `data` of the rule that masks. */
  readonly maskPath?: string;
}

type Term = NonNullable<NonNullable<Annotations['compile']>['maskRule']>[number];

/** From the rule itself, its document, its package and the packages around it; the nearest mask rule counts. */
export function filterAnnotations(path: string, modules: readonly BundleModule[]): FilterAnnotations {
  const parsed = modules
    .filter(({ text }) => text.includes('compile:'))
    .flatMap(({ file, text, version }) => parseModule(text, { file, version }).module ?? []);
  const chain = parsed.flatMap((module) => annotationsFor(module, path)).sort(nearest);
  const compiled = chain.flatMap(({ annotations: { compile }, base }) =>
    compile === undefined ? [] : [{ compile, base }],
  );
  const mask = compiled.find(({ compile }) => compile.maskRule !== undefined);
  return {
    unknowns: compiled.flatMap(({ compile }) => (compile.unknowns ?? []).map(referenceText)),
    ...(mask === undefined ? {} : { maskPath: maskPath(mask.compile.maskRule!, mask.base) }),
  };
}

interface Found {
  readonly annotations: Annotations;
  /** Slash path of the package that it stands in. */
  readonly base: string;
}

const SCOPES = ['rule', 'document', 'package', 'subpackages'] as const;

function nearest(one: Found, other: Found): number {
  const byScope = SCOPES.indexOf(one.annotations.scope) - SCOPES.indexOf(other.annotations.scope);
  return byScope === 0 ? other.base.length - one.base.length : byScope;
}

function annotationsFor(module: Module, path: string): Found[] {
  const base = module.package.path.join('/');
  const isInside = path.startsWith(`${base}/`);
  const ofPackages = module.annotations.filter(
    ({ scope }) =>
      (scope === 'package' && isInside && !path.slice(base.length + 1).includes('/')) ||
      (scope === 'subpackages' && isInside),
  );
  const ofRules = module.rules
    .filter(({ head }) => {
      const names = head.ref.flatMap((term) => (term.kind === 'string' ? [term.value] : []));
      return [base, ...names].join('/') === path;
    })
    .flatMap(({ annotations }) =>
      annotations.filter(({ scope }) => scope === 'rule' || scope === 'document'),
    );
  return [...new Set([...ofRules, ...ofPackages])].map((annotations) => ({ annotations, base }));
}

function namesOf(steps: readonly Term[]): string[] {
  return steps.flatMap((step) =>
    step.kind === 'string' ? [step.value] : step.kind === 'var' ? [step.name] : [],
  );
}

function referenceText(steps: readonly Term[]): string {
  const [head = '', ...rest] = namesOf(steps);
  return rest.reduce((text, name) => `${text}[${JSON.stringify(name)}]`, head);
}

function maskPath(steps: readonly Term[], base: string): string {
  const [head = '', ...rest] = namesOf(steps);
  return (head === 'data' ? rest : [base, head, ...rest]).join('/');
}
