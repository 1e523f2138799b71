import { statSync } from 'node:fs';
import { extname, relative } from 'node:path';
import { type DecisionRequest, readStrict, validateRequest } from '@writ/decision';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from '../load/files-below.ts';

/** A request to try policies with. */
export interface Sample {
  /** Its file, and for one of many the row. */
  readonly name: string;
  /** What it is about, where the file says so. */
  readonly about?: string;
  readonly request: DecisionRequest;
}

/**
 * Sample requests: files `*.json` that hold a request, or one with what is expected (`{about, request, expect}`);
 * `*.ndjson` with one a line; or folders of these.
 */
export function readSamples(paths: readonly string[]): Sample[] {
  return paths.flatMap((path) => {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    const files = isFolder
      ? filesBelow(path, ['node_modules', '.*']).filter((file) => /\.(json|ndjson|jsonl)$/.test(file))
      : [path];
    if (files.length === 0)
      throw new CommandError(EXIT.badInput, `${path} holds no requests`, 'put them there as *.json');
    return files.flatMap((file) => readFile(file, isFolder ? relative(path, file) : file));
  });
}

function readFile(file: string, name: string): Sample[] {
  if (extname(file) === '.json') return [readSample(readText(file), file, name)];
  return readText(file)
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [readSample(line, `${file}:${index + 1}`, `${name}:${index + 1}`)],
    );
}

function readSample(text: string, place: string, name: string): Sample {
  const read = readStrict(text);
  if (!read.ok) throw new CommandError(EXIT.badInput, `${place}: ${read.code}: ${read.message}`);
  const written = read.value as { readonly about?: unknown; readonly request?: unknown } | null;
  const isWrapped = typeof written === 'object' && written?.request !== undefined;
  const valid = validateRequest(isWrapped ? written.request : read.value);
  if (!valid.ok) {
    const { path, message } = valid.problems[0]!;
    throw new CommandError(EXIT.badInput, `${place}: ${path === '' ? 'request' : path}: ${message}`);
  }
  const about = isWrapped && typeof written.about === 'string' ? { about: written.about } : {};
  return { name, ...about, request: valid.value };
}
