import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JsonObject } from '@writ/decision';

/** Definitions as they were at first sight or when approved, by server and tool. */
export interface Pins {
  /** The pins of a server as they are now: by tool the digest of its pinned definition, undefined where it has none. */
  of(server: string): (tool: string) => string | undefined;
  /** Pins all of these if the server has never been seen; else does nothing. */
  pinFirstSight(server: string, tools: ReadonlyMap<string, PinnedDefinition>): void;
  /** Names of this server's pinned tools. */
  toolsOf(server: string): readonly string[];
  /** The definition with this digest, where it was kept. */
  definition(digest: string): JsonObject | undefined;
  /** Puts this definition in place of whatever was pinned. */
  approve(server: string, tool: string, digest: string, definition: JsonObject): void;
  /** Takes the pin away; the server stays seen, so that the tool would be new. */
  remove(server: string, tool: string): void;
}

export interface PinnedDefinition {
  readonly digest: string;
  readonly definition: JsonObject;
}

type Written = Record<string, string>;

/**
 * Opens the pins: a JSON object from `server/tool` to `sha256:…`, and from `server/` to `seen`, so that a server that
 * offered nothing at first can't add tools later. Without a file they live as long as the process. A file that can't
 * be read is an error: taking it for empty would pin whatever servers offer now. A file that another process replaced
 * is read anew before it is asked, so that an operator's approval holds at once.
 *
 * Beside it, `FILE.definitions` keeps the text of pinned definitions by digest, for people to compare; nothing is
 * decided by it.
 */
export function openPins(file: string | undefined): Pins {
  let pins = readPins(file);
  let stamp = stampOf(file);
  const kept: Record<string, JsonObject> = Object.create(null);
  const refresh = () => {
    const now = stampOf(file);
    if (now === stamp) return;
    pins = readPins(file);
    stamp = now;
  };
  const change = (edit: (pins: Written) => void) => {
    // Another process may have pinned since: its pins stay, and count.
    refresh();
    edit(pins);
    if (file === undefined) return;
    writeWhole(file, pins);
    stamp = stampOf(file);
  };
  const keep = (definitions: readonly PinnedDefinition[]) => {
    for (const { digest, definition } of definitions) kept[digest] = definition;
    if (file === undefined) return;
    Object.assign(kept, { ...readDefinitions(file), ...kept });
    writeWhole(definitionsFile(file), kept);
  };
  return {
    of(server) {
      refresh();
      const current = pins;
      return (tool) => current[`${server}/${tool}`];
    },
    pinFirstSight(server, tools) {
      refresh();
      if (wasSeen(pins, server)) return;
      keep([...tools.values()]);
      change((current) => {
        if (wasSeen(current, server)) return;
        current[`${server}/`] = 'seen';
        for (const [tool, { digest }] of tools) current[`${server}/${tool}`] = digest;
      });
    },
    toolsOf(server) {
      refresh();
      const prefix = `${server}/`;
      const keys = Object.keys(pins).filter((key) => key.startsWith(prefix) && key !== prefix);
      return keys.map((key) => key.slice(prefix.length));
    },
    definition: (digest) => kept[digest] ?? (file === undefined ? undefined : readDefinitions(file)[digest]),
    approve(server, tool, digest, definition) {
      keep([{ digest, definition }]);
      change((current) => {
        current[`${server}/`] = 'seen';
        current[`${server}/${tool}`] = digest;
      });
    },
    remove(server, tool) {
      change((current) => {
        current[`${server}/`] = 'seen';
        delete current[`${server}/${tool}`];
      });
    },
  };
}

function definitionsFile(file: string): string {
  return `${file}.definitions`;
}

/** None where the file is missing or damaged: it is there to be read by people. */
function readDefinitions(file: string): Record<string, JsonObject> {
  try {
    const value = parsed(readFileSync(definitionsFile(file), 'utf8'));
    return Object.assign(Object.create(null), value);
  } catch {
    return Object.create(null);
  }
}

/** Changes whenever the file is replaced; a file that is not there has one too. */
function stampOf(file: string | undefined): string {
  const stats = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

function wasSeen(pins: Written, server: string): boolean {
  return Object.keys(pins).some((key) => key.startsWith(`${server}/`));
}

function readPins(file: string | undefined): Written {
  const none: Written = Object.create(null);
  if (file === undefined) return none;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return none;
    throw new Error(`the pins in ${file} can't be read`, { cause: error });
  }
  const value = parsed(text);
  if (!isPins(value)) throw new Error(`the pins in ${file} are damaged; repair or remove the file`);
  return Object.assign(none, value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPins(value: unknown): value is Written {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((pin) => typeof pin === 'string')
  );
}

function writeWhole(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(next, file);
}
