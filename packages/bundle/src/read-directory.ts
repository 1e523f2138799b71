import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { assembleBundle } from './assemble.ts';
import type { BundleLimits, BundleResult, ReadBundleOptions } from './bundle.ts';
import {
  type Allowance,
  type BundleFile,
  belongsToBundle,
  completeLimits,
  createAllowance,
  type FilesResult,
} from './files.ts';
import type { BundleProblem } from './problem.ts';

/**
 * Reads a bundle from a folder: `.manifest`, `*.rego`, `data.json` and `data.yaml` nested by folder as OPA does.
 * Hidden folders and `node_modules` are left out. A symbolic link counts only where it names a file inside the same
 * folder (as mounted configuration does); one that leads out, or to a folder, is refused. The folder itself may be
 * reached by a link.
 * Never throws: what cannot be read is a problem.
 */
export async function readDirectory(folder: string, options: ReadBundleOptions = {}): Promise<BundleResult> {
  const name = options.name ?? basename(resolve(folder));
  // A signature covers every file, not only those that mean something to a bundle.
  const all = (options.signatures ?? []).length > 0;
  const read = await readDirectoryFiles(folder, completeLimits(options.limits), all);
  if (!read.ok)
    return { ok: false, problems: read.problems.map((problem) => ({ bundle: name, ...problem })) };
  return assembleBundle(read.files, { ...options, name });
}

/** The files of a folder that belong to a bundle, or all that are not hidden, sorted by path. */
export async function readDirectoryFiles(
  folder: string,
  limits: BundleLimits,
  all = false,
): Promise<FilesResult> {
  try {
    const root = await realpath(folder);
    const takes = all ? (): boolean => true : belongsToBundle;
    const walk: Walk = { root, limits, takes, allowance: createAllowance(limits), files: [], problems: [] };
    await readFolder(walk, '', 0);
    if (walk.problems.length > 0) return { ok: false, problems: walk.problems };
    walk.files.sort((left, right) => (left.path < right.path ? -1 : 1));
    return { ok: true, files: walk.files };
  } catch (error) {
    return { ok: false, problems: [unreadable(folder, error)] };
  }
}

const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

interface Walk {
  readonly root: string;
  readonly limits: BundleLimits;
  readonly takes: (path: string) => boolean;
  readonly allowance: Allowance;
  readonly files: BundleFile[];
  readonly problems: BundleProblem[];
}

async function readFolder(walk: Walk, folder: string, depth: number): Promise<void> {
  if (depth > walk.limits.folderDepthMax) {
    walk.problems.push({
      code: 'bundle_too_large',
      message: `folders go deeper than ${walk.limits.folderDepthMax}`,
      file: folder,
    });
    return;
  }
  const entries = await readdir(join(walk.root, folder), { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules')
        await readFolder(walk, path, depth + 1);
    } else if (entry.isSymbolicLink()) {
      if (!entry.name.startsWith('.') || path === '.manifest') await readLinked(walk, path);
    } else if (walk.takes(path)) {
      const problem = await readOne(walk, path, join(walk.root, path));
      if (problem !== undefined) walk.problems.push(problem);
    }
    if (walk.problems.length > 20) return;
  }
}

async function readLinked(walk: Walk, path: string): Promise<void> {
  const target = await realpath(join(walk.root, path)).catch(() => undefined);
  const isFileInside = target?.startsWith(`${walk.root}${sep}`) === true && (await stat(target)).isFile();
  if (isFileInside && !walk.takes(path)) return;
  const problem: BundleProblem | undefined = isFileInside
    ? await readOne(walk, path, target)
    : {
        code: 'bundle_link_refused',
        message: 'a symbolic link that is not to a file inside the bundle',
        file: path,
        help: 'put a copy of the file or folder in its place',
      };
  if (problem !== undefined) walk.problems.push(problem);
}

/** Opens without following links, so that a file that was replaced by a link after listing is refused too. */
async function readOne(walk: Walk, path: string, place: string): Promise<BundleProblem | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(place, OPEN_FLAGS);
    const status = await handle.stat();
    if (!status.isFile()) return { code: 'bundle_unreadable', message: 'not a plain file', file: path };
    const problem = walk.allowance.take(path, status.size);
    if (problem !== undefined) return problem;
    const bytes = await handle.readFile();
    if (bytes.length > walk.limits.fileSizeBytesMax) return walk.allowance.take(path, bytes.length);
    walk.files.push({ path, bytes });
    return undefined;
  } catch (error) {
    return unreadable(path, error);
  } finally {
    await handle?.close();
  }
}

function unreadable(file: string, error: unknown): BundleProblem {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const why =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'ENOTDIR'
        ? 'is not a folder'
        : `cannot be read (${code})`;
  return { code: 'bundle_unreadable', message: `\`${file}\` ${why}`, file };
}
