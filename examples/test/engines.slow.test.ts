import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

const folder = join(import.meta.dirname, '../engines');
const samples = readdirSync(join(folder, 'requests'))
  .sort()
  .map((name): [string, Sample] => [name, JSON.parse(readFileSync(join(folder, 'requests', name), 'utf8'))]);

/** The example of docs/how-to/choose-an-engine.md: policies in Rego and in Cedar, asked in one decision. */
describe('engines side by side', () => {
  let data: string;
  let service: Service;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-engines-'));
    const overrides = { bundle: [join(folder, 'policy')], addr: '127.0.0.1:0', data };
    service = await startService({
      ...serviceFromConfig({ config: {}, folder, file: undefined }, overrides),
      watch: false,
    });
  });
  afterAll(async () => {
    await service?.close();
    rmSync(data, { recursive: true, force: true });
  });

  it.each(samples)('%s gets the outcome and the reason that it names', async (_name, sample) => {
    const { outcome, reason, metadata } = await service.point.decide({ request: sample.request });
    expect({ outcome, reason }).toEqual(sample.expect);
    expect(metadata.engine?.split('+').sort()).toEqual(['cedar', 'rego']);
  });

  it('names the policy of a denial with its file and row', async () => {
    const { request } = samples.find(([name]) => name === 'blocked-account.json')![1];
    const { reasons } = await service.point.decide({ request });
    expect(reasons[0]).toMatchObject({
      code: 'blocked_account',
      bundle: expect.stringMatching(/limits$/),
      file: 'refunds.cedar',
      row: 13,
      message: 'this account is under review',
      remediation: 'ask the fraud desk',
    });
  });

  it('passes the tests of its part in Rego', async () => {
    const [tools] = (await readBundles([join(folder, 'policy')])).filter(({ name }) =>
      name.endsWith('tools'),
    );
    expect(testBundle(tools!)).toMatchObject({ passed: 2, failed: 0 });
  });

  it('has a README whose table is its requests', () => {
    expect(readmeTable(folder)).toEqual(
      samples.map(
        ([
          name,
          {
            about,
            expect: { outcome, reason },
          },
        ]) => [name, about, outcome, reason],
      ),
    );
  });
});
