import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Oracle } from '@writ/testing';
import { isKnownBuiltin } from '../../src/index.ts';
import { moduleToAst, parseModule } from '../../src/syntax/index.ts';
import type { CaseResult, Corpus } from './outcome.ts';
import { failed, passed, skipped } from './outcome.ts';

type Version = 0 | 1;

/** Every source of the corpora, by version: those of the evaluation cases, of the compile cases and of the formatter. */
async function sourcesOf(oracle: Oracle, version: Version): Promise<readonly string[]> {
  const cases = await oracle.cases(version === 0 ? 'v0' : 'v1');
  const compileCases = await oracle.compileCases(version === 0 ? 'v0' : 'v1');
  const paths = await oracle.sources('v1/format/testfiles');
  const ofVersion = paths.filter((path) => path.includes(`/v${version}`));
  return [
    ...new Set([
      ...cases.flatMap((each) => each.case.modules ?? []),
      ...compileCases.flatMap((each) => each.modules),
      ...(await Promise.all(ofVersion.map((path) => readFile(path, 'utf8')))),
    ]),
  ];
}

function compareTree(
  id: string,
  text: string,
  version: Version,
  theirs: { readonly errors?: readonly unknown[]; readonly ast?: unknown; readonly unprintable?: string },
): CaseResult {
  const { module, diagnostics } = parseModule(text, { file: id, version, isBuiltin: isKnownBuiltin });
  if (theirs.errors !== undefined)
    return module === undefined ? passed(id) : failed(id, 'OPA refuses it, and we do not');
  if (module === undefined) return failed(id, `refused: ${diagnostics[0]?.message}`);
  if (theirs.unprintable !== undefined) return skipped(id, 'OPA cannot print its own tree');
  // Through JSON, as OPA's tree came.
  const ours: unknown = JSON.parse(JSON.stringify(moduleToAst(module)));
  const difference = firstDifference(ours, theirs.ast, '');
  return difference === undefined ? passed(id) : failed(id, difference);
}

/** The first member in which two trees differ, by its path. */
function firstDifference(ours: unknown, theirs: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(ours, theirs)) return undefined;
  if (typeof ours === 'object' && typeof theirs === 'object' && ours !== null && theirs !== null) {
    for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const [mine, wanted] = [ours, theirs].map((one) => (one as Record<string, unknown>)[name]);
      const inner = firstDifference(mine, wanted, `${path}/${name}`);
      if (inner !== undefined) return inner;
    }
  }
  return `${path}: ${JSON.stringify(ours)}, where OPA has ${JSON.stringify(theirs)}`;
}

function treesOf(version: Version): Corpus {
  return {
    name: `trees v${version}`,
    known: {},
    run: async (oracle) => {
      const sources = await sourcesOf(oracle, version);
      const modules = Object.fromEntries(sources.map((text, index) => [`${index}.rego`, text]));
      const files = await oracle.parse({ modules, regoVersion: version, ast: true });
      return sources.map((text, index) => {
        const id = `${index}.rego`;
        return compareTree(id, text, version, files[id]!);
      });
    },
  };
}

/** The trees of all sources beside those that `opa parse --format json` prints. */
export const TREES: readonly Corpus[] = [treesOf(0), treesOf(1)];
