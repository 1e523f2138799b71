import { isOracleFailure, isSkip, type OracleError, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { BAD_MODULES } from '../support/bad-modules.ts';
import type { CheckedModule } from '../support/checked-modules.ts';
import { CHECKED_MODULES, capabilitiesFor } from '../support/checked-modules.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

function shown({ row, col, code, message, details = [] }: OracleError): string {
  // The details of parse errors repeat the line of the source, which is shown in another way here.
  const lines = code === 'rego_parse_error' ? [] : details;
  return [`${row}:${col}: ${code}: ${message}`, ...lines].join('\n\t');
}

async function theirFindings(module: CheckedModule): Promise<readonly string[]> {
  const { text, strict = false, version, schemas = {} } = module;
  const named = Object.entries(schemas).map(([name, schema]) => [
    name === '' ? 'schema' : `schema[${JSON.stringify(name)}]`,
    schema,
  ]);
  const allowed = capabilitiesFor(module);
  const answer = await oracle!.check({
    modules: { 'm.rego': text },
    regoVersion: version ?? 1,
    strict,
    printStatements: true,
    ...(named.length > 0 && { schemas: Object.fromEntries(named) as Record<string, unknown> }),
    ...(allowed && { capabilities: allowed }),
  });
  return isOracleFailure(answer) ? answer.errors.map(shown) : [];
}

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

    test.each(CHECKED_MODULES)('[P-REGO-LOCATED-ERRORS] $about, in every detail', async (module) => {
      expect(await theirFindings(module)).toEqual(module.errors);
    });
  },
);
