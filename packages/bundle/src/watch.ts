import { type FSWatcher, statSync, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** How a folder is watched. */
export interface WatchOptions {
  /** Quiet time after the last change before `onChange` is called; editors write a file in several steps. */
  readonly debounceMs?: number;
  /** Called after changes, never twice at once: changes during a call lead to one more call. */
  readonly onChange: () => Promise<void> | void;
  /** A watch that broke; changes may be missed from then on. */
  readonly onError?: (error: Error) => void;
}

/** Ends the watch; resolves when a call of `onChange` that is under way has ended. */
export interface Watch {
  /** Says that something changed which no folder shows. */
  changed(): void;
  close(): Promise<void>;
}

const DEBOUNCE_MS = 50;

/**
 * Watches files and folders (with all that is below them) and calls `onChange` once a burst of changes is over.
 * New folders are watched from the next call on. Says only that something changed: the reader finds out what.
 */
export function watchPaths(paths: readonly string[], options: WatchOptions): Watch {
  const debounceMs = options.debounceMs ?? DEBOUNCE_MS;
  const report = (error: unknown): void =>
    options.onError?.(error instanceof Error ? error : new Error(String(error)));
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  const run = async (): Promise<void> => {
    do {
      again = false;
      try {
        await options.onChange();
      } catch (error) {
        report(error);
      }
    } while (again && !closed);
    running = undefined;
  };
  const changed = (): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (running === undefined) running = run();
      else again = true;
    }, debounceMs);
  };
  const trees = paths.map((path) => watchPath(path, changed, report));
  return {
    changed,
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.all(trees.map((tree) => tree.close()));
      await running;
    },
  };
}

/** A watcher that can be ended. */
type Watcher = Pick<Watch, 'close'>;

function watchPath(path: string, changed: () => void, report: (error: unknown) => void): Watcher {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? watchFile(path, changed, report) : watchTree(path, changed, report);
}

/** A file is watched by its folder: whoever replaces it puts another one in its place. */
function watchFile(file: string, changed: () => void, report: (error: unknown) => void): Watcher {
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) changed();
    });
    watcher.on('error', report);
    return { close: async () => watcher.close() };
  } catch (error) {
    report(error);
    return { close: async () => undefined };
  }
}

/** One watcher a folder: Node's own recursive watch misses folders that are replaced while it sets itself up. */
function watchTree(root: string, changed: () => void, report: (error: unknown) => void): Watcher {
  const watchers = new Map<string, FSWatcher>();
  let closed = false;
  let scanning: Promise<void> = Promise.resolve();
  const rescan = (): void => {
    scanning = scanning.then(() => add(root));
  };
  const add = async (folder: string): Promise<void> => {
    if (closed) return;
    const fresh = start(folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
        await add(join(folder, entry.name));
    }
    // What was written between the folder's making and its watch would go unseen.
    if (fresh && folder !== root) changed();
  };
  const start = (folder: string): boolean => {
    if (closed || watchers.has(folder)) return false;
    try {
      const watcher = watch(folder, { persistent: false }, (event) => {
        changed();
        if (event === 'rename') rescan();
      });
      watcher.on('error', (error) => {
        watchers.delete(folder);
        watcher.close();
        if (folder === root) report(error);
      });
      watchers.set(folder, watcher);
      return true;
    } catch (error) {
      if (folder === root) report(error);
      return false;
    }
  };
  start(root);
  rescan();
  return {
    async close() {
      closed = true;
      await scanning;
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
