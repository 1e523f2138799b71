import type { ChangedDefinition } from '@writ/gateway';
import type { ChannelAlert } from '@writ/pdp';

/** Tells people of definitions that wait for them. */
export interface QuarantineAlerts {
  changed(definition: ChangedDefinition): void;
  close(): void;
}

/** What one server changed within this time is one message, ms. */
const TOGETHER_MS = 1_000;
/** Between two messages about one server, ms: it cannot flood a conversation. */
const APART_MS = 5 * 60_000;
/** Definitions that a message names. */
const NAMED_MAX = 20;
/** Definitions of one server that wait to be told. */
const WAITING_MAX = 1_000;

interface Waiting {
  readonly definitions: ChangedDefinition[];
  timer: NodeJS.Timeout | undefined;
  toldAtMs: number;
}

/** Gathers what a server changes into messages, one at a time. */
export function quarantineAlerts(
  tell: (alert: ChannelAlert) => void,
  { togetherMs = TOGETHER_MS, apartMs = APART_MS }: { togetherMs?: number; apartMs?: number } = {},
): QuarantineAlerts {
  const servers = new Map<string, Waiting>();
  const flush = (server: string, waiting: Waiting): void => {
    waiting.timer = undefined;
    waiting.toldAtMs = performance.now();
    tell(alertOf(server, waiting.definitions.splice(0)));
  };
  return {
    changed(definition) {
      const { server } = definition;
      const waiting = servers.get(server) ?? {
        definitions: [],
        timer: undefined,
        toldAtMs: Number.NEGATIVE_INFINITY,
      };
      servers.set(server, waiting);
      if (waiting.definitions.length < WAITING_MAX) waiting.definitions.push(definition);
      const waitMs = Math.max(togetherMs, waiting.toldAtMs + apartMs - performance.now());
      waiting.timer ??= setTimeout(() => flush(server, waiting), waitMs).unref();
    },
    close() {
      for (const { timer } of servers.values()) clearTimeout(timer);
    },
  };
}

function alertOf(server: string, definitions: readonly ChangedDefinition[]): ChannelAlert {
  const named = definitions.slice(0, NAMED_MAX);
  const more = definitions.length - named.length;
  return {
    type: 'mcp.definitions_changed',
    title: `MCP server ${server}: ${definitions.length} new or changed ${definitions.length === 1 ? 'definition is' : 'definitions are'} quarantined`,
    lines: [
      // As JSON: a name is the server's, and must not begin a line of its own.
      ...named.map(({ kind, name }) => `${kind} ${JSON.stringify(name)}`),
      ...(more > 0 ? [`and ${more} more`] : []),
    ],
    remedy: `Look at the difference: writ mcp diff. To take it: writ mcp approve ${server}`,
    data: { server, definitions: named.map(({ kind, name, digest }) => ({ kind, name, digest })), more },
  };
}
