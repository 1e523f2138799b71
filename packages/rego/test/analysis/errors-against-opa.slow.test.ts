import { isOracleFailure, isSkip, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { BAD_MODULES } from '../support/bad-modules.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

describe.skipIf(oracle === undefined)('errors are worded and placed as OPA does', () => {
  test.each(BAD_MODULES)('[P-REGO-LOCATED-ERRORS] $about', async ({ text, errors }) => {
    const answer = await oracle!.check({ modules: { 'm0.rego': text } });
    const theirs = isOracleFailure(answer)
      ? answer.errors.map(({ row, code, message }) => `${row}: ${code}: ${message.split('\n')[0]}`)
      : [];
    expect(theirs).toEqual(errors);
  });
});

test.runIf(isSkip(started))('skipped: needs Go', () => {
  console.log(isSkip(started) ? started.skip : '');
});
