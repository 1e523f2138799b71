import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBundles, type Service, serviceFromConfig, startService, testBundle } from '@writ/cli';
import type { DecisionRequest, Outcome } from '@writ/decision';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readmeTable } from './readme-table.ts';

interface Sample {
  readonly about: string;
  readonly request: DecisionRequest;
  readonly expect: { readonly outcome: Outcome; readonly reason: string };
}

const folder = join(import.meta.dirname, '..');
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'bundle')))
  .map(({ name }) => name);

it('there are examples', () => {
  expect(examples.sort()).toEqual([
    'authzen',
    'egress',
    'information-flow',
    'payments',
    'records',
    'registry',
    'spiffe',
    'support',
    'tutorial',
  ]);
});

describe.each(examples)('example %s', (example) => {
  const requests = join(folder, example, 'requests');
  const samples = readdirSync(requests)
    .sort()
    .map((name): [string, Sample] => [name, JSON.parse(readFileSync(join(requests, name), 'utf8'))]);
  let data: string;
  let service: Service;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-example-'));
    const overrides = { bundle: [join(folder, example)], addr: '127.0.0.1:0', data };
    const made = serviceFromConfig({ config: {}, folder, file: undefined }, overrides);
    service = await startService({ ...made, watch: false });
  });
  afterAll(async () => {
    await service?.close();
    rmSync(data, { recursive: true, force: true });
  });

  it('passes its own tests, of which every bundle has some', async () => {
    for (const bundle of await readBundles([join(folder, example)])) {
      const report = testBundle(bundle);
      expect(report.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
      expect(report.passed).toBeGreaterThan(0);
    }
  });

  it.each(samples)('%s gets the outcome and the reason that it names', async (_name, sample) => {
    const { outcome, reason } = await service.point.decide({ request: sample.request });
    expect({ outcome, reason }).toEqual(sample.expect);
  });

  it('shows a refusal as well as a grant', () => {
    const outcomes = samples.map(([, sample]) => sample.expect.outcome);
    expect(outcomes).toContain('deny');
    expect(outcomes).toContain('allow');
  });

  it('has a README whose table is its requests', () => {
    const rows = samples.map(
      ([
        name,
        {
          about,
          expect: { outcome, reason },
        },
      ]) => [name, about, outcome, reason],
    );
    expect(readmeTable(join(folder, example))).toEqual(rows);
  });
});
