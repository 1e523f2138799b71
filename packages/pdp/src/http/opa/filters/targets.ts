/** What a filter can be compiled into, by the media type that `Accept` names. */
export interface FilterTarget {
  readonly target: 'ucast' | 'sql';
  readonly dialect: string;
  /** As OPA's messages name it. */
  readonly label: string;
  /** Builtins that it has a place for, by the names that stand in residues. */
  readonly builtins: ReadonlySet<string>;
  readonly features: ReadonlySet<FilterFeature>;
}

/** `not`: negation; `field-ref`: one field compared with another; `existence-ref`: whether a field is there. */
export type FilterFeature = 'not' | 'field-ref' | 'existence-ref';

const COMPARISONS = ['eq', 'neq', 'lt', 'lte', 'gt', 'gte'];
const MEMBER = 'internal.member_2';
const TEXTS = ['startswith', 'endswith', 'contains'];

const of = (
  target: FilterTarget['target'],
  dialect: string,
  variant: string,
  builtins: readonly string[],
  features: readonly FilterFeature[],
): FilterTarget => ({
  target,
  dialect,
  label: variant === '' ? target.toUpperCase() : `${target.toUpperCase()} (${variant})`,
  builtins: new Set(builtins),
  features: new Set(features),
});

const ALL = [...COMPARISONS, MEMBER, ...TEXTS];
const SQL: readonly FilterFeature[] = ['not', 'field-ref', 'existence-ref'];

/** Targets by `TARGET+DIALECT`, as `targetDialects` names them. */
const TARGETS: ReadonlyMap<string, FilterTarget> = new Map(
  [
    of('ucast', 'all', 'all', ALL, ['not', 'field-ref']),
    of('ucast', 'minimal', '', COMPARISONS, []),
    of('ucast', 'prisma', 'prisma', ALL, ['not', 'existence-ref']),
    of('ucast', 'linq', 'LINQ', [...COMPARISONS, MEMBER], []),
    of('sql', 'postgresql', 'postgresql', ALL, SQL),
    of('sql', 'mysql', 'mysql', ALL, SQL),
    of('sql', 'sqlserver', 'sqlserver', ALL, SQL),
    of('sql', 'sqlite', 'sqlite', [...COMPARISONS, MEMBER], SQL),
  ].map((each) => [`${each.target}+${each.dialect}`, each]),
);

export const MULTI_TARGET = 'application/vnd.opa.multitarget+json';

/** Every media type that a filter can be asked in. */
export const FILTER_MEDIA_TYPES: readonly string[] = [
  MULTI_TARGET,
  ...[...TARGETS.values()].map(({ target, dialect }) => `application/vnd.opa.${target}.${dialect}+json`),
];

/** The targets that a media type stands for, and those that the body names; undefined for a media type that is none. */
export function targetsOf(
  mediaType: string,
  named: readonly string[],
): readonly (FilterTarget | undefined)[] | undefined {
  if (mediaType === MULTI_TARGET) return named.map((name) => TARGETS.get(name));
  const [, target, dialect] = /^application\/vnd\.opa\.(ucast|sql)\.([a-z]+)\+json$/.exec(mediaType) ?? [];
  const found = TARGETS.get(`${target}+${dialect}`);
  return found === undefined ? undefined : [found];
}
