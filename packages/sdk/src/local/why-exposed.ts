import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const STICKY = 0o1000;
const BY_OTHERS = 0o002;
const BY_GROUP_OR_OTHERS = 0o022;

/**
 * Why another user than this one and root could alter what is in a directory, or put another in its place; undefined
 * where none can, and on Windows, where nobody looks. Parents count: who may write in one may rename what is below,
 * unless it is sticky.
 */
export function whyExposed(directory: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const data = realpathSync(directory);
  for (let folder = data; ; folder = dirname(folder)) {
    const { mode, uid } = statSync(folder);
    if (uid !== 0 && uid !== process.getuid?.()) return `${folder} belongs to another user`;
    const isOpen =
      folder === data ? (mode & BY_GROUP_OR_OTHERS) !== 0 : (mode & BY_OTHERS) !== 0 && (mode & STICKY) === 0;
    if (isOpen) return `${folder} can be written by others`;
    if (folder === dirname(folder)) return undefined;
  }
}
