import type { JsonObject } from '@writ/decision';
import {
  type Capabilities,
  capabilities,
  compilePolicyAsync,
  type Diagnostic,
  type Policy,
  renderDiagnostic,
} from '@writ/rego';
import { type Compilers, compileApart, type PolicyOfPlan } from '@writ/rego/node';
import { type FileNames, mergeData } from './bundle-groups.ts';
import type { EngineBundle, EngineDiagnostic } from './engine.ts';

const NETWORK_BUILTINS: ReadonlySet<string> = new Set(['http.send', 'net.lookup_ip_addr']);

/** What reaches out does not exist for policies, so that they do not load. */
export const CAPABILITIES: Capabilities = withoutNetwork(capabilities());

function withoutNetwork(all: Capabilities): Capabilities {
  const builtins = all.builtins?.filter(({ name }) => !NETWORK_BUILTINS.has(name)) ?? [];
  return { ...all, builtins, allow_net: [] };
}

/** When first parties are compiled in a thread of their own. */
interface ApartOptions {
  readonly apartCharacters?: number;
  readonly compilers: Compilers;
}

/** The rules of the first parties as they were compiled last, without their data. */
export interface KeptRules {
  last?: {
    readonly sources: FileNames['sources'];
    readonly paths: readonly string[];
    readonly policy: LocalPolicy;
    readonly diagnostics: readonly EngineDiagnostic[];
  };
}

/** A policy that is evaluated in this thread, wherever it was compiled. */
export type LocalPolicy = Omit<PolicyOfPlan, 'withData'> & {
  /** With what only a compiler in this thread knows. */
  whole(): Policy | Promise<Policy>;
  withData(data: JsonObject): LocalPolicy;
};

/** Below it sources are compiled here, in slices: a thread would take longer to start. */
const APART_CHARACTERS = 128 * 1024;

/** Decisions by the policies that are active go on meanwhile. */
async function compileFirstParties(
  members: readonly EngineBundle[],
  files: FileNames,
  { apartCharacters = APART_CHARACTERS, compilers }: ApartOptions,
): Promise<{ readonly policy?: LocalPolicy; readonly diagnostics: readonly EngineDiagnostic[] }> {
  const given = { data: mergeData(members), capabilities: CAPABILITIES };
  const size = files.sources.reduce((sum, { text }) => sum + text.length, 0);
  if (size <= apartCharacters) {
    const { policy, diagnostics } = await compilePolicyAsync(files.sources, given);
    const described = diagnostics.map((diagnostic) => describeDiagnostic(diagnostic, files));
    return policy === undefined
      ? { diagnostics: described }
      : { policy: local(policy), diagnostics: described };
  }
  // Questions beside decisions are rare: for them the policy is compiled again, in slices.
  const wholeWith = (data: JsonObject) => async () => {
    const { policy } = await compilePolicyAsync(files.sources, { ...given, data });
    if (policy === undefined) throw new Error('sources that compiled before do not now');
    return policy;
  };
  const paths = members.flatMap(({ entrypoints }) => entrypoints.map(({ path }) => path));
  const { policy, diagnostics, ...more } = await compileApart(files.sources, {
    ...given,
    paths,
    compilers,
  });
  const described = diagnostics.map((diagnostic) => describeDiagnostic(diagnostic, files));
  if (policy !== undefined) return { policy: apart(policy, wholeWith, given.data), diagnostics: described };
  const failure = 'failure' in more ? more.failure : undefined;
  if (failure === undefined) return { diagnostics: described };
  const bundle = members[0]?.name ?? '';
  return {
    diagnostics: [...described, { code: 'policy_error', severity: 'error', message: failure, bundle }],
  };
}

function local(policy: Policy): LocalPolicy {
  return {
    rulePaths: policy.rulePaths,
    prepare: (path) => policy.prepare(path),
    reads: (path) => policy.reads(path),
    whole: () => policy,
    withData: (data) => local(policy.withData(data)),
  };
}

function apart(
  policy: PolicyOfPlan,
  wholeWith: (data: JsonObject) => () => Promise<Policy>,
  data: JsonObject,
): LocalPolicy {
  return {
    ...policy,
    whole: once(wholeWith(data)),
    withData: (other) => apart(policy.withData(other), wholeWith, other),
  };
}

/** As {@link compileFirstParties}; where only data changed since the last time, nothing is compiled. */
export async function firstParties(
  members: readonly EngineBundle[],
  files: FileNames,
  options: ApartOptions,
  kept: KeptRules,
): Promise<Awaited<ReturnType<typeof compileFirstParties>> & { readonly reused?: true }> {
  const paths = members.flatMap(({ entrypoints }) => entrypoints.map(({ path }) => path));
  const { last } = kept;
  if (last !== undefined && isSameText(last.paths, paths) && isSameSources(last.sources, files.sources)) {
    const { policy, diagnostics } = last;
    return { policy: policy.withData(mergeData(members)), diagnostics, reused: true };
  }
  const compiled = await compileFirstParties(members, files, options);
  const { policy, diagnostics } = compiled;
  // Without data: what is not active any more is not kept.
  if (policy !== undefined)
    kept.last = { sources: files.sources, paths, policy: policy.withData({}), diagnostics };
  return compiled;
}

function isSameText(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function isSameSources(left: FileNames['sources'], right: FileNames['sources']): boolean {
  return (
    left.length === right.length &&
    left.every(({ file, text, version }, index) => {
      const other = right[index];
      return file === other?.file && version === other.version && text === other.text;
    })
  );
}

function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** A finding of the compiler, with the bundle and the file as that names it. */
export function describeDiagnostic(diagnostic: Diagnostic, files: FileNames): EngineDiagnostic {
  const { code, severity, message, location } = diagnostic;
  const origin = files.origins.get(location.file);
  return {
    code,
    severity,
    message,
    bundle: origin?.bundle ?? '',
    file: origin?.file ?? location.file,
    row: location.row,
    column: location.column,
    ...(origin === undefined ? {} : { rendered: renderDiagnostic(diagnostic, origin.text) }),
  };
}
