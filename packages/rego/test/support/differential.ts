import type { Oracle } from '@writ/testing';
import { isOracleFailure } from '@writ/testing';
import * as fc from 'fast-check';
import type { JsonObject, ModuleSource, Policy } from '../../src/index.ts';
import { equal, fromJson, fromParsed, toJson } from '../../src/index.ts';
import { compileOnAll } from './back-ends.ts';
import { documentsFor } from './generate.ts';

/** How a policy compared with the real OPA. */
export interface Comparison {
  readonly compared: number;
  /** Answers that were a value other than undefined: comparisons of nothing prove nothing. */
  readonly defined: number;
  readonly differences: readonly string[];
}

const SEED = 20_261_120;

/** Asks both engines about every rule of a policy, and its packages whole, with generated inputs and data. */
export async function compareWithOpa(
  oracle: Oracle,
  sources: readonly ModuleSource[],
  options: { readonly perPath: number; readonly data?: JsonObject },
): Promise<Comparison> {
  const { policy, diagnostics } = compileOnAll(sources);
  if (policy === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const modules = Object.fromEntries(sources.map(({ file, text }) => [file, text]));
  const regoVersion = sources[0]!.version === 0 ? 0 : 1;
  const differences: string[] = [];
  let compared = 0;
  let defined = 0;
  for (const path of pathsOf(policy)) {
    const query = `data${path
      .split('/')
      .map((step) => `[${JSON.stringify(step)}]`)
      .join('')}`;
    const datas =
      options.data === undefined
        ? fc.sample(documentsFor(policy, path, 'data'), { seed: SEED, numRuns: 4 })
        : [options.data];
    for (const data of datas) {
      const prepared = await oracle.prepare({ modules, regoVersion, query, data });
      if (isOracleFailure(prepared)) throw new Error(prepared.error.message);
      const ours = policy.prepare(path);
      const baseData = fromParsed(data) as JsonObject;
      const numRuns = Math.ceil(options.perPath / datas.length);
      for (const input of fc.sample(documentsFor(policy, path, 'input'), { seed: SEED + 1, numRuns })) {
        const theirs = await oracle.evaluate({ handle: prepared.handle, input });
        const mine = ours.evaluate(fromParsed(input), { data: baseData });
        compared += 1;
        if (mine.kind === 'value') defined += 1;
        const difference = differenceOf(mine, theirs);
        if (difference !== undefined) {
          differences.push(
            `${path} input ${JSON.stringify(input)} data ${JSON.stringify(data)}: ${difference}`,
          );
        }
      }
    }
  }
  return { compared, defined, differences };
}

function pathsOf(policy: Policy): readonly string[] {
  const functions = new Set<string>();
  for (const module of policy.modules) {
    for (const { head } of module.rules) {
      const names = head.ref.map((term) => (term.kind === 'string' ? term.value : '*'));
      if (head.form === 'function') functions.add([...module.package.path, ...names].join('/'));
    }
  }
  return [...policy.packages, ...policy.rulePaths.filter((path) => !functions.has(path))];
}

function differenceOf(
  mine: ReturnType<ReturnType<Policy['prepare']>['evaluate']>,
  theirs: Awaited<ReturnType<Oracle['evaluate']>>,
): string | undefined {
  if (isOracleFailure(theirs)) {
    return mine.kind === 'error' && mine.code === theirs.error.code
      ? undefined
      : `OPA: ${theirs.error.code}: ${theirs.error.message}; Writ: ${shown(mine)}`;
  }
  if (!theirs.defined) return mine.kind === 'undefined' ? undefined : `OPA: undefined; Writ: ${shown(mine)}`;
  if (mine.kind === 'value') {
    const answer = fromJson(theirs.line) as JsonObject;
    if (equal(answer['value']!, fromJson(toJson(mine.value))!)) return undefined;
  }
  return `OPA: ${JSON.stringify(theirs.value)}; Writ: ${shown(mine)}`;
}

function shown(mine: ReturnType<ReturnType<Policy['prepare']>['evaluate']>): string {
  if (mine.kind === 'value') return toJson(mine.value);
  return mine.kind === 'undefined' ? 'undefined' : `${mine.code}: ${mine.message}`;
}
