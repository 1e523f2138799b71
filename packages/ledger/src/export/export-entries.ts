import { gzipSync } from 'node:zlib';
import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import { openStoreReader, type StoredEntry } from '@writ/store';
import { LATEST_CHECKPOINT_CELL } from '../cells.ts';
import { parseCheckpoint } from '../checkpoint.ts';
import { parseNote } from '../note.ts';
import { readEntry } from '../read-entry.ts';
import { ocsfEvent } from './ocsf-event.ts';
import { opaEvent } from './opa-event.ts';
import { putUntilKept, readPosition, type Segment, type Sink, writePosition } from './sink.ts';

/** Forms of an export: the entries themselves, OPA's decision log, OCSF API Activity. */
export const EXPORT_FORMS = ['ndjson', 'opa', 'ocsf'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

export interface ExportOptions {
  readonly directory: string;
  readonly form: ExportForm;
  readonly sink: Sink;
  /** File that keeps how far the sink has everything. */
  readonly positionFile: string;
  /** Our version, for receivers that want to know. */
  readonly version: string;
  /** Entries in one segment. */
  readonly segmentEntries?: number;
  /** Attempts for one segment before this run ends. Default 1. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  readonly onFault?: (message: string) => void;
}

export interface ExportReport {
  /** Entries that the sink has now, from the beginning of the log. */
  readonly position: number;
  readonly segments: number;
  readonly events: number;
}

const SEGMENT_ENTRIES = 1_000;

/**
 * Gives the sink what it does not have yet, segment by segment. The position moves on only after the sink has a segment:
 * a run that is broken off gives its last segment again, with the same id, and loses nothing. Reads the files of the
 * log alone, so decisions never wait for a sink. Rejects with the sink's fault after the last attempt.
 */
export async function exportEntries(options: ExportOptions): Promise<ExportReport> {
  const { directory, form, sink, positionFile, segmentEntries = SEGMENT_ENTRIES } = options;
  let report: ExportReport | undefined;
  for (;;) {
    const part = nextPart(directory, positionFile, segmentEntries, report?.position);
    report ??= { position: part.first, segments: 0, events: 0 };
    if (part.entries.length === 0 || options.signal?.aborted === true) return report;
    const { segment, events } = FORMS[form](part, options.version);
    if (segment !== undefined) {
      const { attempts = 1, signal, onFault } = options;
      await putUntilKept(sink, segment, {
        attempts,
        ...(signal === undefined ? {} : { signal }),
        ...(onFault === undefined ? {} : { onFault }),
      });
    }
    const position = part.first + part.entries.length;
    writePosition(positionFile, part.origin, position);
    report = {
      position,
      segments: report.segments + (segment === undefined ? 0 : 1),
      events: report.events + events,
    };
  }
}

interface Part {
  readonly origin: string;
  readonly first: number;
  readonly entries: readonly StoredEntry[];
}

/** The next entries that a checkpoint covers: what is not signed yet could still be taken back by nobody but a forger. */
function nextPart(directory: string, positionFile: string, limit: number, known: number | undefined): Part {
  const reader = openStoreReader(directory);
  try {
    const note = reader.read(LATEST_CHECKPOINT_CELL);
    const checkpoint = note === undefined ? undefined : parseCheckpoint(parseNote(note)?.text ?? '');
    if (checkpoint === undefined) return { origin: '', first: 0, entries: [] };
    const { origin, size } = checkpoint;
    const first = known ?? readPosition(positionFile, origin);
    return { origin, first, entries: [...reader.entries(first, Math.min(size, first + limit))] };
  } finally {
    reader.close();
  }
}

interface Formed {
  readonly segment: Segment | undefined;
  readonly events: number;
}

const FORMS: Readonly<Record<ExportForm, (part: Part, version: string) => Formed>> = {
  ndjson: (part) => formed(part, part.entries.map(lineOf), 'ndjson'),
  opa: (part, version) => {
    const labels: JsonObject = { id: part.origin, app: 'writ', version };
    const events = decisionsOf(part, (entry) => opaEvent(entry, labels));
    if (events.length === 0) return { segment: undefined, events: 0 };
    const body = gzipSync(JSON.stringify(events));
    const segment = {
      ...headOf(part, 'json.gz'),
      contentType: 'application/json',
      contentEncoding: 'gzip',
      body,
    } as const;
    return { segment, events: events.length };
  },
  ocsf: (part, version) =>
    formed(
      part,
      decisionsOf(part, (entry) => ocsfEvent(entry, part.origin, version)),
      'ndjson',
    ),
};

function decisionsOf(
  { entries }: Part,
  map: (entry: Extract<ReturnType<typeof readEntry>, { ok: true }>['value']) => JsonObject | undefined,
): readonly JsonObject[] {
  return entries.flatMap((stored) => {
    const reading = readEntry(stored);
    const event = reading.ok ? map(reading.value) : undefined;
    return event === undefined ? [] : [event];
  });
}

/** An entry whole: what was hashed, and what lies beside it with its salts, so that it can still be verified. */
function lineOf({ index, leaf, detail }: StoredEntry): JsonObject {
  return {
    index,
    leaf: Buffer.from(leaf).toString('utf8'),
    detail: detail === null ? null : (JSON.parse(detail) as Json),
  };
}

function formed(part: Part, events: readonly JsonObject[], extension: string): Formed {
  if (events.length === 0) return { segment: undefined, events: 0 };
  const body = Buffer.from(events.map((event) => `${canonicalJson(event)}\n`).join(''));
  return {
    segment: { ...headOf(part, extension), contentType: 'application/x-ndjson', body },
    events: events.length,
  };
}

function headOf(
  { origin, first, entries }: Part,
  extension: string,
): { readonly id: string; readonly name: string } {
  const range = [first, first + entries.length - 1].map((index) => String(index).padStart(15, '0')).join('-');
  return { id: `${origin}/${range}`, name: `entries-${range}.${extension}` };
}
