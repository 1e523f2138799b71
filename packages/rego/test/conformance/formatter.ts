import { access, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Oracle } from '@writ/testing';
import type { Diagnostic, VersionSpan } from '../../src/index.ts';
import { formatModule } from '../../src/index.ts';
import type { CaseResult, Corpus } from './outcome.ts';
import { failed, passed } from './outcome.ts';

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

/** Diagnostics as OPA prints a list of errors. */
export function printedErrors(diagnostics: readonly Diagnostic[]): string {
  const lines = diagnostics.map(
    ({ code, message, location: { file, row } }) => `${file}:${row}: ${code}: ${message}`,
  );
  return lines.length === 1
    ? `1 error occurred: ${lines[0]}`
    : `${lines.length} errors occurred:\n${lines.join('\n')}`;
}

async function textOf(path: string): Promise<string | undefined> {
  return access(path).then(
    () => readFile(path, 'utf8'),
    () => undefined,
  );
}

async function runFormatter(oracle: Oracle): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const path of await oracle.sources('v1/format/testfiles')) {
    const folder = basename(dirname(path));
    const file = `testfiles/${folder}/${basename(path)}`;
    const ours = formatModule(await readFile(path, 'utf8'), { file, ...FOLDERS[folder]! });
    const expected = (await textOf(`${path}.formatted`)) ?? (await textOf(`${path}.error`));
    const mine = ours.text ?? printedErrors(ours.diagnostics);
    results.push(mine === expected ? passed(file) : failed(file, firstDifference(mine, expected ?? '')));
  }
  return results;
}

function firstDifference(mine: string, expected: string): string {
  const [left, right] = [mine.split('\n'), expected.split('\n')];
  const row = left.findIndex((line, index) => line !== right[index]);
  return `line ${row + 1}: \`${left[row]}\`, where OPA has \`${right[row]}\``;
}

/** OPA's formatter corpus: every text and every refusal. */
export const FORMATTER: Corpus = {
  name: 'formatter',
  known: {},
  run: runFormatter,
};
