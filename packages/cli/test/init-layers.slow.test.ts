import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAYERS } from '@writ/decision';
import { findOpa } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT, readConfig, type Service, serviceFromConfig, startService } from '../src/index.ts';
import { makeLayers } from '../src/init/init-layers.ts';
import { runWrit, temporaryFolder } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

interface Sample {
  readonly about: string;
  readonly request: Parameters<Service['point']['decide']>[0]['request'];
  readonly expect: { readonly outcome: string; readonly reason: string };
}

const requests = join(import.meta.dirname, '../templates/layers/requests');
const samples = readdirSync(requests)
  .sort()
  .map((name): [string, Sample] => [name, JSON.parse(readFileSync(join(requests, name), 'utf8'))]);

describe('the five layers to begin with', () => {
  let folder: string;
  let service: Service;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-layers-'));
    makeLayers(folder);
    const made = serviceFromConfig(readConfig(join(folder, 'writ.yaml')), { addr: '127.0.0.1:0' });
    service = await startService({ ...made, watch: false });
  });
  afterAll(async () => {
    await service?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(samples)('%s gets the outcome and the reason that it names', async (_name, sample) => {
    const { outcome, reason } = await service.point.decide({ request: sample.request });
    expect({ outcome, reason }).toEqual(sample.expect);
  });

  it('have a README whose table is the requests', () => {
    const rows = readFileSync(join(folder, 'README.md'), 'utf8')
      .split('\n')
      .filter((line) => /^\| `[^`]+\.json`/.test(line))
      .map((line) => line.split('|').slice(1, -1));
    const told = rows.map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));
    expect(told).toEqual(
      samples.map(([name, { about, expect: to }]) => [name, about, to.outcome, to.reason]),
    );
  });

  it('have no line that no test reaches, and nothing that a check minds', async () => {
    const tested = await runWrit(['test', folder, '--coverage', '--threshold', '100']);
    expect(tested.status, tested.stdout + tested.stderr).toBe(0);
    const checked = await runWrit(['check', '--strict', folder, '--format', 'json']);
    expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, diagnostics: [], warnings: [] });
  });

  it.skipIf(opa.binary === '')(`pass their tests in OPA too${opa.note}`, () => {
    for (const layer of LAYERS) {
      const said = execFileSync(opa.binary, ['test', join(folder, layer)], { encoding: 'utf8' });
      expect(said).toMatch(/^PASS: (\d+)\/\1$/m);
    }
  });

  it('are shown by writ layers, which has nothing to warn of', async () => {
    const shown = await runWrit([
      'layers',
      '--offline',
      '--config',
      join(folder, 'writ.yaml'),
      '--format',
      'json',
    ]);
    const view = JSON.parse(shown.stdout);
    expect(view.warnings).toEqual([]);
    expect(view.bundles.map((bundle: { layers: string[] }) => bundle.layers)).toEqual(
      LAYERS.map((layer) => [layer]),
    );
    expect(view.overrides).toMatchObject([
      { state: 'in_force', lift: { code: 'destructive_needs_a_person' } },
    ]);
    const picture = await runWrit([
      'layers',
      '--offline',
      '--config',
      join(folder, 'writ.yaml'),
      '--format',
      'mermaid',
    ]);
    expect(picture.stdout).toMatch(/^flowchart TD/);
  });
});

describe('writ layers of a running service', () => {
  it('shows the live picture to the operator, and to nobody else', async () => {
    const folder = join(temporaryFolder(), 'project');
    makeLayers(folder);
    const serving = await startWrit(['--config', join(folder, 'writ.yaml'), '--addr', '127.0.0.1:0'], {
      cwd: folder,
    });
    const shown = await runWrit(['layers', '--data', serving.data, '--format', 'json']);
    const view = JSON.parse(shown.stdout);
    expect(view.bundles).toHaveLength(5);
    expect(view.bundles[0]).toMatchObject({ name: 'identity', owner: 'identity team', mode: 'enforce' });
    expect(view.bundles[0].active_seconds).toBeGreaterThanOrEqual(0);
    const listed = await runWrit(['layers', '--overrides', '--data', serving.data]);
    expect(listed.stdout).toContain('resource: destructive_needs_a_person');
    for (const authorization of [undefined, 'Bearer writ_op_wrong']) {
      const headers = authorization === undefined ? {} : { authorization };
      expect((await fetch(`${serving.api}/v1/layers`, { headers })).status).toBe(401);
    }
  });
});

describe('writ init', () => {
  it('--template makes one bundle, and says how it is added', async () => {
    const folder = temporaryFolder();
    const made = await runWrit(['init', '--template', 'compliance', folder]);
    expect(made.stdout).toContain('- { name: compliance, directory: compliance, layers: [compliance] }');
    expect(existsSync(join(folder, 'compliance/.manifest'))).toBe(true);
    expect(existsSync(join(folder, 'identity'))).toBe(false);
    const again = await runWrit(['init', '--template', 'compliance', folder]);
    expect(again).toMatchObject({
      status: EXIT.badInput,
      stderr: expect.stringContaining('is there already'),
    });
  });

  it('refuses another layer, and two kinds of project at once', async () => {
    const folder = temporaryFolder();
    const other = await runWrit(['init', '--template', 'complience', folder]);
    expect(other.stderr).toContain('did you mean `compliance`?');
    const both = await runWrit(['init', '--layers', '--gitops', folder]);
    expect(both.stderr).toContain('name one of --gitops, --layers and --template');
    expect(readdirSync(folder)).toEqual([]);
  });
});
