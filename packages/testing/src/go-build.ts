import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why a test that needs something outside the repository cannot run here; a skip is counted with its reason. */
export interface Skip {
  readonly skip: string;
}

export function isSkip(value: object): value is Skip {
  return 'skip' in value;
}

export const REPOSITORY = resolve(import.meta.dirname, '../../..');
export const ORACLE_SOURCES = join(REPOSITORY, 'conformance/opa');
const CACHE = join(REPOSITORY, 'node_modules/.cache/writ');
const NO_GO: Skip = {
  skip: 'Go is not installed: install Go 1.26 or newer from https://go.dev/dl to compare with the real OPA',
};
const OFFLINE =
  /dial tcp|no such host|proxyconnect|TLS handshake|i\/o timeout|connection refused|module lookup disabled/;
/** After this time a lock whose owner cannot be seen is taken to be left behind; a cold build of OPA takes minutes. */
const LOCK_AGE_MS_MAX = 15 * 60_000;

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `go` in the oracle's folder; `undefined` where Go is not installed. */
export async function runGo(args: readonly string[]): Promise<Finished | undefined> {
  const child = spawn('go', args, { cwd: ORACLE_SOURCES, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((settle, fail) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') settle(undefined);
      else fail(error);
    });
    child.on('close', (code) => settle({ code, stdout, stderr }));
  });
}

/**
 * Builds a Go package of the oracle's pinned module once per state of its sources, and gives the binary's path. Test
 * files that run at the same time wait for one build.
 *
 * @param name what the binary is called in the cache
 * @param target the Go package: `.` or an import path of a module that `go.mod` pins
 */
export async function buildGo(name: string, target: string): Promise<string | Skip> {
  const path = join(CACHE, `${name}-${await digestOfSources(target === '.')}`);
  if (await exists(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const lock = `${path}.lock`;
  await takeLock(lock);
  try {
    if (await exists(path)) return path;
    const built = await runGo(['build', '-buildvcs=false', '-o', `${path}.new`, target]);
    if (!built) return NO_GO;
    if (built.code !== 0 && OFFLINE.test(built.stderr)) {
      return { skip: `OPA's Go module cannot be downloaded: ${built.stderr.trim().split('\n', 1)[0]}` };
    }
    if (built.code !== 0) throw new Error(`go build ${target} failed:\n${built.stderr}`);
    await rename(`${path}.new`, path);
    return path;
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function digestOfSources(withCode: boolean): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(ORACLE_SOURCES)).sort();
  for (const name of names) {
    if (name !== 'go.mod' && name !== 'go.sum' && !(withCode && name.endsWith('.go'))) continue;
    hash.update(`${name}\0`).update(await readFile(join(ORACLE_SOURCES, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A directory is the lock: making it is atomic on every file system. */
async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const made = await stat(lock).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > LOCK_AGE_MS_MAX) await rm(lock, { recursive: true, force: true });
    else await sleep(200);
  }
}
