import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JsonObject } from '@writ/decision';

/** Definitions as they were at first sight or when approved, by server, kind and name. */
export interface Pins {
  /** The pins of a server as they are now: by name the digest of the pinned definition, undefined where there is none. */
  of(server: string, kind: PinKind): (name: string) => string | undefined;
  /**
   * Pins all of these if nothing of this kind was ever seen of the server; else only those without a pin, and only of a
   * kind that grows (`PIN_KINDS`).
   */
  pinSeen(server: string, kind: PinKind, seen: ReadonlyMap<string, PinnedDefinition>): void;
  /** Was anything of this kind ever seen of this server: also that there is none. */
  seen(server: string, kind: PinKind): boolean;
  /** Names of this kind that are pinned of this server. */
  namesOf(server: string, kind: PinKind): readonly string[];
  /** The definition with this digest, where it was kept. */
  definition(digest: string): JsonObject | undefined;
  /** Puts these in place of whatever was pinned. */
  approve(server: string, kind: PinKind, approved: ReadonlyMap<string, PinnedDefinition>): void;
  /** Takes the pin away; the server stays seen, so that the name would be new. */
  remove(server: string, kind: PinKind, name: string): void;
}

/** What one server says of one thing that it offers. */
export interface SeenDefinition {
  readonly server: string;
  readonly kind: PinKind;
  /** As the server names it: a tool's or prompt's name, a URI or its template. */
  readonly name: string;
  /** Of the definition as it is now. */
  readonly digest: string;
}

export interface PinnedDefinition {
  readonly digest: string;
  readonly definition: JsonObject;
}

interface KindRule {
  /** Between the server and the name in the file. Server ids hold neither `:` nor `/`: no two kinds share a key. */
  readonly mark: string;
  /** Names come and go by themselves: a new one is pinned when it is seen, so many at most; else it waits. */
  readonly growsTo?: number;
}

/** Longest name of what grows by itself; a longer one is not pinned, so not listed. */
const NAME_LENGTH_MAX = 2_048;

/** What is pinned of a server. */
export const PIN_KINDS = {
  tool: { mark: '/' },
  prompt: { mark: ':prompt/' },
  template: { mark: ':template/' },
  // Lists of resources are data: files, rows, tickets.
  resource: { mark: ':resource/', growsTo: 10_000 },
} as const satisfies Readonly<Record<string, KindRule>>;
export type PinKind = keyof typeof PIN_KINDS;

type Written = Record<string, string>;

/**
 * Opens the pins: a JSON object from `server/tool` to `sha256:…`, and from `server/` to `seen`, so that a server that
 * offered nothing at first can't add tools later; other kinds as `server:prompt/name`. Without a file they live as long as the process. A file that can't
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
    of(server, kind) {
      refresh();
      const current = pins;
      const prefix = prefixOf(server, kind);
      return (name) => current[`${prefix}${name}`];
    },
    pinSeen(server, kind, seen) {
      refresh();
      const fresh = unpinned(pins, server, kind, seen);
      if (fresh === undefined) return;
      // What grows by itself could fill the disk with its texts.
      if (!('growsTo' in PIN_KINDS[kind])) keep([...fresh.values()]);
      change((current) => put(current, server, kind, unpinned(current, server, kind, fresh)));
    },
    seen(server, kind) {
      refresh();
      return wasSeen(pins, prefixOf(server, kind));
    },
    namesOf(server, kind) {
      refresh();
      return namesIn(pins, prefixOf(server, kind));
    },
    definition: (digest) => kept[digest] ?? (file === undefined ? undefined : readDefinitions(file)[digest]),
    approve(server, kind, approved) {
      keep([...approved.values()]);
      change((current) => put(current, server, kind, approved));
    },
    remove(server, kind, name) {
      change((current) => {
        put(current, server, kind, new Map());
        delete current[`${prefixOf(server, kind)}${name}`];
      });
    },
  };
}

function prefixOf(server: string, kind: PinKind): string {
  return `${server}${PIN_KINDS[kind].mark}`;
}

function namesIn(pins: Written, prefix: string): readonly string[] {
  const keys = Object.keys(pins).filter((key) => key.startsWith(prefix) && key !== prefix);
  return keys.map((key) => key.slice(prefix.length));
}

/** What of these is to be pinned now; undefined where nothing is. */
function unpinned(
  pins: Written,
  server: string,
  kind: PinKind,
  seen: ReadonlyMap<string, PinnedDefinition> | undefined = new Map(),
): ReadonlyMap<string, PinnedDefinition> | undefined {
  const prefix = prefixOf(server, kind);
  const { growsTo }: KindRule = PIN_KINDS[kind];
  const before = wasSeen(pins, prefix);
  if (before && growsTo === undefined) return undefined;
  const known = (name: string) => before && pins[`${prefix}${name}`] !== undefined;
  const tooLong = (name: string) => growsTo !== undefined && name.length > NAME_LENGTH_MAX;
  const fresh = [...seen].filter(([name]) => !known(name) && !tooLong(name));
  if (before && fresh.length === 0) return undefined;
  const room = growsTo === undefined ? fresh.length : Math.max(0, growsTo - namesIn(pins, prefix).length);
  return before && room === 0 ? undefined : new Map(fresh.slice(0, room));
}

function put(
  pins: Written,
  server: string,
  kind: PinKind,
  definitions: ReadonlyMap<string, PinnedDefinition> = new Map(),
): void {
  const prefix = prefixOf(server, kind);
  pins[prefix] = 'seen';
  for (const [name, { digest }] of definitions) pins[`${prefix}${name}`] = digest;
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

function wasSeen(pins: Written, prefix: string): boolean {
  return pins[prefix] !== undefined || Object.keys(pins).some((key) => key.startsWith(prefix));
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
