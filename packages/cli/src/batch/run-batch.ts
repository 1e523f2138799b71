import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { BatchEvaluator } from './batch-evaluator.ts';

const LINE_END = 0x0a;

/**
 * The lines of a stream, split at `\n` and nowhere else, together as they arrive; a last line without its end counts.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<readonly string[]> {
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
      parts.push(bytes.subarray(start, end));
      lines.push(textOf(parts));
      parts = [];
      start = end + 1;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (parts.length > 0) yield [textOf(parts)];
}

function textOf(parts: readonly Buffer[]): string {
  return (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8');
}

/** Answers are gathered up to this length before they are written. */
const WRITE_LENGTH = 64 * 1024;

/**
 * Answers a stream of lines, in order, no faster than the answers are taken; who asks line by line gets each answer at
 * once. Gives the number of lines.
 */
export async function runBatch(evaluator: BatchEvaluator, from: Readable, to: Writable): Promise<number> {
  let count = 0;
  for await (const lines of linesOf(from)) {
    count += lines.length;
    let waiting = '';
    for (const line of lines) {
      waiting += `${await evaluator.answer(line)}\n`;
      if (waiting.length < WRITE_LENGTH) continue;
      await write(to, waiting);
      waiting = '';
    }
    if (waiting !== '') await write(to, waiting);
  }
  return count;
}

async function write(to: Writable, text: string): Promise<void> {
  if (!to.write(text)) await once(to, 'drain');
}
