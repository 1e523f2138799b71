import {
  isSkip,
  type Oracle,
  type OracleFormatQuestion,
  type OracleFormatted,
  startOracle,
} from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/index.ts';
import { formatModule } from '../../src/index.ts';
import { FORMATTER, printedErrors } from '../conformance/formatter.ts';

const started = await startOracle();
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(async () => {
  await oracle?.stop();
});

const isUnsupported = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ code }) => code === 'rego_unsupported_error');

describe.skipIf(isSkip(started))(
  `the formatter beside OPA’s${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test('OPA’s corpus: every text and every refusal', async () => {
      const results = await FORMATTER.run(oracle!);
      const differences = results.filter(({ kind }) => kind === 'fail').map(({ id }) => id);
      console.log(`formatter corpus: ${results.length} sources, ${differences.length} differ`);
      expect(differences).toEqual(Object.keys(FORMATTER.known));
    });

    test.each([
      ['v0', {}],
      ['v0', { regoV1: true }],
      ['v0', { dropV0Imports: true }],
      ['v1', {}],
      ['v1', { dropV0Imports: true }],
    ] as const)('every source of the evaluation corpus %s with %j', async (corpus, flags) => {
      const version = corpus === 'v0' ? 0 : 1;
      const sources = await corpusSources(corpus);
      const theirs = await formatAll(sources, { regoVersion: version, format: flags });
      const differences: string[] = [];
      for (const [index, source] of sources.entries()) {
        const ours = formatModule(source, {
          file: `${index}.rego`,
          version,
          ...('regoV1' in flags && { target: { min: 0, max: 1 } }),
          ...('dropV0Imports' in flags && { dropNeedlessImports: true }),
        });
        if (isUnsupported(ours.diagnostics)) continue;
        const expected = theirs[index]!;
        const mine = ours.text ?? printedErrors(ours.diagnostics);
        if (mine !== ('text' in expected ? expected.text : expected.message)) differences.push(source);
        else if (ours.text !== undefined && !(await isStable(ours.text, version, flags)))
          differences.push(source);
      }
      expect(differences).toEqual([]);
    });
  },
);

async function corpusSources(corpus: 'v0' | 'v1'): Promise<readonly string[]> {
  const cases = await oracle!.cases(corpus);
  return [...new Set(cases.flatMap((each) => each.case.modules ?? []))];
}

async function formatAll(
  sources: readonly string[],
  question: Omit<OracleFormatQuestion, 'modules'>,
): Promise<readonly OracleFormatted[]> {
  const modules = Object.fromEntries(sources.map((source, index) => [`${index}.rego`, source]));
  const files = await oracle!.format({ ...question, modules });
  return sources.map((_source, index) => files[`${index}.rego`]!);
}

/** Formatted again, a text stays as it is, or becomes what OPA makes of it. */
async function isStable(
  text: string,
  version: 0 | 1,
  flags: OracleFormatQuestion['format'],
): Promise<boolean> {
  const again = formatModule(text, { file: 'again.rego', version });
  if (again.text === text || flags === undefined || Object.keys(flags).length > 0) return true;
  const [theirs] = await formatAll([text], { regoVersion: version });
  return again.text === (theirs !== undefined && 'text' in theirs ? theirs.text : undefined);
}
