import { canonicalJson, type Json } from '@writ/decision';
import { lazyOf, lazyText } from './lazy-json.ts';

/** Takes a text piece by piece: strings, and UTF-8 that was written before. */
export interface TextSink {
  text(piece: string): void;
  bytes(piece: Uint8Array): void;
}

/**
 * As `canonicalJson` (RFC 8785), without one string of everything. Values that are read lazily are written as they
 * stand, for their text is canonical already ({@link readLarge} sees to that).
 */
export function writeCanonical(value: Json, sink: TextSink): void {
  const lazy = lazyOf(value);
  if (lazy !== undefined) sink.bytes(lazyText(lazy));
  else if (!holdsLazy(value)) sink.text(canonicalJson(value));
  else if (Array.isArray(value)) writeItems(value as readonly Json[], sink);
  else writeMembers(value as { readonly [key: string]: Json }, sink);
}

function writeItems(items: readonly Json[], sink: TextSink): void {
  items.forEach((item, index) => {
    sink.text(index === 0 ? '[' : ',');
    writeCanonical(item, sink);
  });
  sink.text(']');
}

function writeMembers(members: { readonly [key: string]: Json }, sink: TextSink): void {
  Object.keys(members)
    .sort()
    .forEach((key, index) => {
      sink.text(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
      writeCanonical(members[key] as Json, sink);
    });
  sink.text('}');
}

/** Whether a part of a value is read lazily. */
export function holdsLazy(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (lazyOf(value) !== undefined) return true;
  return Object.values(value as object).some(holdsLazy);
}

const PIECE_BYTES = 1024 * 1024;

/** Collects what is written as UTF-8. */
export class ByteSink implements TextSink {
  readonly #pieces: Uint8Array[] = [];
  #text = '';

  text(piece: string): void {
    this.#text += piece;
    if (this.#text.length > PIECE_BYTES) this.#flush();
  }

  bytes(piece: Uint8Array): void {
    this.#flush();
    this.#pieces.push(piece);
  }

  take(): Uint8Array {
    this.#flush();
    return Buffer.concat(this.#pieces);
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

/** A value of JSON as UTF-8, also where parts of it are read lazily. */
export function jsonBytes(value: Json): Uint8Array {
  const sink = new ByteSink();
  writeCanonical(value, sink);
  return sink.take();
}
