import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DecisionRequest } from '@writ/decision';
import { expect, it, onTestFinished } from 'vitest';
import { serviceFromConfig, startService } from '../src/index.ts';
import { REPOSITORY, temporaryFolder } from './support/run-writ.ts';

const EXAMPLE = join(REPOSITORY, 'examples/registry');

it('a registry that changes while the service runs counts from then on; one that is wrong changes nothing', async () => {
  const folder = temporaryFolder();
  cpSync(EXAMPLE, folder, { recursive: true });
  const file = join(folder, 'bundle/writ/registry/data.yaml');
  const printed = readFileSync(file, 'utf8');
  const made = serviceFromConfig(
    { config: {}, folder, file: undefined },
    { bundle: [folder], addr: '127.0.0.1:0', data: join(folder, 'data') },
  );
  const refused: string[] = [];
  const events = { onRefused: (failure: object) => void refused.push(JSON.stringify(failure)) };
  const service = await startService({ ...made, watch: true, events });
  onTestFinished(() => service.close());
  const sample = JSON.parse(readFileSync(join(folder, 'requests/researcher-searches.json'), 'utf8'));
  const request: DecisionRequest = sample.request;
  const ask = async (): Promise<string> => {
    const { outcome, reason, step_up } = await service.point.decide({ request });
    return step_up === undefined ? `${outcome} ${reason}` : `${outcome} ${step_up.method}`;
  };
  const change = async (text: string, answer: string): Promise<void> => {
    writeFileSync(file, text);
    await expect.poll(ask, { timeout: 20_000, interval: 100 }).toBe(answer);
  };
  expect(await ask()).toBe('allow granted');
  await change(printed.replace('        - web_search\n', ''), 'deny no_grant');
  await change(printed, 'allow granted');
  const first = 'resource: "mcp/*"\n    step_up: false';
  expect(printed).toContain(first);
  const stepUp = printed.replace(first, 'resource: "mcp/*"\n    step_up: true\n    step_up_method: passkey');
  await change(stepUp, 'step_up passkey');
  // What is wrong does not activate: what was active stays, until something right comes.
  writeFileSync(file, printed.replace('adapter: mcp', 'adapter: mcpp'));
  const isRefused = () => refused.some((failure) => failure.includes('registry_invalid'));
  await expect.poll(isRefused, { timeout: 20_000, interval: 100 }).toBe(true);
  expect(await ask()).toBe('step_up passkey');
  await change(printed, 'allow granted');
}, 120_000);
