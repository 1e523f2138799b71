import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bundle, completeEntrypoint, type WrittenEntrypoint } from '@writ/bundle';
import type { DecideCall, DecisionRequest, Json, JsonObject } from '@writ/decision';
import { LEDGER_PROCEDURES, type LedgerEntry, readEntry } from '@writ/ledger';
import { openStore, type Store, type StoreOptions } from '@writ/store';
import { atEndOfFile } from '@writ/testing';
import type { EngineAnswer, LoadedPolicies, ReadPaths } from '../../src/engine/engine.ts';
import { createPolicySet, type PolicySet } from '../../src/layers/policy-set.ts';
import { createPolicySource, type PolicySource } from '../../src/layers/policy-source.ts';
import { createDecisionPoint, type DecisionPointOptions } from '../../src/pipeline/create-decision-point.ts';
import { DECISION_PROCEDURES } from '../../src/pipeline/procedures.ts';
import type { DecisionService } from '../../src/pipeline/service.ts';

/** A rule written in TypeScript; `undefined` is Rego's undefined. Throwing means that the engine fails. */
export type Rule = (input: JsonObject) => Json | undefined | Promise<Json | undefined>;

/** A rule with its entrypoint. */
export interface RuleAt extends WrittenEntrypoint {
  readonly path: string;
  readonly rule: Rule;
  /** Paths of the request that it reads; everything where left out. */
  readonly reads?: readonly (readonly string[])[];
}

/** An engine for tests whose rules are functions: a policy language as real as any, without a compiler. */
export function functionPolicies(bundle: string, rules: readonly RuleAt[]): LoadedPolicies {
  const byPath = new Map(rules.map((each) => [each.path, each]));
  return {
    evaluate: async ({ path, input }): Promise<EngineAnswer> => {
      const found = byPath.get(path);
      if (found === undefined) return { kind: 'undefined', rules: [], rulesEvaluated: 0 };
      const rule = { path: `data.${path.replaceAll('/', '.')}`, file: `${bundle}.rego`, row: 1 };
      try {
        const value = await found.rule((input ?? {}) as JsonObject);
        if (value === undefined) return { kind: 'undefined', rules: [], rulesEvaluated: 1 };
        return { kind: 'value', value, rules: [rule], rulesEvaluated: 1 };
      } catch (error) {
        return { kind: 'error', code: 'policy_error', message: String(error) };
      }
    },
    reads: (_bundle, path): ReadPaths | undefined => {
      const reads = byPath.get(path)?.reads;
      return reads === undefined ? undefined : { input: reads, data: [] };
    },
    close: async () => {},
  };
}

/** One bundle of function rules as an active set. */
export function policySetOf(
  rules: readonly RuleAt[],
  options: {
    readonly data?: JsonObject;
    readonly name?: string;
    readonly revision?: string;
    readonly hasManifest?: boolean;
  } = {},
): PolicySet {
  const name = options.name ?? 'test';
  const bundle: Bundle = {
    name,
    revision: options.revision ?? 'r1',
    digest: `sha256:${'0'.repeat(64)}`,
    roots: [''],
    regoVersion: 1,
    modules: [],
    testModules: [],
    data: options.data ?? {},
    metadata: {},
    entrypoints: rules.map(({ path, rule: _rule, reads: _reads, ...written }) =>
      completeEntrypoint(path, written),
    ),
    thirdParty: false,
    signatures: [],
    hasManifest: options.hasManifest ?? true,
  };
  return createPolicySet([bundle], functionPolicies(name, rules), 'rego');
}

/** A decision point on a real store. */
export interface Fixture {
  readonly directory: string;
  readonly store: Store;
  readonly source: PolicySource;
  readonly point: DecisionService;
  /** Entries of the record since the fixture was opened. */
  entries(): Promise<readonly LedgerEntry[]>;
  close(): Promise<void>;
}

interface OpenStore {
  readonly directory: string;
  readonly store: Store;
}

/** Opening a store costs more than a test: those of one file share one, each in a tenant of its own. */
let shared: Promise<OpenStore> | undefined;
let tenant = 'acme-0';
let fixtures = 0;

function sharedStore(): Promise<OpenStore> {
  if (shared !== undefined) return shared;
  const opening = openStoreIn({});
  shared = opening;
  atEndOfFile(async () => {
    shared = undefined;
    await closeStore(await opening);
  });
  return opening;
}

async function openStoreIn(options: Partial<StoreOptions>): Promise<OpenStore> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'writ-pdp-')));
  const procedures = [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES];
  return { directory, store: await openStore({ procedures, ...options, directory }) };
}

async function closeStore({ directory, store }: OpenStore): Promise<void> {
  await store.close().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
}

export interface FixtureOptions extends Partial<DecisionPointOptions> {
  /** Given: a store of the fixture's own, which the test may break. */
  readonly storeOptions?: Partial<StoreOptions>;
  readonly data?: JsonObject;
}

export async function openFixture(
  rules: readonly RuleAt[] | PolicySet | undefined,
  options: FixtureOptions = {},
): Promise<Fixture> {
  const { storeOptions, data, ...rest } = options;
  const opened = storeOptions === undefined ? await sharedStore() : await openStoreIn(storeOptions);
  const { store, directory } = opened;
  tenant = `acme-${++fixtures}`;
  const set = isRules(rules) ? policySetOf(rules, data === undefined ? {} : { data }) : rules;
  const source = createPolicySource(set);
  const point = createDecisionPoint({ store, policies: source, ...rest });
  const first = await store.logSize();
  return {
    directory,
    store,
    source,
    point,
    entries: async () => {
      const stored = await store.entries(first, await store.logSize());
      return stored.map((each) => {
        const read = readEntry(each);
        if (!read.ok) throw new Error(read.message);
        return read.value;
      });
    },
    close: async () => {
      await point.close();
      if (storeOptions !== undefined) await closeStore(opened);
    },
  };
}

function isRules(rules: readonly RuleAt[] | PolicySet | undefined): rules is readonly RuleAt[] {
  return Array.isArray(rules);
}

/** The tenant of the latest fixture. */
export function tenantNow(): string {
  return tenant;
}

/** A call of a tool by alice's agent. */
export function toolCall(
  tool: string,
  args: JsonObject = {},
  more: Partial<DecideCall> & { readonly session?: string } = {},
): DecideCall {
  const { session, ...rest } = more;
  const request: DecisionRequest = {
    principal: { id: 'user:alice', tenant, scopes: ['read'] },
    actor: { id: 'agent:helper' },
    action: { type: 'tool_call', phase: 'call', tool, server: 'files', args },
    ...(session === undefined ? {} : { context: { session_id: session } }),
  };
  return { request, ...rest };
}

/** A grant that allows everything and reads nothing. */
export const ALLOW_ALL: RuleAt = { path: 'test/allow', kind: 'grant', rule: () => true, reads: [] };

/** The rule's view of a request in profile `writ/v1`. */
export function asRequest(input: JsonObject): DecisionRequest {
  return input as unknown as DecisionRequest;
}
