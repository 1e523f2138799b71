import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import { isJsonObject } from '../entry.ts';
import { readDetail } from '../read-entry.ts';
import {
  type EvidenceLine,
  type EvidenceManifest,
  PACK_FILES,
  PACK_FORMAT,
  type RelatedEntry,
  type ShownFields,
  type ShownRotation,
} from './pack.ts';
import { CRITERIA, type EvidenceQuestion } from './question.ts';
import { allFields } from './show-fields.ts';

/** A pack that is not of the form that this version knows. */
export class PackFault extends Error {}

/** Largest manifest: it names at most a thousand of anything. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
const LINE_LENGTH_MAX = 64 * 1024 * 1024;
const CHUNK_BYTES = 1 << 20;

/** Reads `pack.json`; throws `PackFault` for what cannot be one. */
export function readManifest(directory: string): EvidenceManifest {
  const text = readFileSync(join(directory, PACK_FILES.manifest), 'utf8');
  if (text.length > MANIFEST_BYTES_MAX) throw new PackFault('pack.json is too large');
  const value = parsed(text, 'pack.json');
  const {
    format,
    origin,
    question,
    framework,
    checkpoint,
    earlier,
    rotations,
    range,
    related,
    answer,
    ...others
  } = value;
  if (format !== PACK_FORMAT) throw new PackFault(`the form of the pack is not ${PACK_FORMAT}`);
  const stray = Object.keys(others)[0];
  if (stray !== undefined) throw new PackFault(`pack.json has an unknown member \`${stray}\``);
  // What is formed otherwise could mean another thing to another reader.
  if (`${JSON.stringify(value, null, 2)}\n` !== text)
    throw new PackFault('pack.json is not written in its form');
  return {
    format: PACK_FORMAT,
    origin: textOf(origin, 'origin'),
    question: questionOf(question),
    ...(framework === undefined ? {} : { framework: textOf(framework, 'framework') }),
    checkpoint: textOf(checkpoint, 'checkpoint'),
    earlier: listOf(earlier, 'earlier').map((each) => ({
      note: textOf(member(each, 'note'), 'note'),
      proof: textsOf(member(each, 'proof'), 'proof'),
    })),
    ...(rotations === undefined ? {} : { rotations: listOf(rotations, 'rotations').map(rotationOf) }),
    range: {
      first: positionOf(member(range, 'first'), 'range.first'),
      end: positionOf(member(range, 'end'), 'range.end'),
      proof: textsOf(member(range, 'proof'), 'range.proof'),
    },
    related: listOf(related, 'related').map(relatedOf),
    answer: objectOf(answer, 'answer') as unknown as EvidenceManifest['answer'],
  };
}

/** Reads `entries.ndjson` line by line. */
export function* readLines(directory: string): Generator<EvidenceLine> {
  let number = 0;
  for (const text of linesOf(join(directory, PACK_FILES.entries))) {
    number += 1;
    const what = `line ${number} of ${PACK_FILES.entries}`;
    const value = parsed(text, what);
    if (canonicalJson(value) !== text) throw new PackFault(`${what} is not canonical JSON`);
    yield {
      index: positionOf(value['index'], what),
      hash: textOf(value['hash'], what),
      leaf: textOf(value['leaf'], what),
      fields: fieldsOf(value['fields'], what),
      verdict: textOf(value['verdict'], what),
    };
  }
}

function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let rest = '';
    for (;;) {
      const read = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (read === 0) break;
      rest += decoder.decode(chunk.subarray(0, read), { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_LENGTH_MAX) throw new PackFault(`a line of ${PACK_FILES.entries} is too long`);
      yield* lines;
    }
    if (rest !== '') throw new PackFault(`${PACK_FILES.entries} is cut off in a line`);
  } catch (cause) {
    if (cause instanceof TypeError) throw new PackFault(`${PACK_FILES.entries} is not UTF-8`);
    throw cause;
  } finally {
    closeSync(file);
  }
}

function rotationOf(value: Json): ShownRotation {
  return {
    note: textOf(member(value, 'note'), 'rotation.note'),
    index: positionOf(member(value, 'index'), 'rotation.index'),
    leaf: textOf(member(value, 'leaf'), 'rotation.leaf'),
    inclusion: textsOf(member(value, 'inclusion'), 'rotation.inclusion'),
    proof: textsOf(member(value, 'proof'), 'rotation.proof'),
  };
}

function relatedOf(value: Json): RelatedEntry {
  const role = member(value, 'role');
  if (role !== 'decision' && role !== 'erasure' && role !== 'activation')
    throw new PackFault('a related entry has no known role');
  return {
    role,
    index: positionOf(member(value, 'index'), 'related.index'),
    leaf: textOf(member(value, 'leaf'), 'related.leaf'),
    fields: fieldsOf(member(value, 'fields'), 'a related entry'),
    proof: textsOf(member(value, 'proof'), 'related.proof'),
  };
}

function questionOf(value: Json | undefined): EvidenceQuestion {
  const object = objectOf(value, 'question');
  const { from, to, resource, ...others } = object;
  const stray = Object.keys(others).find((name) => !(CRITERIA as readonly string[]).includes(name));
  if (stray !== undefined) throw new PackFault(`the question has an unknown member \`${stray}\``);
  for (const each of Object.values(others)) textOf(each, 'question');
  const named =
    resource === undefined
      ? {}
      : {
          resource: {
            id: textOf(member(resource, 'id'), 'question.resource'),
            ...(member(resource, 'type') === undefined
              ? {}
              : { type: textOf(member(resource, 'type'), 'question.resource') }),
          },
        };
  return { ...(others as object), ...named, from: instantOf(from), to: instantOf(to) };
}

function instantOf(value: Json | undefined): string {
  const text = textOf(value, 'question');
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text)
    throw new PackFault('the period is not given by instants in UTC');
  return text;
}

/** Fields with their salts are read as what lies beside an entry is. */
function fieldsOf(value: Json | undefined, what: string): ShownFields {
  const read = readDetail(canonicalJson({ fields: listOf(value, what), v: 1 }));
  if (!read.ok) throw new PackFault(`${what}: ${read.message}`);
  return allFields(read.value.groups);
}

function parsed(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PackFault(`${what} is not JSON`);
  }
  if (!isJsonObject(value)) throw new PackFault(`${what} is not a JSON object`);
  return value;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return objectOf(value, name)[name];
}

function objectOf(value: Json | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw new PackFault(`${what} is not an object`);
  return value;
}

function listOf(value: Json | undefined, what: string): readonly Json[] {
  if (!Array.isArray(value)) throw new PackFault(`${what} is not a list`);
  return value;
}

function textsOf(value: Json | undefined, what: string): readonly string[] {
  return listOf(value, what).map((each) => textOf(each, what));
}

function textOf(value: Json | undefined, what: string): string {
  if (typeof value !== 'string') throw new PackFault(`${what} is not a text`);
  return value;
}

function positionOf(value: Json | undefined, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new PackFault(`${what} is not a position`);
  return value;
}
