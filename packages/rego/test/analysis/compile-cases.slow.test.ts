import { isSkip, type OracleCompileCase, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

type WantedError = OracleCompileCase['want_errors'][number];

function errorsOf({ modules, strict = false }: OracleCompileCase, version: 0 | 1): Required<WantedError>[] {
  const sources = modules.map((text, index) => ({ file: `test-${index}.rego`, text, version }));
  return compilePolicy(sources, { strict }).diagnostics.map(({ code, message, location }) => ({
    module: location.file,
    code,
    row: location.row,
    col: location.column,
    message,
  }));
}

function meets(wanted: WantedError, found: Required<WantedError>): boolean {
  const { module = 'test-0.rego', code, row, col = 0, message } = wanted;
  const isPlace = module === found.module && row === found.row && (col === 0 || col === found.col);
  return isPlace && code === found.code && message === found.message;
}

describe.skipIf(isSkip(started))(
  `OPA’s compile corpus${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each(['v0', 'v1'] as const)(
      '[P-REGO-LOCATED-ERRORS] %s: every error that is wanted',
      async (corpus) => {
        const cases = await oracle!.compileCases(corpus);
        const wrong = cases.flatMap((one) => {
          const found = errorsOf(one, one.rego_version === 'v0' || corpus === 'v0' ? 0 : 1);
          const missing = one.want_errors.filter((wanted) => !found.some((each) => meets(wanted, each)));
          const surplus = found.filter((each) => !one.want_errors.some((wanted) => meets(wanted, each)));
          const isWrong = missing.length > 0 || (one.exhaustive === true && surplus.length > 0);
          return isWrong ? [{ note: one.note, missing, found }] : [];
        });
        console.log(`${corpus}: ${cases.length} compile cases, ${cases.length - wrong.length} pass`);
        expect(wrong).toEqual([]);
      },
    );
  },
);
