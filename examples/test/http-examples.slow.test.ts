import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpExample, httpExamples } from '../../tools/reference/http-examples.ts';

const root = join(import.meta.dirname, '../..');
const GENERATED: Readonly<Record<string, RegExp>> = {
  decision: /^dec-[0-9a-f-]{36}$/,
  approval: /^apr-[0-9a-f-]{36}$/,
};

describe('examples of the HTTP API', () => {
  const kept = new Map<string, string>();
  let data: string;
  let writ: RunningWrit;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-http-examples-'));
    writ = await startWrit(['serve', '--bundle', 'examples/tutorial/bundle'], data, root);
  });

  afterAll(async () => {
    await writ?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it.each(httpExamples(root))('$name: $about', async (example) => {
    const { status, body } = await exchange(example);
    expect({ status, body }).toMatchObject({ status: example.status, body: expected(example.response) });
    for (const [name, path] of Object.entries(example.keep ?? {})) kept.set(name, textAt(body, path));
  });

  async function exchange(example: HttpExample): Promise<{ status: number; body: unknown }> {
    const sent = example.text ?? (example.body === undefined ? undefined : JSON.stringify(example.body));
    const response = await fetch(`${writ.api}${filled(example.path)}`, {
      method: example.method,
      headers: {
        ...example.headers,
        ...(example.as === 'operator' ? { authorization: `Bearer ${writ.operatorToken()}` } : {}),
      },
      ...(sent === undefined ? {} : { body: filled(sent) }),
    });
    return { status: response.status, body: await response.json() };
  }

  function filled(text: string): string {
    return text.replaceAll(/<([a-z]+)>/g, (whole, name: string) => kept.get(name) ?? whole);
  }

  /** What was kept stands for itself; of what the server makes anew only the form is known. */
  function expected(value: unknown): unknown {
    if (typeof value === 'string') {
      const name = /^<([a-z]+)>$/.exec(value)?.[1] ?? '';
      const form = GENERATED[name];
      return kept.get(name) ?? (form === undefined ? value : expect.stringMatching(form));
    }
    if (Array.isArray(value)) return value.map(expected);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expected(member)]));
  }
});

function textAt(body: unknown, path: string): string {
  let value = body;
  for (const step of path.split('.')) value = (value as Record<string, unknown>)[step];
  if (typeof value !== 'string') throw new Error(`the answer holds no text at ${path}`);
  return value;
}
