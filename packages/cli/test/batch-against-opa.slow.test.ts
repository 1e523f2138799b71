import { nodeCrypto, nodeNetwork } from '@writ/rego/node';
import { isOracleFailure, isSkip, type Oracle, type OracleCase, startOracle } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BatchEvaluator } from '../src/batch/batch-evaluator.ts';

const started = await startOracle();
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(async () => {
  await oracle?.stop();
});

/** Cases that differ, each with the reason; they still run, and must differ. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'cryptox509parsecertificaterequest/invalid DER or PEM data, b64':
    'the message does not print the Go library’s own structures',
  'jwtencodesignheadererrors/Empty headers input error': 'the message does not quote the rest of the text',
  'jwtencodesignheadererrors/Unknown signature algorithm': 'the message does not say where the JSON is wrong',
  'jwtverifyrsa/failure-bad jwk key': 'the message is not that of the Go library',
  'jwtverifyrsa/failure-bad pem certificate': 'the message is not that of the Go library',
};

interface Answer {
  readonly results?: readonly { readonly bindings: object; readonly expressions: readonly unknown[] }[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** An answer as text: results in any order, an error by all that it says. */
function textOf({ results, error }: Answer): string {
  if (error !== undefined) return sorted(error);
  return (results ?? [])
    .map(({ bindings, expressions }) => sorted({ bindings, expressions }))
    .sort()
    .join('\n');
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

describe.skipIf(isSkip(started))(
  `batches beside OPA${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each(['v0', 'v1'] as const)('every case of the evaluation corpus %s', async (corpus) => {
      const regoVersion = corpus === 'v0' ? 0 : 1;
      const evaluator = new BatchEvaluator({ host: { crypto: nodeCrypto }, network: nodeNetwork() });
      const differences = new Map<string, string>();
      let equal = 0;
      let unsupported = 0;
      for (const { case: each } of await oracle!.cases(corpus)) {
        // A line holds JSON: inputs that are written as Rego, and environments, cannot be asked.
        if (each.input_term !== undefined || each.env !== undefined) continue;
        const ours = await ask(evaluator, each, regoVersion);
        if (ours.error?.code === 'rego_unsupported_error') {
          unsupported += 1;
          continue;
        }
        const theirs = await askOpa(each, regoVersion);
        if (textOf(ours) === textOf(theirs)) equal += 1;
        else differences.set(each.note, `OPA ${textOf(theirs)}; Writ ${textOf(ours)}`);
      }
      console.log(`${corpus}: ${equal} equal, ${differences.size} differ, ${unsupported} unsupported`);
      expect([...differences].filter(([note]) => KNOWN_DIFFERENCES[note] === undefined)).toEqual([]);
      expect(Object.keys(KNOWN_DIFFERENCES).filter((note) => !differences.has(note))).toEqual([]);
      expect(equal).toBeGreaterThan(1_500);
    });
  },
);

function modulesOf({ modules }: OracleCase): Readonly<Record<string, string>> {
  return Object.fromEntries((modules ?? []).map((text, index) => [`test-${index}.rego`, text]));
}

async function ask(evaluator: BatchEvaluator, each: OracleCase, version: 0 | 1): Promise<Answer> {
  const question = {
    id: each.note,
    modules: modulesOf(each),
    data: each.data ?? {},
    query: each.query,
    rego_version: version,
    strict_builtin_errors: each.strict_error === true,
    ...(each.input === undefined ? { input_absent: true } : { input: each.input }),
  };
  return JSON.parse(await evaluator.answer(JSON.stringify(question))) as Answer;
}

async function askOpa(each: OracleCase, regoVersion: 0 | 1): Promise<Answer> {
  const answer = await oracle!.query({
    modules: modulesOf(each),
    data: each.data ?? {},
    query: each.query,
    regoVersion,
    strict: each.strict_error === true,
    ...(each.input !== undefined && { input: each.input }),
  });
  return isOracleFailure(answer) ? { error: answer.error } : answer;
}
