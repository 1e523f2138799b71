import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_MS = 10 * 60_000;

/** A program of an npm package, installed once into the cache; says why where it cannot be had. */
export async function findAgent(
  name: string,
  version: string,
  program: string,
): Promise<{ readonly command: string } | { readonly skip: string }> {
  const cache = join(import.meta.dirname, '../../node_modules/.cache/writ');
  const folder = join(cache, `agent-${program}-${version}`);
  const command = join(folder, 'node_modules/.bin', program);
  if (existsSync(command)) return { command };
  // Made beside and moved into place, so that two test files at once never see half of it.
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const words = ['install', '--no-audit', '--no-fund', '--prefix', making, `${name}@${version}`];
    await run('npm', words, { timeout: INSTALL_MS });
    if (!existsSync(folder)) renameSync(making, folder);
    return { command };
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { skip: `\`npm install ${name}@${version}\` fails here (${line}): it needs the npm registry` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
