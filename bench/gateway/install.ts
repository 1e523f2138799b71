import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../first-light/section.ts';

const CACHE = join(REPOSITORY, 'node_modules/.cache/writ/peers');
const INSTALL_MS = 15 * 60_000;
const run = promisify(execFile);

/** Where a peer is, or why it cannot be had here. */
export type Installed = { readonly path: string } | { readonly missing: string };

/** Installs a package of npm beside the workspace, once; gives the file in it. */
export async function installNpm(name: string, version: string, file: string): Promise<Installed> {
  const folder = join(CACHE, `${name}-${version}`);
  const path = join(folder, 'node_modules', name, file);
  const words = ['install', '--no-audit', '--no-fund', '--no-save', '--prefix', folder, `${name}@${version}`];
  return built(path, 'npm', words, {});
}

/** Builds a Go program once; without Go, or where its modules cannot be had, says so. */
export async function installGo(module: string, version: string): Promise<Installed> {
  const program = module.slice(module.lastIndexOf('/') + 1);
  const folder = join(CACHE, `${program}-${version}`);
  const environment = { GOBIN: folder, CGO_ENABLED: '0' };
  return built(join(folder, program), 'go', ['install', `${module}@${version}`], environment);
}

async function built(
  path: string,
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Installed> {
  if (existsSync(path)) return { path };
  const options = { env: { ...process.env, ...environment }, timeout: INSTALL_MS };
  try {
    await run(command, [...words], options);
  } catch (error) {
    const [line = ''] = String((error as { readonly stderr?: string }).stderr ?? error).split('\n');
    return { missing: `\`${command} ${words.join(' ')}\` fails: ${line}` };
  }
  return existsSync(path) ? { path } : { missing: `\`${command} ${words.join(' ')}\` did not bring ${path}` };
}
