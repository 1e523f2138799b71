import { Console } from 'node:console';

/** From now on whatever is said by the console goes to standard error: standard output belongs to a protocol. */
export function quietStdout(): void {
  globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
}
