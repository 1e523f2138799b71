import type { Json, JsonObject } from '@writ/decision';
import type { JsonIndex } from './json-index.ts';
import { lazyAt, lazyOf } from './lazy-json.ts';
import { lazyIfLarge } from './read-large.ts';

/** Data as it goes from one thread to another: what is read lazily goes as bytes, and costs nothing there. */
export interface SentData {
  /** Everything else below `data`, with `null` in those places. */
  readonly rest: JsonObject;
  readonly places: readonly {
    readonly path: readonly (string | number)[];
    readonly text: number;
    readonly node: number;
  }[];
  readonly texts: readonly JsonIndex[];
}

/** Nesting of documents; as deep as they are read. */
const DEPTH_MAX = 500;

/** Takes data apart for another thread. Large parts that are plain values become texts first. */
export function takeApart(data: JsonObject): SentData {
  const texts: JsonIndex[] = [];
  const places: { path: readonly (string | number)[]; text: number; node: number }[] = [];
  const visit = (value: Json, path: readonly (string | number)[]): Json => {
    const lazy = lazyOf(value);
    if (lazy !== undefined) {
      const known = texts.indexOf(lazy.index);
      const text = known < 0 ? texts.push(lazy.index) - 1 : known;
      places.push({ path, text, node: lazy.node });
      return null;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value))
      return (value as readonly Json[]).map((item, index) => visit(item, [...path, index]));
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([key, member]) => [key, visit(member, [...path, key])]),
    );
  };
  return { rest: visit({ data: largeAsText(data) }, []) as JsonObject, places, texts };
}

/** Members that together are too much to be copied as values. */
function largeAsText(data: JsonObject): JsonObject {
  if (lazyOf(data) !== undefined) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, member]) => [
      key,
      lazyOf(member) === undefined ? membersAsText(member) : member,
    ]),
  );
}

function membersAsText(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return lazyIfLarge(value, DEPTH_MAX);
  const members = Object.entries(value as JsonObject);
  if (!members.some(([, member]) => lazyOf(member) !== undefined)) return lazyIfLarge(value, DEPTH_MAX);
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      lazyOf(member) === undefined ? lazyIfLarge(member, DEPTH_MAX) : member,
    ]),
  );
}

/** The memory of texts, to be handed over rather than copied; each once. */
export function memoryOf({ texts }: SentData): ArrayBuffer[] {
  return [...new Set(texts.flatMap(({ text, nodes }) => [text.buffer, nodes.buffer]))].filter(
    (buffer) => buffer instanceof ArrayBuffer,
  );
}

/** The data again. */
export function putTogether({ rest, places, texts }: SentData): JsonObject {
  const stores = texts.map(lazyAt);
  for (const { path, text, node } of places) {
    let parent: Json = rest;
    for (const step of path.slice(0, -1)) parent = (parent as { [key: string]: Json })[step]!;
    (parent as { [key: string]: Json })[path.at(-1)!] = stores[text]!(node);
  }
  return rest['data'] as JsonObject;
}
