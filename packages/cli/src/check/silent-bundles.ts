import { type Bundle, type BundleProblem, buildRegistry, type Entrypoint } from '@writ/bundle';
import { nearestName, publishedSchemas } from '@writ/decision';
import { compilePolicy, couldBeTrue, type JsonObject, type Policy } from '@writ/rego';
import { mergeLoaded } from '../load/load-paths.ts';
import { bundlesBeside } from './bundles-beside.ts';
import type { CheckedBundle } from './check-bundle.ts';
import { type DescribedCall, describedCalls, mayFall } from './described-calls.ts';
import { placeOf } from './entrypoint-fit.ts';

/** More calls than these are not tried one by one: then a bundle counts as one that may say something. */
const CALLS_MAX = 200;
const STEPS_MAX = 20_000;

/**
 * Bundles that can never say anything on what the registry beside them describes: no described call falls under their
 * `when`, or partial evaluation shows that their rules have no answer for any. Bundles in one folder stand together.
 */
export function silentBundles(checked: readonly CheckedBundle[]): BundleProblem[] {
  return bundlesBeside(checked).flatMap((group) => {
    const bundles = group.map(({ bundle }) => bundle);
    const { registry } = buildRegistry(bundles);
    const calls = describedCalls(registry);
    if (calls.length === 0) return [];
    const judge = judgeFor(group, bundles);
    return bundles.flatMap((bundle) => silent(bundle, calls, judge));
  });
}

type Judge = (entrypoint: Entrypoint, call: DescribedCall) => boolean;

function silent(bundle: Bundle, calls: readonly DescribedCall[], judge: Judge): BundleProblem[] {
  const findings = bundle.entrypoints.map((entrypoint) => silence(entrypoint, calls, judge));
  // One that may speak is enough: a bundle may hold more for tools to come.
  if (findings.length === 0 || findings.some((finding) => finding === undefined)) return [];
  return findings.flatMap((finding) =>
    finding === undefined ? [] : [{ code: 'entrypoint_invalid' as const, bundle: bundle.name, ...finding }],
  );
}

type Silence = Pick<BundleProblem, 'message' | 'help' | 'file' | 'row' | 'column'>;

function silence(
  entrypoint: Entrypoint,
  calls: readonly DescribedCall[],
  judge: Judge & { readonly place?: (path: string) => Pick<BundleProblem, 'file' | 'row' | 'column'> },
): Silence | undefined {
  const { path, when } = entrypoint;
  // About something that the registry has nothing of at all: it says nothing wrong about its tools.
  const ofType = calls.filter(({ type }) => when.types === undefined || when.types.includes(type));
  if (ofType.length === 0) return undefined;
  const fitting = calls.filter((call) => mayFall(when, call));
  if (fitting.length === 0) {
    return {
      message: `nothing that the registry describes falls under \`when\` of entrypoint \`${path}\``,
      file: '.manifest',
      help: strangeName(entrypoint, calls),
    };
  }
  if (fitting.length > CALLS_MAX || fitting.some((call) => judge(entrypoint, call))) return undefined;
  return {
    message: `the rules of entrypoint \`${path}\` have no answer for anything that the registry describes`,
    ...judge.place?.(path),
    help: 'compare the names in its conditions with `writ registry show`',
  };
}

function strangeName({ when }: Entrypoint, calls: readonly DescribedCall[]): string {
  const named = (field: 'tool' | 'server' | 'capability'): string[] =>
    calls.flatMap((call) => (call[field] === undefined ? [] : [call[field]]));
  const hints = (['tools', 'servers', 'capabilities'] as const).flatMap((field) => {
    const known = named(field === 'capabilities' ? 'capability' : field === 'tools' ? 'tool' : 'server');
    return (when[field] ?? [])
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = nearestName(name, known);
        return near === undefined ? `no entry has \`${name}\`` : `did you mean \`${near}\` for \`${name}\`?`;
      });
  });
  return hints[0] ?? 'its fields fit no entry together: compare them with `writ registry show`';
}

/** Asks the rules, compiled with those of the bundles beside them, about calls of which only the names are known. */
function judgeFor(group: readonly CheckedBundle[], bundles: readonly Bundle[]): Judge {
  const sources = group.flatMap(({ sources: own }) => own);
  const { data } = mergeLoaded(bundles.map((each) => ({ modules: [], data: each.data as JsonObject })));
  const { policy } = compilePolicy(sources, { data });
  const judge = (entrypoint: Entrypoint, call: DescribedCall): boolean =>
    policy === undefined || mayAnswer(policy, entrypoint, call);
  return Object.assign(judge, {
    place: (path: string) => (policy === undefined ? {} : placeOf(policy, path)),
  });
}

/** What says nothing where it is false, empty or undefined; of other kinds that is a refusal. */
const QUIET_KINDS: ReadonlySet<string> = new Set(['grant', 'violations', 'overrides']);

function mayAnswer(policy: Policy, { path, kind, profile }: Entrypoint, call: DescribedCall): boolean {
  const view = VIEWS[profile];
  if (view === undefined || !QUIET_KINDS.has(kind)) return true;
  const kinds = policy.kindsOf(path);
  const document = `data.${path.split('/').join('.')}`;
  if (kinds === undefined || !/^[\w.]+$/.test(document)) return true;
  const isSet = kinds.every((each) => each === 'set' || each === 'array');
  const result = policy.partial(isSet ? `${document}[_]` : document, { ...view(call), stepsMax: STEPS_MAX });
  return result.kind !== 'residue' || couldBeTrue(result);
}

interface View {
  readonly input: JsonObject;
  readonly unknowns: readonly string[];
}

type Viewer = (call: DescribedCall) => View;

/** What is known of a described call in the profiles of which every field is listed; all else may be anything. */
const VIEWS: Readonly<Record<string, Viewer | undefined>> = { 'writ/v1': whole, 'spiffe/v1': flat };

function whole({ type, capability, server, tool }: DescribedCall): View {
  const known: Record<string, string> = {
    type,
    capability,
    ...(server === undefined ? {} : { server }),
    ...(tool === undefined ? {} : { tool }),
  };
  const schema = publishedSchemas()['request'] as unknown as Schema;
  const outer = Object.keys(schema.properties ?? {}).filter((name) => name !== 'action');
  const inner = Object.keys(schema.properties?.['action']?.properties ?? {});
  return {
    input: { action: known },
    unknowns: [
      ...outer.map((name) => `input.${name}`),
      ...inner.filter((name) => isUnknown(name, type, known)).map((name) => `input.action.${name}`),
    ],
  };
}

/** Only a tool call has a tool, and requests and models have no server: that is known. */
function isUnknown(name: string, type: DescribedCall['type'], known: object): boolean {
  if (name === 'tool' || name === 'tool_name') return type === 'tool_call' && !(name in known);
  if (name === 'server') return type !== 'model_inference' && type !== 'http_request' && !(name in known);
  return !(name in known);
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

const FLAT_FIELDS = [
  ...['caller_spiffe_id', 'tool_name', 'action', 'destination_host', 'destination_port', 'session_id'],
  ...['session_request_count', 'session_risk_score', 'prior_tools', 'model_provider', 'step_up_verified'],
  'timestamp',
];

function flat({ type, capability, tool }: DescribedCall): View {
  const known = { capability_id: capability, ...(tool === undefined ? {} : { tool_name: tool }) };
  return {
    input: known,
    unknowns: FLAT_FIELDS.filter((name) => isUnknown(name, type, known)).map((name) => `input.${name}`),
  };
}
