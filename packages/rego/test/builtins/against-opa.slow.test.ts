import { isSkip, type Oracle, startOracle } from '@writ/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Builtin } from '../../src/builtins/index.ts';
import { BUILTINS, BuiltinError } from '../../src/builtins/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import type { Value } from '../../src/value/index.ts';
import { fromJson, toJson, typeName } from '../../src/value/index.ts';
import { operands } from './argument-generators.ts';
import { callContext } from './call-context.ts';
import type { CallOutcome } from './opa-caller.ts';
import { OpaCaller } from './opa-caller.ts';

const CALLS_PER_BUILTIN = 250;
/** OPA takes the time from the clock. */
const NOW = BigInt(Date.now()) * 1_000_000n;
const SEED = 20_261_121;

/** Answers that depend on the query, or whose calls are made by the compiler, not by a policy. */
const NOT_COMPARED = new Set([
  'eq',
  'print',
  'internal.print',
  'internal.template_string',
  'trace',
  'walk',
  'opa.runtime',
  'rand.intn',
  'uuid.rfc4122',
  'time.now_ns',
  'http.send',
  'internal.test_case',
  'net.lookup_ip_addr',
  'rego.metadata.chain',
  'rego.metadata.rule',
]);

/** Calls where this engine gives up with an error although OPA answers; it never answers otherwise. */
const KNOWN_LIMITS: readonly { readonly name: string; readonly message: RegExp; readonly reason: string }[] =
  [
    ...['io.jwt.encode_sign', 'io.jwt.encode_sign_raw'].map((name) => ({
      name,
      message: /the key does not sign by HS\d+$/,
      reason: 'OPA takes the bytes of a private Ed25519 key for a shared secret',
    })),
    {
      name: 'time.format',
      message: /abbreviation of time zone .* is not known/,
      reason: 'the platform knows no abbreviations of most time zones',
    },
    {
      name: 'time.add_date',
      message: /time outside of valid range$/,
      reason: 'shifts by more years than 64 bits of seconds hold wrap around in Go',
    },
    {
      name: 'sprintf',
      message: /of a fraction is not supported$/,
      reason: 'the verbs %b, %x, %X and the flag # of a fraction are not written',
    },
    {
      name: 'yaml.unmarshal',
      message: /line separators of Unicode are not supported$/,
      reason: 'U+2028 and U+2029 are refused rather than taken for breaks, as YAML 1.1 has them',
    },
  ];

function isKnownLimit(name: string, outcome: CallOutcome): boolean {
  return KNOWN_LIMITS.some(
    (limit) => limit.name === name && outcome.kind === 'error' && limit.message.test(outcome.message),
  );
}

function ours(builtin: Builtin, given: readonly Value[]): CallOutcome {
  const outcome = builtin.implementation(callContext({ crypto: nodeCrypto, timeNs: NOW }), ...given);
  if (outcome === undefined) return { kind: 'undefined' };
  if (outcome instanceof BuiltinError) {
    return { kind: 'error', code: outcome.code, message: outcome.message };
  }
  // By value: computed fractions are written otherwise by OPA (`2.5e+09`).
  return { kind: 'value', type: typeName(outcome), json: toJson(fromJson(toJson(outcome)) ?? null) };
}

/** Codes must agree; words must where OPA's own code speaks, not a library of Go's. */
function comparable(outcome: CallOutcome): CallOutcome {
  if (outcome.kind !== 'error' || outcome.code === 'eval_type_error') return outcome;
  return { ...outcome, message: '' };
}

describe('builtins against OPA', () => {
  let oracle: Oracle | undefined;
  let missing = '';

  beforeAll(async () => {
    const started = await startOracle();
    if (isSkip(started)) missing = started.skip;
    else oracle = started;
  });
  afterAll(() => oracle?.stop());

  const compared = Object.values(BUILTINS).filter(
    (builtin) => !builtin.deprecated && !NOT_COMPARED.has(builtin.name),
  );

  it.for(compared.map((builtin) => builtin.name))('%s', async (name, { skip }) => {
    const builtin = BUILTINS[name]!;
    if (oracle === undefined) return skip(missing);
    const caller = new OpaCaller(oracle);
    const differences: string[] = [];
    let calls = 0;
    for (const given of fc.sample(operands(builtin), { seed: SEED, numRuns: CALLS_PER_BUILTIN })) {
      const theirs = await caller.call(name, given);
      if (theirs === 'rejected') continue;
      calls++;
      const own = ours(builtin, given);
      if (isKnownLimit(name, own)) continue;
      if (toJson({ ...comparable(own) }) !== toJson({ ...comparable(theirs) })) {
        differences.push(
          `${toJson(given)}\n  ours   ${toJson({ ...own })}\n  theirs ${toJson({ ...theirs })}`,
        );
      }
    }
    expect(differences).toEqual([]);
    expect(calls).toBeGreaterThan(CALLS_PER_BUILTIN / 2);
  });
});
