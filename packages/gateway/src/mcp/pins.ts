import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Definitions as they were at first sight, by server and tool. */
export interface Pins {
  /** Digest of the tool's pinned definition; undefined where it has none. */
  of(server: string, tool: string): string | undefined;
  /** Pins all of these if the server has never been seen; else does nothing. */
  pinFirstSight(server: string, tools: ReadonlyMap<string, string>): void;
}

type Written = Record<string, string>;

/**
 * Opens the pins: a JSON object from `server/tool` to `sha256:…`, and from `server/` to `seen`, so that a server that
 * offered nothing at first can't add tools later. Without a file they live as long as the process. A file that can't
 * be read is an error: taking it for empty would pin whatever servers offer now.
 */
export function openPins(file: string | undefined): Pins {
  const pins = readPins(file);
  return {
    of: (server, tool) => pins[`${server}/${tool}`],
    pinFirstSight(server, tools) {
      if (wasSeen(pins, server)) return;
      // Another process may have pinned since: its pins stay, and count.
      Object.assign(pins, readPins(file));
      if (wasSeen(pins, server)) return;
      pins[`${server}/`] = 'seen';
      for (const [tool, digest] of tools) pins[`${server}/${tool}`] = digest;
      if (file !== undefined) writePins(file, pins);
    },
  };
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

function writePins(file: string, pins: Written): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, `${JSON.stringify(pins, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(next, file);
}
