import { isSkip, type Oracle, startOracle } from '@writ/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuiltinError } from '../../src/builtins/index.ts';
import { toJson } from '../../src/value/index.ts';
import { call } from './call-context.ts';
import { generatedQuery, QUERY_SCHEMA } from './graphql-queries.ts';
import { OpaCaller } from './opa-caller.ts';

const QUERIES = 400;
const SEED = 20_261_129;

let oracle: Oracle | undefined;
let missing = '';
beforeAll(async () => {
  const started = await startOracle();
  if (isSkip(started)) missing = started.skip;
  else oracle = started;
});
afterAll(() => oracle?.stop());

function shownOurs(query: string): string {
  const outcome = call('graphql.parse', query, QUERY_SCHEMA);
  return outcome instanceof BuiltinError ? outcome.message : toJson(outcome!);
}

test('generated queries get the same answer, or the same faults in the same words', async ({ skip }) => {
  if (oracle === undefined) return skip(missing);
  const caller = new OpaCaller(oracle);
  const differences: string[] = [];
  for (const query of fc.sample(generatedQuery, { seed: SEED, numRuns: QUERIES })) {
    const outcome = await caller.call('graphql.parse', [query, QUERY_SCHEMA]);
    if (outcome === 'rejected' || outcome.kind === 'undefined') continue;
    const theirs = outcome.kind === 'error' ? outcome.message : outcome.json;
    const ours = shownOurs(query);
    if (ours !== theirs) differences.push(`${query}\n--- ours\n${ours}\n--- theirs\n${theirs}`);
  }
  expect(differences).toEqual([]);
});
