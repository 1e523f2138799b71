import type { Builtin } from '../builtins/index.ts';
import { BUILTINS } from '../builtins/index.ts';
import type { CompiledGroup } from '../eval/backend.ts';
import type { ConflictSite } from '../eval/conflict.ts';
import type { PolicyPlan } from '../plan/plan.ts';
import { mockKey } from '../plan/plan.ts';
import type { CallSite } from '../runtime/calls.ts';
import type { EvaluationErrorCode } from '../runtime/fault.ts';
import { EvaluationFault } from '../runtime/fault.ts';
import type { Run } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';

/** What generated code refers to beside itself, said in data alone, so that it can be written into a file. */
export type ConstantSource =
  /** A value, path, location or record. */
  | { readonly kind: 'data'; readonly data: object }
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'group-plan'; readonly group: number }
  | { readonly kind: 'rule-plan'; readonly group: number; readonly position: number }
  /** `custom` where the caller of the engine brought it: then it cannot be written into a file. */
  | { readonly kind: 'implementation'; readonly builtin: string; readonly custom?: Builtin }
  | { readonly kind: 'answers'; readonly builtin: string }
  | {
      readonly kind: 'fault';
      readonly code: EvaluationErrorCode;
      readonly message: string;
      readonly location: Location;
    }
  /** Where rules can contradict each other. */
  | { readonly kind: 'conflict-site'; readonly group: number; readonly location: Location }
  | {
      readonly kind: 'builtin-site';
      readonly builtin: string;
      readonly custom?: Builtin;
      readonly location: Location;
    }
  | {
      readonly kind: 'function-site';
      readonly group: number;
      readonly path: readonly string[];
      readonly location: Location;
    }
  /** Reads the document at the path and the keys that it is given. */
  | { readonly kind: 'document'; readonly path: readonly string[] }
  | { readonly kind: 'document-names'; readonly path: readonly string[] };

/** The policy around generated code. */
export interface GeneratedPolicy {
  readonly plan: PolicyPlan;
  group(id: number): CompiledGroup;
  document(run: Run, path: readonly string[], keys: readonly Value[]): Value | undefined;
  documentNames(run: Run, path: readonly string[], keys: readonly Value[]): Iterable<Value>;
}

type Kind = ConstantSource['kind'];
const NO_KEYS: readonly Value[] = Object.freeze([]);

const MAKERS: {
  readonly [K in Kind]: (policy: GeneratedPolicy, source: Extract<ConstantSource, { kind: K }>) => unknown;
} = {
  data: (_policy, { data }) => data,
  group: (policy, { group }) => policy.group(group),
  'group-plan': (policy, { group }) => policy.plan.groups[group],
  'rule-plan': (policy, { group, position }) => policy.plan.groups[group]!.rules[position],
  implementation: (_policy, { builtin, custom }) => (custom ?? BUILTINS[builtin]!).implementation,
  answers: (_policy, { builtin }) => BUILTINS[builtin]!.answers,
  fault: (_policy, { code, message, location }) => new EvaluationFault(code, message, location),
  'conflict-site': (policy, { group, location }): ConflictSite => ({
    group: policy.plan.groups[group]!,
    location,
  }),
  'builtin-site': (policy, { builtin, custom, location }): CallSite => ({
    key: mockKey({ kind: 'builtin', name: builtin }),
    itself: custom ?? BUILTINS[builtin]!,
    location,
    groupOf: (id) => policy.group(id),
  }),
  'function-site': (policy, { group, path, location }): CallSite => ({
    key: mockKey({ kind: 'function', path }),
    itself: policy.group(group),
    location,
    groupOf: (id) => policy.group(id),
  }),
  document:
    (policy, { path }) =>
    (run: Run, keys: readonly Value[] = NO_KEYS) =>
      policy.document(run, path, keys),
  'document-names':
    (policy, { path }) =>
    (run: Run, keys: readonly Value[]) =>
      policy.documentNames(run, path, keys),
};

/** Makes what a source says, for one policy. */
export function makeConstant(policy: GeneratedPolicy, source: ConstantSource): unknown {
  const make = MAKERS[source.kind] as (policy: GeneratedPolicy, source: ConstantSource) => unknown;
  return make(policy, source);
}

/** What is the same for two sources of one thing. */
export function constantKey(source: ConstantSource): unknown {
  switch (source.kind) {
    case 'data':
      return source.data;
    case 'group':
    case 'group-plan':
      return `${source.kind} ${source.group}`;
    case 'rule-plan':
      return `${source.kind} ${source.group} ${source.position}`;
    case 'implementation':
      return source.custom ?? `${source.kind} ${source.builtin}`;
    case 'answers':
      return `${source.kind} ${source.builtin}`;
    default:
      return source;
  }
}
