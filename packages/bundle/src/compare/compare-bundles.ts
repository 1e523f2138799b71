import type { Json, JsonObject } from '@writ/decision';
import type { Bundle, Entrypoint } from '../bundle.ts';
import { digestedEngineContent, type EngineContent } from '../bundle-engine.ts';
import { isObject } from '../read-data.ts';
import { compareRules, type RuleChange } from './rule-changes.ts';
import { compareValues, type ValueChange } from './value-changes.ts';

/** An entrypoint that came, went, or is consulted otherwise. */
export interface EntrypointChange {
  readonly change: 'added' | 'removed' | 'changed';
  /** Slash path below `data`. */
  readonly path: string;
  readonly kind: Entrypoint['kind'];
  /** Which of its fields differ: `layer`, `profile`, `when.tools`. */
  readonly fields: readonly ValueChange[];
}

/** What a bundle calls itself. */
export interface BundleIdentity {
  readonly revision: string;
  readonly digest: string;
  readonly sequence?: number;
}

/** How one bundle differs from another of its name, by what it means. */
export interface BundleComparison {
  readonly name: string;
  /** `same`: it decides the same; revision and sequence may differ all the same. */
  readonly change: 'added' | 'removed' | 'changed' | 'same';
  readonly before?: BundleIdentity;
  readonly after?: BundleIdentity;
  readonly rules: readonly RuleChange[];
  readonly data: readonly ValueChange[];
  readonly entrypoints: readonly EntrypointChange[];
  /** Roots, language version, and metadata other than entrypoints. */
  readonly manifest: readonly ValueChange[];
  /** Rules of `*_test.rego`; they decide nothing. */
  readonly tests: readonly RuleChange[];
  /** Rules whose annotations alone say something else. */
  readonly annotations: readonly RuleChange[];
}

/**
 * Compares two sets of bundles by name; where each side is one bundle, these two whatever they are called. Revision
 * and sequence name a publication and are told without counting as a change.
 */
export function compareBundles(before: readonly Bundle[], after: readonly Bundle[]): BundleComparison[] {
  if (before.length === 1 && after.length === 1) return [compareTwo(before[0]!, after[0]!)];
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  return names.map((name) => {
    const old = before.find((bundle) => bundle.name === name);
    const now = after.find((bundle) => bundle.name === name);
    return compareTwo(old, now);
  });
}

function compareTwo(before: Bundle | undefined, after: Bundle | undefined): BundleComparison {
  const { rules, annotations } = compareRules(before?.modules ?? [], after?.modules ?? []);
  const parts = {
    rules,
    data: compareValues(before?.data ?? {}, after?.data ?? {}, 'data'),
    entrypoints: compareEntrypoints(before?.entrypoints ?? [], after?.entrypoints ?? []),
    manifest: compareManifests(before, after),
  };
  const differs = Object.values(parts).some((changes) => changes.length > 0);
  return {
    name: (after ?? before)!.name,
    change: before === undefined ? 'added' : after === undefined ? 'removed' : differs ? 'changed' : 'same',
    ...(before === undefined ? {} : { before: identityOf(before) }),
    ...(after === undefined ? {} : { after: identityOf(after) }),
    ...parts,
    tests: compareRules(before?.testModules ?? [], after?.testModules ?? []).rules,
    annotations,
  };
}

function identityOf({ revision, digest, sequence }: Bundle): BundleIdentity {
  return { revision, digest, ...(sequence === undefined ? {} : { sequence }) };
}

function compareEntrypoints(before: readonly Entrypoint[], after: readonly Entrypoint[]): EntrypointChange[] {
  const keyOf = ({ path, kind }: Entrypoint): string => `${path} ${kind}`;
  const [old, now] = [before, after].map((list) => new Map(list.map((each) => [keyOf(each), each])));
  return [...new Set([...old!.keys(), ...now!.keys()])].sort().flatMap((key): EntrypointChange[] => {
    const [left, right] = [old!.get(key), now!.get(key)];
    const { path, kind } = (right ?? left)!;
    if (left === undefined) return [{ change: 'added', path, kind, fields: [] }];
    if (right === undefined) return [{ change: 'removed', path, kind, fields: [] }];
    const fields = compareValues(asJson(left), asJson(right), '').map((field) => ({
      ...field,
      path: field.path.replace(/^\./, ''),
    }));
    return fields.length === 0 ? [] : [{ change: 'changed', path, kind, fields }];
  });
}

function compareManifests(before: Bundle | undefined, after: Bundle | undefined): ValueChange[] {
  const left = manifestOf(before);
  const right = manifestOf(after);
  return compareValues(left, right, '').map((field) => ({ ...field, path: field.path.replace(/^\./, '') }));
}

function manifestOf(bundle: Bundle | undefined): JsonObject {
  if (bundle === undefined) return {};
  const { writ, ...metadata } = bundle.metadata;
  const rest = isObject(writ) ? withoutTold(writ) : {};
  const kept = Object.keys(rest).length === 0 ? metadata : { ...metadata, writ: rest };
  return {
    roots: [...bundle.roots].sort(),
    rego_version: bundle.regoVersion,
    ...(bundle.engineContent === undefined ? {} : { engine_content: contentOf(bundle.engineContent) }),
    ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }),
  };
}

/** Files of other engines than Rego's, by their digests. */
function contentOf(content: EngineContent): JsonObject {
  const { files } = digestedEngineContent(content);
  return Object.fromEntries(files.map(({ file, sha256 }) => [file, `sha256:${sha256}`]));
}

/** What is told elsewhere: entrypoints one by one, the publication with the revision. */
const TOLD: ReadonlySet<string> = new Set(['entrypoints', 'sequence', 'rollback_to']);

function withoutTold(writ: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(writ).filter(([key]) => !TOLD.has(key)));
}

function asJson(value: object): Json {
  return value as unknown as Json;
}
