import { isOracleFailure, isSkip, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { BAD_MODULES } from '../support/bad-modules.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

describe.skipIf(isSkip(started))(
  `errors are worded and placed as OPA does${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each(BAD_MODULES)('[P-REGO-LOCATED-ERRORS] $about', async ({ text, errors }) => {
      const answer = await oracle!.check({ modules: { 'm0.rego': text } });
      const theirs = isOracleFailure(answer)
        ? answer.errors.map(({ row, code, message }) => `${row}: ${code}: ${message.split('\n')[0]}`)
        : [];
      expect(theirs).toEqual(errors);
    });
  },
);
