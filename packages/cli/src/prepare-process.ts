import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps compiled code between runs, since starting is most of what short commands do. It lies in the user's own cache
 * folder: Node's default is the shared temporary folder, where another user could put code for this process to run.
 * Threads have no way to ask for it in their own code, which is compiled before it runs: they read the variable, as the
 * process itself does where someone set it.
 */
function keepCompiledCode(): void {
  const home = process.env['XDG_CACHE_HOME'] ?? '';
  const own = join(home === '' ? join(homedir(), '.cache') : home, 'writ', 'compiled');
  const asked = process.env['NODE_COMPILE_CACHE'] ?? '';
  const folder = asked === '' ? own : asked;
  process.env['NODE_COMPILE_CACHE'] = folder;
  enableCompileCache(folder);
}

/**
 * The launcher sets how large the nursery of the thread of decisions is. It would hold for every other thread too, past
 * the limits that each is started with.
 */
function leaveNurseriesToThreads(): void {
  setFlagsFromString('--max-semi-space-size=0');
}

/** What every process of Writ does before it loads anything else. */
export function prepareProcess(): void {
  keepCompiledCode();
  leaveNurseriesToThreads();
}
