import { access, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  isSkip,
  type Oracle,
  type OracleFormatQuestion,
  type OracleFormatted,
  startOracle,
} from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnostic, VersionSpan } from '../../src/index.ts';
import { formatModule } from '../../src/index.ts';

type Version = 0 | 1 | 2;
/** The folders of OPA's formatter corpus: the version of their sources, and what these are formatted for. */
const FOLDERS: Readonly<Record<string, { readonly version: Version; readonly target?: VersionSpan }>> = {
  v0: { version: 0 },
  v1: { version: 1 },
  v2: { version: 2 },
  v0_to_v1: { version: 0, target: { min: 0, max: 1 } },
  v0_to_v2: { version: 0, target: { min: 0, max: 2 } },
  v1_to_v2: { version: 1, target: { min: 1, max: 2 } },
};

const started = await startOracle();
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(async () => {
  await oracle?.stop();
});

/** Diagnostics as OPA prints a list of errors. */
function printed(diagnostics: readonly Diagnostic[]): string {
  const lines = diagnostics.map(
    ({ code, message, location: { file, row } }) => `${file}:${row}: ${code}: ${message}`,
  );
  return lines.length === 1
    ? `1 error occurred: ${lines[0]}`
    : `${lines.length} errors occurred:\n${lines.join('\n')}`;
}

const isUnsupported = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ code }) => code === 'rego_unsupported_error');

async function textOf(path: string): Promise<string | undefined> {
  return access(path).then(
    () => readFile(path, 'utf8'),
    () => undefined,
  );
}

describe.skipIf(isSkip(started))(
  `the formatter beside OPA’s${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test('OPA’s corpus: every text and every refusal', async () => {
      const differences: string[] = [];
      let equal = 0;
      let unsupported = 0;
      for (const path of await oracle!.sources('v1/format/testfiles')) {
        const folder = basename(dirname(path));
        const file = `testfiles/${folder}/${basename(path)}`;
        const ours = formatModule(await readFile(path, 'utf8'), { file, ...FOLDERS[folder]! });
        const expected = (await textOf(`${path}.formatted`)) ?? (await textOf(`${path}.error`));
        if ((ours.text ?? printed(ours.diagnostics)) === expected) equal += 1;
        else if (isUnsupported(ours.diagnostics)) unsupported += 1;
        else differences.push(file);
      }
      console.log(
        `formatter corpus: ${equal} equal, ${differences.length} differ, ${unsupported} unsupported`,
      );
      expect(differences).toEqual(Object.keys(KNOWN_DIFFERENCES));
      expect(equal).toBeGreaterThanOrEqual(EQUAL_MIN);
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
        const mine = ours.text ?? printed(ours.diagnostics);
        if (mine !== ('text' in expected ? expected.text : expected.message)) differences.push(source);
        else if (ours.text !== undefined && !(await isStable(ours.text, version, flags)))
          differences.push(source);
      }
      expect(differences).toEqual([]);
    });
  },
);

/** Sources of the formatter corpus that are equal; the others need what the parser refuses as unsupported. */
const EQUAL_MIN = 124;

/** Still run, and must still differ. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'testfiles/v1_to_v2/keyword_rule_names.rego':
    'the parser takes the rule `or(x) := x` for one named after a builtin, and refuses it first',
};

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
