import { type FSWatcher, statSync, watch } from 'node:fs';

/** Changes that come together make one run. */
const QUIET_MS = 100;

/** Calls `changed` whenever something at or below the paths changed, until the signal ends it. */
export async function watchPaths(
  paths: readonly string[],
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(changed);
    }, QUIET_MS);
  };
  const watchers = paths.map(
    (path): FSWatcher => watch(path, { recursive: statSync(path).isDirectory() }, later),
  );
  await new Promise<void>((settle) => signal.addEventListener('abort', () => settle(), { once: true }));
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
  await running;
}
