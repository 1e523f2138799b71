import type { ServerResponse } from 'node:http';
import { STRICT_JSON_CODES } from '@writ/decision';
import {
  checkMessageClaims,
  credentialsOf,
  IDENTITY_CODES,
  type Identification,
  type IdentityRefusal,
} from '@writ/identity';
import { asksForTask } from './answer-task.ts';
import { reportMalformed, reportUnserved } from './ask-decision.ts';
import type { BoundedPoint } from './bounded-point.ts';
import { callerKey } from './caller-key.ts';
import type { PlainCall } from './direct-call.ts';
import { type Edge, type EdgeStep, edgeStep } from './edge-step.ts';
import { isListen } from './listen.ts';
import { eraOf, methodNotFound, unservedMethod } from './methods.ts';
import { plainHttpCall } from './plain-call.ts';
import { readBody } from './read-body.ts';
import { readMessage } from './read-message.ts';
import { refuseTransport, sessionIdOf } from './refuse-transport.ts';
import { sendError, sendJson } from './send-json.ts';
import { serveSession } from './serve-session.ts';
import { serveCallAsTask, serveTaskHttp, type TaskHttpRequest } from './serve-task-http.ts';

const NOTHING = {};
const REQUEST_TIMEOUT = 408;

/** The way of an HTTP request to the request that is decided on. The endpoint runs these, in this order. */
export const EDGE_STEPS: readonly EdgeStep[] = [
  edgeStep({
    name: 'transport',
    about: 'Host, Origin, verb and media type, before anything else is looked at',
    needs: [],
    adds: [],
    refuses: ['host_refused', 'origin_refused', 'method_not_allowed', 'media_type_refused'],
    async run({ hosts }, { request, response }) {
      const refused = refuseTransport(request, hosts);
      if (refused === undefined) return NOTHING;
      for (const [name, value] of Object.entries(refused.headers ?? {})) response.setHeader(name, value);
      return answered(sendError(response, refused.status, refused.rpcCode, refused.message));
    },
  }),
  edgeStep({
    name: 'identity',
    about: 'who asks, by verified credentials and by nothing else',
    needs: [],
    adds: ['caller'],
    refuses: IDENTITY_CODES,
    async run({ authenticator, context }, { request, response }) {
      const identified = await authenticator.authenticate(credentialsOf(request));
      if (identified.ok) return { caller: identified.caller };
      return answered(refuseIdentity(context.point, response, identified));
    },
  }),
  edgeStep({
    name: 'stopping',
    about: 'nothing more is taken while the gateway waits for what is under way',
    needs: ['caller'],
    adds: [],
    refuses: ['stopping'],
    async run({ context, stopping }, { request, response, caller }) {
      if (!stopping()) return NOTHING;
      const reason = 'the gateway is stopping: ask again';
      if (request.method === 'POST') await reportMalformed(context.point, caller, 'stopping', reason);
      response.setHeader('Retry-After', '1');
      return answered(sendError(response, 503, -32_000, `stopping: ${reason}`));
    },
  }),
  edgeStep({
    name: 'stream of a session',
    about: 'GET and DELETE carry no message: they open or end what belongs to a session of the caller',
    needs: ['caller'],
    adds: [],
    refuses: ['session_unknown'],
    async run({ sessions, context }, { request, response, caller }) {
      if (request.method === 'POST') return NOTHING;
      return answered(serveSession(sessions, context.point, { caller, request, response }));
    },
  }),
  edgeStep({
    name: 'turn',
    about: 'how many requests of one caller are served at the same time',
    needs: ['caller'],
    adds: ['turn'],
    refuses: ['requests_exhausted'],
    async run({ turns }, { response, caller }) {
      const turn = turns.take(callerKey(caller));
      if (turn === undefined) {
        response.setHeader('Retry-After', '1');
        const message = 'requests_exhausted: too many requests of this caller are being served';
        return answered(sendError(response, 429, -32_000, message));
      }
      response.once('close', turn);
      return { turn };
    },
  }),
  edgeStep({
    name: 'body',
    about: 'the whole message, up to a size and a time',
    needs: ['caller'],
    adds: ['bytes'],
    refuses: ['message_too_large', 'message_too_slow'],
    async run({ context }, { request, response, caller }) {
      const { messageBytes, messageWaitMs } = context.limits;
      const body = await readBody(request, { bytesMax: messageBytes, waitMs: messageWaitMs });
      if (body.kind === 'read') return { bytes: body.bytes };
      if (body.kind === 'gone') return void response.destroy();
      const [status, code, message] =
        body.kind === 'too_large'
          ? ([413, 'message_too_large', `at most ${messageBytes} bytes`] as const)
          : ([REQUEST_TIMEOUT, 'message_too_slow', `within ${messageWaitMs} ms`] as const);
      await reportMalformed(context.point, caller, code, `a message has ${message}`);
      return answered(sendError(response, status, -32_600, `${code}: ${message}`));
    },
  }),
  edgeStep({
    name: 'strict reading',
    about: 'one JSON-RPC message that no two readers could read differently',
    needs: ['caller', 'bytes'],
    adds: ['message'],
    refuses: [...STRICT_JSON_CODES, 'batch_refused', 'message_not_object', 'key_case_variant'],
    async run({ context }, { response, caller, bytes }) {
      const read = readMessage(bytes, context.limits.messageBytes);
      if (read.ok) return { message: read.message };
      await reportMalformed(context.point, caller, read.code, read.reason);
      return answered(sendError(response, 400, read.rpcCode, `${read.code}: ${read.reason}`));
    },
  }),
  edgeStep({
    name: 'claims',
    about: 'what a message says about who asks must be what the credentials say',
    needs: ['caller', 'message'],
    adds: [],
    refuses: IDENTITY_CODES,
    async run({ context }, { response, caller, message }) {
      const claim = checkMessageClaims(caller, message);
      if (claim === undefined) return NOTHING;
      const refusal = { ...claim, caller };
      const refused = { status: 403, refusal, challenges: [] } as const;
      return answered(refuseIdentity(context.point, response, refused));
    },
  }),
  edgeStep({
    name: 'method',
    about: 'the table of methods, closed: what it does not hold in this era does not pass',
    needs: ['caller', 'message'],
    adds: ['era'],
    refuses: ['method_unknown'],
    async run({ context }, { response, caller, message }) {
      const era = eraOf(message);
      const unserved = unservedMethod(message);
      if (unserved === undefined) return { era };
      await reportUnserved(context.point, caller, unserved);
      return answered(sendJson(response, era === 'modern' ? 404 : 200, methodNotFound(message)));
    },
  }),
  edgeStep({
    name: 'session',
    about:
      "the caller's own session, a new one, or none; in the newer era headers must agree with the body. From here on requests over stdio go the same way",
    needs: ['caller', 'turn', 'message', 'era'],
    adds: [],
    refuses: [
      'session_unknown',
      'sessions_exhausted',
      'request_id_in_use',
      'subscriptions_exhausted',
      'message_refused',
    ],
    async run({ requests, sessions, context, answering }, { request, response, caller, turn, message, era }) {
      if (era === 'modern' && isListen(message)) {
        turn();
        return answered(requests.serveListen(caller, message, request, response));
      }
      const asking = { caller, era, message, request, response };
      if (asksForTask(message)) {
        const serve = () => serveTaskHttp(context, sessions, { ...asking, message });
        // What a task came to is waited for, perhaps for an hour: who stops the gateway does not wait for it too.
        return answered(message.method === 'tasks/result' ? serve() : answering.run(serve));
      }
      const call = plainHttpCall(message, request.headers, era);
      if (call?.task !== undefined) {
        return answered(answering.run(() => serveTaskCall({ context, sessions, requests }, call, asking)));
      }
      const ofSession =
        era === 'legacy' && (sessionIdOf(request) !== undefined || message['method'] === 'initialize');
      if (ofSession) {
        const asked = { caller, message, request, response, ...(call === undefined ? {} : { call }) };
        return answered(answering.run(() => serveSession(sessions, context.point, asked)));
      }
      // A client that keeps no session is served as if each request were its first.
      const asked = [caller, message, request, response] as const;
      const serve = () =>
        call === undefined ? requests.serve(...asked) : requests.serveCall({ call, era }, ...asked);
      return answered(answering.run(serve));
    },
  }),
];

/** A call whose client can keep a task: what did not become one is answered as any other. */
async function serveTaskCall(
  { context, sessions, requests }: Pick<Edge, 'context' | 'sessions' | 'requests'>,
  call: PlainCall,
  asked: TaskHttpRequest,
): Promise<void> {
  const work = await serveCallAsTask(context, sessions, call, asked);
  if (work === undefined) return;
  const { era, caller, message, request, response } = asked;
  await requests.serveCall({ call, era, work }, caller, message, request, response);
}

/** The request was answered: there is no further step. */
async function answered(answer: Promise<void> | void): Promise<undefined> {
  await answer;
  return undefined;
}

/** Only what a valid credential came with is put on record: anybody could fill the disk otherwise. */
async function refuseIdentity(
  point: BoundedPoint,
  response: ServerResponse,
  { status, refusal, challenges }: Omit<Extract<Identification, { ok: false }>, 'ok'>,
): Promise<void> {
  const { code, message, caller }: IdentityRefusal = refusal;
  if (caller !== undefined) await reportMalformed(point, caller, code, message);
  if (challenges.length > 0) response.setHeader('WWW-Authenticate', challenges);
  sendError(response, status, -32_001, `${code}: ${message}`);
}
