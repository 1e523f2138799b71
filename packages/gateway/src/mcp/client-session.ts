import type { RequestId, Server } from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { type Incoming, reportMalformed } from './ask-decision.ts';
import type { Asked } from './asked.ts';
import { decideKnown, type InputContext, releaseInput } from './authorize-input.ts';
import type { CallContext } from './call-context.ts';
import { followChanges } from './change-relay.ts';
import type { DirectCall } from './direct-call.ts';
import { Flight, type LogLevel } from './flight.ts';
import { followTask } from './follow-task.ts';
import { type Front, incomingOf } from './front.ts';
import type { HttpRefusal } from './held-response.ts';
import { mayStillHear } from './may-hear.ts';
import type { InputMethod } from './methods.ts';
import type { OwnConnections } from './own-connections.ts';
import { askableCapabilities, type Peer } from './peer.ts';
import { faultError, refusalError } from './refusal.ts';
import { serveMcp } from './serve-mcp.ts';
import { shownLists } from './shown-lists.ts';
import type { Task } from './task.ts';
import { olderTask } from './task-forms.ts';
import { notePage, pageKey } from './url-elicitation.ts';

/** Opens connections that belong to one client. */
export type OpenOwn = (peerOf: (server: string) => Peer) => OwnConnections;

/** How one request of the session came in. */
export interface Arrival {
  readonly caller: Caller;
  /** Puts an HTTP answer in place of the protocol's. Absent on stdio. */
  readonly refuseHttp?: (refusal: HttpRefusal) => boolean;
}

/**
 * One client of the older era, from `initialize` to its end: what it can be asked, what it subscribed to, which log
 * messages it wants. All its requests are of one caller.
 */
export class ClientSession implements Front {
  readonly era = 'legacy';
  readonly server: Server;
  readonly #context: CallContext;
  readonly #openOwn: OpenOwn;
  readonly #arrivals = new Map<RequestId, Arrival>();
  /** Requests on their way, oldest first. */
  readonly #flying = new Set<Incoming>();
  readonly #direct = new Map<RequestId, DirectCall>();
  readonly #subscribed = new Set<string>();
  /** Ways to stop following tasks. */
  readonly #stops = new Set<() => void>();
  /** Pages that the client was asked to open and is not told yet that the person is done with. */
  readonly #pages = new Set<string>();
  readonly #relay: ReturnType<typeof followChanges>;
  readonly shown = shownLists(
    () => this.context(),
    () => this.#latest.caller,
  );
  #latest: Arrival;
  #own: OwnConnections | undefined;
  #logLevel: LogLevel | undefined;

