import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@writ/decision';

/** One exchange with the HTTP API; `<name>` in it stands for what an earlier exchange kept. */
export interface HttpExample {
  readonly name: string;
  readonly about: string;
  readonly as?: 'operator';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** A body that is sent as it is, in place of `body`. */
  readonly text?: string;
  readonly status: number;
  /** What the answer holds at least. */
  readonly response: Json;
  /** Name → dotted path in the answer. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** The exchanges of `examples/http`, in order. */
export function httpExamples(root: string): readonly HttpExample[] {
  const folder = join(root, 'examples/http');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.http.json'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.http.json'.length),
      ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<HttpExample, 'name'>),
    }));
}
