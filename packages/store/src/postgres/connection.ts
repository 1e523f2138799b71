import pg from 'pg';
import { StoreError } from '../store-error.ts';
import type { Row } from './rows.ts';

/** Longest wait for a connection. */
const CONNECT_MS = 5_000;
/** Longest wait for an answer: a network that swallows everything ends a connection too. */
const ANSWER_MS = 15_000;

/**
 * What the server is told of a connection: it ends what a node that stopped in the middle left behind, so that the
 * others go on.
 */
const SETTINGS = {
  statement_timeout: 10_000,
  idle_in_transaction_session_timeout: 5_000,
} as const;

/** One statement with its parameters. */
export type Statement = readonly [text: string, ...parameters: readonly string[]];

/**
 * One connection, which never comes back once it is lost: nobody can take what runs on another one for the same
 * transaction. Statements that go together are one message and one round trip.
 */
export class PostgresConnection {
  readonly #client: pg.Client;
  #lost: StoreError | undefined;
  /** The driver takes one message at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(client: pg.Client, onLost: (error: StoreError) => void) {
    this.#client = client;
    const lose = (cause?: unknown): void => {
      if (this.#lost !== undefined) return;
      this.#lost = new StoreError('store_owner_lost', 'the connection to PostgreSQL was lost', { cause });
      onLost(this.#lost);
    };
    client.on('error', lose);
    client.on('end', () => lose());
  }

  /** Rejects where the server is not to be reached or refuses. */
  static async open(url: string, onLost: (error: StoreError) => void): Promise<PostgresConnection> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'writ',
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      ...SETTINGS,
    });
    const connection = new PostgresConnection(client, onLost);
    await client.connect();
    // Durable before it is acknowledged, whatever the server's default is.
    await client.query('set synchronous_commit = on');
    return connection;
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Runs statements in one round trip; the rows and the command of each. Rejects with what the first that failed said. */
  async run(...statements: readonly Statement[]): Promise<readonly Answer[]> {
    const text = statements.map((statement) => this.#text(statement)).join(';\n');
    const asked = this.#last.then(() => this.#ask(text));
    this.#last = asked.catch(() => undefined);
    const answer = await asked;
    const answers = Array.isArray(answer) ? answer : [answer];
    return answers.map(({ rows, command }) => ({ rows, command }));
  }

  async #ask(text: string): Promise<pg.QueryResult | readonly pg.QueryResult[]> {
    if (this.#lost !== undefined) throw this.#lost;
    return this.#client.query(text);
  }

  async close(): Promise<void> {
    if (this.#lost !== undefined) return;
    this.#lost = new StoreError('store_closed', 'the connection is closed');
    await this.#client.end().catch(() => undefined);
  }

  #text([text, ...parameters]: Statement): string {
    return text.replaceAll(/\$(\d)/g, (_, place) =>
      this.#client.escapeLiteral(parameters[Number(place) - 1] ?? ''),
    );
  }
}

export interface Answer {
  readonly rows: readonly Row[];
  readonly command: string;
}
