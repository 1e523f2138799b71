import { canonicalJson, type Json } from '@writ/decision';
import { ARRAY_MEMBER, type JsonIndex, KIND_ARRAY, NODE, OBJECT_MEMBER } from './json-index.ts';
import { lazyJson } from './lazy-json.ts';
import { scanJson } from './scan-json.ts';
import { ByteSink } from './write-canonical.ts';

/** From here on a document is not made into values as a whole: that alone would hold up decisions. */
export const LARGE_BYTES = 512 * 1024;

/**
 * A large JSON text as a value that is parsed where it is asked for. Undefined where it is not strict JSON, or has
 * nothing to be lazy about. A text that is not canonical (RFC 8785) is written anew, so that what stands behind lazy
 * values always is.
 */
export function readLarge(text: Uint8Array, depthMax: number): Json | undefined {
  const scanned = scanJson(text, depthMax);
  if (scanned?.index === undefined) return undefined;
  if (scanned.isCanonical) return lazyJson(scanned.index);
  const sink = new ByteSink();
  writeNode(scanned.index, scanned.index.root, sink);
  const again = scanJson(sink.take(), depthMax);
  return again?.index === undefined ? undefined : lazyJson(again.index);
}

/** A value as one that is read lazily, where it is large; else as it is. */
export function lazyIfLarge(value: Json, depthMax: number): Json {
  if (typeof value !== 'object' || value === null) return value;
  const text = canonicalJson(value);
  return text.length < LARGE_BYTES ? value : (readLarge(Buffer.from(text), depthMax) ?? value);
}

/** Writes a node's text canonically, one leaf at a time. */
function writeNode(index: JsonIndex, node: number, sink: ByteSink): void {
  const { nodes } = index;
  const isArray = nodes[node + NODE.kind] === KIND_ARRAY;
  const count = nodes[node + NODE.count]!;
  const members = node + NODE.members;
  if (isArray) {
    for (let item = 0; item < count; item++) {
      sink.text(item === 0 ? '[' : ',');
      writeValue(index, members + item * ARRAY_MEMBER.words, sink);
    }
    sink.text(']');
    return;
  }
  const places = Array.from({ length: count }, (_, member) => members + member * OBJECT_MEMBER.words);
  const named = places.map((word) => [keyOf(index, word), word] as const);
  named.sort(([left], [right]) => (left < right ? -1 : 1));
  named.forEach(([key, word], at) => {
    sink.text(`${at === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    writeValue(index, word + OBJECT_MEMBER.start, sink);
  });
  sink.text('}');
}

function keyOf({ text, nodes }: JsonIndex, word: number): string {
  return JSON.parse(`"${utf8(text, nodes[word]!, nodes[word + 1]!)}"`) as string;
}

function writeValue(index: JsonIndex, word: number, sink: ByteSink): void {
  const [start, end] = [index.nodes[word]!, index.nodes[word + 1]!];
  if (end === 0) writeNode(index, start, sink);
  else sink.text(canonicalJson(JSON.parse(utf8(index.text, start, end)) as Json));
}

function utf8(text: Uint8Array, start: number, end: number): string {
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8', start, end);
}
