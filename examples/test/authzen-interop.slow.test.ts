import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const scenario = (name: string) =>
  JSON.parse(readFileSync(join(root, `examples/authzen/scenarios/${name}.json`), 'utf8'));

interface Todo {
  readonly people: Readonly<Record<string, string>>;
  readonly evaluation: readonly [string, string, string, string, string | null, boolean][];
  readonly evaluations: readonly [string, string, readonly [string, string, boolean][]][];
}
const todo: Todo = scenario('todo');
const gateway: readonly [string, string, string, boolean][] = scenario('gateway');
/** Which actions each person has on each record. */
const matrix: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = scenario('search');

/** The public interop scenarios, whole, against a real server (https://authzen-interop.net). */
describe('AuthZEN interop', () => {
  let data: string;
  let writ: RunningWrit;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-interop-'));
    writ = await startWrit(['serve', '--bundle', 'examples/authzen/bundle'], data, root);
  });
  afterAll(async () => {
    await writ?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  async function ask(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${writ.api}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json();
  }
  const owned = (id: string, ownerID: string) => ({ type: 'todo', id, properties: { ownerID } });

  it('todo: every evaluation, answered by exactly a decision', async () => {
    expect(todo.evaluation).toHaveLength(40);
    for (const [who, name, type, id, ownerID, decision] of todo.evaluation) {
      const resource = ownerID === null ? { type, id } : owned(id, ownerID);
      const asked = { subject: { type: 'user', id: todo.people[who] }, action: { name }, resource };
      expect(await ask('evaluation', asked), JSON.stringify(asked)).toEqual({ decision });
    }
  });

  it('todo: every list of evaluations', async () => {
    for (const [who, name, items] of todo.evaluations) {
      const asked = {
        subject: { type: 'user', id: todo.people[who] },
        action: { name },
        evaluations: items.map(([id, owner]) => ({ resource: owned(id, owner) })),
      };
      const evaluations = items.map(([, , decision]) => ({ decision }));
      expect(await ask('evaluations', asked)).toEqual({ evaluations });
    }
  });

  it('gateway: every method on every route', async () => {
    expect(gateway).toHaveLength(25);
    for (const [who, name, id, decision] of gateway) {
      const subject = { type: 'identity', id: todo.people[who] };
      const asked = { subject, action: { name }, resource: { type: 'route', id } };
      expect(await ask('evaluation', asked), JSON.stringify(asked)).toEqual({ decision });
    }
  });

  const record = (id: string) => ({ type: 'record', id });
  const user = (id: string) => ({ type: 'user', id });
  const records = Object.keys(matrix);
  const people = Object.keys(matrix['101'] ?? {});
  const actions = ['view', 'edit', 'delete'];
  const idsOf = (answer: unknown) =>
    (answer as { results: { id?: string; name?: string }[] }).results
      .map(({ id, name }) => id ?? name)
      .sort();

  it('search: actions of every person on every record', async () => {
    for (const id of records)
      for (const who of people) {
        const answer = await ask('search/action', { subject: user(who), resource: record(id) });
        expect(idsOf(answer), `${who} ${id}`).toEqual([...(matrix[id]?.[who] ?? [])].sort());
        expect(Object.keys(answer as object)).toEqual(['results']);
      }
  });

  it('search: records of every person, and people of every record', async () => {
    for (const name of actions) {
      for (const who of people) {
        const answer = await ask('search/resource', {
          subject: user(who),
          action: { name },
          resource: { type: 'record' },
        });
        expect(answer).toEqual({
          results: records.filter((id) => matrix[id]?.[who]?.includes(name)).map(record),
        });
      }
      for (const id of records) {
        const answer = await ask('search/subject', {
          subject: { type: 'user' },
          action: { name },
          resource: record(id),
        });
        expect(answer).toEqual({
          results: people.filter((who) => matrix[id]?.[who]?.includes(name)).map(user),
        });
      }
    }
  });
});
