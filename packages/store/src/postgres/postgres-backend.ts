import type { Backend, BackendEvents } from '../backend.ts';
import type { Outcome } from '../batch.ts';
import { type Procedures, procedureTable } from '../batch.ts';
import { callsIn } from '../call-text.ts';
import type { Procedure, StoreStatistics } from '../contract.ts';
import { BATCH_CALLS_MAX } from '../limits.ts';
import { replyText } from '../replies.ts';
import { StoreError } from '../store-error.ts';
import type { WireCall } from '../wire.ts';
import { PostgresConnection } from './connection.ts';
import { PostgresNode } from './node.ts';
import { connectionLost, postgresError } from './postgres-error.ts';
import { readPostgres } from './readings.ts';
import { migrate } from './schema.ts';
import { sequence } from './sequencer.ts';

/** Time between two rounds in which this node tries to give entries their places. */
const ROUND_MS = 200;
/** Longest pause between two statements of a leader. */
const LEADER_IDLE_MS = 5_000;

/**
 * One node of a cluster: one connection for its commits, one for its readings, one for its rounds as the sequencer.
 * Rejects where the database cannot be reached or its tables cannot be brought forward.
 */
export async function openPostgres(
  url: string,
  procedures: readonly Procedure<unknown, unknown>[],
  events: BackendEvents,
): Promise<Backend> {
  const connections: PostgresConnection[] = [];
  let backend: PostgresBackend | undefined;
  const open = async (): Promise<PostgresConnection> => {
    const connection = await PostgresConnection.open(url, (error) => backend?.lose(error));
    connections.push(connection);
    return connection;
  };
  try {
    const [commits, rounds, readings] = [await open(), await open(), await open()];
    await migrate(readings);
    // Serializable transactions note what they read: whole tables where one is read from end to end.
    await commits.run(['set enable_seqscan = off']);
    // A leader that stopped keeps its lock no longer than this.
    await rounds.run([`set idle_session_timeout = ${LEADER_IDLE_MS}`]);
    backend = new PostgresBackend({ commits, rounds, readings }, procedures, events);
    return backend;
  } catch (cause) {
    for (const connection of connections) void connection.close();
    throw postgresError(cause);
  }
}

interface Connections {
  readonly commits: PostgresConnection;
  readonly rounds: PostgresConnection;
  readonly readings: PostgresConnection;
}

class PostgresBackend implements Backend {
  /** Owner while this node leads: one node of the cluster gives entries their places and signs checkpoints. */
  role: 'owner' | 'client' = 'client';
  readonly recovery = undefined;
  readonly #connections: Connections;
  readonly #hooks: Procedures['hooks'];
  readonly #node: PostgresNode;
  readonly #events: BackendEvents;
  readonly #counts = { batches: 0, calls: 0, failed: 0 };
  #waiting: WireCall[] = [];
  #running: Promise<void> | undefined;
  #sequencing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    connections: Connections,
    procedures: readonly Procedure<unknown, unknown>[],
    events: BackendEvents,
  ) {
    this.#connections = connections;
    this.#node = new PostgresNode(connections.commits, procedures);
    this.#hooks = procedureTable(procedures).hooks;
    this.#events = events;
    this.#scheduleRound(0);
  }

  send(text: string): void {
    const calls = callsIn(text) ?? [];
    const readings = calls.filter(([, name]) => name.startsWith('$'));
    this.#waiting.push(...calls.filter(([, name]) => !name.startsWith('$')));
    if (this.#waiting.length > 0) this.#running ??= this.#run();
    // What is read after a call was sent shows what that call wrote.
    const before = this.#running ?? Promise.resolve();
    for (const reading of readings) void before.then(() => this.#answer(reading));
  }

  async close(): Promise<void> {
    await this.#running;
    clearTimeout(this.#timer);
    await this.#sequencing;
    // The rest of what was committed gets its place by the last node that closes, or by any other.
    await this.#round();
    clearTimeout(this.#timer);
    this.#ended = true;
    await this.#end();
  }

  /** One batch after another: what arrives while one commits is the next. To be called while calls wait. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#ended) {
      // Calls of the turn that set this off belong to one batch.
      await new Promise((resolve) => setImmediate(resolve));
      const calls = this.#waiting.splice(0, BATCH_CALLS_MAX);
      try {
        const { outcomes, transactions } = await this.#node.run(calls);
        this.#counts.batches += transactions;
        this.#reply(calls, outcomes);
      } catch (cause) {
        if (this.#ended || connectionLost(cause)) return this.lose(cause);
        const error = postgresError(cause);
        this.#reply(
          calls,
          calls.map(() => ({ ok: false, error })),
        );
      }
    }
    this.#running = undefined;
  }

  #reply(calls: readonly WireCall[], outcomes: readonly Outcome[]): void {
    const replies = calls.map(([id], index) => {
      const outcome = outcomes[index] as Outcome;
      this.#counts[outcome.ok ? 'calls' : 'failed'] += 1;
      return replyText(id, outcome);
    });
    this.#events.replies(`[${replies.join(',')}]`);
  }

  async #answer([id, name, , request]: WireCall): Promise<void> {
    const counts: StoreStatistics = { ...this.#counts };
    try {
      const outcome = await readPostgres(this.#connections.readings, name, request, counts);
      this.#events.replies(`[${replyText(id, outcome)}]`);
    } catch (cause) {
      if (this.#ended || connectionLost(cause)) return this.lose(cause);
      this.#events.replies(`[${replyText(id, { ok: false, error: postgresError(cause) })}]`);
    }
  }

  #scheduleRound(afterMs: number): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#sequencing = this.#round();
    }, afterMs);
    this.#timer.unref();
  }

  async #round(): Promise<void> {
    try {
      const { leads, more } = await sequence(this.#connections.rounds, this.#hooks, this.role === 'owner');
      this.role = leads ? 'owner' : 'client';
      this.#scheduleRound(more ? 0 : ROUND_MS);
    } catch (cause) {
      if (this.#ended || connectionLost(cause)) return this.lose(cause);
      // Nothing was given a place; the next round, of whichever node, tries the same entries.
      this.#scheduleRound(ROUND_MS);
    }
  }

  /** A connection is gone: what was sent and not answered may have been committed or not. */
  lose(cause: unknown): void {
    if (this.#ended) return;
    this.role = 'client';
    this.#waiting = [];
    void this.#end();
    this.#events.lost(new StoreError('store_owner_lost', 'the connection to PostgreSQL was lost', { cause }));
  }

  async #end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await Promise.all(Object.values(this.#connections).map((each: PostgresConnection) => each.close()));
  }
}
