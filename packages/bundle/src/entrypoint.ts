import { ENTRYPOINT_KINDS, type EntrypointKind, LAYERS, type Layer, nearestName } from '@writ/decision';
import { type Annotations, type Module, parseModule } from '@writ/rego';
import { z } from 'zod';
import type { BundleModule, Entrypoint } from './bundle.ts';
import {
  annotationSchema,
  checkEntrypoint,
  completeEntrypoint,
  describeIssues,
  type EntrypointDefaults,
} from './manifest.ts';
import type { BundleProblem } from './problem.ts';

export type EntrypointResult =
  | { readonly ok: true; readonly entrypoint: Entrypoint }
  | { readonly ok: false; readonly problem: BundleProblem };

/** Entrypoints that a bundle's modules mark themselves, with what is wrong with the marks. */
export interface AnnotatedEntrypoints {
  readonly entrypoints: readonly Entrypoint[];
  readonly problems: readonly BundleProblem[];
}

/**
 * Reads Rego's own marks: a `METADATA` block with `entrypoint: true`, and what `custom.writ` says about the rule
 * (`kind`, `layer`, `profile`, `when`, and who answers for it). Modules that do not parse are left to the compiler, which says why.
 */
export function annotatedEntrypoints(
  modules: readonly BundleModule[],
  defaults: EntrypointDefaults = {},
): AnnotatedEntrypoints {
  const entrypoints: Entrypoint[] = [];
  const problems: BundleProblem[] = [];
  for (const module of modules) {
    if (!module.text.includes('entrypoint')) continue;
    const parsed = parseModule(module.text, { file: module.file, version: module.version }).module;
    for (const { path, annotations } of parsed === undefined ? [] : marksOf(parsed)) {
      const written = annotationSchema.safeParse(annotations.custom?.['writ'] ?? {}, { reportInput: true });
      if (written.success) entrypoints.push(completeEntrypoint(path, written.data, defaults));
      else problems.push(...markProblems(written.error, module.file, annotations));
    }
  }
  const unique = new Map(
    entrypoints.map((entrypoint) => [`${entrypoint.path} ${entrypoint.kind}`, entrypoint]),
  );
  return { entrypoints: [...unique.values()], problems };
}

/** A document's mark may stand before any one of its rules; it counts once. */
function marksOf(module: Module): { readonly path: string; readonly annotations: Annotations }[] {
  const base = module.package.path.join('/');
  const ofPackage = module.annotations.filter(({ entrypoint, scope }) => entrypoint && scope === 'package');
  const ofRules = module.rules.flatMap((rule) =>
    rule.annotations
      .filter(({ entrypoint }) => entrypoint)
      .map((annotations) => ({ path: [base, ...groundRef(rule)].join('/'), annotations })),
  );
  return [...ofPackage.map((annotations) => ({ path: base, annotations })), ...ofRules];
}

function groundRef(rule: Module['rules'][number]): string[] {
  const steps: string[] = [];
  for (const term of rule.head.ref) {
    if (term.kind !== 'string') break;
    steps.push(term.value);
  }
  return steps;
}

function markProblems(error: z.ZodError, file: string, annotations: Annotations): BundleProblem[] {
  return describeIssues(error, z.toJSONSchema(annotationSchema), file).map(({ pointer, ...problem }) => ({
    ...problem,
    code: 'entrypoint_invalid',
    message: `annotation \`custom.writ${(pointer ?? '').replaceAll('/', '.')}\`: ${problem.message}`,
    row: annotations.location.row,
  }));
}

/**
 * Reads `--entrypoint PATH[,kind=KIND][,layer=LAYER][,profile=PROFILE]`. The path may be written as the data API
 * takes it (`agent/tools/decision`) or as Rego does (`data.agent.tools.decision`).
 */
export function parseEntrypoint(option: string): EntrypointResult {
  const [written = '', ...settings] = option.split(',').map((part) => part.trim());
  const path = written.startsWith('data.')
    ? written.slice('data.'.length).replaceAll('.', '/')
    : written.replace(/^\/+|\/+$/g, '');
  if (!/^[^/\s]+(\/[^/\s]+)+$/.test(path))
    return refuse(`\`${written}\` is no path of a rule`, 'write it as `agent/tools/decision`');
  const fields: { kind?: EntrypointKind; layer?: Layer; profile?: string } = {};
  for (const setting of settings) {
    const [key = '', value = ''] = setting.split('=', 2);
    if (key === 'kind' && isOneOf(ENTRYPOINT_KINDS, value)) fields.kind = value;
    else if (key === 'layer' && isOneOf(LAYERS, value)) fields.layer = value;
    else if (key === 'profile' && value !== '') fields.profile = value;
    else return refuseSetting(key, value);
  }
  const entrypoint = completeEntrypoint(path, fields);
  const problem = checkEntrypoint(entrypoint)[0];
  return problem === undefined ? { ok: true, entrypoint } : { ok: false, problem };
}

function refuseSetting(key: string, value: string): EntrypointResult {
  const known = ['kind', 'layer', 'profile'];
  const values = key === 'kind' ? ENTRYPOINT_KINDS : key === 'layer' ? LAYERS : [];
  if (!known.includes(key)) {
    const nearest = nearestName(key, known);
    return refuse(
      `unknown setting \`${key}\``,
      nearest === undefined ? 'one of `kind`, `layer`, `profile`' : `did you mean \`${nearest}\`?`,
    );
  }
  const nearest = nearestName(value, values);
  return refuse(
    `\`${value}\` is no ${key}`,
    nearest === undefined ? `one of ${values.join(', ')}` : `did you mean \`${nearest}\`?`,
  );
}

function refuse(message: string, help: string): EntrypointResult {
  return { ok: false, problem: { code: 'entrypoint_invalid', message, help } };
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}
