import type { Json, JsonObject } from '@writ/decision';
import type { InputMethod } from './methods.ts';

/** A log message of a server, to be released with the result of the call that it belongs to. */
export interface LogEntry {
  readonly level: string;
  readonly logger?: string;
  readonly data: Json;
}

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

/** Log messages of one call that are kept; what comes after is dropped. */
const LOGS_MAX = 100;
const LOG_LENGTH_MAX = 8_192;

/** What else a request does on its way, beside being answered. */
export class Flight {
  /** The server that it went to. */
  server: string | undefined;
  /** What the server logged meanwhile. */
  readonly logs: LogEntry[] = [];
  /** Everything that was told the client meanwhile has gone out when this resolves. */
  told: Promise<void> = Promise.resolve();
  /** What of it the output policy lets pass. */
  released: readonly LogEntry[] = [];
  /** Asks the client while the request is waiting; absent where only its answer can ask. */
  readonly ask:
    | ((method: InputMethod, params: JsonObject, signal?: AbortSignal) => Promise<JsonObject>)
    | undefined;
  /** The least severe log message that the client wants; undefined: none. */
  readonly logLevel: LogLevel | undefined;

  constructor(ask?: Flight['ask'], logLevel?: LogLevel) {
    this.ask = ask;
    this.logLevel = logLevel;
  }

  log(params: JsonObject): void {
    const { level, logger, data } = params;
    if (this.logLevel === undefined || this.logs.length >= LOGS_MAX) return;
    const severity = LOG_LEVELS.indexOf(level as LogLevel);
    if (severity < LOG_LEVELS.indexOf(this.logLevel)) return;
    if (JSON.stringify(data ?? null).length > LOG_LENGTH_MAX) return;
    this.logs.push({
      level: String(level),
      ...(typeof logger === 'string' ? { logger: logger.slice(0, 128) } : {}),
      data: data ?? null,
    });
  }
}