  constructor(context: CallContext, openOwn: OpenOwn, arrival: Arrival) {
    this.#context = context;
    this.#openOwn = openOwn;
    this.#latest = arrival;
    this.server = serveMcp(this);
    this.#relay = followChanges(this.server, {
      wants: async (uri) =>
        this.#subscribed.has(uri) && mayStillHear(this.context(), this.#latest.caller, 'legacy', uri),
      shown: this.shown,
    });
    this.#relay.follow(context.catalogue);
  }

  /** A request with this id is about to be served; false where one with the same id is on its way. */
  arrive(id: RequestId, arrival: Arrival): boolean {
    if (this.#arrivals.has(id)) return false;
    this.#arrivals.set(id, arrival);
    this.#latest = arrival;
    return true;
  }

  /** The request with this id was answered, or its client left. */
  depart(id: RequestId): void {
    this.#arrivals.delete(id);
    this.#direct.delete(id);
  }

  /** This call is served without the SDK, until it takes it over. */
  begin(direct: DirectCall): Front {
    this.#direct.set(direct.id, direct);
    return this;
  }

  /** The client takes a request back; one that the SDK serves it finds by itself. */
  cancel(params: Json | undefined): void {
    const { requestId } = (params ?? {}) as { readonly requestId?: RequestId };
    if (requestId !== undefined) this.#direct.get(requestId)?.abort();
  }

  direct(id: RequestId): DirectCall | undefined {
    return this.#direct.get(id);
  }

  get busy(): boolean {
    return this.#flying.size > 0;
  }

  context(): CallContext {
    const own = this.#ownIfAskable();
    return own === undefined ? this.#context : { ...this.#context, catalogue: own.catalogue };
  }

  incoming(asked: Asked): Incoming {
    const { caller, refuseHttp } = this.#arrivals.get(asked.id) ?? this.#latest;
    const timeoutMs = this.#context.limits.answerWaitMs;
    const ask = (method: InputMethod, params: JsonObject, signal?: AbortSignal) =>
      asked.ask(method, params, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
    const incoming = incomingOf(
      caller,
      { era: 'legacy', ...(refuseHttp === undefined ? {} : { refuseHttp }) },
      asked,
      {
        flight: new Flight(ask, this.#logLevel, this.#pages),
        capabilities: this.server.getClientCapabilities() ?? {},
      },
    );
    this.#flying.add(incoming);
    return incoming;
  }

  malformed(reason: string): Promise<void> {
    return reportMalformed(this.#context.point, this.#latest.caller, 'message_refused', reason);
  }

  landed(incoming: Incoming): void {
    this.#flying.delete(incoming);
  }

  readonly kept = {
    setLogLevel: (level: LogLevel) => {
      this.#logLevel = level;
      void this.#ownIfAskable()?.setLogLevel(level);
    },
    subscribed: async (uri: string) => {
      if (this.#subscribed.has(uri)) return;
      const { subscriptions } = this.#context.limits;
      if (this.#subscribed.size >= subscriptions) {
        await this.#unsubscribeUpstream(uri);
        throw faultError('subscriptions_exhausted', `at most ${subscriptions} resources can be subscribed`);
      }
      this.#subscribed.add(uri);
    },
    unsubscribe: async (uri: string) => {
      if (this.#subscribed.delete(uri)) await this.#unsubscribeUpstream(uri);
    },
  };

  /** Tells the client what becomes of this task, which it asked for in this session. */
  follow(task: Task): void {
    const stop = followTask(this.#context, this.#latest.caller, 'legacy', task, () => {
      const notification = { method: 'notifications/tasks/status', params: { ...olderTask(task) } };
      return this.server.notification(notification);
    });
    this.#stops.add(stop);
    void task.ended.then(() => this.#stops.delete(stop));
  }

  async close(): Promise<void> {
    this.#relay.close();
    for (const stop of this.#stops) stop();
    for (const direct of this.#direct.values()) direct.abort();
    await Promise.all([...this.#subscribed].map((uri) => this.#unsubscribeUpstream(uri)));
    this.#subscribed.clear();
    await this.server.close().catch(() => undefined);
    await this.#own?.close();
  }

  async #unsubscribeUpstream(uri: string): Promise<void> {
    const place = await this.context()
      .catalogue.locateUri(uri)
      .catch(() => undefined);
    await place?.upstream.unsubscribe(place.uri).catch(() => undefined);
  }

  /** Connections of its own, for a client that can be asked something or wants logs: else the shared ones do. */
  #ownIfAskable(): OwnConnections | undefined {
    if (this.#own !== undefined) return this.#own;
    const capabilities = askableCapabilities(this.server.getClientCapabilities());
    if (Object.keys(capabilities).length === 0 && this.#logLevel === undefined) return undefined;
    this.#own = this.#openOwn((server) => ({
      capabilities,
      input: (method, params, signal) => this.#input(server, method, params, signal),
      log: (entry) => this.#carrier(server)?.flight.log(entry),
      pageDone: (elicitationId) => this.#pageDone(server, elicitationId),
    }));
    if (this.#logLevel !== undefined) void this.#own.setLogLevel(this.#logLevel);
    this.#relay.follow(this.#own.catalogue);
    return this.#own;
  }

  /** The request that this server works on; the newest, where it works on several. */
  #carrier(server: string): Incoming | undefined {
    return [...this.#flying].reverse().find(({ flight }) => flight.server === server);
  }

  /** Nothing new is told: only which page it was, and only of one that was decided about. */
  #pageDone(server: string, elicitationId: string): void {
    if (!this.#pages.delete(pageKey(server, elicitationId))) return;
    const notification = { method: 'notifications/elicitation/complete', params: { elicitationId } };
    void this.server.notification(notification).catch(() => undefined);
  }

  /** Decides about a question of a server, asks the client, and judges what of its answer may go back. */
  async #input(
    server: string,
    method: InputMethod,
    params: JsonObject,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const incoming = this.#carrier(server);
    const upstream = this.#context.catalogue.upstreams.find(({ id }) => id === server);
    // Only while it works for this client: nobody waits for a question that comes out of nothing.
    if (incoming?.flight.ask === undefined || upstream === undefined) {
      throw faultError('input_refused', 'no request of the client is waiting');
    }
    const about: InputContext = {
      point: this.#context.point,
      incoming,
      upstream,
      questionsMax: this.#context.limits.questions,
    };
    const verdict = await decideKnown(about, method, params);
    if (verdict.kind === 'refused') throw refusalError(verdict.decision);
    const decisionId = verdict.decision.decision_id;
    const { ask } = incoming.flight;
    const { elicitationId } = verdict.request.params ?? {};
    if (method === 'elicitation/create' && typeof elicitationId === 'string')
      notePage(this.#pages, server, elicitationId);
    const asked = this.#context.telemetry.question({ server, method }, () =>
      ask(method, verdict.request.params ?? {}, signal),
    );
    const answer = await asked.catch(async () => {
      await this.#context.point.complete({ decision_id: decisionId, status: 'unknown' });
      throw faultError('input_unanswered', 'the client did not answer');
    });
    const release = await releaseInput(about, verdict.decision, answer);
    if (release.kind === 'withheld') throw faultError(release.code, 'the answer is withheld');
    return release.answer;
  }
}
