import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  isSkip,
  loadSeedPolicies,
  mendTutorial,
  type Oracle,
  type SeedPolicy,
  startOracle,
} from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { JsonObject, ModuleSource } from '../src/index.ts';
import { fromJson } from '../src/index.ts';
import { compareWithOpa } from './support/differential.ts';

const PER_PATH = 400;

const started = await startOracle();
const seeds = await loadSeedPolicies();
const oracle: Oracle | undefined = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

function source(seed: SeedPolicy, text = seed.text): ModuleSource {
  return { file: seed.file, text, version: seed.regoVersion };
}

async function expectSame(name: string, sources: readonly ModuleSource[], data?: JsonObject): Promise<void> {
  const result = await compareWithOpa(oracle!, sources, { perPath: PER_PATH, ...(data && { data }) });
  console.log(`${name}: ${result.compared} compared, ${result.defined} defined`);
  expect(result.differences.slice(0, 5)).toEqual([]);
  expect(result.compared).toBeGreaterThanOrEqual(PER_PATH);
  expect(result.defined).toBeGreaterThan(0);
}

const missing = [started, seeds].find(isSkip);
const why = missing === undefined ? '' : ` (skipped: ${missing.skip})`;

describe.skipIf(missing !== undefined)(`the seeds’ policies against OPA${why}`, () => {
  const found = isSkip(seeds) ? undefined : seeds;

  test('[P-REGO-AS-OPA] 000, with its two mends', async () => {
    const { policy, tests } = found!.tutorial;
    const sources = [source(policy, mendTutorial(policy.text)), source(tests, mendTutorial(tests.text))];
    await expectSame('000', sources);
  });

  test('[P-REGO-AS-OPA] 003, in version 0', async () => {
    await expectSame('003 decisions', [source(found!.aegis.decisions)]);
    await expectSame('003 egress', [source(found!.aegis.egress)]);
  });

  test.each([0, 1, 2, 3, 4])('[P-REGO-AS-OPA] 004, policy %i', async (index) => {
    await expectSame(`004-${index + 1}`, [source(found!.precinct[index]!)]);
  });
});

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** The bundles of the project's own examples: modules and data by example. */
async function exampleBundles(): Promise<
  Map<string, { modules: ModuleSource[]; data: JsonObject | undefined }>
> {
  const bundles = new Map<string, { modules: ModuleSource[]; data: JsonObject | undefined }>();
  for await (const file of glob('*/bundle/**/*.rego', { cwd: examples })) {
    const name = file.split('/')[0]!;
    const bundle = bundles.get(name) ?? { modules: [], data: undefined };
    bundles.set(name, bundle);
    bundle.modules.push({ file, text: readFileSync(`${examples}${file}`, 'utf8') });
  }
  for await (const file of glob('*/bundle/data.json', { cwd: examples })) {
    const bundle = bundles.get(file.split('/')[0]!);
    if (bundle) bundle.data = fromJson(readFileSync(`${examples}${file}`, 'utf8')) as JsonObject;
  }
  return bundles;
}

const bundles = await exampleBundles();

const noOracle = isSkip(started) ? ` (skipped: ${started.skip})` : '';

describe.skipIf(oracle === undefined)(`the examples’ policies against OPA${noOracle}`, () => {
  test.each([...bundles])('[P-REGO-AS-OPA] examples/%s', async (name, bundle) => {
    await expectSame(name, bundle.modules, bundle.data);
  });
});
