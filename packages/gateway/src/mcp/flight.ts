import type { Progress } from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import type { InputMethod } from './methods.ts';

/** A log message of a server. */
export interface LogEntry {
  readonly kind: 'log';
  readonly level: string;
  readonly logger?: string;
  readonly data: Json;
}

/** What a server said of its progress, in words. */
export interface ProgressText {
  readonly kind: 'progress';
  readonly text: string;
}

/** What a server told beside its answer: released with the result of the call that it belongs to, after its judgement. */
export type Aside = LogEntry | ProgressText;

export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Log messages, and texts of progress, of one call that are kept; what comes after is dropped. */
const ASIDES_MAX = 100;
const ASIDE_LENGTH_MAX = 8_192;

/** What else a request does on its way, beside being answered. */
export class Flight {
  /** The server that it went to. */
  server: string | undefined;
  /** What the server told meanwhile, in order. */
  readonly asides: Aside[] = [];
  /** How far it said that it is: numbers go on at once. */
  progress: { readonly progress: number; readonly total?: number } | undefined;
  /** Everything that was told the client meanwhile has gone out when this resolves. */
  told: Promise<void> = Promise.resolve();
  /** What of it the output policy lets pass. */
  released: readonly Aside[] = [];
  /** Asks the client while the request is waiting; absent where only its answer can ask. */
  readonly ask:
    | ((method: InputMethod, params: JsonObject, signal?: AbortSignal) => Promise<JsonObject>)
    | undefined;
  /** Pages that the client was asked to open, and will be told when the person is done with them. */
  readonly pages: Set<string>;
  /** The least severe log message that the client wants; undefined: none. */
  readonly logLevel: LogLevel | undefined;

  constructor(ask?: Flight['ask'], logLevel?: LogLevel, pages: Set<string> = new Set()) {
    this.ask = ask;
    this.logLevel = logLevel;
    this.pages = pages;
  }

  log(params: JsonObject): void {
    const { level, logger, data } = params;
    if (this.logLevel === undefined) return;
    const severity = LOG_LEVELS.indexOf(level as LogLevel);
    if (severity < LOG_LEVELS.indexOf(this.logLevel)) return;
    this.#keep({
      kind: 'log',
      level: String(level),
      ...(typeof logger === 'string' ? { logger: logger.slice(0, 128) } : {}),
      data: data ?? null,
    });
  }

  /** How far the server says that it is. */
  advance({ progress, total, message }: Progress): void {
    this.progress = { progress, ...(total === undefined ? {} : { total }) };
    if (message !== undefined && message !== '') this.#keep({ kind: 'progress', text: message });
  }

  #keep(aside: Aside): void {
    if (this.asides.length >= ASIDES_MAX || JSON.stringify(aside).length > ASIDE_LENGTH_MAX) return;
    this.asides.push(aside);
  }
}
