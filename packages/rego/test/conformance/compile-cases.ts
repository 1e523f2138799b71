import type { OracleCompileCase } from '@writ/testing';
import type { Diagnostic } from '../../src/index.ts';
import { compilePolicy } from '../../src/index.ts';
import type { CaseResult, Corpus } from './outcome.ts';
import { failed, passed } from './outcome.ts';

type WantedError = OracleCompileCase['want_errors'][number];

const FIRST_MODULE = 'test-0.rego';

function errorText({ module = FIRST_MODULE, row, col = 0, code, message }: WantedError): string {
  return `${module}:${row}:${col}: ${code}: ${message}`;
}

/** Where the case names no column, any is right. */
function fits({ code, message, location }: Diagnostic, wanted: WantedError): boolean {
  const isThere = location.file === (wanted.module ?? FIRST_MODULE) && location.row === wanted.row;
  const isColumn = wanted.col === undefined || wanted.col === 0 || wanted.col === location.column;
  return isThere && isColumn && code === wanted.code && message === wanted.message;
}

function runCompileCase(each: OracleCompileCase): CaseResult {
  const version = each.rego_version === 'v0' ? 0 : 1;
  const sources = each.modules.map((text, index) => ({ file: `test-${index}.rego`, text, version }) as const);
  const { diagnostics } = compilePolicy(sources, { strict: each.strict === true });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const missing = each.want_errors.filter((wanted) => !errors.some((error) => fits(error, wanted)));
  const surplus = errors.filter((error) => !each.want_errors.some((wanted) => fits(error, wanted)));
  if (missing.length === 0 && (each.exhaustive !== true || surplus.length === 0)) return passed(each.note);
  const got = errors.map(
    ({ code, message, location: { file, row, column } }) => `${file}:${row}:${column}: ${code}: ${message}`,
  );
  return failed(each.note, `wanted ${missing.map(errorText).join('; ')}; got ${got.join('; ')}`);
}

/** OPA's compile cases: modules that must be refused, with the errors that say why. */
export const COMPILE_CASES: Corpus = {
  name: 'compile cases',
  known: {},
  run: async (oracle) => {
    const cases = [...(await oracle.compileCases('v0')), ...(await oracle.compileCases('v1'))];
    return cases.map(runCompileCase);
  },
};
