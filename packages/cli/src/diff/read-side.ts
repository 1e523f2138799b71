import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Bundle, type Entrypoint, readSource, renderProblem, unpackArchive } from '@writ/bundle';
import { bundleName, findBundlePaths } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** One of the two things that are compared. */
export interface Side {
  /** As it was named. */
  readonly text: string;
  readonly bundles: readonly Bundle[];
  /** There is nothing there: in git, a folder that the other revision does not have. */
  readonly isAbsent: boolean;
}

/**
 * Reads the bundles that `text` names: a folder, an archive, or `git:REVISION[:PATH]`, where the path is by default
 * the other side's. Signatures are not looked at: what is compared is content.
 */
export async function readSide(
  text: string,
  other: string,
  entrypoints: readonly Entrypoint[],
): Promise<Side> {
  if (!text.startsWith('git:')) return { text, bundles: await read(text, entrypoints), isAbsent: false };
  const temporary = mkdtempSync(join(tmpdir(), 'writ-diff-'));
  try {
    const folder = unpackRevision(text, other, temporary);
    if (folder === undefined) return { text, bundles: [], isAbsent: true };
    return { text, bundles: await read(folder, entrypoints), isAbsent: false };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function read(path: string, entrypoints: readonly Entrypoint[]): Promise<Bundle[]> {
  const asked = entrypoints.length === 0 ? {} : { entrypoints };
  const results = await Promise.all(
    findBundlePaths(path).map((found) =>
      readSource({ kind: 'path', path: found, name: bundleName(found), skipVerify: true, ...asked }),
    ),
  );
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems.map(renderProblem)));
  if (problems.length > 0) throw new CommandError(EXIT.badInput, `${path}\n${problems.join('\n')}`);
  return results.flatMap((result) => (result.ok ? [result.bundle] : []));
}

/** Puts what stands at a revision below `temporary` under its own name; undefined where the revision has no such path. */
function unpackRevision(text: string, other: string, temporary: string): string | undefined {
  const [, revision = '', named] = /^git:([^:]+)(?::(.*))?$/.exec(text) ?? [];
  if (revision === '' || revision.startsWith('-'))
    throw new CommandError(EXIT.usage, `\`${text}\` names no revision`, 'such as git:main, or git:v1:policy');
  if (named === undefined && other.startsWith('git:'))
    throw new CommandError(
      EXIT.usage,
      `\`${text}\` says no path, and neither does the other side`,
      `such as ${text}:policy`,
    );
  const place = resolve(named === undefined ? other : '.');
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(
      EXIT.usage,
      `\`${text}\` says no path, and ${other} is no folder whose path could be meant`,
      `such as ${text}:policy`,
    );
  const git = gitIn(named === undefined ? dirname(place) : place);
  const top = git('rev-parse', '--show-toplevel').toString('utf8').trim();
  const prefix = git('rev-parse', '--show-prefix').toString('utf8').trim();
  const within = named === undefined ? `${prefix}${basename(place)}` : named.replace(/^\.?\/+|\/+$/g, '');
  // The top of the repository has no name below itself.
  const path = named === undefined && place === top ? '' : within;
  git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  const tree = `${revision}:${path}`;
  if (!succeeds(() => git('cat-file', '-e', tree))) return undefined;
  const archive = gitIn(top)('-c', 'tar.tar.gz.command=git archive gzip', 'archive', '--format=tar.gz', tree);
  const unpacked = unpackArchive(archive);
  if (!unpacked.ok)
    throw new CommandError(EXIT.badInput, `${text}\n${unpacked.problems.map(renderProblem).join('\n')}`);
  const folder = join(temporary, nameOf(path, top));
  mkdirSync(folder, { recursive: true });
  for (const { path: file, bytes } of unpacked.files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), bytes);
  }
  return folder;
}

/** Folder and parent, so that a bundle is called there as it is called here. */
function nameOf(path: string, top: string): string {
  const full = join(top, path);
  return join(basename(dirname(full)), basename(full));
}

const ARCHIVE_BYTES_MAX = 128 * 1024 * 1024;

function gitIn(folder: string): (...words: string[]) => Buffer {
  return (...words) => {
    try {
      return execFileSync('git', ['-C', folder, ...words], {
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: ARCHIVE_BYTES_MAX,
      });
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: Buffer };
      if (code === 'ENOENT') throw new CommandError(EXIT.unavailable, 'git is not installed');
      const said = stderr?.toString('utf8').trim() ?? '';
      const known = said === '' ? `git knows no \`${words.at(-1)}\`` : said;
      throw new CommandError(EXIT.badInput, known, 'fetch the revision first: git fetch origin REVISION');
    }
  };
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.status === EXIT.unavailable) throw error;
    return false;
  }
}
