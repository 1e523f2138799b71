import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps compiled code between runs, since starting is most of what short commands do. It lies in the user's own cache
 * folder: Node's default is the shared temporary folder, where another user could put code for this process to run.
 */
export function keepCompiledCode(): void {
  const home = process.env['XDG_CACHE_HOME'] ?? '';
  enableCompileCache(join(home === '' ? join(homedir(), '.cache') : home, 'writ', 'compiled'));
}
